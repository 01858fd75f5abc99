"""What is mended in a transcript, what is left alone, and that every change can be taken back."""

import pytest

from models.call.correction import Bounds, Corrector, is_tail, second_of
from models.call.record import Change, Rule, Utterance, corrected, taken_back
from models.call.terms import Term, TermList
from models.errors import BadTranscript

SHIPPED = TermList.shipped()
OURS = TermList(
    version=2,
    terms=(
        Term(term="휴차료", pronounced="휴차료", heard=("유차 요", "휴가료")),
        Term(term="CCTV", pronounced="씨씨티비"),
        Term(term="무보험차상해", pronounced="무보험차상해"),
    ),
)


def said(*texts: str) -> list[Utterance]:
    return [Utterance(start_ms=10_000 * n, duration_ms=5_000, text=text) for n, text in enumerate(texts)]


def mended(text: str, terms: TermList = SHIPPED) -> str:
    heard = said(text)
    return corrected(heard, Corrector(terms).correct(heard).changes)[0].text


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("실선보험 청구하려고요", "실손보험 청구하려고요"),
        ("그 무보험차 산해가 뭔가요?", "그 무보험차상해가 뭔가요?"),
        ("자기 부단금은 얼마예요", "자기부담금은 얼마예요"),
        ("음즈운전은 안 했어요.", "음주운전은 안 했어요."),
        ("가상켸좌로 보낼게요", "가상계좌로 보낼게요"),
        ("복험료가 올랐어요", "보험료가 올랐어요"),
    ],
)
def test_a_near_miss_of_a_term_becomes_the_term_and_keeps_its_particle(heard: str, meant: str) -> None:
    assert mended(heard) == meant


@pytest.mark.parametrize(
    "text",
    [
        "보험이요, 그 보험이요",
        "아빠 보험은 어떻게 돼요",
        "제 보험 좀 봐 주세요",
        "진단비가 아니라 진단서를 냈어요",
        "대물접수 했고 대인접수는 안 했어요",
        "실손 보험 청구요",  # as it is said in two words
        "연보험료 말고 월보험료요",
        "가상계좌로는 안 보내요",
        "삼백만 원이요",
        "해지 안 할 거예요",
        "그 아줌마 보험 설계 십 년 했대",
        "자 동 차 보 험 료요",
    ],
)
def test_sound_korean_is_left_alone(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("견힌 좀 빨리 보내 주세요", "견인 좀 빨리 보내 주세요"),
        ("한 번에 청궁해야 되나요", "한 번에 청구해야 되나요"),
        ("때린 애 쪽에서 치료삐를 일부 줬어요", "때린 애 쪽에서 치료비를 일부 줬어요"),
        ("저로 바꼬려면 엄마가 직접 가야 되나요", "저로 바꾸려면 엄마가 직접 가야 되나요"),
    ],
)
def test_a_word_that_is_none_becomes_the_common_one_that_it_is_one_sound_off(heard: str, meant: str) -> None:
    assert mended(heard) == meant
    (change,) = Corrector(SHIPPED).correct(said(heard)).changes
    assert change.rule is Rule.WORD
    assert mended(meant) == meant


@pytest.mark.parametrize(
    "text",
    [
        "저는 허원이라고 합니다",
        "허원 씨가 접수했어요",
        "보현이 병원비요",
        "강아지 슬개골 수술했어요",
        "한빛손해보험이죠",
        "이십유일쯤으로 옮겨 주세요",
        "뭐라 카길래 전화했어요",
        "오늘 안 넘어예",
        "그거 처리하믄 돼요",
        "해지 얀 할래요",
        "제가 이쪽을 좀 아는데요",
        "혹시 몇 번으로 거셨어요?",
    ],
)
def test_names_numbers_negations_endings_of_dialects_and_words_that_are_words_stay(text: str) -> None:
    assert mended(text) == text


def test_a_word_is_left_where_the_sentence_is_not_much_likelier_with_another() -> None:
    heard = said("견힌 좀 빨리 보내 주세요")
    assert Corrector(SHIPPED, Bounds(word_gain=1000.0)).correct(heard).changes == []


def test_a_word_that_people_know_to_be_misheard_becomes_the_term_however_it_is_spaced() -> None:
    assert mended("유차요는 얼마예요, 유차 요요", OURS) == "휴차료는 얼마예요, 휴차료요"
    assert mended("휴가료지", OURS) == "휴차료지"


def test_a_misheard_word_inside_another_word_stays() -> None:
    assert mended("휴가료보험사무소", OURS) == "휴가료보험사무소"
    assert mended("여름휴가료", OURS) == "여름휴가료"


def test_a_term_is_written_as_the_list_writes_it() -> None:
    assert mended("씨시티비 영상이요", OURS) == "CCTV 영상이요"


def test_a_change_says_what_by_which_rule_and_when_it_was_said() -> None:
    heard = said("네", "그러니까 유차 요가 얼마예요")
    correction = Corrector(OURS).correct(heard)
    assert correction.changes == [
        Change(utterance=1, start=5, before="유차 요", after="휴차료", rule=Rule.HEARD, seconds=second_of(heard[1], 5))
    ]
    assert 10 < correction.changes[0].seconds < 15
    assert correction.terms_version == 2


def test_every_change_can_be_taken_back() -> None:
    heard = said("실선보험 복험료하고 실선보험 자기 부단금", "음즈운전 실선보험")
    changes = Corrector(SHIPPED).correct(heard).changes
    after = corrected(heard, changes)
    assert after != heard
    assert taken_back(after, changes) == heard


def test_a_change_of_another_transcript_is_refused() -> None:
    change = Change(utterance=0, start=0, before="휴가료", after="휴차료", rule=Rule.PERSON, seconds=0)
    for other in (said("유가료"), []):
        with pytest.raises(BadTranscript, match="does not fit the transcript"):
            corrected(other, [change])


def test_a_line_with_a_place_that_is_not_sure_enough_is_doubtful_and_unchanged() -> None:
    bold = Corrector(SHIPPED, Bounds(gain=1e9))
    correction = bold.correct(said("네", "약간대출 되나요"))
    assert (correction.changes, correction.doubtful) == ([], [1])


@pytest.mark.parametrize(
    ("tail", "follows"), [("", True), ("이", True), ("은요", True), ("입니다", True), ("이에요", True), ("사무소", False), ("x", False)]
)
def test_particles_may_follow_a_term_and_other_words_may_not(tail: str, follows: bool) -> None:
    assert is_tail("실손보험", tail) is follows
