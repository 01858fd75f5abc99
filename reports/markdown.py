"""Markdown's building blocks, as both of Prefect's UIs show them: words of callers and staff stay words.

What was seen in the two UIs: V1 breaks no line in a table's cell and shows the text of a link as it stands, escapes and all; V2 makes every
column of a table equally narrow and removes players. So sentences stand in lists, tables hold figures, links have texts of our own, and
nothing is told by a player alone.
"""

import re
from collections.abc import Iterable, Sequence

# Prefect's UI shows character references such as "&#33;" as they are, so marks are escaped as CommonMark has it.
_MARKS = re.compile(r"[\\`*_\[\]()<>|#!~&]")
# Both UIs make links of bare addresses, one of them after escapes are gone, so the text itself must be no address: what makes one is
# followed by a zero-width space.
_ADDRESS = re.compile(r":(?=//)|\bwww(?=\.)|@", re.IGNORECASE)
_UNSEEN = "\u200b"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are taken as they are."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and what is to be said of each, as a list; what has nothing to be said is left out."""
    return "\n".join(f"- **{name}**: {said}" for name, said in rows if said)


def link(text: str, address: str) -> str:
    """A link; its text is ours and holds no mark."""
    return f"[{text}]({address})"


def named(text: str) -> str:
    """What systems say (reasons, remedies, ids, keys) as it is, unable to become markup or another table cell."""
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def plain(words: str) -> str:
    """What people said as plain words: unable to become markup, a link or another table cell."""
    return named(_ADDRESS.sub(rf"\g<0>{_UNSEEN}", words))


def figure(value: float | None) -> str:
    """A figure with four decimals, a dash where nothing was measured."""
    return "–" if value is None else f"{value:.4f}"
