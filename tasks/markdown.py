"""Markdown for artifacts: words of callers and staff stay words."""

import re
from collections.abc import Sequence

from models.privacy import mask_personal_data
from tasks.wiring import settings

_MARKS = re.compile(r"[&<>\"'|\\`*_\[\](){}#!~]")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are taken as they are."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def shown(text: str) -> str:
    """Text from people as plain words: masked where the settings say so, and unable to become markup or another table cell."""
    masked = mask_personal_data(text) if settings().mask_personal_data else text
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", " ".join(masked.split()))
