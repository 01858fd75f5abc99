"""What an agent passes on: the caller's thanks, or the wish that was said just before.

    고객: 고맙다고 전화한 거여   상담원: 그 직원한테 꼭 전해 드리겠습니다     → 그 직원한테 고맙다는 말 전달

A bare promise to pass something on tells nothing where nothing was to be passed on: 네, 꼭 전달하겠습니다.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from models.actions.acts import Act
from models.actions.candidates import Candidate
from models.actions.matter import open_wish
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener

THANKS = "고맙다는 말"
PASSES_ON = frozenset(("전하", "전달하"))
_THANKS = re.compile(r"고맙|고마[워운]|감사(?:하다|한|해서|드리)|칭찬|친절|덕분|잘해 ?[주줘]")
_ALONE = re.compile(r"^(?:(?:그|\S+(?:한테|에게|께|분께)|꼭|그대로|그렇게|잘|본인한테|그분한테) )*(?:전하기|전달)$")
_TO = re.compile(r"^(.*(?:한테|에게|께) )?.*$")


def what_is_passed_on(one: Candidate, conversation: Conversation, shortener: Shortener) -> Candidate | None:
    """A deed with what it passes on; None where it passes on nothing that was said."""
    if one.by_caller or one.act is not Act.PROMISED or one.verb not in PASSES_ON or not _ALONE.match(one.what):
        return one
    said = [turn.text for turn in conversation if turn.by_caller and turn.number < one.turn and turn.text]
    if _is_of_thanks(said):
        to = _TO.match(one.what)
        return replace(one, what=f"{to[1] or ''}{THANKS} 전달" if to else one.what)
    return one if open_wish(conversation, one.turn, shortener) else None


def _is_of_thanks(said: Sequence[str]) -> bool:
    """Whether somebody called to thank: not only as people end a call."""
    return any(_THANKS.search(text) and re.search(r"전화|말|걸었|인사|칭찬|덕분", text) for text in said)
