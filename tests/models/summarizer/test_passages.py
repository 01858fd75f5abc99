"""Which sentences are told, and that what follows them is not forgotten."""

import pytest

from models.summarizer.conversation import Turn
from models.summarizer.marks import Mark, Passage, Reading
from models.summarizer.outcome import Evidence
from models.summarizer.own_words import Shortener
from models.summarizer.passages import LONGEST_PHRASE, opening, passages, subjects, tell
from models.summarizer.turned_down import TurnedDown


@pytest.fixture(scope="module")
def shortener() -> Shortener:
    return Shortener()


def marked(turn: Turn) -> list[Mark]:
    """Two tokens of a turn, both of the request."""
    half = len(turn.text) // 2
    return [Mark(turn.number, 0, half, 0.9, 0.1), Mark(turn.number, half, len(turn.text), 0.9, 0.1)]


def led(turns: list[Turn], reading: Reading, shortener: Shortener) -> list[Evidence]:
    """What a statement of these turns is led by."""
    told = passages(turns, reading, shortener)
    return subjects(turns, reading, told, tell(turns, told, shortener)[0], shortener)


@pytest.mark.parametrize("last", ["어휴 그럼 안 해요 됐어요", "그럼 취소할게요", "그냥 둘게요"])
def test_a_request_that_is_taken_back_is_told_with_the_word_that_takes_it_back(last: str, shortener: Shortener) -> None:
    calls = [Turn(0, True, "종신보험 해지해 주세요"), Turn(1, False, "칠백만 원 손해세요"), Turn(2, True, last)]
    told = passages(calls, Reading(marked(calls[0]), 0.0), shortener)
    assert [one.turn for one in told] == [0, 2]


def test_a_thank_you_takes_nothing_back(shortener: Shortener) -> None:
    calls = [Turn(0, True, "종신보험 해지해 주세요"), Turn(1, True, "바쁜데 미안해요")]
    assert [one.turn for one in passages(calls, Reading(marked(calls[0]), 0.0), shortener)] == [0]


def test_a_phrase_without_an_end_is_bounded_and_its_evidence_with_it(shortener: Shortener) -> None:
    turn = Turn(0, True, "해지 " * 3000 + "해 주세요")
    text, evidence = tell([turn], passages([turn], Reading(marked(turn), 0.0), shortener), shortener)
    assert len(text) <= LONGEST_PHRASE
    assert all(one.phrase in text for one in evidence)


@pytest.mark.parametrize(("answer", "named"), [("네 그거요 이제 그만 내고 싶어서요", ["종신보험"]), ("아니 그거 말고 다른 거요", [])])
def test_the_agent_names_the_subject_unless_before_the_caller_speaks_or_against_his_no(
    shortener: Shortener, answer: str, named: list[str]
) -> None:
    turns = [
        Turn(0, False, "한빛손해보험입니다"),
        Turn(1, True, "해지해 주세요"),
        Turn(2, False, "종신보험 말씀이세요"),
        Turn(3, True, answer),
    ]
    marks = [
        Mark(0, 0, 6, 0.0, 0.9),
        *marked(turns[1]),
        Mark(2, 0, 4, 0.0, 0.9),
    ]
    reading = Reading(marks, 0.0)
    assert [one.phrase for one in led(turns, reading, shortener)] == named


@pytest.mark.parametrize(
    ("agent", "answer"),
    [
        ("보험료 출금일을 바꾸시려는 건 아니시죠?", "뭘 바꿔. 저녁 차려야 되는데."),
        ("사고 접수 취소 원하시는 건가요", "취소라뇨? 누가 취소래요"),
    ],
)
def test_what_the_agent_supposes_and_the_caller_turns_back_is_neither_subject_nor_request(
    shortener: Shortener, agent: str, answer: str
) -> None:
    turns = [Turn(0, True, "해지해 주세요"), Turn(1, False, agent), Turn(2, True, answer)]
    reading = Reading([*marked(turns[0]), Mark(1, 0, len(agent), 0.0, 0.9), *marked(turns[2])], 0.0)
    told = passages(turns, reading, shortener)
    assert not any(word in answer[p.start : p.end] for p in told if p.turn == 2 for word in ("뭘 바꿔", "누가 취소", "취소라뇨"))
    assert led(turns, reading, shortener) == []


@pytest.mark.parametrize("question", ["뭘 내요?", "무슨 서류요?", "누가 받아요?"])
def test_a_callers_question_is_no_rejoinder(question: str, shortener: Shortener) -> None:
    turns = [Turn(0, False, "서류를 내셔야 돼요"), Turn(1, True, question)]
    assert [one.turn for one in passages(turns, Reading(marked(turns[1]), 0.0), shortener)] == [1]


@pytest.mark.parametrize(
    ("before", "agent", "answer"),
    [
        ("접수한 거 취소요", "그럼 환입 말씀이신가요", "아직 나간 것도 없는데 환입은 뭔 환입이야"),
        ("지금 난리가 났어요", "환입 건이세요", "환입은 아니고 물이요"),
        ("환입 때문에 전화하려고 했는데요", "네 환입이요", "그건 됐고요 다른 거요"),
        ("환입 말고요", "네", "접수만 없애 주세요"),
    ],
)
def test_what_a_caller_turns_down_or_calls_settled_leads_no_statement(shortener: Shortener, before: str, agent: str, answer: str) -> None:
    turns = [Turn(0, True, before), Turn(1, False, agent), Turn(2, True, answer), Turn(3, True, "대물 접수를 빼 주세요")]
    places = [(turn.number, turn.text.find("환입")) for turn in turns if "환입" in turn.text]
    marks = [*(Mark(number, start, start + 2, 0.0, 0.9) for number, start in places), *marked(turns[3])]
    reading = Reading(sorted(marks, key=lambda mark: (mark.turn, mark.start)), 0.0)
    assert led(turns, reading, shortener) == []


def test_a_word_that_is_cut_off_has_its_negation_and_its_object_again(shortener: Shortener) -> None:
    turn = Turn(0, True, "렌트비 안 나오면 교통비라도 주시는 거면 좋고 아니면 차 안 빌릴게요 교통비로 주세요")
    start = turn.text.index("빌릴게요")
    reading = Reading([Mark(0, start, start + 4, 0.9, 0.0), Mark(0, start + 5, len(turn.text), 0.9, 0.0)], 0.0)
    text, _ = tell([turn], passages([turn], reading, shortener), shortener)
    assert text.endswith("아니면 차 안 빌리겠음, 교통비로 달라는 요청")


@pytest.mark.parametrize(
    ("said", "never", "named"),
    [
        ("제가 마흔에 든 건데요 친정 엄마 병원비도 보태야 되고요", "친정 엄마", ""),
        ("친정 엄마 보험인데요", "", "친정"),
        ("환불해 달라는 것도 아니에요", "환불", ""),
        ("대출받겠다는 거 아니에요", "대출", ""),
        ("이자 내는 건 싫고요", "이자", ""),
        ("암보험 해지하겠다는 게 아니고요", "해지", "암보험"),
    ],
)
def test_a_subject_is_what_the_caller_wants_something_of(shortener: Shortener, said: str, never: str, named: str) -> None:
    turns = [Turn(0, True, said), Turn(1, True, "특약만 빼 주세요")]
    reading = Reading([Mark(0, 0, len(said), 0.0, 0.9), *marked(turns[1])], 0.0)
    told = {one.phrase for one in led(turns, reading, shortener)}
    assert told >= set(named.split()), told
    assert not told & set(never.split()), told


def test_what_the_agent_supposes_and_the_caller_sets_apart_is_no_subject(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "네 여보세요"),
        Turn(1, False, "갱신 때문에 전화 주셨나요?"),
        Turn(2, True, "갱신은 내년이고요. 왜 반려됐는지 알려 주세요."),
    ]
    reading = Reading([Mark(1, 0, 2, 0.0, 0.9), *marked(turns[2])], 0.0)
    assert not led(turns, reading, shortener)


def test_what_has_no_place_with_the_caller_is_neither_asked_for_nor_the_subject(shortener: Shortener) -> None:
    turns = [Turn(0, True, "앱에서 되게 해 주세요"), Turn(1, False, "팩스로 보내셔도 됩니다"), Turn(2, True, "팩스가 집에 어디 있어요.")]
    reading = Reading([*marked(turns[0]), Mark(1, 0, 3, 0.0, 0.9), *marked(turns[2])], 0.0)
    told = passages(turns, reading, shortener)
    assert [one.turn for one in told] == [0]
    assert led(turns, reading, shortener) == []


def test_before_a_sentence_that_points_back_the_one_that_it_points_at_is_told(shortener: Shortener) -> None:
    turn = Turn(0, True, "직원 하나가 손가락을 다쳤어요. 그걸로 처리가 되는지 알아봐 주세요.")
    start = turn.text.index("그걸로")
    told = passages([turn], Reading([Mark(0, start, start + 3, 0.9, 0.0), Mark(0, start + 4, len(turn.text), 0.9, 0.0)], 0.0), shortener)
    assert tell([turn], told, shortener)[0] == "직원 하나가 손가락을 다쳤음, 그걸로 처리가 되는지 확인 요청"


def test_a_passage_begins_where_its_sentence_does_and_keeps_its_negation(shortener: Shortener) -> None:
    turn = Turn(0, True, "오늘 안에 렌터카가 되면 여기 익산 공업사에 맡기고요 안 되면 교통비로 받을게요 어느 쪽이 되는지 알려 주시겠어요")
    start = turn.text.index("되면 교통비로")
    told = passages([turn], Reading([Mark(0, start, start + 2, 0.9, 0.0), Mark(0, start + 3, len(turn.text), 0.9, 0.0)], 0.0), shortener)
    assert "안 되면 교통비로" in tell([turn], told, shortener)[0]


def test_an_answer_that_only_the_voice_tells_apart_is_told_as_it_was_said(shortener: Shortener) -> None:
    turns = [Turn(0, False, "뒤쪽 영상에도 상대 차가 찍혔을까요"), Turn(1, True, "찍혔죠 왔다 갔다 하는 게 다 나와요")]
    text, _ = tell(turns, passages(turns, Reading(marked(turns[1]), 0.0), shortener), shortener)
    assert "문의" not in text


def test_a_wish_that_a_later_one_calls_off_is_not_told(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "종신보험 있는 거 해지하려고요"),
        Turn(1, False, "감액이 있습니다"),
        Turn(2, True, "그럼 해지는 하지 말고 절반으로 줄여 주세요"),
    ]
    told = passages(turns, Reading([*marked(turns[0]), *marked(turns[2])], 0.0), shortener)
    assert [one.turn for one in told] == [2]


def test_of_what_only_the_voice_told_nothing_is_told_beside_what_is_sure(shortener: Shortener) -> None:
    turns = [Turn(0, True, "계좌를 국민은행으로 바꿔 주세요. 서류가 더 있어요")]
    whole = Passage(0, 0, len(turns[0].text), 0.9, marked=True)
    assert tell(turns, [whole], shortener)[0] == "계좌를 국민은행으로 변경 요청"
    alone = [Turn(0, True, "서류가 더 있어요")]
    assert tell(alone, [Passage(0, 0, len(alone[0].text), 0.9, marked=True)], shortener)[0] == "서류가 더 있어요"


def test_what_a_call_comes_to_is_told_though_it_is_marked_little(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "보험료 나가는 날짜를 바꿀 수 있나 해서요"),
        Turn(1, False, "네 이십일로 해 드릴까요"),
        Turn(2, True, "이십오일로 바꿔 주세요"),
        Turn(3, True, "그렇게 해 주세요 감사합니다"),
    ]
    slightly = [Mark(n, place, place + 3, 0.15, 0.0) for n in (2, 3) for place in (0, 4)]
    told = passages(turns, Reading([*marked(turns[0]), *slightly], 0.0), shortener)
    assert [one.turn for one in told] == [0, 2]


def test_a_piece_of_one_turn_is_no_part_of_the_next(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "제가 돈 받을 계좌요."),
        Turn(1, False, "네 바꿨습니다."),
        Turn(2, True, "심사가 어디까지 됐는지 알 수 있을까요?"),
    ]
    told = [Passage(n, 0, len(turns[n].text), 0.9, marked=True) for n in (0, 2)]
    assert tell(turns, told, shortener)[0].startswith("제가 돈 받을 계좌, 심사가")


@pytest.mark.parametrize(
    ("begins", "later", "told"),
    [
        ("종신보험 해지하려고요", "해지 말고 절반으로 줄여 주세요", [2]),
        ("실손을 해지하려고 전화했습니다", "해지는 그만두겠습니다. 왜 올랐는지 근거를 알려 주세요", [2]),
        ("엄마 보험을 제 명의로 바꾸려고요", "명의 바꾸는 건 일단 안 할게요. 보험료만 제 통장에서 나가게 바꿔 주세요", [2]),
        ("해지하면 얼마 받는지 봐 주세요", "해지는 안 하고 절반으로 줄여 주세요", [0, 2]),
        ("연금저축 그거 깨고 싶어서요", "해지는 놔두고요 다음 달부터 안 빠지게 해 주세요", [2]),
    ],
)
def test_what_a_caller_gives_up_is_not_told_beside_what_he_wants_instead(
    begins: str, later: str, told: list[int], shortener: Shortener
) -> None:
    turns = [Turn(0, True, begins), Turn(1, False, "네 감액도 됩니다"), Turn(2, True, later)]
    reading = Reading([*marked(turns[0]), *marked(turns[2])], 0.0)
    assert sorted({one.turn for one in passages(turns, reading, shortener)}) == told


def test_a_caller_who_begins_anew_is_told_from_there(shortener: Shortener) -> None:
    turns = [Turn(0, True, "누구나로 해 주세요. 아니다 누구나는 비싸네. 그냥 저 혼자 일인한정으로 할게요.")]
    text = turns[0].text
    marks = [Mark(0, place, place + 2, 0.9, 0.1) for place in (0, 3, text.index("저 혼자"), text.index("일인"))]
    told = passages(turns, Reading(marks, 0.0), shortener)
    assert [text[one.start : one.end] for one in told] == ["그냥 저 혼자 일인한정으로 할게요."]


def test_what_a_caller_puts_off_at_last_is_told_as_well(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "실손을 중지로 해 주세요."),
        Turn(1, False, "네, 확인서가 필요합니다."),
        Turn(2, True, "그럼 오늘 중지하는 건 말고요, 확인서 받아 보고 다음 주에 다시 전화드릴게요."),
    ]
    told = passages(turns, Reading(marked(turns[0]), 0.0), shortener)
    assert [one.turn for one in told] == [0, 2]


@pytest.mark.parametrize(
    ("warning", "told"),
    [
        ("고객님, 그건 전형적인 보이스피싱 수법입니다. 대출은 진행하시면 안 됩니다.", [2, 4]),
        ("네, 보이스피싱 예방 때문에 여쭤봤습니다.", [0, 2, 4]),
    ],
)
def test_what_a_caller_wanted_for_a_swindler_is_not_told_once_he_is_warned(warning: str, told: list[int], shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "보험 대출을 빨리 해 주세요."),
        Turn(1, False, "어디에 쓰실 건가요?"),
        Turn(2, True, "검찰청이라는데 대출받아 옮기라고 하는 게 진짜인가요?"),
        Turn(3, False, warning),
        Turn(4, True, "그럼 대출 못 나가게 막아 주세요."),
    ]
    reading = Reading([*marked(turns[0]), *marked(turns[2]), *marked(turns[4])], 0.0)
    found = passages(turns, reading, shortener)
    begin = opening(turns, reading, found, shortener)
    assert sorted({one.turn for one in [*begin, *found]}) == told


def test_a_product_that_somebody_else_names_and_the_caller_leaves_alone_leads_nothing(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "보험 해지하려고요."),
        Turn(1, False, "운전자보험도 같이 가지고 계시네요."),
        Turn(2, True, "네 그거 월 만이천 원짜리."),
        Turn(3, False, "운전자보험도 같이 해지해 드릴까요?"),
        Turn(4, True, "아니요 그건 두세요."),
    ]
    assert TurnedDown.of(turns, shortener).holds("운전자보험", "도 같이 가지고 계시네요.")


def test_what_may_be_asked_or_stated_is_told_where_hardly_anything_else_is(shortener: Shortener) -> None:
    turns = [Turn(0, True, "이혼을 했어요. 병원에 다시 가야 돼요")]
    told = [Passage(0, 0, len(turns[0].text), 0.9, marked=True)]
    assert "병원에 다시 가야 돼요" in tell(turns, told, shortener)[0]


def test_what_mends_a_request_at_once_is_told_with_it(shortener: Shortener) -> None:
    turns = [Turn(0, True, "둘이 뭐가 다른지 종이로 보내 주소. 아니 카톡으로. 아들 보여 주고 정할게.")]
    marks = [Mark(0, place, place + 2, 0.9, 0.1) for place in (0, 4, 12)]
    told = passages(turns, Reading(marks, 0.0), shortener)
    assert "카톡으로" in tell(turns, told, shortener)[0]


def test_what_only_points_at_what_somebody_else_named_is_not_told(shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "실손이 왜 이만큼 올랐는지 근거를 주세요."),
        Turn(1, False, "새 세대로 바꾸시면 싸집니다."),
        Turn(2, True, "그건 나중에 내가 손해라고 들었어요."),
    ]
    told = [Passage(turn.number, 0, len(turn.text), 0.9, marked=True) for turn in (turns[0], turns[2])]
    assert "손해" not in tell(turns, told, shortener)[0]


def test_a_paper_that_somebody_else_asks_for_leads_nothing(shortener: Shortener) -> None:
    turns = [Turn(0, True, "골절로 청구하려고 하거든요."), Turn(1, False, "진단서와 판독지를 내 주세요."), Turn(2, True, "네, 낼게요.")]
    marks = [*marked(turns[0]), Mark(1, 0, 3, 0.0, 0.99)]
    told = passages(turns, Reading(marks, 0.0), shortener)
    assert subjects(turns, Reading(marks, 0.0), told, "골절로 청구 희망", shortener) == []


@pytest.mark.parametrize(("assents", "told"), [("네, 그렇게 해 주세요.", [0]), ("그렇게 하지 말고 팩스로 보내 주세요.", [0, 2])])
def test_what_only_assents_to_an_offer_is_not_told(assents: str, told: list[int], shortener: Shortener) -> None:
    turns = [
        Turn(0, True, "보험을 깨서 옮겨야 된다는데 맞나요?"),
        Turn(1, False, "보이스피싱입니다. 지급 정지를 걸어 두겠습니다."),
        Turn(2, True, assents),
    ]
    found = passages(turns, Reading([*marked(turns[0]), *marked(turns[2])], 0.0), shortener)
    assert sorted({one.turn for one in found}) == told
