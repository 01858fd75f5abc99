"""Training classifiers of utterances, of emotions and of dangers: labelled rows in, a folder that serves out.

Either form of ``models.signals.classifier``: base ``ngrams`` is linear and takes seconds, any other base is an encoder that is fine-tuned
(``models.training.signal_trainer``). Both are calibrated, and their bounds chosen, on the validation rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import ConfigurationError
from models.signals.classifier import Classifier, Floats, LinearClassifier, Settings, load_classifier
from models.signals.labels import NO_DANGER
from models.summarizer.ngrams import WeightedNgrams, ngrams
from models.training.augmentation import augmented
from models.training.config import HistoryRow, Progress
from models.training.data.pair import Pair
from models.training.data.split import Split
from models.training.signal_task import SignalConfig, Targets, Task

LOWEST = 0.02  # no bound on a danger is lower
STEPS_AHEAD = 12  # harmless calls that the choice of bounds looks past
FREE = 0.2  # alarms that a step counts beside those that it adds: one that adds none is worth most, not endlessly much


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
    next step finds the largest share of its kind for each new alarm. Where fewer alarms are allowed than there are kinds, one bound holds
    for all: five bounds that fit a hundred harmless rows let 14 of a hundred others alarm.
    """
    dangerous = _dangerous(targets, calls)
    loudest = _loudest(likelihoods, [i for i, call in enumerate(calls) if call not in dangerous], calls)
    rows, allowed = likelihoods[targets.max(axis=1) > 0], int(alarms * len(loudest))
    if allowed < likelihoods.shape[1]:
        bound = float(np.sort(loudest.max(axis=1))[::-1][allowed]) if len(loudest) else 0.5
        one = float(np.nextafter(np.float32(bound), np.float32(2.0)))
        return tuple(one for _ in range(likelihoods.shape[1]))
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
