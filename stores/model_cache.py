"""Models on their way between the bucket and this machine, whole or not at all; and which of them a serving process has to load."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clients.s3 import ObjectStore
from models.errors import ModelRefused
from models.lifecycle.candidates import Candidate, listing_digest
from models.lifecycle.line import Line
from models.lifecycle.versions import SHIPPED, Version, check_version_name, file_facts, manifest
from stores.registry import Registry

_MARK = ".complete"


def publish_version(
    store: ObjectStore,
    line: Line[Any],
    folder: Path,
    *,
    version: str,
    family: str,
    run: str,
    metrics: Mapping[str, float],
    by: str,
    source_digest: str = "",
) -> Version:
    """Copy a model's serving files into the registry and register them; doing it again changes nothing.

    ModelRefused when the name is taken by other files. Nothing is uploaded over a registered version.
    """
    check_version_name(version)
    files = manifest(folder)
    registry = Registry(store, line)
    wanted = Version(
        version=version,
        family=family,
        run=run,
        prefix=registry.keys.artefacts(version),
        source_digest=source_digest,
        files=files,
        metrics=dict(metrics),
        created_at=datetime.now(UTC),
        created_by=by,
    )
    if registry.find_version(version) is None:
        for name in files:
            store.upload_file(folder / name, wanted.prefix + name)
    return registry.register_version(wanted)


def download_version(store: ObjectStore, version: Version, cache: Path) -> Path:
    """Bring a version's files to this machine, once, and return their folder.

    Files are checked against the manifest before the folder gets its name, so another process never sees half a model; a
    damaged or missing file is ModelRefused and leaves nothing behind.
    """
    target = cache / check_version_name(version.version)
    if _is_complete(target, version):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{version.version}.", dir=cache))
    try:
        for name, facts in version.files.items():
            path = partial / name
            if not path.resolve().is_relative_to(partial.resolve()):
                raise ModelRefused(f"version {version.version} names the file {name!r} outside its folder", remedy="Register it again")
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(version.prefix + name, path)
            if file_facts(path) != facts:
                raise ModelRefused(
                    f"{version.prefix}{name} is not the file that was registered", remedy="Restore it, or promote another version"
                )
        (partial / _MARK).write_text(version.digest, encoding="utf-8")
        return _put_in_place(partial, target, version)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(partial: Path, target: Path, version: Version) -> Path:
    """Rename the finished folder; where another process was faster with the same files, theirs is as good."""
    try:
        os.rename(partial, target)
    except OSError:
        if _is_complete(target, version):
            return target
        damaged = Path(tempfile.mkdtemp(prefix=".damaged.", dir=target.parent))
        os.rename(target, damaged / target.name)
        shutil.rmtree(damaged, ignore_errors=True)
        os.rename(partial, target)
    return target


def _is_complete(folder: Path, version: Version) -> bool:
    """Whether this very content was downloaded and checked, and every file still has its full size."""
    mark = folder / _MARK
    if not mark.is_file() or mark.read_text(encoding="utf-8") != version.digest:
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == facts.size for name, facts in version.files.items())


def serving_files_digest(store: ObjectStore, prefix: str) -> str:
    """What a candidate's folder in the bucket holds, in one name."""
    return listing_digest((facts.key.removeprefix(prefix), facts.etag, facts.size) for facts in store.walk(prefix))


def download_run(store: ObjectStore, candidate: Candidate, cache: Path) -> Path:
    """Bring a training run's serving files to this machine, once; ModelRefused where they change meanwhile."""
    target = cache / "runs" / candidate.digest
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".run-") as scratch:
        partial = Path(scratch) / "model"
        for facts in store.walk(candidate.prefix):
            path = partial / facts.key.removeprefix(candidate.prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(facts.key, path)
        if serving_files_digest(store, candidate.prefix) != candidate.digest:
            raise ModelRefused(f"{candidate.prefix} changed while it was read", remedy="Let the training run finish, then repeat")
        try:
            partial.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            shutil.rmtree(partial)  # another process was faster with the same files
    return target


class ChampionSource:
    """Where a serving process asks which model to load: the champion's name and a local folder with its files.

    ``fetch`` brings a version's files to this machine and returns their folder; it is called once for each new champion.
    """

    def __init__(self, registry: Registry, fetch: Callable[[Version], Path], shipped: Path) -> None:
        self._registry = registry
        self._fetch = fetch
        self._shipped = shipped
        self._known: tuple[str, Path] | None = None

    def current(self) -> tuple[str, Path]:
        """The champion's version and folder. Errors of the bucket, or a damaged download, are raised and asked again next time."""
        champion = self._registry.champion()
        if self._known is None or self._known[0] != champion:
            folder = self._shipped if champion == SHIPPED else self._fetch(self._registry.version(champion))
            self._known = (champion, folder)
        return self._known
