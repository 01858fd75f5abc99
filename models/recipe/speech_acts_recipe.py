"""How what tells speech acts is made: ``python -m models.recipe.speech_acts_recipe`` (a minute on one core).

``speech_acts/*.tsv`` hold what callers of many writers said and what readers who had built nothing said that each sentence does: writer,
letter (``SpeechAct``; two where a reader could not tell, the likelier first), what is said before, the sentence, what is said after
("A: " where the agent says it). Signs are as a recognizer or ``signs`` wrote them; a sentence that has one is learnt without it as well.
``--held-out`` learns without a sixth of the writers at a time instead, and tells how much of each act is found.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.errors import in_one_sentence
from models.recipe.linear import fit
from models.summarizer import SHIPPED_SPEECH_ACTS
from models.summarizer.linear import Linear, columns
from models.summarizer.own_words import Shortener
from models.summarizer.signs import OPEN
from models.summarizer.speech_acts import WEIGHTS, Around, SpeechAct, features

LABELLED = Path(__file__).parent / "speech_acts"
OTHER = "A: "  # before what the agent says
STRENGTH = 1.0  # of the regression: scikit-learn's C; 0.3 and 3 were no better
ROUNDS = 100
PARTS = 6


@dataclass(frozen=True)
class Labelled:
    """A sentence, its writer, what it does by who read it, and what is said around it."""

    writer: str
    act: SpeechAct
    sentence: str
    around: Around


def labelled(folder: Path = LABELLED) -> Iterator[Labelled]:
    """Every sentence of the tables; ValueError names a line that is none."""
    for path in sorted(folder.glob("*.tsv")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            try:
                writer, letters, before, sentence, after = line.split("\t")
                yield Labelled(writer, SpeechAct(letters[:1]), sentence, _around(before, after))
            except ValueError as error:
                wanted = "writer, letter, before, sentence and after are wanted, parted by tabs"
                raise ValueError(f"{path.name}, line {number}: {wanted}, not {line!r}") from error


def _around(before: str, after: str) -> Around:
    said = (before.removeprefix(OTHER), after.removeprefix(OTHER))
    return Around(*said, before.startswith(OTHER), after.startswith(OTHER))


def seen(rows: Sequence[Labelled]) -> list[list[list[int]]]:
    """The columns of what is seen of each sentence, of one that has a sign of its own without it too."""
    shortener = Shortener()
    found = []
    for row in rows:
        _, tokens, sign = shortener.heard(row.sentence)
        signs = [sign] if sign in ("", OPEN) else [sign, OPEN]
        found.append([columns(sorted(set(features(tokens, one, row.around)))) for one in signs])
    return found


def learnt(rows: Sequence[Labelled], columns_of: Sequence[Sequence[Sequence[int]]]) -> dict[str, np.ndarray]:
    """Weights as ``SpeechActs`` reads them."""
    acts = list(SpeechAct)
    lessons = [(one, acts.index(row.act)) for row, ways in zip(rows, columns_of, strict=True) for one in ways]
    return fit([one for one, _ in lessons], [act for _, act in lessons], strength=STRENGTH, rounds=ROUNDS)


def held_out(rows: Sequence[Labelled]) -> np.ndarray:
    """How likely each act of each sentence is by weights that have not learnt from its writer: shape (sentences, acts)."""
    columns_of = seen(rows)
    writers = sorted({row.writer for row in rows})
    shares = np.zeros((len(rows), len(SpeechAct)), np.float32)
    for part in range(PARTS):
        out = set(writers[part::PARTS])
        kept = [i for i, row in enumerate(rows) if row.writer not in out]
        found = learnt([rows[i] for i in kept], [columns_of[i] for i in kept])
        linear = Linear(found["weights"], found["scales"], found["offsets"])
        for i, row in enumerate(rows):
            if row.writer in out:
                shares[i] = linear.shares(columns_of[i][0])
    return shares


def tell(rows: Sequence[Labelled], shares: np.ndarray) -> None:
    """Print how many sentences of each act are told, and how many of those told are."""
    true = np.array([list(SpeechAct).index(row.act) for row in rows])
    told = shares.argmax(axis=1)
    print(f"{len(rows):,} sentences, {np.mean(told == true):.3f} told as they were read")
    print(f"{'act':12}  {'sentences':>9}  {'recall':>6}  {'precision':>9}")
    for place, act in enumerate(SpeechAct):
        there, found = np.sum(true == place), np.sum(told == place)
        right = np.sum((told == place) & (true == place))
        print(f"{act.name:12}  {there:9}  {right / max(1, there):6.2f}  {right / max(1, found):9.2f}")


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights of all labelled sentences, or judge them by writers held out."""
    from safetensors.numpy import save_file

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=SHIPPED_SPEECH_ACTS, help="folder that gets the weights")
    parser.add_argument("--held-out", action="store_true", help="make none: judge by writers held out, a sixth at a time")
    options = parser.parse_args(arguments)
    rows = list(labelled())
    if options.held_out:
        tell(rows, held_out(rows))
        return
    options.target.mkdir(parents=True, exist_ok=True)
    save_file(learnt(rows, seen(rows)), options.target / WEIGHTS)
    print(f"{len(rows):,} sentences: {options.target / WEIGHTS}")


if __name__ == "__main__":
    main()
