"""Ways of answering held side by side: what scores, what is a refusal, what is counted where nothing answers."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from models.answers.faq import faq_csv, read_faq
from models.errors import ConfigurationError
from models.training.answers import Questions, another_wording, judged, learnt_rows, questions_csv, read_unanswerable, rouge_l
from models.training.data.loader import read_pairs
from models.training.metrics import SummaryScorer, local_encoder

TABLE = (
    "id,질문_1,질문_2,category,답변_1,답변_2\n"
    "7,자동차 보험 해지 되나요?,자동차 보험 해지하고 싶어요.,해지,자동차보험 해지 요청,자동차보험 해지\n"
    "8,암 보험 청구 되나요?,,청구,암보험 청구 요청,암보험 청구\n"
)
PAIRS = tuple(read_pairs(TABLE.encode(), "faq.csv")[0])
QUESTIONS = Questions(PAIRS, ("펫 보험 있나요?", "화재 보험 있나요?"))


@pytest.fixture(scope="module")
def scorer(tiny_bart: Path) -> SummaryScorer:
    return SummaryScorer(local_encoder(tiny_bart), ["화재보험"])


def always(answer: str, *, refuse: Sequence[str] = ()) -> list[str]:
    return ["" if text in refuse else answer for text in [*QUESTIONS.distinct, *QUESTIONS.unanswerable]]


def test_each_question_is_asked_once_and_its_answer_held_against_every_wording(scorer: SummaryScorer) -> None:
    heard: list[str] = []

    def ask(texts: Sequence[str]) -> list[str]:
        heard.extend(texts)
        return always("암보험 청구")

    way = judged("generator", ask, QUESTIONS, scorer)
    assert heard == ["자동차 보험 해지 되나요?", "자동차 보험 해지하고 싶어요.", "암 보험 청구 되나요?", *QUESTIONS.unanswerable]
    assert (way.asked, way.refused, way.unanswerable, way.unanswerable_answered) == (3, 0, 2, 2)
    scorer.embed_references([pair.summary for pair in PAIRS])
    assert way.scores == way.scores_answered
    assert way.scores.by_encoders == scorer.score(["암보험 청구"] * 6)
    assert way.scores.rouge_l == pytest.approx(sum(rouge_l("암보험 청구", pair.summary) for pair in PAIRS) / 6)


def test_a_refusal_scores_nothing_among_all_and_is_left_out_of_what_was_answered(scorer: SummaryScorer) -> None:
    refused = [*QUESTIONS.distinct[:2], QUESTIONS.unanswerable[0]]
    way = judged("quotes", lambda texts: always("암보험 청구", refuse=refused), QUESTIONS, scorer)
    assert (way.refused, way.unanswerable_answered) == (2, 1)
    assert way.scores_answered is not None
    assert way.scores.rouge_l == pytest.approx(way.scores_answered.rouge_l * 2 / 6)  # four of the six pairs are refused


def test_a_way_that_answers_nothing_has_no_score_of_its_answers(scorer: SummaryScorer) -> None:
    way = judged("quotes", lambda texts: [""] * len(texts), QUESTIONS, scorer)
    assert way.scores.by_encoders is not None
    assert (way.scores.by_encoders.score, way.scores.rouge_l, way.scores_answered, way.refused) == (0.0, 0.0, None, 3)


def test_without_an_encoder_refusals_and_shared_characters_are_counted_all_the_same() -> None:
    way = judged("generator", lambda texts: always("암보험 청구"), QUESTIONS, None)
    assert (way.scores.by_encoders, way.refused, way.scores.rouge_l > 0) == (None, 0, True)


def test_a_lone_full_stop_shares_next_to_nothing_with_an_answer() -> None:
    assert rouge_l(".", "평일 9시부터 18시까지 엽니다.") < 0.15
    assert rouge_l("평일 9시부터 18시까지 엽니다.", "평일 9시부터 18시까지 엽니다.") == 1.0


def test_the_scale_is_each_answer_of_the_table_against_the_next_wording(scorer: SummaryScorer) -> None:
    swapped = [PAIRS[at ^ 1].summary for at in range(6)]
    scorer.embed_references([pair.summary for pair in PAIRS])
    scale = another_wording(QUESTIONS, scorer)
    assert scale is not None
    assert scale.by_encoders == scorer.score(swapped)
    assert another_wording(Questions(PAIRS[:1]), scorer) is None


def test_one_phrasing_of_an_id_is_shown_and_questions_that_nothing_answers_with_none() -> None:
    assert QUESTIONS.shown == [
        ("자동차 보험 해지 되나요?", "자동차보험 해지 요청"),
        ("암 보험 청구 되나요?", "암보험 청구 요청"),
        ("펫 보험 있나요?", ""),
        ("화재 보험 있나요?", ""),
    ]


def test_the_rows_that_were_learnt_from_are_a_table_again() -> None:
    rows = read_faq(faq_csv(learnt_rows(PAIRS)), "learnt.csv")
    assert [(row.id, row.category, row.questions, row.answers) for row in rows] == [
        ("7", "해지", ("자동차 보험 해지 되나요?", "자동차 보험 해지하고 싶어요."), ("자동차보험 해지 요청", "자동차보험 해지")),
        ("8", "청구", ("암 보험 청구 되나요?",), ("암보험 청구 요청", "암보험 청구")),
    ]


def test_questions_that_nothing_answers_are_read_once_each_from_either_encoding() -> None:
    body = questions_csv(["펫 보험, 있나요?", "펫  보험, 있나요?", "", "화재는요?"])
    assert read_unanswerable(body.encode("cp949"), "none.csv") == ("펫 보험, 있나요?", "화재는요?")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", r"none\.csv has no column question; its columns are none"),
        ("질문\n펫이요?\n", r"none\.csv has no column question; its columns are 질문"),
        ("question\n\n \n", r"none\.csv holds no question"),
    ],
)
def test_a_table_without_such_questions_names_itself_its_column_and_what_to_do(body: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        read_unanswerable(body.encode(), "none.csv")
    assert "question" in (refused.value.remedy or "")
