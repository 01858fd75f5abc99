"""One canary at a time, and every process knows whose calls are whose."""

from datetime import UTC, datetime
from typing import Any

import pytest

from models.errors import ModelRefused
from models.lifecycle.canary import Verdict
from models.lines import SUMMARIZER
from stores.canaries import Canaries
from tasks.selection import champion
from tasks.selection.champion import Challenger
from tests.in_memory import InMemoryStore

LOW, HIGH = "0" * 32, "f" * 32


@pytest.fixture
def canaries() -> Canaries:
    return Canaries(InMemoryStore(), SUMMARIZER, lambda: datetime(2026, 11, 29, tzinfo=UTC))  # type: ignore[arg-type]


def start(canaries: Canaries, version: str = "v2") -> Any:
    return canaries.start(version, "shipped", share=0.25, most_answers=100, by="minji", reason="try")


def test_one_canary_goes_on_at_a_time(canaries: Canaries) -> None:
    first = start(canaries)
    with pytest.raises(ModelRefused, match="a canary of v2 goes on"):
        start(canaries, "v3")
    assert canaries.end(first, Verdict.WITHDRAWN).verdict is Verdict.WITHDRAWN
    assert canaries.end(first, Verdict.PROMOTED).verdict is Verdict.WITHDRAWN, "it ended already"
    assert start(canaries, "v3").challenger == "v3"


class Model:
    """Answers nothing; remembers that it was let go."""

    device = "cpu"
    closed = False

    def answers(self, texts: list[str]) -> list[str]:
        return ["" for _ in texts]

    def close(self) -> None:
        self.closed = True


def test_the_challenger_has_its_calls_while_the_canary_goes_on(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(line: Any, folder: Any, version: str) -> Any:
        loaded.append(version)
        return Model()

    monkeypatch.setattr(champion, "load_version", load)
    monkeypatch.setattr(champion._OneVersion, "current", lambda self: (self._version, None))
    besides = Challenger(SUMMARIZER, canaries)
    besides.refresh()
    assert besides.answers_for(LOW) is None
    canary = start(canaries)
    besides.refresh()
    besides.refresh()
    assert (besides.answers_for(LOW).version, besides.answers_for(HIGH), loaded) == ("v2", None, ["v2"])
    canaries.end(canary, Verdict.WITHDRAWN)
    besides.refresh()
    assert besides.answers_for(LOW) is None


def test_a_challenger_that_cannot_be_loaded_leaves_its_calls_to_the_champion(canaries: Canaries, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(line: Any, folder: Any, version: str) -> Any:
        raise ModelRefused("its files are damaged")

    monkeypatch.setattr(champion, "load_version", fail)
    monkeypatch.setattr(champion._OneVersion, "current", lambda self: (self._version, None))
    start(canaries)
    besides = Challenger(SUMMARIZER, canaries)
    besides.refresh()
    assert besides.answers_for(LOW) is None
