"""What a training of a classifier of emotions or dangers is told: its settings, and what is told apart."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.signals.labels import EMOTIONS, NO_EMOTION, Danger, read_dangers
from models.training.data.pair import Pair
from models.training.metrics import encoder_name

NGRAMS = "ngrams"
SHARES = (0.6, 0.2, 0.2)
PENALTY = 0.5
Targets = npt.NDArray[np.float32]


class SignalConfig(BaseModel):
    """Everything beside the data that decides what is learnt. The defaults are those of the requirements' emotion model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str = Field(
        "klue/bert-base", description="Encoder to fine-tune, a hub name or a folder; shipped: the reader's; ngrams: linear, without one"
    )
    layers: int = Field(0, ge=0, description="Keep the encoder's first layers only; 0: all")
    max_length: int = Field(128, ge=8, le=512, description="Longest utterance in tokens")
    batch_size: int = Field(64, ge=1, description="Rows per step (table: 64, 32)")
    learning_rate: float = Field(2e-5, gt=0, description="Peak learning rate (table: 1e-4 to 1e-6, best 2e-5)")
    epochs: float = Field(10.0, gt=0, description="Passes over the training data at most")
    early_stopping: int = Field(2, ge=1, description="Stop after this many epochs in a row without a better validation score")
    max_steps: int | None = Field(None, ge=1, description="Stop after this many updates whatever the epochs say")
    dropout: float = Field(0.1, ge=0, lt=1, description="Share of the sentence's states that training drops before the last layer")
    weight_decay: float = Field(0.01, ge=0, description="AdamW's weight decay")
    warmup_ratio: float = Field(0.1, ge=0, lt=1, description="Share of all steps over which the learning rate rises to its peak")
    class_weights: bool = Field(False, description="Weigh rare labels more: each label by how much rarer it is than the mean")
    augmentation: float = Field(1.0, ge=1, le=10, description="As many training rows with a danger as there are, times this (table: 4.5)")
    penalty: float = Field(PENALTY, gt=0, description="C of the linear support vector machine (base ngrams)")
    sure: float = Field(0.7, gt=0, lt=1, description="Emotion: of what is told as sure on validation rows, this share must be right")
    alarms: float = Field(0.02, gt=0, lt=1, description="Danger: of harmless validation rows (or calls) at most this share may alarm")
    precision: Literal["auto", "fp32", "fp16", "bf16"] = Field("auto", description="auto: what the hardware really has")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where to train")
    seed: int = Field(42, ge=0, description="Seed of data order, dropout, new weights and augmentation")

    @property
    def family(self) -> str:
        """Folder of such runs in the bucket."""
        return "linear" if self.base == NGRAMS else "encoder"

    def run_name(self, data: str) -> str:
        """A name that is the same whenever the same is learnt from the same data (``data``: its fingerprint)."""
        choices = self.model_dump(mode="json", exclude={"base", "device"}) | {
            "base": self.base if self.family == "linear" else encoder_name(self.base)
        }
        digest = hashlib.sha256(f"{json.dumps(choices, sort_keys=True)} {data}".encode()).hexdigest()[:10]
        told = f"c{self.penalty:g}" if self.family == "linear" else f"lr{self.learning_rate:g}-b{self.batch_size}-d{self.dropout:g}"
        return f"{told}-{digest}"


@dataclass(frozen=True)
class Task:
    """What is told apart: labels, whether several may hold at once, and how a row's answer is read."""

    name: str
    labels: tuple[str, ...]
    several: bool
    targets_of: Callable[[str], frozenset[str]]

    def targets(self, pairs: Sequence[Pair]) -> Targets:
        """1 where a row has a label, shape (rows, labels)."""
        wanted = [self.targets_of(pair.summary) for pair in pairs]
        return np.array([[label in row for label in self.labels] for row in wanted], dtype=np.float32)


def emotion_task(pairs: Sequence[Pair]) -> Task:
    """The 58 emotions, and none where the rows know that."""
    none = (NO_EMOTION,) if any(pair.summary == NO_EMOTION for pair in pairs) else ()
    return Task("emotion", (*EMOTIONS, *none), False, lambda label: frozenset({label}))


def danger_task(pairs: Sequence[Pair]) -> Task:
    """The kinds of danger, any number of them."""
    return Task("danger", tuple(Danger), True, lambda label: frozenset(map(str, read_dangers(label))))
