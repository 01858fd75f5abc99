"""The demo ends cleanly whenever it is stopped."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.demo import INTERRUPTED, read_back


class StoppedWhileItStarts:
    """A stack at which Ctrl-C is pressed before it is up."""

    running = True

    def start(self, tell: object) -> None:
        raise KeyboardInterrupt

    def stop(self) -> None:
        self.running = False


def test_who_presses_ctrl_c_is_told_so_in_a_line_and_nothing_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack: Any = StoppedWhileItStarts()
    assert read_back(stack, [], tmp_path / "out") == INTERRUPTED
    assert not stack.running
    assert "Stopped before the end" in capsys.readouterr().out
