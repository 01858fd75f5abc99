"""How true the read-back is: ``python -m benchmarks.truth`` over three writers who had no part in data or calibration.

Judged by the writers' own keyword patterns (``models.summarizer.truth``). Beside the model in service: the former one.
"""

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.summarizer import SHIPPED_MODEL, SHIPPED_READER
from models.summarizer.conversation import SENTENCE_END, Conversation
from models.summarizer.outcome import Kind
from models.summarizer.own_words import Shortener
from models.summarizer.passages import passages, tell
from models.summarizer.reader import Reader, Thresholds
from models.summarizer.statements import asks_nothing, draft_of
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


# Words that a sentence with a request often holds; for the rules that a trained reader has to be better than.
_REQUEST_WORDS = re.compile(
    "해지|해약|변경|바꾸|바꿔|청구|접수|환급|취소|철회|확인|조회|신청|가입|발급|보내|알려|궁금|문의|"
    "되나|돼요|될까|나요|얼마|언제|어떻게|어디|왜|주세요|줘요|달라|싶|할게|하려"
)


def sentence_by_words(conversation: Conversation) -> str:
    """The caller's sentence that holds most request words, as it was said."""
    said = [sentence for turn in conversation if turn.by_caller for sentence in SENTENCE_END.split(turn.text)]
    return max(said, key=lambda sentence: len(_REQUEST_WORDS.findall(sentence)))


def nouns_by_words(conversation: Conversation, shortener: Shortener) -> str:
    """The nouns of that sentence, and what its ending does."""
    sentence = sentence_by_words(conversation)
    nouns = [sentence[start:end] for start, end in shortener.nouns(sentence)]
    return " ".join([*nouns, shortener.noted(sentence).act.value])


def ideas(rows: Sequence[Written], model_dir: Path) -> dict[str, list[Judged]]:
    """What each step towards the statement that ships comes to by itself; whatever is told counts as a summary."""
    shortener, reader = Shortener(), Reader(model_dir, "cpu")
    told: dict[str, list[str]] = {
        "the sentence with most request words": [sentence_by_words(row.conversation) for row in rows],
        "its nouns and its ending": [nouns_by_words(row.conversation, shortener) for row in rows],
        "the reader's sentences, as said": [],
        "shortened": [],
        "led by their subjects": [],
    }
    for row, reading in zip(rows, reader.read([row.conversation for row in rows]), strict=True):
        draft = draft_of(row.conversation, reading, shortener)
        if draft is not None and asks_nothing(reading, draft, Thresholds.nothing):
            draft = None
        found = passages(row.conversation, reading, shortener) if draft else []
        texts = {turn.number: turn.text for turn in row.conversation}
        told["the reader's sentences, as said"].append(" ".join(texts[one.turn][one.start : one.end].strip() for one in found))
        told["shortened"].append(tell(row.conversation, found, shortener)[0])
        told["led by their subjects"].append(draft.text if draft else "")
    return {
        name: judged(rows, [SummaryResult(text, name, "", kind=Kind.SUMMARY if text else Kind.NO_REQUEST) for text in texts])
        for name, texts in told.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Count over the held-out writers, inquiries and calls apart."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=HELD_OUT, help="writers to judge by")
    parser.add_argument("--lines", action="store_true", help="show every line of the model in service")
    parser.add_argument("--ideas", action="store_true", help="show what each idea alone comes to")
    options = parser.parse_args(arguments)
    rows = list(everything(options.folder))
    found = {
        name: judged(rows, Summarizer.load(folder, "cpu").attempts([row.text for row in rows]))
        for name, folder in (("in service", SHIPPED_READER), ("former", SHIPPED_MODEL))
    }
    found |= ideas(rows, SHIPPED_READER) if options.ideas else {}
    for name, everyone in found.items():
        for part, is_call in (("inquiries", False), ("calls", True)):
            lines = [line for line in everyone if line[0].is_call is is_call]
            print(json.dumps({"model": name, "part": part, **count(lines)}, ensure_ascii=False))
            for row, result, verdict in lines if options.lines and name == "in service" else ():
                print(f"  {verdict} {result.kind} | {row.summary or Kind.NO_REQUEST} => {result.text}")


if __name__ == "__main__":
    main()
