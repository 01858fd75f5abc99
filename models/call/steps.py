"""The steps of a call, in their order, each with the name that operations read, and the seconds that each takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from time import perf_counter


class Step(StrEnum):
    """One step of ``process_call``: the value stands in records, notes and logs."""

    CLAIM = "claim"
    FETCH = "fetch"
    TRANSCRIBE = "transcribe"
    SUMMARIZE = "summarize"
    SPEAK = "speak"
    CONVERT = "convert"
    UPLOAD = "upload"
    HAND_OVER = "hand over"

    @property
    def label(self) -> str:
        """The name in artifacts.

        >>> Step.HAND_OVER.label
        '연동'
        """
        return _LABELS[self]


class Steps:
    """The steps of one run: which one is at work, and the seconds each took.

    A task may hold several steps and is repeated as a whole. A step that failed counts from its first try, and one that was done keeps
    its seconds.
    """

    def __init__(self) -> None:
        """Begin with the claim."""
        self.current = Step.CLAIM
        self.urgent = False  # the call shows a danger, and goes first where it has to wait
        self.seconds: dict[str, float] = {}
        self._begun: dict[Step, float] = {}

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Time one step; ``current`` stays at a step that fails."""
        self.current = step
        begun = self._begun.setdefault(step, perf_counter())
        yield
        self.seconds.setdefault(step.value, round(perf_counter() - begun, 3))


_LABELS = {
    Step.CLAIM: "접수",
    Step.FETCH: "녹취 확인",
    Step.TRANSCRIBE: "음성 인식",
    Step.SUMMARIZE: "요약",
    Step.SPEAK: "음성 합성",
    Step.CONVERT: "변환",
    Step.UPLOAD: "업로드",
    Step.HAND_OVER: "연동",
}


def step_label(name: str) -> str:
    """The label of a step that a record names; a name that this release does not know is shown as it is.

    >>> step_label("speak"), step_label("dance")
    ('음성 합성', 'dance')
    """
    try:
        return Step(name).label
    except ValueError:
        return name
