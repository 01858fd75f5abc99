"""The next answer: opening by emotion, quotes of another passage each time, and a plain word where the documents do not hold it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from models.answers.told import NotHeld, Place, Quote, Suggested
from models.chat.conversation import Chat, Exchange, new_id
from models.chat.replying import NO_OTHER, NOT_HELD, next_answer, sure_emotion
from models.chat.services import Service
from models.replies.openings import shipped
from models.signals.told import CallEmotion, Felt

NOW = datetime(2026, 11, 29, tzinfo=UTC)
SERVICE = Service(name="보험금", documents="보험금")


@dataclass
class Shelf:
    """Passages by category, the best first."""

    passages: list[tuple[str, str]]
    asked: list[str] = field(default_factory=list)

    def answer(self, question: str, *, among: Callable[[Place], bool]) -> Suggested | NotHeld:
        self.asked.append(question)
        for category, text in self.passages:
            place = Place(document=text, title=category, version="1")
            if among(place):
                return Suggested(quotes=(Quote(text=text, place=place),), confidence=0.9)
        return NotHeld(confidence=0.1)


SHELF = Shelf(
    [("자동차", "긴급출동은 연 6회입니다."), ("보험금", "사흘 안에 지급합니다."), ("보험금 지급", "열흘까지 늦어질 수 있습니다.")]
)


def asked(question: str, group: str = "없음") -> Chat:
    exchange = Exchange(at=NOW, asked=question, group=group)
    return Chat(chat_id=new_id(NOW), by="agent", service=SERVICE.name, begun_at=NOW, exchanges=(exchange,))


def answers_to(chat: Chat, times: int) -> Chat:
    for _ in range(times):
        chat = chat.answered(next_answer(chat, SERVICE, openings=shipped(), documents=SHELF, writer=None, at=NOW))
    return chat


def test_an_answer_quotes_the_first_passage_of_the_services_documents() -> None:
    (answer,) = answers_to(asked("보험금은 언제 나와요"), 1).exchanges[0].answers
    assert answer.told == "사흘 안에 지급합니다."
    assert answer.place is not None


def test_answered_again_it_is_another_passage_with_another_opening_and_then_a_plain_word() -> None:
    first, second, third = answers_to(asked("보험금은 언제 나와요", "불안"), 3).exchanges[0].answers
    assert (first.told, second.told, third.told) == ("사흘 안에 지급합니다.", "열흘까지 늦어질 수 있습니다.", NO_OTHER)
    assert first.reply.opening != second.reply.opening
    assert not third.quotes


def test_the_opening_takes_the_emotion_up_and_without_one_there_is_none() -> None:
    for group in ("분노", "불안"):
        (answer,) = answers_to(asked("보험금이 왜 안 나와요", group), 1).exchanges[0].answers
        assert answer.reply.opening in {one.text for one in shipped().openings if one.emotion == group}
    (plain,) = answers_to(asked("보험금은 언제 나와요"), 1).exchanges[0].answers
    assert (plain.reply.opening, plain.spoken) == ("", "사흘 안에 지급합니다.")


@dataclass
class Reader:
    """Holds the answer to one question, asked just so."""

    question: str

    def answer(self, question: str, *, among: Callable[[Place], bool]) -> Suggested | NotHeld:
        if question != self.question:
            return NotHeld(confidence=0.1)
        return Suggested(quotes=(Quote(text="닷새입니다.", place=Place(document="a", title="약관", version="1")),), confidence=0.9)


def test_a_question_among_other_sentences_is_found_by_itself() -> None:
    chat, anywhere = asked("못 받을까 봐 불안해요. 심사는 얼마나 걸려요?"), Service(name="전체")
    given = {"openings": shipped(), "writer": None, "at": NOW}
    assert next_answer(chat, anywhere, documents=Reader("심사는 얼마나 걸려요?"), **given).told == "닷새입니다."
    for other in ("못 받을까 봐 불안해요.", "다른 질문?"):  # what does not ask is not looked for
        assert next_answer(chat, anywhere, documents=Reader(other), **given).told == NOT_HELD


def test_an_emotion_is_taken_up_that_is_likelier_than_all_others_together() -> None:
    felt = [Felt(utterance=0, label=label, likelihood=likely, mood=0) for label, likely in (("기쁨", 0.41), ("불안", 0.5), ("", 0.9))]
    assert sure_emotion(CallEmotion(label="기쁨", end="기쁨", curve=tuple(felt))).label == "불안"
    assert [sure_emotion(one).label for one in (CallEmotion(label="기쁨", curve=(felt[0],)), CallEmotion(), None)] == ["", "", ""]


def test_what_the_documents_do_not_hold_is_refused() -> None:
    chat = asked("긴급출동은 몇 번이에요")
    answer = next_answer(chat, Service(name="없음", documents="여행자"), openings=shipped(), documents=SHELF, writer=None, at=NOW)
    assert (answer.quotes, answer.told) == ((), NOT_HELD)
