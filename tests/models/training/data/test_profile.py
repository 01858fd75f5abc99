"""The profile says what is in the data."""

from models.training.data.loader import read_pairs
from models.training.data.pair import Pair
from models.training.data.profile import count_sentences, profile_pairs


def test_the_profile_counts_rows_lengths_and_manners() -> None:
    body = "input,summary,style\n해지해 줘,해지 요청,반말\n보상되나요?,보상 여부,존댓말\n하나. 둘. 셋입니다.,보상 여부,존댓말\n,,\n"
    pairs, report = read_pairs(body.encode(), "d.csv")
    profile = profile_pairs(pairs, [report])
    assert (profile.rows, profile.distinct_summaries) == (3, 2)
    assert profile.styles == {"존댓말": 2, "반말": 1}
    assert (profile.polite, profile.questions, profile.long) == (2 / 3, 1 / 3, 1 / 3)
    assert (profile.input_length.smallest, profile.input_length.median, profile.input_length.largest) == (5, 6, 12)
    assert "| 존댓말 | 2 | 66.7% |" in profile.markdown()
    assert "빈 행 1" in profile.markdown()


def test_sentences_are_counted_by_their_final_marks() -> None:
    assert [count_sentences(text) for text in ("해지", "해지요.", "어. 그래? 네!", "1.5배인가요? 네")] == [1, 1, 3, 2]


def test_lengths_of_one_row_are_that_row() -> None:
    assert profile_pairs([Pair("다섯글자요", "둘")]).input_length.model_dump() == {"smallest": 5, "median": 5, "p95": 5, "largest": 5}
