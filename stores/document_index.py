"""Indexes of the company's documents: contents by their digest, versions created once, the latest of which is in use."""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from clients.s3 import ObjectStore
from models.answers.index import INDEX, VECTORS, Index, digest_of
from models.answers.version import IndexVersion, SetAside
from models.errors import ConfigurationError, ModelRefused, StorageConflict
from models.keys import DocumentKeys

FILES = (INDEX, VECTORS)
ATTEMPTS = 8


class DocumentIndexes:
    """Reads and publishes the indexes of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def latest(self) -> IndexVersion | None:
        """The version in use; None before the first."""
        return self._read(self._latest_key())

    def version(self, number: int) -> IndexVersion:
        """One version; ConfigurationError where there is none of the number."""
        found = self._read(DocumentKeys.version(number))
        if found is None:
            raise ConfigurationError(f"there is no version {number} of the document index", remedy=f"See {DocumentKeys.VERSIONS}")
        return found

    def publish(
        self, index: Index, set_aside: Sequence[SetAside], *, prefix: str, by: str, before: Callable[[Index, str], None] | None = None
    ) -> IndexVersion:
        """Keep an index and make it the version in use; the same content over again makes no new version.

        ``before`` is given the index and its digest before any process can see the version.
        """
        with tempfile.TemporaryDirectory(prefix="readback-index-") as folder:
            index.save(Path(folder))
            digest = digest_of(Path(folder))
            for name in FILES:
                self._store.upload_file(Path(folder) / name, DocumentKeys.content(digest, name))
        if before is not None:
            before(index, digest)
        latest = self.latest()
        if latest is not None and (latest.digest, latest.set_aside, latest.prefix) == (digest, tuple(set_aside), prefix):
            return latest
        return self._add(
            lambda version: IndexVersion(
                version=version,
                digest=digest,
                encoder=index.encoder,
                documents=tuple(index.documents),
                set_aside=tuple(set_aside),
                prefix=prefix,
                by=by,
                at=datetime.now(UTC),
            )
        )

    def restore(self, number: int, *, by: str) -> IndexVersion:
        """Make an earlier version's content the next version."""
        old = self.version(number)
        return self._add(lambda version: old.model_copy(update={"version": version, "by": by, "at": datetime.now(UTC)}))

    def fetch(self, version: IndexVersion, cache: Path) -> Path:
        """Bring an index to this machine, once; ModelRefused where what lies in the bucket is not what was published."""
        target = cache / version.digest
        if target.is_dir() and digest_of(target) == version.digest:
            return target
        cache.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".index-", dir=cache))
        try:
            for name in FILES:
                self._store.download_file(DocumentKeys.content(version.digest, name), partial / name)
            if digest_of(partial) != version.digest:
                raise ModelRefused(
                    f"version {version.version} of the document index is damaged in the bucket", remedy="Run index-documents again"
                )
            shutil.rmtree(target, ignore_errors=True)  # damaged, or not there
            os.rename(partial, target)
        except OSError:
            if not (target.is_dir() and digest_of(target) == version.digest):  # another process was faster with the same files
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return target

    def _add(self, made: Callable[[int], IndexVersion]) -> IndexVersion:
        for _ in range(ATTEMPTS):
            latest = self.latest()
            wanted = made(latest.version + 1 if latest else 1)
            body = wanted.model_dump_json(indent=1).encode("utf-8")
            try:
                self._store.put(DocumentKeys.version(wanted.version), body, content_type="application/json", only_if_absent=True)
            except StorageConflict:
                continue
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other indexes were published in between", remedy="Run index-documents again")

    def _latest_key(self) -> str:
        keys = [facts.key for facts in self._store.walk(DocumentKeys.VERSIONS)]
        return keys[-1] if keys else ""

    def _read(self, key: str) -> IndexVersion | None:
        stored = self._store.find(key) if key else None
        return IndexVersion.model_validate_json(stored.body) if stored else None


class IndexSource:
    """What a running process asks which index to load; a ``models.lifecycle.in_service.Source``."""

    def __init__(self, indexes: DocumentIndexes, cache: Path) -> None:
        self._indexes, self._cache = indexes, cache
        self._known: tuple[str, Path] | None = None

    def current(self) -> tuple[str, Path]:
        """The version in use and a folder with it; an empty version before the first index is published: then nothing serves."""
        latest = self._indexes.latest()
        if latest is None:
            return "", self._cache
        if self._known is None or self._known[0] != str(latest.version):
            self._known = (str(latest.version), self._indexes.fetch(latest, self._cache))
        return self._known
