"""The caller's words as a phrase: the ending nominal, the sense untouched."""

import pytest

from models.summarizer.own_words import Act, Phrase, Shortener, joined


@pytest.fixture(scope="module")
def shortener() -> Shortener:
    return Shortener()


@pytest.mark.parametrize(
    ("said", "phrase", "act"),
    [
        ("저기 그 주소를 좀 바꾸고 싶은데요", "주소 변경 희망", Act.WISH),
        ("암보험 해지하려고 했는데요, 해지는 안 하고 유지하려고요", "암보험 해지하려고 했는데요, 해지는 안 하고 유지 희망", Act.WISH),
        ("운전자보험은 놔두고 자동차보험만 해지해 주세요", "운전자보험은 놔두고 자동차보험만 해지 요청", Act.REQUEST),
        ("해약 말고 보험료만 낮출 수 있나요?", "해약 말고 보험료만 낮출 수 있는지 문의", Act.ASK),
        ("책임자 바꿔 주세요.", "책임자 바꿔 달라는 요청", Act.REQUEST),
        ("보험금 받는 계좌를 다른 은행으로 바꿀게요.", "보험금 받는 계좌를 다른 은행으로 변경 희망", Act.WISH),
        ("만기환급금이 얼마인지, 언제 들어오는지 알려줘.", "만기환급금이 얼마인지, 언제 들어오는지 안내 요청", Act.REQUEST),
        ("여기 병원에서 뗀 서류도 받아 줍니까", "여기 병원에서 뗀 서류도 받아 주는지 문의", Act.ASK),
        ("음주 면책금 안 내도 되는 건가요?", "음주 면책금 안 내도 되는 건지 문의", Act.ASK),
        ("뭘 먼저 해야 할지 모르겠어요", "뭘 먼저 해야 할지 문의", Act.ASK),
        ("설계사가 연락이 안 돼요.", "설계사가 연락이 안 됨", Act.STATEMENT),
        ("절차를 안내해 주세요.", "절차 안내 요청", Act.REQUEST),
        ("해지하지 말아 주세요", "해지하지 말아 달라는 요청", Act.REQUEST),
        # What an independent reader found misleading.
        ("재가입이 되는지만요", "재가입이 되는지 문의", Act.ASK),
        ("제 몫만 따로 받을 수는 없냐고요", "제 몫만 따로 받을 수는 없는지 문의", Act.ASK),
        ("대답은 안 해 주시네요", "대답은 안 해 줌", Act.STATEMENT),
        ("또 받치겠어요!", "또 받침", Act.STATEMENT),
        ("다 고쳐 주셨더라고요", "다 고쳐 줬음", Act.STATEMENT),
        ("이번 달에 해지하겠습니다", "이번 달에 해지 희망", Act.WISH),
    ],
)
def test_a_sentence_ends_as_a_note_and_says_what_was_said(shortener: Shortener, said: str, phrase: str, act: Act) -> None:
    assert shortener.phrase(said) == Phrase(phrase, act)


@pytest.mark.parametrize("said", ["", "…", "?!", "네", "어 음 그"])
def test_a_sentence_without_words_gives_no_error(shortener: Shortener, said: str) -> None:
    assert isinstance(shortener.phrase(said).text, str)


def test_questions_in_a_row_name_the_act_once(shortener: Shortener) -> None:
    phrases = shortener.phrases("휴대폰 액정 깨졌어요. 파손보험 되는 거 맞죠? 얼마까지 나와요?")
    assert "".join(joined(phrases)) == "휴대폰 액정 깨졌음, 파손보험 되는 거 맞는지, 얼마까지 나오는지 문의"


def test_nouns_are_runs_without_particles(shortener: Shortener) -> None:
    text = "강아지 슬개골수술을 했어요"
    assert [text[start:end] for start, end in shortener.nouns(text)] == ["강아지", "슬개골수술"]


def test_markup_and_control_characters_are_not_repeated(shortener: Shortener) -> None:
    hostile = '<break time="600s"/><speak>자동차 보험 해지하고 싶은데\u202e\x00\x1b 어떻게 하면 되나요?'
    assert shortener.phrase(hostile).text == "자동차 보험 해지하고 싶은데 어떻게 하면 되는지 문의"
