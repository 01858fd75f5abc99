"""How true the read-back is: ``python -m benchmarks.truth`` over three writers who had no part in data or calibration.

Judged by the writers' own keyword patterns (``models.summarizer.truth``). Beside the model in service: the former one.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.summarizer import SHIPPED_MODEL, SHIPPED_READER
from models.summarizer.statement import Kind
from models.summarizer.summarizer import Summarizer, SummaryResult
from models.summarizer.truth import Verdict, judge
from models.summarizer.written import Written, everything

HELD_OUT = Path(__file__).parent / "writers" / "held_out"


Judged = tuple[Written, SummaryResult, Verdict]


def judged(rows: Sequence[Written], results: Sequence[SummaryResult]) -> list[Judged]:
    """Each statement held against its row."""
    return [
        (row, result, judge(result.kind, result.text, must=row.must, wrong=row.wrong, asked=bool(row.summary)))
        for row, result in zip(rows, results, strict=True)
    ]


def count(lines: Sequence[Judged]) -> dict[str, Any]:
    """How many statements are right, wrong and misleading, and of which kind they are."""
    verdicts = [verdict for _, _, verdict in lines]
    kinds = Counter(result.kind.value for _, result, _ in lines)
    return {"of": len(lines)} | {name.value: number for name, number in Counter(verdicts).items()} | dict(kinds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Count over the held-out writers, inquiries and calls apart."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=HELD_OUT, help="writers to judge by")
    parser.add_argument("--lines", action="store_true", help="show every line")
    options = parser.parse_args(arguments)
    rows = list(everything(options.folder))
    for name, folder in (("in service", SHIPPED_READER), ("former", SHIPPED_MODEL)):
        everyone = judged(rows, Summarizer.load(folder, "cpu").attempts([row.text for row in rows]))
        for part, is_call in (("inquiries", False), ("calls", True)):
            lines = [line for line in everyone if line[0].is_call is is_call]
            print(json.dumps({"model": name, "part": part, **count(lines)}, ensure_ascii=False))
            for row, result, verdict in lines if options.lines and name == "in service" else ():
                print(f"  {verdict} {result.kind} | {row.summary or Kind.NO_REQUEST} => {result.text}")


if __name__ == "__main__":
    main()
