"""What correction mends of what a recognizer mishears: ``python -m benchmarks.correction``.

The held-out writers' inquiries and calls are heard with the errors of ``sandbox/noise.py``, at published rates of a good and of a worse
recognizer on a poor telephone line, and corrected by the term list that ships. Told are the character error rate (without spaces and
signs), how many of the terms that were said stand in the transcript, and how true the read-back of the reader in service is: of clean
texts, of misheard and of corrected ones. ``--tune`` looks at other bounds, on the recipe's writers instead.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.truth import HELD_OUT, count, judged
from models.call.correction import Bounds, Corrector
from models.call.record import Utterance, corrected
from models.call.terms import TermList
from models.hearing.accuracy import Errors, judge, summed
from models.recipe import WRITERS
from models.summarizer import SHIPPED_READER
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import Written, everything
from sandbox.noise import PUBLISHED, Noise

RECOGNIZERS = ("returnzero-sommers", "google-v2")
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
)


@dataclass(frozen=True)
class Heard:
    """One row as it was said, as it was heard, and as it was corrected, line by line."""

    said: list[str]
    heard: list[str]
    mended: list[str]
    clean_changes: int


def errors(said: Sequence[str], heard: Sequence[str], names: Sequence[str] = ()) -> Errors:
    """What was wrong in these lines, each held against its own."""
    return summed(judge(_utterances([one]), _utterances([other]), names) for one, other in zip(said, heard, strict=True))


def hear(rows: Sequence[Written], noise: Noise, corrector: Corrector) -> list[Heard]:
    """Every row heard and corrected."""
    return [_hear(row, noise, corrector, str(number)) for number, row in enumerate(rows)]


def _hear(row: Written, noise: Noise, corrector: Corrector, name: str) -> Heard:
    said = [turn.text for turn in row.conversation]
    heard = [noise.text(text, f"{name} {place}") if text else text for place, text in enumerate(said)]
    return Heard(said, heard, _mended(heard, corrector), len(corrector.correct(_utterances(said)).changes))


def _mended(lines: Sequence[str], corrector: Corrector) -> list[str]:
    utterances = _utterances(lines)
    return [one.text for one in corrected(utterances, corrector.correct(utterances).changes)]


def _utterances(lines: Sequence[str]) -> list[Utterance]:
    return [Utterance(start_ms=1000 * place, duration_ms=1000, text=text) for place, text in enumerate(lines)]


def figures(rows: Sequence[Heard], terms: TermList) -> dict[str, Any]:
    """Rates and terms before and after, and how many changes correction makes of texts without an error."""
    names = sorted({term.term for term in terms.terms if term.pronounced and len(term.term) > 2})
    said, heard, mended = ([line for row in rows for line in getattr(row, of)] for of in ("said", "heard", "mended"))
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


def measure(rows: Sequence[Written], seed: int, *, read_back: bool) -> dict[str, Any]:
    """Every figure of the row."""
    terms = TermList.shipped()
    corrector, summarizer = Corrector(terms), Summarizer.load(SHIPPED_READER, "cpu") if read_back else None
    found: dict[str, Any] = {"benchmark": "correction", "texts": "held-out writers", "seed": seed}
    if summarizer:
        found["read_back_clean"] = quality(rows, [[turn.text for turn in row.conversation] for row in rows], summarizer)
    for name in RECOGNIZERS:
        rate = PUBLISHED[name][_POOR_LINE] / 100
        heard = hear(rows, Noise(rate, seed), corrector)
        found[name] = part = {"published_cer": PUBLISHED[name][_POOR_LINE], **figures(heard, terms)}
        if summarizer:
            part["read_back_noisy"] = quality(rows, [row.heard for row in heard], summarizer)
            part["read_back_corrected"] = quality(rows, [row.mended for row in heard], summarizer)
        print(
            f"{name}: {part['transcripts']} transcripts, CER {part['cer_before']} -> {part['cer_after']} %, "
            f"terms {part['terms_before']:.1%} -> {part['terms_after']:.1%} of {part['terms_said']}"
        )
        if summarizer:
            print(f"  read back: clean {found['read_back_clean']}, noisy {part['read_back_noisy']}, mended {part['read_back_corrected']}")
    return found


def tune(rows: Sequence[Written], seed: int) -> None:
    """One line for each choice of bounds."""
    terms = TermList.shipped()
    for bounds in _TUNED:
        for name in RECOGNIZERS:
            part = figures(hear(rows, Noise(PUBLISHED[name][_POOR_LINE] / 100, seed), Corrector(terms, bounds)), terms)
            print(name, bounds, part)


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
    found = measure(list(everything(HELD_OUT))[: options.rows], options.seed, read_back=not options.no_read_back)
    print(json.dumps(found, ensure_ascii=False))
    sys.exit(1 if any(worse(found[name]) for name in RECOGNIZERS) else 0)


if __name__ == "__main__":
    main()
