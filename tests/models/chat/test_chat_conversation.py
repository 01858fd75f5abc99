"""A conversation as it is kept: masked across questions, counted in steps, its recordings paid once."""

from datetime import UTC, date, datetime

from models.answers.told import Place, Quote
from models.call.ledger import Charge, Unit
from models.call.record import Transcription
from models.chat.conversation import MOST_ANSWERS, MOST_EXCHANGES, Answer, Chat, Exchange, Hearing, is_id, new_id
from models.replies.drafts import Draft

NOW = datetime(2026, 11, 29, 10, 15, tzinfo=UTC)
PLACE = Place(document="a.md", title="약관", version="1", offset=10)
QUOTED = Answer(at=NOW, reply=Draft(opening="네."), quotes=(Quote(text="사흘 안에 지급합니다.", place=PLACE),))
NOT_HELD = Answer(at=NOW, reply=Draft(opening="네."), note="문서에 없습니다.")


def chat(*questions: str, answer: Answer = QUOTED) -> Chat:
    exchanges = tuple(Exchange(at=NOW, asked=asked, group="없음", answers=(answer,)) for asked in questions)
    return Chat(chat_id=new_id(NOW), by="agent", service="전체", begun_at=NOW, exchanges=exchanges)


def test_a_number_that_is_told_over_two_questions_is_masked_in_both() -> None:
    begun = chat("제 전화번호는 공일공 일이삼사")
    masked = begun.masked_with("오육칠팔 이에요")
    assert not any(digit in "".join(masked) for digit in ("일이삼사", "오육칠팔"))
    asked = begun.asked(Exchange(at=NOW, asked=masked[-1], group="없음"), masked)
    assert [exchange.asked for exchange in asked.exchanges] == masked


def test_what_a_voice_says_is_opening_and_quotes_and_not_the_place() -> None:
    assert QUOTED.spoken == "네. 사흘 안에 지급합니다."
    assert NOT_HELD.spoken == "네. 문서에 없습니다."


def test_another_answer_is_offered_where_something_was_quoted_and_not_for_ever() -> None:
    assert not chat().may_answer_again
    assert not chat("질문", answer=NOT_HELD).may_answer_again
    one = chat("질문")
    for count in range(1, MOST_ANSWERS):
        assert one.may_answer_again
        one = one.answered(QUOTED)
        assert one.steps == 2 + count
    assert not one.may_answer_again


def test_a_conversation_ends_somewhere() -> None:
    assert not chat(*["질문"] * (MOST_EXCHANGES - 1)).full
    assert chat(*["질문"] * MOST_EXCHANGES).full


def test_a_recording_that_was_heard_is_known_by_its_digest_and_its_price_stays() -> None:
    charge = Charge(provider="returnzero", unit=Unit.STT_SECONDS, amount=3, won=1.5, day=date(2026, 11, 29))
    hearing = Hearing(digest="d", seconds=3, begun_at=NOW, note=Transcription(job_id="j"), ledger=(charge,))
    begun = chat().model_copy(update={"hearing": hearing})
    done = begun.without_hearing()
    assert (begun.won, done.won, done.hearing, done.done) == (1.5, 1.5, None, ("d",))
    assert done.without_hearing() is done


def test_ids_sort_by_time_and_are_no_paths() -> None:
    later = new_id(datetime(2026, 11, 29, 10, 16, tzinfo=UTC))
    assert sorted([later, new_id(NOW)])[1] == later
    assert is_id(later)
    assert not any(map(is_id, ("", "../x", later + "/x", later.upper())))
