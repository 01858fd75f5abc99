"""A line's training runs in the bucket: what a run leaves, its checkpoints while it lasts, and what is known of its rows.

<line>/<family>/<run>/model/…          what was trained (the best checkpoint)
<line>/<family>/<run>/merged/…         an adapter merged into its base, ready for serving
<line>/<family>/<run>/claim.json       what the run learns: the name is taken, written first
<line>/<family>/<run>/split.json       row ids of every part
<line>/<family>/<run>/test.csv         the test rows themselves, for the selection that comes later
<line>/<family>/<run>/data.json        the fingerprint of the data that was split
<line>/<family>/<run>/…                reports, plots, settings
<line>/<family>/<run>/checkpoints/…    the newest checkpoint while the run lasts
<line>/<family>/<run>/finished.json    the run's summary, written last: a run without it has not finished
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from clients.s3 import ObjectStore
from models.errors import ConfigurationError, StorageConflict
from models.keys import RunKeys
from models.lifecycle.candidates import Candidate
from models.lifecycle.line import Line
from models.training.data.split import Split, SplitRecord
from models.training.outputs import pairs_csv
from models.training.train import last_complete_checkpoint

# Where a run's serving files may lie, the better place first.
SERVING_FOLDERS = ("merged", "model")

Summary = TypeVar("Summary", bound=BaseModel)


@dataclass(frozen=True)
class RunFile:
    """One file of a run beside the model."""

    content_type: str
    body: bytes

    @classmethod
    def text(cls, text: str, kind: str = "text/markdown") -> "RunFile":
        """A text in UTF-8."""
        return cls(f"{kind}; charset=utf-8", text.encode())

    @classmethod
    def picture(cls, png: bytes) -> "RunFile":
        """A PNG."""
        return cls("image/png", png)


def split_files(split: Split, fingerprint: str, reference: str) -> dict[str, RunFile]:
    """What tells later which rows a run has learnt from, and which may judge it; ``reference`` is the column of the right answers."""
    return {
        "split.json": RunFile("application/json", split.record.model_dump_json().encode()),
        "test.csv": RunFile.text(pairs_csv(split.test, reference), "text/csv"),
        "data.json": RunFile("application/json", json.dumps({"fingerprint": fingerprint}).encode()),
    }


class TrainingRuns:
    """The training runs of one line."""

    def __init__(self, store: ObjectStore, line: Line[Any]) -> None:
        self._store = store
        self._line = line

    def keys(self, family: str, run: str) -> RunKeys:
        """Keys of one run."""
        return RunKeys(self._line.name, family, run)

    def find(self, family: str, run: str, kind: type[Summary]) -> Summary | None:
        """The summary of a run that has finished, else None."""
        stored = self._store.find(self.keys(family, run).finished)
        return kind.model_validate_json(stored.body) if stored else None

    def has_finished(self, family: str, run: str) -> bool:
        """Whether there is such a run and it has finished."""
        return self._store.head(self.keys(family, run).finished) is not None

    def claim(self, family: str, run: str, identity: str) -> None:
        """Take a name for a run; ConfigurationError where a run that learns something else has it (``identity`` tells what)."""
        key = self.keys(family, run).claim
        try:
            self._store.put(key, json.dumps({"identity": identity}).encode(), content_type="application/json", only_if_absent=True)
        except StorageConflict:
            if json.loads(self._store.get(key).body)["identity"] != identity:
                raise ConfigurationError(
                    f"The name {run!r} belongs to another {family} run, with other data or settings",
                    remedy="Choose another name, or leave it empty for one that tells the settings",
                ) from None

    def finished(self) -> list[str]:
        """Names of all finished runs, ``family/run``."""
        names = []
        for family in self._line.families:
            root = RunKeys.family_root(self._line.name, family)
            for facts in self._store.walk(root):
                run, _, rest = facts.key.removeprefix(root).partition("/")
                if facts.key == self.keys(family, run).finished and rest:
                    names.append(f"{family}/{run}")
        return names

    def save(self, family: str, run: str, summary: BaseModel, out: Path, folders: Sequence[str], files: Mapping[str, RunFile]) -> None:
        """Put everything of a run into the bucket: folders below ``out``, files, and last the mark of a finished run."""
        keys = self.keys(family, run)
        for path in sorted(path for folder in folders for path in (out / folder).rglob("*") if path.is_file()):
            self._store.upload_file(path, f"{keys.prefix}{path.relative_to(out).as_posix()}")
        for name, file in files.items():
            self._store.put(f"{keys.prefix}{name}", file.body, content_type=file.content_type)
        self._store.put(keys.finished, summary.model_dump_json(indent=1).encode(), content_type="application/json")

    def test_rows_of(self, candidates: Sequence[Candidate]) -> str | None:
        """Key of the test rows of the first candidate that comes from a training run; registered versions are asked last."""
        for candidate in sorted(candidates, key=lambda candidate: not candidate.is_run):
            key = self.keys(candidate.family, candidate.run).test_rows
            if candidate.family and self._store.head(key) is not None:
                return key
        return None

    def data_of(self, prefix: str) -> bytes | None:
        """What a run's folder says of the data that was split; None where it is no run's folder."""
        stored = self._store.find(f"{prefix}data.json")
        return stored.body if stored else None

    def learnt_rows(self, candidate: Candidate, ids: set[str], data: bytes | None) -> int:
        """How many of the rows (of this very data) a candidate was trained on, as far as its run tells."""
        if data is None or not candidate.family:
            return 0
        keys = self.keys(candidate.family, candidate.run)
        split = self._store.find(keys.split)
        if split is None or self.data_of(keys.prefix) != data:
            return 0
        return len(ids.intersection(SplitRecord.model_validate_json(split.body).train))


class CheckpointMirror:
    """Keeps the newest checkpoint in the bucket while a run lasts: a retry may start on another machine, with an empty disk."""

    def __init__(self, store: ObjectStore, keys: RunKeys, folder: Path) -> None:
        self._store, self._prefix, self._folder = store, keys.checkpoints, folder
        self._sent = ""

    def send(self) -> None:
        """Upload the newest complete checkpoint if that is not done; its ``trainer_state.json`` goes last and makes it complete."""
        newest = last_complete_checkpoint(self._folder)
        if newest is None or newest.name == self._sent:
            return
        files = [path for path in sorted(newest.rglob("*")) if path.is_file()]
        for path in sorted(files, key=lambda path: path.name == "trainer_state.json"):
            self._store.upload_file(path, f"{self._prefix}{path.relative_to(self._folder).as_posix()}")
        self._remove(keep=newest.name)
        self._sent = newest.name

    def fetch(self) -> None:
        """Bring the newest checkpoint here where this machine has none."""
        if last_complete_checkpoint(self._folder) is not None:
            return
        for facts in self._store.walk(self._prefix):
            path = self._folder / facts.key.removeprefix(self._prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._store.download_file(facts.key, path)
        newest = last_complete_checkpoint(self._folder)
        self._sent = newest.name if newest else ""

    def clear(self) -> None:
        """Remove what a finished run no longer needs."""
        self._remove(keep="")

    def _remove(self, keep: str) -> None:
        for facts in list(self._store.walk(self._prefix)):
            if not keep or not facts.key.startswith(f"{self._prefix}{keep}/"):
                self._store.delete(facts.key)
