"""Where the words of a thing to do were said that its own utterance does not say: every word that is put in can be looked up.

    5 고객: 비교표 같은 거 있으면 보고요 …  10 상담원: 내일 메일로 보내 드리겠습니다.    → 비교표를 메일로 발송, said in 10 and 5

The trade's names (변경 of 바꾸다) are said nowhere.
"""

from collections.abc import Iterator

from models.actions.keywords import words_in
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener


def said_elsewhere(what: str, utterance: int, conversation: Conversation, shortener: Shortener) -> tuple[int, ...]:
    """The utterances beside its own that a thing to do takes words from, each once: the latest before it, else the first behind it."""
    return tuple(sorted(set(_places(what, utterance, conversation, shortener))))


def _places(what: str, utterance: int, conversation: Conversation, shortener: Shortener) -> Iterator[int]:
    own = next((turn.text for turn in conversation if turn.number == utterance), "")
    for word, *_ in words_in(what, shortener):
        if word not in own:
            said = [turn.number for turn in conversation if word in turn.text]
            before = [number for number in said if number < utterance]
            yield from (before[-1:] or said[:1])
