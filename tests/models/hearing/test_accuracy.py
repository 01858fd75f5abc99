"""What counts as an error of hearing, and what does not: spacing, signs, and how a number is written."""

import random

import nlptutti
import pytest

from models.call.record import Utterance
from models.hearing.accuracy import Errors, Piece, Stretch, alignment, judge, summed, worst_stretches
from models.hearing.korean import comparable


def said(*texts: str, labels: tuple[int | None, ...] = ()) -> list[Utterance]:
    labels = labels or tuple(index % 2 for index in range(len(texts)))
    return [
        Utterance(label=label, start_ms=1000 * index, duration_ms=900, text=text)
        for index, (text, label) in enumerate(zip(texts, labels, strict=True))
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,200,000원", "백이십만 원"),
        ("2026년 11월 30일", "이천이십육년 십일월 삼십일"),
        ("오후 3시 30분", "오후 세시 삼십분"),
        ("20살", "스무 살"),
        ("21명", "스물한 명"),
        ("3개월", "삼 개월"),
        ("3개", "세 개"),
        ("0.5%", "영점오 퍼센트"),
        ("010-1234-5678", "공일공 일이삼사 오육칠팔"),
        ("10,001원", "만 일 원"),
        ("1억 2천만 원", "일억 이천만원"),
        ("MRI 검사", "mri 검사"),
        ("4세대 실손", "사 세대 실손"),
        ("네.", "네!"),
    ],
)
def test_how_a_thing_is_written_is_no_error_of_hearing(one: str, other: str) -> None:
    assert comparable(one) == comparable(other)


def test_what_was_said_differently_stays_different() -> None:
    assert comparable("해지 철회") != comparable("해지")
    assert comparable("3개월") != comparable("3개")


def test_rates_are_those_of_nlptutti_and_jiwer_on_what_both_count() -> None:
    chance = random.Random(7)
    words = ["보험", "해지", "청구하고", "싶어요", "실손", "자동차", "사고가", "났는데", "서류를", "어디로", "보내면", "되나요"]
    for _ in range(40):
        reference = " ".join(chance.choices(words, k=8))
        heard = "".join(chance.choice("가나다라마바사") if chance.random() < 0.1 else c for c in reference if chance.random() > 0.05)
        ours = judge(said(reference), said(heard), ())
        theirs = nlptutti.get_cer(reference, heard, rate_mode="standard")
        assert ours.cer == pytest.approx(theirs["cer"])
        assert ours.substitutions + ours.deletions + ours.insertions == sum(theirs[k] for k in ("substitutions", "deletions", "insertions"))


def test_a_rate_over_many_recordings_counts_characters_and_not_recordings() -> None:
    long, short = judge(said("가" * 90), said("가" * 90), ()), judge(said("나" * 10), said("다" * 10), ())
    assert (long.cer, short.cer, summed([long, short]).cer) == (0.0, 1.0, 0.1)
    assert Errors().cer is None


def test_a_term_counts_as_often_as_it_was_said_and_a_longer_one_hides_the_shorter_in_it() -> None:
    found = judge(
        said("실손보험 청구, 실손보험 해지, 보험료"), said("실손 보험 청구, 실손보염 해지, 보험료"), ["실손보험", "보험", "보험료"]
    )
    assert (found.terms, found.terms_heard, found.term_accuracy) == (3, 2, 2 / 3)
    assert judge(said("네"), said("네"), ["실손보험"]).term_accuracy is None


def test_words_given_to_the_wrong_speaker_are_counted_however_voices_are_numbered() -> None:
    reference = said("해지할게요", "네 알겠습니다", "감사합니다", labels=(0, 1, 0))
    assert judge(reference, said("해지할게요", "네 알겠습니다", "감사합니다", labels=(7, 3, 7)), ()).speaker_errors == 0
    swapped = judge(reference, said("해지할게요", "네 알겠습니다", "감사합니다", labels=(0, 1, 1)), ())
    assert (swapped.wrong_speaker, swapped.told_apart) == (5, 16)
    assert judge(reference, said("해지할게요 네 알겠습니다 감사합니다", labels=(0,)), ()).speaker_errors is None
    assert judge(reference, said("해지할게요", "네 알겠습니다", "감사합니다", labels=(None, None, None)), ()).speaker_errors is None
    three = judge(reference, said("해지할게요", "네 알겠습니다", "감사합니다", labels=(0, 1, 2)), ())
    assert three.wrong_speaker == 5


def test_silence_on_either_side_is_counted_and_no_crash() -> None:
    assert judge(said("네"), [], ()).cer == 1.0
    assert judge([], said("네네"), ()).insertions == 2
    assert alignment([], []) == []
    assert alignment(said("네"), []) == [Piece("네", "")]


def test_an_alignment_shows_what_was_said_and_heard_side_by_side() -> None:
    pieces = alignment(said("보험을 해지"), said("보엄을 해지요"))
    assert pieces == [Piece("보", "보"), Piece("험", "엄"), Piece("을해지", "을해지"), Piece("", "요")]


def test_utterances_are_compared_in_order_of_time() -> None:
    late_first = [said("가", "나")[1], said("가", "나")[0]]
    assert judge(said("가", "나"), late_first, ()).cer == 0


def test_the_worst_places_are_shown_with_what_stands_around_them() -> None:
    pieces = alignment(said("자동차 보험을 해지하고 싶어요 어떻게 하나요"), said("자동차 보엄를 해지하고 싶어요 어떠케 하나요"))
    assert (
        worst_stretches(pieces, 1, around=3) == [Stretch("차보", "험을", "엄를", "해지하")]
        or worst_stretches(pieces, 1, around=3)[0].size == 2
    )
    assert [stretch.said for stretch in worst_stretches(pieces, 5)] == ["험을", "떻게"] or len(worst_stretches(pieces, 5)) == 2
    first, second = Stretch("동차보", "험을", "엄를", "해지하"), Stretch("어요어", "떻게", "떠케", "하나요")
    assert worst_stretches(pieces, 5, around=3) == [first, second]
    assert worst_stretches(pieces, 1, around=3) == [first]
    assert worst_stretches(alignment(said("네"), said("네")), 5) == []
