"""Which words answers to a caller's words have: ``python -m models.recipe.answers_words_recipe`` (ten seconds of one core).

Callers say 깁스 and 이름 where documents say 골절 and 계약자. IBM's first model of translation (Brown and others, 1993) tells from
questions and the sentences that answer them, of the insurers that are learnt from, which word of an answer stands for which of its
question, or for none. How many passes, how much is believed and what a word counts was chosen on seven writers, each left out of what was
learnt.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.answers.words import LEARNT, asked_words, words_of
from models.errors import in_one_sentence
from models.recipe.insurers import Insurer, fingerprint, later_questions, learnt_from

PASSES = 3
SHRUNK = 1.0  # as if each word had stood for something else so often: of what was seen once little is believed
LEAST, MOST = 0.02, 12  # likelihood of a word that is kept, and how many are of one
RAISED = 4.0  # times its likelihood is what a word counts against the caller's own, at most as much
_NONE = ""  # the word of a question that stands for what it does not ask for

Pair = tuple[Sequence[str], Sequence[str]]  # the words of a question, and of what answers it


@dataclass(frozen=True)
class Likely:
    """A word of answers, and how likely it is among those of the answer to a caller's word."""

    word: str
    likelihood: float


def pairs(insurer: Insurer) -> list[Pair]:
    """An insurer's questions with what answers each: the sentence that does, and the heading."""
    chunks = insurer.chunks
    questions, answers = list[str](), list[str]()
    for one in insurer.all_questions:
        for number in sorted(one.passages(chunks))[:1]:
            chunk = chunks[number]
            held = [sentence for sentence in chunk.sentences if one.is_answered_by(sentence)] or chunk.sentences
            questions.append(one.text)
            answers.append(" ".join((chunk.place.heading.rpartition(" › ")[2], *held)))
    told = words_of(answers)
    return [(asked_words(question).own, list(dict.fromkeys(words))) for question, words in zip(questions, told, strict=True)]


def learn(several: Sequence[Pair]) -> dict[str, list[Likely]]:
    """The likelihoods of answers' words by the caller's word, the likeliest first."""
    said, told, places = list[str](), list[str](), list[int]()
    for place, (asked, word) in enumerate((asked, word) for asked, answer in several for word in answer):
        said += [*asked, _NONE]
        told += [word] * (len(asked) + 1)
        places += [place] * (len(asked) + 1)
    saids, said_at = np.unique(said, return_inverse=True)
    tolds, told_at = np.unique(told, return_inverse=True)
    both, at = np.unique(said_at * len(tolds) + told_at, return_inverse=True)
    of_said, likelihood = both // len(tolds), np.ones(len(both))
    for _ in range(PASSES):
        each = likelihood[at]
        share = each / np.bincount(places, each)[places]
        counted = np.bincount(at, share)
        likelihood = counted / (np.bincount(of_said, counted) + SHRUNK)[of_said]
    made = defaultdict[str, list[Likely]](list)
    for number in np.argsort(-likelihood, kind="stable"):
        one = Likely(str(tolds[both[number] % len(tolds)]), float(likelihood[number]))
        made[str(saids[of_said[number]])].append(one)
    return made


def lines(likely: Mapping[str, Sequence[Likely]]) -> list[str]:
    """The table: a caller's word, tab, words of answers with what each counts. A word stands for itself anyway, and numbers for nothing."""
    made = list[str]()
    for said in sorted(word for word in likely if any(map(str.isalpha, word))):
        first = [one for one in likely[said] if one.likelihood >= LEAST and one.word != said][:MOST]
        told = [f"{one.word}:{min(1.0, RAISED * one.likelihood):.2f}" for one in first if any(map(str.isalpha, one.word))]
        made += [f"{said}\t{' '.join(told)}"] if told else []
    return made


def made_of() -> str:
    """A fingerprint of the questions that it is learnt from."""
    return fingerprint(*later_questions())


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the table that ships."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=LEARNT, help="file that gets the table")
    options = parser.parse_args(arguments)
    table = lines(learn([pair for insurer in learnt_from() for pair in pairs(insurer)]))
    options.target.write_text("\n".join([f"# made of {made_of()}", *table]) + "\n", encoding="utf-8")
    print(f"{len(table)} words of callers, {sum(line.count(':') for line in table)} of answers")


if __name__ == "__main__":
    main()
