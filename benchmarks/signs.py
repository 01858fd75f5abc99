"""How rightly signs are put back: ``python -m benchmarks.signs`` over callers' turns that lose the signs their writers gave them.

Counted are the places between words at which a sentence ends: how many of them get a sign (recall), how many signs stand where one stood
(precision), and how many of those that stand rightly say rightly whether the sentence asks.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.summarizer import SHIPPED_SIGNS
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.signs import ASKED, OPEN, SignWriter
from models.summarizer.written import everything

SEEN = Path(__file__).parent / "writers" / "fourth_week"
_SIGN = re.compile(r"[.,?!…]+(?=\s|$)")


@dataclass
class Count:
    """Ends of sentences: those there are, those put back, and those rightly; of these those with the right sign, and left open."""

    there: int = 0
    told: int = 0
    right: int = 0
    as_asked: int = 0
    left_open: int = 0


def ends(text: str) -> dict[int, str]:
    """After how many letters each sentence ends, and with which sign."""
    found = {}
    for sign in _SIGN.finditer(text):
        if sign[0].strip(","):
            found[len(re.sub(r"[\s.,?!…]", "", text[: sign.start()]))] = "?" if "?" in sign[0] else sign[0][0]
    return found


def bare(turn: Turn) -> Turn:
    """A turn without its signs."""
    return replace(turn, text=_SIGN.sub("", turn.text).strip() or turn.text)


def count(conversations: Sequence[Conversation], writer: SignWriter) -> Count:
    """Signs put back in the callers' turns of conversations that have them."""
    total = Count()
    for turn in (turn for conversation in conversations for turn in conversation if turn.by_caller):
        true, told = ends(turn.text), ends(writer.with_signs(bare(turn).text))
        both = true.keys() & told.keys()
        total.there, total.told, total.right = total.there + len(true), total.told + len(told), total.right + len(both)
        total.left_open += sum(told[place] == OPEN for place in both)
        total.as_asked += sum((true[place] == ASKED) == (told[place] == ASKED) for place in both if told[place] != OPEN)
    return total


def main(arguments: Sequence[str] | None = None) -> None:
    """Count over the rows whose every turn of the caller's ends with a sign."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=SEEN, help="writers whose signs are taken")
    options = parser.parse_args(arguments)
    writer = SignWriter.load(SHIPPED_SIGNS)
    for part, is_call in (("inquiries", False), ("calls", True)):
        rows = [row.conversation for row in everything(options.folder) if row.is_call is is_call]
        whole = [row for row in rows if all(re.search(r"[.?!…]\s*$", turn.text) for turn in row if turn.by_caller)]
        found = count(whole, writer)
        shares = {
            "recall": found.right / found.there,
            "precision": found.right / found.told,
            "left open": found.left_open / found.right,
            "right sign of the rest": found.as_asked / (found.right - found.left_open),
        }
        print(
            json.dumps({"part": part, "rows": len(whole), "ends": found.there} | {name: round(share, 3) for name, share in shares.items()})
        )


if __name__ == "__main__":
    main()
