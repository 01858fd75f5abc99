"""The next answer to the last question of a chat: an opening where an emotion is sure, and what the documents say, or that they do not.

Asked again, it takes another opening and the next passage. Where a language model drafts replies, its sentence stands between the two
under the guard of replies (``models/replies/draft.py``): it may use what the person said and words of courtesy, and nothing else; what
is told of products is quoted.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from models.answers.told import NotHeld, Place, Suggested
from models.chat.conversation import Answer, Chat
from models.chat.services import Service
from models.replies.draft import ReplyWriter, draft_reply
from models.replies.drafts import Drafts
from models.replies.openings import OpeningTable
from models.signals.labels import NO_EMOTION
from models.signals.told import CallEmotion
from models.summarizer.conversation import SENTENCE_END, Turn, written

SURE = 0.5  # an emotion is taken up that is likelier than all others together: thanks for an angry question are worse than no opening
MOST_SENTENCES = 4  # that ask, in one question, are looked for alone: the last ones
NOT_HELD = "문서에서 답을 찾지 못했습니다. 다르게 물어보시거나 담당 부서에 확인해 주세요."
NO_OTHER = "이 질문에 답이 되는 다른 문서 내용은 찾지 못했습니다."


class Documents(Protocol):
    """The company's documents. Safe between threads."""

    def answer(self, question: str, *, among: Callable[[Place], bool]) -> Suggested | NotHeld:
        """Quotes of the passage that answers best among those at some places."""


def next_answer(
    chat: Chat, service: Service, *, openings: OpeningTable, documents: Documents, writer: ReplyWriter | None, at: datetime
) -> Answer:
    """The next answer to the last question; errors of the documents go through."""
    last = chat.exchanges[-1]
    used = set(last.places)
    found = _found(documents, last.asked, lambda place: place not in used and service.looks_in(f"{place.title} {place.heading}"))
    before = Drafts(drafts=tuple(answer.reply for answer in last.answers))
    turns = [Turn(number, True, exchange.asked) for number, exchange in enumerate(chat.exchanges)]
    reply = draft_reply(openings, before, turns, emotion=last.group, request=last.asked, writer=writer)
    if last.group == NO_EMOTION:
        reply = reply.model_copy(update={"opening": ""})  # those for callers without emotion greet and say goodbye
    if isinstance(found, NotHeld):
        return Answer(at=at, reply=reply, note=NO_OTHER if last.places else NOT_HELD)
    return Answer(at=at, reply=reply, quotes=found.quotes)


def _found(documents: Documents, question: str, among: Callable[[Place], bool]) -> Suggested | NotHeld:
    """What the documents hold on a question, or else on those of its sentences that ask: who is upset says more than what is asked."""
    whole = documents.answer(question, among=among)
    asking = [sentence for sentence in SENTENCE_END.split(question) if sentence.endswith("?") and sentence != question]
    if isinstance(whole, Suggested):
        return whole
    each = [documents.answer(sentence, among=among) for sentence in asking[-MOST_SENTENCES:]]
    held = [answer for answer in each if isinstance(answer, Suggested)]
    return max(held, key=lambda answer: answer.confidence, default=whole)


def sentences_said(question: str) -> str:
    """A question as the classifier of emotions reads it, a turn a sentence: what is asked says nothing of what is felt beside it.

    >>> sentences_said("너무 불안해요. 며칠 걸려요?")
    '고객: 너무 불안해요.\\n고객: 며칠 걸려요?'
    """
    return written((True, sentence) for sentence in SENTENCE_END.split(question))


def sure_emotion(emotion: CallEmotion | None) -> CallEmotion:
    """The last emotion of a question that is sure enough to be answered to; an empty one where none is."""
    sure = [felt.label for felt in emotion.curve if felt.label and felt.likelihood >= SURE] if emotion else []
    return CallEmotion(label=sure[-1] if sure else "")
