"""The whole product on this machine, started once for this folder's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.stack import RECORDINGS, Stack, StackOptions


@pytest.fixture(scope="package")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose recordings the stack's speech-to-text knows; tests may add to it."""
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="package")
def stack(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running stack."""
    options = StackOptions(
        work_dir=tmp_path_factory.mktemp("stack"),
        transcripts=[RECORDINGS, library],
        stt_seconds=1.0,
        stt_poll_seconds=0.3,
        linked_summaries=True,
        # Each call that is made only to see whether something new is in service by now takes seconds of a processor.
        settings={"READBACK_DRAIN_SECONDS": "0.2", "READBACK_MODEL_REFRESH_SECONDS": "1", "READBACK_ANSWERS_REFRESH_SECONDS": "1"},
    )
    with Stack(options) as running:
        yield running
