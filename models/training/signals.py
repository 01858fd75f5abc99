"""Training classifiers of utterances, of emotions and of dangers: labelled rows in, a folder that serves out.

Either form of ``models.signals.classifier``: base ``ngrams`` is linear and takes seconds, any other base is an encoder that is fine-tuned
(``models.training.signal_trainer``). Both are calibrated, and their bounds chosen, on the validation rows.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.errors import ConfigurationError
from models.signals.classifier import Classifier, Floats, LinearClassifier, Settings, load_classifier
from models.signals.labels import EMOTIONS, NO_DANGER, NO_EMOTION, Danger, read_dangers
from models.summarizer.ngrams import WeightedNgrams, ngrams
from models.training.augmentation import augmented
from models.training.config import HistoryRow, Progress
from models.training.data.pair import Pair
from models.training.data.split import Split
from models.training.metrics import encoder_name

NGRAMS = "ngrams"
SHARES = (0.6, 0.2, 0.2)
PENALTY = 0.5
LOWEST = 0.02  # no bound on a danger is lower
STEPS_AHEAD = 12  # harmless calls that the choice of bounds looks past
FREE = 0.2  # alarms that a step counts beside those that it adds: one that adds none is worth most, not endlessly much
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


@dataclass(frozen=True)
class Trained:
    """A classifier that serves, and how it came about."""

    classifier: Classifier
    history: Sequence[HistoryRow]
    made: Sequence[Pair]


def train(
    config: SignalConfig,
    task: Task,
    split: Split,
    out: Path,
    model: str,
    on_progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Learn from the training rows and save the folder ``out/model``; ConfigurationError where the rows are too few or of one kind."""
    check_rows(task, split)
    made = augmented([pair for pair in split.train if pair.summary != NO_DANGER], config.augmentation, config.seed) if task.several else []
    rows = [*split.train, *made]
    folder = out / model
    if config.family == "linear":
        linear = fit_linear(task, rows, config.penalty, weighted=config.class_weights)
        settings = calibrated(config, task, linear, split.validation)
        linear.with_settings(settings).save(folder)
        return Trained(load_classifier(folder), (), made)
    from models.training.signal_trainer import finetune

    history = finetune(config, task, rows, split.validation, out, folder, on_progress)
    Settings(form="encoder", labels=task.labels, several=task.several, max_length=config.max_length).save(folder)
    calibrated(config, task, load_classifier(folder), split.validation).save(folder)
    return Trained(load_classifier(folder), history, made)


def check_rows(task: Task, split: Split) -> None:
    """ConfigurationError where a label that has to be told was never seen, or nothing else was."""
    for name, pairs in (("training", split.train), ("validation", split.validation)):
        seen = task.targets(pairs).sum(axis=0)
        if task.several and not (0 < np.count_nonzero(task.targets(pairs).any(axis=1)) < len(pairs)):
            raise ConfigurationError(f"the {name} rows are all harmless or all dangerous", remedy="Give rows of both kinds")
        if not task.several and np.count_nonzero(seen) < 2:
            raise ConfigurationError(f"the {name} rows are of one emotion", remedy="Give rows of at least two emotions")


def fit_linear(task: Task, rows: Sequence[Pair], penalty: float, *, weighted: bool = False) -> LinearClassifier:
    """A linear support vector machine over n-grams, for each label against the others; a label without rows is never told."""
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.svm import LinearSVC

    weighting = TfidfTransformer(sublinear_tf=True)
    features = weighting.fit_transform(ngrams().transform([row.input for row in rows]))
    targets = task.targets(rows)
    coefficients = np.zeros((len(task.labels), features.shape[1]), dtype=np.float32)
    bias = np.full(len(task.labels), -3.0, dtype=np.float32)
    for place in np.flatnonzero((targets.sum(axis=0) > 0) & (targets.sum(axis=0) < len(targets))):
        weights = "balanced" if weighted else None
        machine = LinearSVC(C=penalty, class_weight=weights, random_state=0).fit(features, targets[:, place])
        coefficients[place], bias[place] = machine.coef_[0], machine.intercept_[0]
    settings = Settings(form="linear", labels=task.labels, several=task.several)
    return LinearClassifier(settings, WeightedNgrams.of(weighting.idf_, coefficients), bias)


def calibrated(config: SignalConfig, task: Task, classifier: Classifier, rows: Sequence[Pair]) -> Settings:
    """The classifier's settings with likelihoods that are true on rows it has not learnt from, and the bounds that the run asks for."""
    return calibrate(config, task, classifier.settings, classifier.scores([row.input for row in rows]), rows)


def calibrate(config: SignalConfig, task: Task, settings: Settings, scores: Floats, rows: Sequence[Pair]) -> Settings:
    """The same, from the scores of rows that it has not learnt from."""
    targets = task.targets(rows)
    if not task.several:
        scaled = settings.model_copy(update={"scale": (_temperature(scores, targets),)})
        return scaled.model_copy(update={"bounds": (surest_bound(scaled.likelihoods(scores), targets, config.sure),)})
    fitted = [_platt(scores[:, place], targets[:, place]) for place in range(len(task.labels))]
    scaled = settings.model_copy(update={"scale": tuple(a for a, _ in fitted), "offset": tuple(b for _, b in fitted)})
    bounds = alarm_bounds(scaled.likelihoods(scores), targets, [row.dialogue or row.row for row in rows], config.alarms)
    return scaled.model_copy(update={"bounds": bounds})


def _temperature(scores: Floats, targets: Targets) -> float:
    """What scores are to be multiplied by so that their likelihoods surprise least."""
    right = targets.argmax(axis=1)

    def surprise(scale: float) -> float:
        scaled = scores * scale
        peak = scaled.max(axis=1)
        return float(np.mean(np.log(np.exp(scaled - peak[:, None]).sum(axis=1)) + peak - scaled[np.arange(len(right)), right]))

    return float(min(np.geomspace(0.25, 32, 57), key=surprise))


def _platt(scores: Floats, wanted: Targets) -> tuple[float, float]:
    """Scale and offset of a logistic regression on one label's scores; a label that never occurs is unlikely."""
    if not 0 < wanted.sum() < len(wanted):
        return 1.0, -4.0
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=100.0).fit(scores[:, None], wanted)
    return float(max(1e-3, fitted.coef_[0, 0])), float(fitted.intercept_[0])


def surest_bound(likelihoods: Floats, targets: Targets, sure: float) -> float:
    """The lowest likelihood from which on the share ``sure`` of what is told is right; 1 where there is none."""
    best, right = likelihoods.max(axis=1), likelihoods.argmax(axis=1) == targets.argmax(axis=1)
    order = np.argsort(-best, kind="stable")
    share = np.cumsum(np.asarray(right)[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= sure)
    return float(best[order[enough[-1]]]) if len(enough) else 1.0


def alarm_bounds(likelihoods: Floats, targets: Targets, calls: Sequence[str], alarms: float) -> tuple[float, ...]:
    """A likelihood for each kind of danger from which on it counts: most is found while at most the share ``alarms`` of harmless calls
    alarms. Rows of one call alarm once.

    Kinds are not equally hard to tell, so the alarms that are allowed go where they find most, step by step: the bound is lowered whose
    next step finds the largest share of its kind for each new alarm.
    """
    dangerous = _dangerous(targets, calls)
    loudest = _loudest(likelihoods, [i for i, call in enumerate(calls) if call not in dangerous], calls)
    rows, allowed = likelihoods[targets.max(axis=1) > 0], int(alarms * len(loudest))
    wanted = targets[targets.max(axis=1) > 0] > 0

    def found(bounds: Floats) -> float:
        flagged = (rows > bounds).any(axis=1)
        return float(np.mean([flagged[wanted[:, kind]].mean() for kind in range(len(bounds)) if wanted[:, kind].any()]))

    steps = [np.unique(np.append(loudest[:, kind], LOWEST))[::-1] for kind in range(loudest.shape[1])]
    bounds = np.array([step[0] for step in steps], dtype=np.float32)
    while choice := _next_step(bounds, steps, loudest, allowed, found):
        bounds[choice[0]] = choice[1]
    return tuple(float(np.nextafter(bound, np.float32(2.0))) for bound in bounds)


def _next_step(
    bounds: Floats, steps: Sequence[Floats], loudest: Floats, allowed: int, found: Callable[[Floats], float]
) -> tuple[int, float] | None:
    """The kind whose bound is lowered next and to what; None where no step that is allowed finds more."""
    now, alarms_now = found(bounds), int((loudest > bounds).any(axis=1).sum())
    best, choice = 0.0, None
    for kind, candidates in enumerate(steps):
        for lower in [step for step in candidates if step < bounds[kind]][:STEPS_AHEAD]:
            trial = bounds.copy()
            trial[kind] = lower
            alarms = int((loudest > trial).any(axis=1).sum())
            if alarms > allowed:
                break
            worth = (found(trial) - now) / (alarms - alarms_now + FREE)
            if worth > best:
                best, choice = worth, (kind, float(lower))
    return choice


def _dangerous(targets: Targets, calls: Sequence[str]) -> frozenset[str]:
    return frozenset(call for call, row in zip(calls, targets.max(axis=1), strict=True) if row)


def _loudest(likelihoods: Floats, rows: Sequence[int], calls: Sequence[str]) -> Floats:
    """The highest likelihood of each kind in each call, shape (calls, kinds)."""
    loudest: dict[str, Floats] = {}
    for row in rows:
        known = loudest.get(calls[row])
        loudest[calls[row]] = likelihoods[row] if known is None else np.maximum(known, likelihoods[row])
    return np.array(list(loudest.values()), dtype=np.float32).reshape(len(loudest), likelihoods.shape[1])
