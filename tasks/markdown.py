"""Markdown for artifacts: words of callers and staff stay words, masked where the settings say so."""

from collections.abc import Sequence

from reports.markdown import named, plain, table
from tasks.privacy import masked, masked_conversation

__all__ = ["named", "shown", "shown_conversation", "table"]


def shown(said: str) -> str:
    """What people said as plain words: masked where the settings say so, and unable to become markup, a link or another table cell."""
    return plain(masked(said))


def shown_conversation(said: Sequence[str]) -> list[str]:
    """The same for a conversation, utterance by utterance: a number told over several is one number."""
    return [plain(utterance) for utterance in masked_conversation(said)]
