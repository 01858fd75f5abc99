"""How good answers from documents are: ``python -m benchmarks.answers`` over questions that nothing was tuned on.

Documents of an invented insurer, questions of the held-out half (``benchmarks/questions/held_out.tsv``); with ``--insurer``, terms and
questions of a folder such as ``benchmarks/questions/unseen_insurer``, by a hand of which nothing was learnt. Told: whether the right
passage is among the first three by words alone, by sense alone, by how callers ask for it, by all fused, and as the answerer orders them;
how many questions that no document answers are refused, how many of the others are; how many answers quote the right passage; and
milliseconds a question. The bundled documents are asked with callers' phrasings, another insurer's with ``--phrasings`` alone. Questions
that stand nearly letter by letter among the phrasings are named, and everything is counted again without them.
"""

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from models.answers.answerer import Answerer
from models.answers.encoder import Encoder, load_encoder
from models.answers.index import Index
from models.answers.judge import shipped
from models.answers.questions import GoldQuestion, read_questions
from models.answers.signs import candidates
from models.answers.told import Suggested
from models.recipe.answers_recipe import documents, phrasings
from models.recipe.insurers import Insurer

HELD_OUT = Path(__file__).parent / "questions" / "held_out.tsv"
NEARLY = 0.8  # share of a question's pieces of four characters that one phrasing has, above which both are nearly the same


def rankings(index: Index, question: str, encoder: Encoder) -> dict[str, list[int]]:
    """The passages' numbers by each way of ranking them, the best first."""
    asked = index.question(question, encoder)
    found = index.find(asked)
    return {
        "words": [number for number, _ in index.by_words(asked)],
        "sense": [number for number, _ in index.by_sense(asked)],
        "asked words": [number for number, _ in index.by_asked_words(asked)],
        "asked sense": [number for number, _ in index.by_asked_sense(asked)],
        "fused": [one.number for one in found],
        "judged": [one.found.number for one in shipped().ordered(candidates(index, asked, found))],
    }


def retrieval(index: Index, questions: Sequence[GoldQuestion], encoder: Encoder) -> dict[str, Any]:
    """The share of answerable questions whose passage is first, and among the first three."""
    first, three = dict[str, int](), dict[str, int]()
    for one in questions:
        gold = one.passages(index.chunks)
        for way, numbers in rankings(index, one.text, encoder).items():
            first[way] = first.get(way, 0) + (not gold.isdisjoint(numbers[:1]))
            three[way] = three.get(way, 0) + (not gold.isdisjoint(numbers[:3]))
    count = len(questions)
    return {f"{way}, {name}": round(hits[way] / count, 3) for way in first for name, hits in (("first", first), ("first three", three))}


def answers(answerer: Answerer, questions: Sequence[GoldQuestion]) -> dict[str, Any]:
    """Refusals, right and false, and how many answers quote the passage that answers."""
    refused, wrongly, right, of_passage, sentences = 0, 0, 0, 0, 0
    spent = list[float]()
    for one in questions:
        begun = time.perf_counter()
        told = answerer.answer(one.text)
        spent.append(1000 * (time.perf_counter() - begun))
        if not isinstance(told, Suggested):
            refused, wrongly = refused + (not one.gold), wrongly + bool(one.gold)
            continue
        squeezed = "".join(told.text.split())
        right += any("".join(piece.split()) in squeezed for piece in one.gold)
        chunk = next(chunk for chunk in answerer.index.chunks if chunk.place == told.place and told.quotes[0].text in chunk.sentences)
        of_passage += bool(one.gold) and any("".join(piece.split()) in "".join(chunk.text.split()) for piece in one.gold)
        sentences += all(quote.text in chunk.sentences for quote in told.quotes)
    held, told_of = sum(bool(one.gold) for one in questions), len(questions)
    answered = held - wrongly
    return {
        "questions": told_of,
        "refusals right": round(refused / max(1, told_of - held), 3),
        "false refusals": round(wrongly / max(1, held), 3),
        "answered": answered,
        "answers from the right passage": round(of_passage / max(1, answered), 3),
        "answers that quote what answers": round(right / max(1, answered), 3),
        "answers whose sentences all stand there": sentences / max(1, answered + (told_of - held - refused)),
        "milliseconds a question, median": round(sorted(spent)[len(spent) // 2], 1),
    }


def nearly_among(phrasings: Iterable[str], questions: Sequence[GoldQuestion]) -> list[GoldQuestion]:
    """The questions that stand nearly letter by letter among phrasings."""
    known = [_pieces(phrasing) for phrasing in phrasings]
    return [one for one in questions if any(len(_pieces(one.text) & each) > NEARLY * len(_pieces(one.text)) for each in known)]


def _pieces(text: str) -> set[str]:
    letters = "".join(filter(str.isalnum, text))
    return {letters[at : at + 4] for at in range(max(1, len(letters) - 3))}


def counted(answerer: Answerer, questions: Sequence[GoldQuestion]) -> dict[str, Any]:
    """All figures over some questions."""
    answerable = [one for one in questions if one.gold]
    told = {"answerable": len(answerable)} | retrieval(answerer.index, answerable, answerer.encoder)
    return told | answers(answerer, questions)


def main(arguments: Sequence[str] | None = None) -> None:
    """Count over the held-out questions."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    asked_of = parser.add_mutually_exclusive_group()
    asked_of.add_argument("--questions", type=Path, default=HELD_OUT, help="questions to judge by, about the bundled documents")
    asked_of.add_argument("--insurer", type=Path, help="folder with terms.md and questions.tsv of another insurer, instead")
    parser.add_argument("--phrasings", action=argparse.BooleanOptionalAction, help="with how callers ask (another insurer: without)")
    parser.add_argument("--index", type=Path, help="folder of a built index; made anew where none is given")
    options = parser.parse_args(arguments)
    encoder = load_encoder()
    other = Insurer.of(options.insurer) if options.insurer else None
    questions = other.questions if other else read_questions(options.questions)
    wanted = options.phrasings if options.phrasings is not None else other is None
    asked = (other.asked if other else phrasings()) if wanted else {}
    begun = time.perf_counter()
    index = Index.load(options.index) if options.index else Index.build([other.document] if other else documents(), encoder, asked)
    ready = round(time.perf_counter() - begun, 1)
    answerer = Answerer(index, encoder)
    answerer.answer(questions[0].text)
    of_callers = [question for chunk in index.chunks for question in chunk.asked]
    nearly = nearly_among(of_callers, questions)
    row = {"passages": len(index.chunks), "phrasings": len(of_callers), "seconds until the index was there": ready}
    row |= counted(answerer, questions) | {"nearly among the phrasings": [one.text for one in nearly]}
    if nearly:
        without = counted(answerer, [one for one in questions if one not in nearly])
        row |= {f"without those: {name}": value for name, value in without.items()}
    for name, value in row.items():
        print(f"{name:45} {value}")
    print(json.dumps({"benchmark": "answers", **row}, ensure_ascii=False))


if __name__ == "__main__":
    main()
