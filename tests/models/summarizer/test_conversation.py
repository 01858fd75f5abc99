"""A conversation as text, and back."""

from hypothesis import given
from hypothesis import strategies as st

from models.summarizer.conversation import callers_words, read, written

WORDS = st.text(alphabet="가나다라 네예:고객상담원", max_size=20)


@given(st.lists(st.tuples(st.booleans(), WORDS), min_size=1, max_size=6))
def test_what_is_written_is_read_again(turns: list[tuple[bool, str]]) -> None:
    assert [(turn.by_caller, turn.text) for turn in read(written(turns))] == [(ours, " ".join(text.split())) for ours, text in turns]


def test_a_text_without_marks_is_one_turn_of_the_callers() -> None:
    (turn,) = read("주소 바꾸려고요.\n언제 되나요?")
    assert (turn.number, turn.by_caller, turn.text) == (0, True, "주소 바꾸려고요. 언제 되나요?")


def test_the_agents_words_count_where_the_caller_only_agrees() -> None:
    assert (
        callers_words(read(written([(False, "만기 환급금 조회하시려는 거죠?"), (True, "네 맞아요")])))
        == "네 맞아요 만기 환급금 조회하시려는 거죠?"
    )
