"""Markdown for artifacts: words of callers and staff stay words."""

import re
from collections.abc import Sequence

from tasks.privacy import masked

# Prefect's UI shows character references such as "&#33;" as they are, so marks are escaped as CommonMark has it.
_MARKS = re.compile(r"[\\`*_\[\]()<>|#!~&]")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are taken as they are."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def shown(text: str) -> str:
    """Text from people as plain words: masked where the settings say so, and unable to become markup or another table cell."""
    return _MARKS.sub(r"\\\g<0>", " ".join(masked(text).split()))
