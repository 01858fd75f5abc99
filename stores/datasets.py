"""Data sets: what people upload below ``datasets/`` or put into a worker's folder, and the versions of it that were read.

An upload may be replaced at any time. So whatever a training reads is kept first, once for each content, and numbered: version 2 of
``datasets/data.csv`` is the same bytes for ever, and ``datasets/data.csv@2`` reads it again.

``datasets/corrections/`` is the one folder that is a data set: the summaries that people corrected, as one table. Of its versions the
names of the rows are kept and not their words, so a call that is erased is gone from all of them.
"""

import csv
import io
import re
from pathlib import Path

from clients.s3 import ObjectStore
from models.call.persons_correction import PairKind
from models.errors import ConfigurationError, ObjectGone, StorageConflict
from models.keys import DatasetKeys, StorageKeys
from models.training.data.version import DatasetVersion
from stores.proposals import corrected_pairs

CORRECTIONS = StorageKeys.CORRECTED_PAIRS
_ROW = "row"
_VERSIONED = re.compile(r"^(?P<source>.+)@(?P<number>[1-9]\d*)$")


class Datasets:
    """The data sets of a bucket, and of the one folder of this machine that a training may name files of (empty: none)."""

    def __init__(self, store: ObjectStore, folder: str = "") -> None:
        self._store = store
        self._folder = Path(folder).resolve() if folder else None

    def read(self, source: str) -> bytes:
        """The bytes of a data set; ConfigurationError where it is none. Nothing else is opened, on this machine or in the bucket."""
        found = _VERSIONED.match(source)
        if (found["source"] if found else source) == CORRECTIONS:
            return self._corrected(int(found["number"]) if found else None)
        if found:
            return self._content(found["source"], int(found["number"]))
        if Path(source).is_absolute():
            return self._file(source)
        if not source.startswith(DatasetKeys.READABLE):
            raise ConfigurationError(
                f"{source!r} is no data set: keys begin with {' or '.join(DatasetKeys.READABLE)}",
                remedy=f"Upload the table as {DatasetKeys.UPLOADS}<name>.csv and name that key",
            )
        try:
            return self._store.get(source).body
        except ObjectGone as error:
            raise ConfigurationError(f"There is no {source} in the bucket", remedy="Upload the table and name its key") from error

    def keep(self, source: str, body: bytes) -> DatasetVersion:
        """Which version of a data set these bytes are; a content that it never had gets the next number and is kept."""
        source = found["source"] if (found := _VERSIONED.match(source)) else source
        number = 0
        while True:
            number += 1
            wanted = DatasetVersion.of(source, number, body)
            known = self._version(source, number)
            if known is None:
                self._keep_content(source, wanted.sha256, body)
                if self._put_once(DatasetKeys.version(source, number), wanted.model_dump_json(indent=1).encode()):
                    return wanted
                known = self._version(source, number)
            if known is not None and known.sha256 == wanted.sha256:
                return known

    def _keep_content(self, source: str, sha256: str, body: bytes) -> None:
        if source == CORRECTIONS:
            names = [row[_ROW] for row in csv.DictReader(io.StringIO(body.decode("utf-8"), newline=""))]
            self._put_once(DatasetKeys.rows(sha256), "\n".join(names).encode())
        else:
            self._put_once(DatasetKeys.content(sha256), body)

    def _corrected(self, number: int | None) -> bytes:
        """The summaries that people corrected, as a table; of a version those that are left of its rows."""
        pairs = {name: pair for name, pair in corrected_pairs(self._store).items() if pair.kind is PairKind.SUMMARY}
        if number is not None:
            names = self._store.get(DatasetKeys.rows(self._known(CORRECTIONS, number).sha256)).body.decode().splitlines()
            pairs = {name: pairs[name] for name in names if name in pairs}
        if not pairs:
            raise ConfigurationError(
                f"{CORRECTIONS} holds no corrected summary",
                remedy="Set READBACK_LEARN_FROM_CORRECTIONS where callers have consented to it; what is corrected from then on is kept",
            )
        table = io.StringIO(newline="")
        rows = csv.writer(table, lineterminator="\n")
        rows.writerow(("input", "summary", "style", _ROW, "dialogue"))
        rows.writerows((pair.heard, pair.said, "corrected", name, name.partition("#")[0]) for name, pair in pairs.items())
        return table.getvalue().encode("utf-8")

    def _put_once(self, key: str, body: bytes) -> bool:
        try:
            self._store.put(key, body, only_if_absent=True)
        except StorageConflict:
            return False
        return True

    def _version(self, source: str, number: int) -> DatasetVersion | None:
        stored = self._store.find(DatasetKeys.version(source, number))
        return DatasetVersion.model_validate_json(stored.body) if stored else None

    def _content(self, source: str, number: int) -> bytes:
        return self._store.get(DatasetKeys.content(self._known(source, number).sha256)).body

    def _known(self, source: str, number: int) -> DatasetVersion:
        version = self._version(source, number)
        if version is None:
            raise ConfigurationError(
                f"{source} has no version {number}", remedy=f"See {DatasetKeys.versions(source)} for those that were read, or leave out @…"
            )
        return version

    def _file(self, source: str) -> bytes:
        path = Path(source).resolve()  # before the comparison, so that no link leads out of the folder
        if self._folder is None or not path.is_relative_to(self._folder):
            allowed = f"only files below {self._folder} may be read" if self._folder else "this worker reads no files"
            raise ConfigurationError(
                f"{source} is not opened: {allowed}",
                remedy=f"Upload the table as {DatasetKeys.UPLOADS}<name>.csv, or have READBACK_DATASET_FOLDER name its folder",
            )
        if not path.is_file():
            raise ConfigurationError(f"There is no file {source}", remedy="Name a file, or upload the table and name its key")
        return path.read_bytes()
