"""Truth sets: writers' files (``models/summarizer/written.py``) in a folder of this machine, or below a prefix of the bucket."""

import tempfile
from pathlib import Path
from typing import Any

from clients.s3 import ObjectStore
from models.errors import ConfigurationError
from models.lifecycle.line import Line
from models.lifecycle.truth import TruthRow


def read_truth_set(store: ObjectStore, line: Line[Any], source: str) -> list[TruthRow]:
    """A line's truth set: the bundled one without a source, none where the line has none; ConfigurationError where a source is empty."""
    if line.truth_folder is None:
        return []
    if not source or Path(source).is_dir():
        rows = line.truth_rows(Path(source) if source else line.truth_folder)
    else:
        rows = _of_the_bucket(store, line, f"{source.strip('/')}/")
    if not rows:
        raise ConfigurationError(
            f"{source} holds no truth set", remedy="Put <writer>.tsv files there, or leave READBACK_TRUTH_SET empty for the bundled one"
        )
    return rows


def _of_the_bucket(store: ObjectStore, line: Line[Any], prefix: str) -> list[TruthRow]:
    with tempfile.TemporaryDirectory(prefix="truth-") as scratch:
        for facts in store.walk(prefix):
            (Path(scratch) / facts.key.rpartition("/")[2]).write_bytes(store.get(facts.key).body)
        return line.truth_rows(Path(scratch))
