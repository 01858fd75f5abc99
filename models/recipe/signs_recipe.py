"""How the writer of missing signs is made: ``python -m models.recipe.signs_recipe`` (a minute on one core).

What the reader's writers let callers say has its signs for nine tenths, so nobody has to label anything: each word of a turn that its
writer ended with a sign is a row, the word without its sign what is seen, the sign what is learnt. A logistic regression, 8 bits a weight.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.errors import in_one_sentence
from models.recipe import WRITERS
from models.recipe.linear import fit
from models.summarizer import SHIPPED_SIGNS
from models.summarizer.linear import columns
from models.summarizer.signs import ASKED, ASKS, ENDS, GOES_ON, SIGNS, WEIGHTS, features
from models.summarizer.written import Written, calls, inquiries, writers

STRENGTH = 1.0  # of the regression: scikit-learn's C
ROUNDS = 80


def signed_turns(row: Written) -> Iterator[str]:
    """What the caller says in a row whose writer ended all his turns with signs."""
    turns = [turn.text.strip() for turn in row.conversation if turn.by_caller]
    if all(text[-1:] in SIGNS for text in turns):
        yield from turns


def labelled(text: str) -> list[tuple[str, int]]:
    """The words of a text without their signs, and what each does."""
    words: list[tuple[str, int]] = []
    for written in text.split():
        word = written.rstrip(SIGNS)
        sign = written[len(word) :]
        does = ASKS if ASKED in sign else ENDS if sign.strip(",") else GOES_ON
        if word:
            words.append((word, does))
        elif words and does:
            words[-1] = (words[-1][0], does)  # a sign that stands by itself
    return words


def rows(texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
    """Columns of each word's features, and what the word does."""
    seen: list[list[int]] = []
    does: list[int] = []
    for text in texts:
        begin, labels = 0, labelled(text)
        words = [word for word, _ in labels]
        for place, (_, label) in enumerate(labels):
            seen.append(columns(features(words, place, begin)))
            does.append(label)
            begin = place + 1 if label else begin
    return seen, does


def learnt(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Weights as ``SignWriter`` reads them."""
    seen, does = rows(texts)
    return fit(seen, does, strength=STRENGTH, rounds=ROUNDS)


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights of all writers."""
    from safetensors.numpy import save_file

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=SHIPPED_SIGNS, help="folder that gets the weights")
    options = parser.parse_args(arguments)
    everything = [row for name in writers(WRITERS) for row in (*inquiries(name, WRITERS), *calls(name, WRITERS))]
    texts = [text for row in everything for text in signed_turns(row)]
    options.target.mkdir(parents=True, exist_ok=True)
    save_file(learnt(texts), options.target / WEIGHTS)
    print(f"{len(texts):,} turns of callers: {options.target / WEIGHTS}")


if __name__ == "__main__":
    main()
