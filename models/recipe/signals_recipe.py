"""How the classifiers of emotion and danger that ship are made: ``python -m models.recipe.signals_recipe`` (two minutes on one core).

1. Rows: sentences that writers wrote for it (``models/recipe/signals/``: ``<writer>.emotion.tsv`` with an emotion and a sentence,
   ``<writer>.danger.tsv`` with kinds of danger, ``lookalike`` or ``harmless``, and what was said), and the caller's turns in the calls of
   the reader's writers: of calm calls for what says no emotion, of calls without a risk for what is harmless.
2. Of a call with a risk nobody wrote down which utterance shows it: a first classifier chooses the likeliest one, which then is a row.
3. Calibration: every row is scored by a classifier that has not seen its writer. Bounds on these scores: what is told as an emotion is
   right in 85 of 100, and at most 15 of 1,000 harmless calls alarm.
4. The classifier of all rows, under the settings of step 3.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.errors import ConfigurationError, in_one_sentence
from models.recipe import WRITERS
from models.signals import SHIPPED_DANGER, SHIPPED_EMOTION
from models.signals.call import telling, windows
from models.signals.classifier import Floats, LinearClassifier
from models.signals.labels import NO_DANGER, NO_EMOTION, Danger, emotion_named, read_dangers, written_dangers
from models.summarizer.written import SET_ASIDE, Written, calls, writers
from models.training.data.pair import Pair
from models.training.signal_task import SignalConfig, Task, danger_task, emotion_task
from models.training.signals import calibrate, fit_linear

ROWS = Path(__file__).with_name("signals")
CALM = frozenset(("평온", "차분", "차분함", "담담", "담담함", "무덤덤", "사무적", "신중", "신중함", "꼼꼼함"))
HARMLESS = frozenset(("lookalike", "harmless"))
EMOTION_CONFIG = SignalConfig(base="ngrams", penalty=0.5, sure=0.85)
DANGER_CONFIG = SignalConfig(base="ngrams", penalty=1.0, alarms=0.015)  # below 2 of 100, since five bounds fit the rows that chose them
RISKS = {
    "보이스피싱": Danger.VOICE_PHISHING,
    "위협": Danger.THREAT,
    "응급": Danger.MEDICAL_EMERGENCY,
    "자해": Danger.SELF_HARM,
    "혼란": Danger.CONFUSION,
}
FOLDS = 6
# With the calls of these writers too, whom the reader needs, 117 of 153 dangers are found and not 123, at as many alarms.
NOT_THEIR_CALLS = frozenset(("w15", "w16", "w17", "w18", "w19", "w20"))


def signal_writers(folder: Path = ROWS) -> list[str]:
    """Names of the writers whose rows lie in a folder."""
    return sorted({path.name.partition(".")[0] for path in folder.glob("*.tsv")})


def emotion_rows(folder: Path = ROWS) -> list[Pair]:
    """Sentences with their emotions; ``style`` is the writer."""
    return [
        Pair(text, _emotion(label, row), row, style=writer)
        for writer in signal_writers(folder)
        for row, label, text in _lines(folder / f"{writer}.emotion.tsv")
    ]


def danger_rows(folder: Path = ROWS) -> list[Pair]:
    """What was said with its dangers; ``style`` is the writer."""
    return [
        Pair(text, NO_DANGER if label in HARMLESS else written_dangers(read_dangers(label)), row, style=writer)
        for writer in signal_writers(folder)
        for row, label, text in _lines(folder / f"{writer}.danger.tsv")
    ]


def _lines(path: Path) -> Iterator[tuple[str, str, str]]:
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split("\t")
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise ConfigurationError(f"{path}:{number} has {len(cells)} columns, not 2", remedy="Write a label, a tab and what was said")
        yield f"{path.name}:{number}", cells[0].strip(), cells[1].strip()


def _emotion(label: str, row: str) -> str:
    emotion = emotion_named(label)
    if emotion is None:
        raise ConfigurationError(f"{row}: {label!r} is no emotion", remedy="Write one of AI-Hub's 58")
    return emotion


def recorded_calls(folders: Sequence[Path] = (WRITERS, SET_ASIDE)) -> list[tuple[str, Written]]:
    """Calls by the reader's writers, each with its writer."""
    names = [(folder, writer) for folder in folders for writer in writers(folder) if writer not in NOT_THEIR_CALLS]
    return [(writer, call) for folder, writer in names for call in calls(writer, folder)]


def calm_rows() -> list[Pair]:
    """What callers say whom their writers call calm, and so without an emotion; ``dialogue`` is the call."""
    return [
        Pair(turn.text, NO_EMOTION, f"{call.name}.{turn.number}", style=writer, dialogue=call.name)
        for writer, call in recorded_calls()
        if call.emotion in CALM and not call.risk
        for turn in telling(call.conversation)
    ]


def harmless_rows() -> list[Pair]:
    """What is judged at once of calls without a risk, as calls are judged; ``dialogue`` is the call."""
    return [
        Pair(text, NO_DANGER, f"{call.name}.{number}.{place}", style=writer, dialogue=call.name)
        for writer, call in recorded_calls()
        if call.emotion and not call.risk  # a writer who named no emotion named no risk either
        for place, (number, text) in enumerate(windows(call.conversation))
    ]


def risky_rows() -> list[Pair]:
    """The same of calls with a risk: at least one row of each ``dialogue`` shows it, nobody knows which."""
    return [
        Pair(text, RISKS[call.risk], f"{call.name}.{number}.{place}", style=writer, dialogue=call.name)
        for writer, call in recorded_calls()
        if call.risk in RISKS
        for place, (number, text) in enumerate(windows(call.conversation))
    ]


def fit(task: Task, rows: Sequence[Pair], risky: Sequence[Pair], config: SignalConfig) -> LinearClassifier:
    """A classifier of the rows, and of the row of each risky call that a first one finds likeliest."""
    first = fit_linear(task, rows, config.penalty)
    if not risky:
        return first
    scores = (first.scores([row.input for row in risky]) * task.targets(risky)).max(axis=1)
    likeliest: dict[str, int] = {}
    for place, row in enumerate(risky):
        if row.dialogue not in likeliest or scores[place] > scores[likeliest[row.dialogue]]:
            likeliest[row.dialogue] = place
    return fit_linear(task, [*rows, *(risky[place] for place in likeliest.values())], config.penalty)


def scored_by_others(task: Task, rows: Sequence[Pair], risky: Sequence[Pair], config: SignalConfig) -> Floats:
    """The scores of each row by a classifier that has learnt from other writers."""
    names = sorted({row.style for row in rows})
    folds = np.array([names.index(row.style) % FOLDS for row in rows])
    scores = np.empty((len(rows), len(task.labels)), dtype=np.float32)
    for fold in range(FOLDS):
        apart = {name for place, name in enumerate(names) if place % FOLDS == fold}
        others = fit(task, [row for row in rows if row.style not in apart], [row for row in risky if row.style not in apart], config)
        own = folds == fold
        scores[own] = others.scores([row.input for row, mine in zip(rows, own, strict=True) if mine])
    return scores


def make(task: Task, rows: Sequence[Pair], risky: Sequence[Pair], config: SignalConfig) -> LinearClassifier:
    """The classifier of all rows, calibrated on those of writers it had not seen."""
    whole = fit(task, rows, risky, config)
    return whole.with_settings(calibrate(config, task, whole.settings, scored_by_others(task, rows, risky, config), rows))


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make both classifiers that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--emotion", type=Path, default=SHIPPED_EMOTION, help="folder that gets the classifier of emotions")
    parser.add_argument("--danger", type=Path, default=SHIPPED_DANGER, help="folder that gets the classifier of dangers")
    options = parser.parse_args(arguments)
    emotional, dangerous = [*emotion_rows(), *calm_rows()], [*danger_rows(), *harmless_rows()]
    for folder, made in (
        (options.emotion, make(emotion_task(emotional), emotional, (), EMOTION_CONFIG)),
        (options.danger, make(danger_task(dangerous), dangerous, risky_rows(), DANGER_CONFIG)),
    ):
        made.save(folder)
        print(f"{folder}: bounds {', '.join(f'{bound:.3f}' for bound in made.settings.bounds)}")


if __name__ == "__main__":
    main()
