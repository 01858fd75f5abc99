"""A line of models: models that answer the same question, of which one is in service.

A line says what only it can know: how a folder is loaded and its texts are batched, how answers are scored and judged, which bars a model
must keep, what a smoke test asks.
Registry, scoring, leaderboard, vote, promotion and hot swap are the same for every line and know none of them by name; the lines
themselves are in ``models/lines``.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from models.lifecycle.bars import Bar
from models.lifecycle.truth import Told, TruthAnswer, TruthRow, Verdict
from models.lifecycle.versions import manifest, manifest_digest
from models.training.metrics import MetricSettings

Device = Literal["auto", "cpu", "cuda"]
Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class LoadedModel(Protocol[Answer_co]):
    """A model of a line, ready for service. Safe to use from several threads and event loops."""

    device: str

    def answers(self, texts: Sequence[str]) -> Sequence[Answer_co]:
        """Answers of many texts, in order, computed in this thread."""

    def attempts(self, texts: Sequence[str]) -> Sequence[Answer_co]:
        """Like ``answers``, with an empty one where the model finds none: for scoring, where one such row must not end it."""

    async def answer(self, text: str) -> Answer_co:
        """One text's answer, computed together with those of other callers where that is cheaper."""

    def close(self) -> None:
        """Finish what has begun and let threads and memory go."""


@dataclass(frozen=True)
class Metric:
    """A figure by which answers are judged: its name in scores, and the heading of its column on a leaderboard."""

    name: str
    heading: str


@dataclass(frozen=True)
class Spent:
    """What somebody else charges for an answer; nothing where this machine computes it."""

    tokens: int = 0
    won: float = 0.0


@dataclass(frozen=True)
class Judgement:
    """Answers held against references: by metric a value a row, or one of all rows together where it is no mean over rows."""

    rows: Mapping[str, list[float]]
    overall: Mapping[str, float] = field(default_factory=dict)


class Line(ABC, Generic[Answer]):
    """What one line of models is. Instances carry no state."""

    name: str
    families: tuple[str, ...]  # kinds of training runs, folders of theirs in the bucket
    reference: str  # column of the data sets with the right answer
    metrics: tuple[Metric, ...]  # the first ranks and is gated, so it has a value a row; the last decides between equals
    serving_file: str  # what a folder holds that can serve
    answer_noun: str  # Korean: what people call an answer
    scoring_note: str  # Korean: how the score comes about
    smoke_texts: tuple[str, ...]  # the first also warms a loaded model up
    bars: tuple[Bar, ...]  # limits that no parameter lifts
    truth_folder: Path | None = None  # rows that tell what would mislead, unless a setting names others; None: not judged so

    @property
    def primary(self) -> Metric:
        """The metric that ranks."""
        return self.metrics[0]

    def artifact(self, kind: str) -> str:
        """Key of one of the line's artifacts in the Prefect UI."""
        return f"{kind}-{self.name}"

    @abstractmethod
    def shipped(self, model_dir: Path) -> Path:
        """Folder of the model that ships with the product, which serves until one is promoted; ``model_dir`` is READBACK_MODEL_DIR."""

    @abstractmethod
    def load(self, folder: Path, device: Device, version: str) -> LoadedModel[Answer]:
        """Load a folder for service, under a version's name."""

    @abstractmethod
    def text_of(self, answer: Answer) -> str:
        """An answer as it is scored, voted on and shown."""

    def told(self, answer: Answer) -> Told:
        """An answer's text, and what it claims to be where the line tells kinds of answers apart."""
        return Told(text=self.text_of(answer))

    @abstractmethod
    def judge(self, answers: Sequence[str], references: Sequence[str], settings: MetricSettings) -> Judgement:
        """Hold answers against references, row by row."""

    def truth_rows(self, folder: Path) -> list[TruthRow]:
        """The rows of a truth set; ConfigurationError names the file that is damaged."""
        return []

    def verdict(self, row: TruthRow, answer: Told) -> Verdict:
        """Whether an answer to a row of the truth set is right, wrong or misleading."""
        raise NotImplementedError(f"the line {self.name} has no truth set")

    def suspicion(self, text: str, answer: Told) -> str:
        """Why an answer looks untrue where no row tells what would mislead, in Korean; empty where it does not."""
        return ""

    def measures(self, answers: Sequence[Told], truth: Sequence[TruthAnswer], judgement: Judgement) -> dict[str, float]:
        """What the line's bars are held against, by name."""
        return {}

    def judges(self, settings: MetricSettings) -> dict[str, str]:
        """The models that judge, by metric: scores of different judges are never compared. Empty where no model judges."""
        return {}

    def judging_models(self, settings: MetricSettings) -> list[str]:
        """Names of the models that have to be on this machine to judge."""
        return []

    def digest(self, folder: Path) -> str:
        """Changes with any file that decides what the model in a folder answers."""
        return manifest_digest(manifest(folder))

    def prepare(self, folder: Path) -> None:
        """Derive the form that serves, where there is one, and load the libraries: neither is part of what serving a model costs."""

    def pack(self, folder: Path, target: Path) -> None:
        """Copy a trained folder as it is registered, everything beside it that saves a serving machine work."""
        shutil.copytree(folder, target)

    def spent(self, answer: Answer) -> Spent:
        """What an answer has cost beside this machine's time."""
        return Spent()

    def faults(self, texts: Sequence[str], answers: Sequence[Answer]) -> list[str]:
        """What is wrong with a smoke test's answers, a phrase each."""
        return []
