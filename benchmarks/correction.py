"""What correction mends of what a recognizer mishears: ``python -m benchmarks.correction``.

The held-out writers' inquiries and calls are heard with the errors of ``sandbox/noise.py``, at published rates of a good and of a worse
recognizer on a poor telephone line, and corrected by the term list that ships. Told are the character error rate (without spaces and
signs), how many of the terms that were said stand in the transcript, and how true the read-back of the reader in service is: of clean
texts, of misheard and of corrected ones. Of a recognizer that tells its doubts (Google's other readings and confidences; ReturnZero tells
none) the rules are told with and without them, and with the language model's second reading besides. Its model is the sandbox's stand-in,
which knows our terms and nothing else: what it adds says that the path works and what the guard lets through, not what a model is worth.
``--tune`` looks at other bounds, on the recipe's writers instead.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz.distance import Levenshtein

from benchmarks.truth import HELD_OUT, count, judged
from clients.chat_completions import ChatCompletions
from models.call.correction import Bounds, Corrector
from models.call.record import Change, Correction, Rule, Utterance, corrected, other_readings, unsure_words
from models.call.second_reading import SecondReader
from models.call.terms import TermList
from models.hearing.accuracy import Errors, judge, summed
from models.hearing.korean import comparable
from models.recipe import WRITERS
from models.summarizer import SHIPPED_READER
from models.summarizer.language_model import Endpoint
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import Written, everything
from sandbox.language_model import KEY, MODEL
from sandbox.noise import PUBLISHED, Misheard, Noise
from sandbox.stand_in import stand_in

# Recognizers, and whether they tell other readings and confidences.
RECOGNIZERS = {"returnzero-sommers": False, "google-v2": True}
_POOR_LINE = 2
_TUNED = (
    Bounds(),
    Bounds(gain=3.0),
    Bounds(gain=8.0),
    Bounds(relief=0.0),
    Bounds(unlikeness=0.15),
    Bounds(unlikeness=0.35),
    Bounds(distance=0.3),
    Bounds(shortest=9),
    Bounds(alternative_gain=-3.0),
    Bounds(alternative_gain=3.0),
    Bounds(sure=0.7),
    Bounds(sure=1.0),
)


@dataclass(frozen=True)
class Heard:
    """One row as it was said, as it was heard, and as it was corrected, line by line; ``plain`` is corrected without other readings.

    ``doubtful`` are lines for a language model, of which ``read`` has its changes.
    """

    said: list[str]
    heard: list[str]
    mended: list[str]
    clean_changes: int
    plain: list[str]
    read: list[str]
    doubtful: list[int]
    best_readings: list[str]
    changes: list[Change]


def errors(said: Sequence[str], heard: Sequence[str], names: Sequence[str] = ()) -> Errors:
    """What was wrong in these lines, each held against its own."""
    return summed(judge(_utterances([one]), _utterances([other]), names) for one, other in zip(said, heard, strict=True))


def hear(
    rows: Sequence[Written], noise: Noise, corrector: Corrector, *, tells: bool = False, reader: SecondReader | None = None
) -> list[Heard]:
    """Every row heard and corrected; ``tells`` where the recognizer tells its doubts, ``reader`` where a language model reads them."""
    return [_hear(row, noise, corrector, str(number), tells, reader) for number, row in enumerate(rows)]


def _hear(row: Written, noise: Noise, corrector: Corrector, name: str, tells: bool, reader: SecondReader | None) -> Heard:
    said = [turn.text for turn in row.conversation]
    found = [noise.hear(text, f"{name} {place}") for place, text in enumerate(said)]
    bare = _utterances([one.text for one in found])
    doubting = [_doubting(utterance, one) for utterance, one in zip(bare, found, strict=True)] if tells else bare
    correction = corrector.correct(doubting)
    read = reader.read(doubting, correction, corrector.terms) if reader else correction
    return Heard(
        said,
        [utterance.text for utterance in bare],
        _texts(doubting, correction),
        len(corrector.correct(_utterances(said)).changes),
        plain=_texts(bare, corrector.correct(bare)),
        read=_texts(doubting, read),
        doubtful=correction.doubtful,
        best_readings=_best_readings(said, doubting, correction),
        changes=read.changes,
    )


def _best_readings(said: Sequence[str], doubting: Sequence[Utterance], correction: Correction) -> list[str]:
    """The corrected lines, where they are doubtful the nearest to what was said of all their readings."""
    lines = _texts(doubting, correction)
    for number in correction.doubtful:
        wanted = comparable(said[number])
        lines[number] = min(
            [lines[number], *doubting[number].alternatives], key=lambda text: Levenshtein.distance(wanted, comparable(text))
        )
    return lines


def _doubting(utterance: Utterance, found: Misheard) -> Utterance:
    """An utterance with what the recognizer tells beside its text."""
    told = {
        "alternatives": other_readings(utterance.text, found.readings),
        "unsure": unsure_words(zip(utterance.text.split(), found.sure, strict=True)),
    }
    return utterance.model_copy(update=told)


def _texts(utterances: Sequence[Utterance], correction: Correction) -> list[str]:
    return [one.text for one in corrected(utterances, correction.changes)]


def _utterances(lines: Sequence[str]) -> list[Utterance]:
    return [Utterance(start_ms=1000 * place, duration_ms=1000, text=text) for place, text in enumerate(lines)]


def figures(rows: Sequence[Heard], terms: TermList) -> dict[str, Any]:
    """Rates and terms before and after, and how many changes correction makes of texts without an error."""
    names = sorted({term.term for term in terms.terms if term.pronounced and len(term.term) > 2})
    said, heard, mended = (_lines(rows, of) for of in ("said", "heard", "mended"))
    before, after = errors(said, heard, names), errors(said, mended, names)
    return {
        "transcripts": len(rows),
        "lines": len(said),
        "cer_before": round(100 * (before.cer or 0.0), 3),
        "cer_after": round(100 * (after.cer or 0.0), 3),
        "terms_said": before.terms,
        "terms_before": round(before.term_accuracy or 0.0, 4),
        "terms_after": round(after.term_accuracy or 0.0, 4),
        "lines_changed": sum(a != b for a, b in zip(heard, mended, strict=True)),
        "changes_of_clean_text": sum(row.clean_changes for row in rows),
    }


def _lines(rows: Sequence[Heard], of: str) -> list[str]:
    return [line for row in rows for line in getattr(row, of)]


def doubts(rows: Sequence[Heard], terms: TermList) -> dict[str, Any]:
    """What other readings and confidences are worth: without them, with them, and with a language model's second reading of what is left.

    ``best_readings`` is what whoever chose the best of a doubtful line's readings would come to.
    """
    found = {
        of: figures([replace(row, mended=getattr(row, of)) for row in rows], terms) for of in ("plain", "mended", "read", "best_readings")
    }
    wrong = {(number, line) for number, row in enumerate(rows) for line, text in enumerate(row.said) if text != row.mended[line]}
    doubtful = {(number, line) for number, row in enumerate(rows) for line in row.doubtful}
    return {
        **{name: {key: part[key] for key in ("cer_after", "terms_after", "lines_changed")} for name, part in found.items()},
        "chosen": _judged(rows, Rule.ALTERNATIVE),
        "by_model": _judged(rows, Rule.MODEL),
        "words": _judged(rows, Rule.WORD),
        "doubtful_lines": len(doubtful),
        "of_them_wrong": len(doubtful & wrong),
        "wrong_lines": len(wrong),
    }


def _judged(rows: Sequence[Heard], rule: Rule) -> dict[str, int]:
    """Changes of one rule, and how many of them put words in that were said in that line."""
    made = [(row, change) for row in rows for change in row.changes if change.rule is rule]
    return {"made": len(made), "right": sum(comparable(change.after) in comparable(row.said[change.utterance]) for row, change in made)}


def worse(found: dict[str, Any]) -> bool:
    """Whether a correction may not ship: more wrong characters, or fewer terms, than without it."""
    return bool(found["cer_after"] > found["cer_before"] or found["terms_after"] < found["terms_before"])


def quality(rows: Sequence[Written], lines: Sequence[Sequence[str]], summarizer: Any) -> dict[str, Any]:
    """How true the read-back of these lines is, by the writers' own patterns."""
    changed = [
        replace(row, conversation=[replace(turn, text=text) for turn, text in zip(row.conversation, texts, strict=True)])
        for row, texts in zip(rows, lines, strict=True)
    ]
    lines_judged = judged(rows, summarizer.attempts([row.text for row in changed]))
    counted = count(lines_judged)
    return {name: counted.get(name, 0) for name in ("of", "right", "misleading")}


@contextmanager
def second_reader() -> Iterator[SecondReader]:
    """The second reading at the sandbox's stand-in of a language model."""
    with stand_in("sandbox.language_model") as (address, _):
        endpoint = Endpoint(base_url=f"{address['url']}/v1", model=MODEL, deadline_seconds=120.0)
        completions = ChatCompletions(endpoint.base_url, KEY, timeout=60, connections=2)
        yield SecondReader(endpoint, completions)
        completions.close()


def measure(rows: Sequence[Written], seed: int, reader: SecondReader, *, read_back: bool) -> dict[str, Any]:
    """Every figure of the row."""
    terms = TermList.shipped()
    corrector, summarizer = Corrector(terms), Summarizer.load(SHIPPED_READER, "cpu") if read_back else None
    found: dict[str, Any] = {"benchmark": "correction", "texts": "held-out writers", "seed": seed}
    if summarizer:
        found["read_back_clean"] = quality(rows, [[turn.text for turn in row.conversation] for row in rows], summarizer)
    for name, tells in RECOGNIZERS.items():
        rate = PUBLISHED[name][_POOR_LINE] / 100
        heard = hear(rows, Noise(rate, seed), corrector, tells=tells, reader=reader)
        found[name] = part = {"published_cer": PUBLISHED[name][_POOR_LINE], **figures(heard, terms)}
        part["doubts" if tells else "second_reading"] = doubts(heard, terms)
        if summarizer:
            part["read_back_noisy"] = quality(rows, [row.heard for row in heard], summarizer)
            part["read_back_corrected"] = quality(rows, [row.mended for row in heard], summarizer)
        print(
            f"{name}: {part['transcripts']} transcripts, CER {part['cer_before']} -> {part['cer_after']} %, "
            f"terms {part['terms_before']:.1%} -> {part['terms_after']:.1%} of {part['terms_said']}"
        )
        print(f"  {part['doubts' if tells else 'second_reading']}")
        if summarizer:
            print(f"  read back: clean {found['read_back_clean']}, noisy {part['read_back_noisy']}, mended {part['read_back_corrected']}")
    return found


def spread(rows: Sequence[Written], count: int) -> list[Written]:
    """So many rows, from beginning to end: inquiries come first, and the first ones alone would hold no call."""
    count = min(count, len(rows))
    return [rows[number * len(rows) // count] for number in range(count)]


def tune(rows: Sequence[Written], seed: int) -> None:
    """One line for each choice of bounds."""
    terms = TermList.shipped()
    for bounds in _TUNED:
        for name, tells in RECOGNIZERS.items():
            heard = hear(rows, Noise(PUBLISHED[name][_POOR_LINE] / 100, seed), Corrector(terms, bounds), tells=tells)
            print(name, bounds, figures(heard, terms), doubts(heard, terms))


def main() -> None:
    """Print readable rows and one JSON line; the exit code is 1 where a correction makes anything worse."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.correction", description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=400, help="inquiries and calls")
    parser.add_argument("--seed", type=int, default=15, help="of the errors")
    parser.add_argument("--no-read-back", action="store_true", help="leave out how true the read-back is")
    parser.add_argument("--tune", action="store_true", help="look at other bounds, on the recipe's writers")
    options = parser.parse_args()
    if options.tune:
        tune(list(everything(WRITERS))[:: max(1, 5600 // options.rows)], options.seed)
        return
    with second_reader() as reader:
        found = measure(spread(list(everything(HELD_OUT)), options.rows), options.seed, reader, read_back=not options.no_read_back)
    print(json.dumps(found, ensure_ascii=False))
    sys.exit(1 if any(worse(found[name]) for name in RECOGNIZERS) else 0)


if __name__ == "__main__":
    main()
