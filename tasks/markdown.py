"""Markdown for artifacts: words of callers and staff stay words."""

import re
from collections.abc import Sequence

from tasks.privacy import masked, masked_conversation

# Prefect's UI shows character references such as "&#33;" as they are, so marks are escaped as CommonMark has it.
_MARKS = re.compile(r"[\\`*_\[\]()<>|#!~&]")
# Both UIs make links of bare addresses, one of them after escapes are gone, so the text itself must be no address: what makes one is
# followed by a zero-width space.
_ADDRESS = re.compile(r":(?=//)|\bwww(?=\.)|@", re.IGNORECASE)
_UNSEEN = "\u200b"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are taken as they are."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *rows))


def shown(said: str) -> str:
    """What people said as plain words: masked where the settings say so, and unable to become markup, a link or another table cell."""
    return _plain(masked(said))


def shown_conversation(said: Sequence[str]) -> list[str]:
    """The same for a conversation, utterance by utterance: a number told over several is one number."""
    return [_plain(utterance) for utterance in masked_conversation(said)]


def named(text: str) -> str:
    """What systems say (reasons, remedies, ids, keys) as it is, unable to become markup or another table cell."""
    return _MARKS.sub(r"\\\g<0>", " ".join(text.split()))


def _plain(words: str) -> str:
    return named(_ADDRESS.sub(rf"\g<0>{_UNSEEN}", words))
