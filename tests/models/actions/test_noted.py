"""A deed as a note has it: short, without what only speech has."""

import pytest

from models.actions.action import Who
from models.actions.noted import noted
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()


@pytest.mark.parametrize(
    ("said", "who", "note"),
    [
        ("전화 받으신 다음에 진단서를 떼기", Who.CALLER, "전화 받은 다음에 진단서를 떼기"),
        ("은행에 들어가셔서 직원한테 말하기", Who.CALLER, "은행에 들어가서 직원한테 말하기"),
        ("배는 절대 치우지 마시고 그대로 두기", Who.CALLER, "배는 치우지 말고 그대로 두기"),
        ("확인서 네 확인서 받아서 올리기", Who.CALLER, "확인서 받아서 올리기"),
        ("변경 계약서 나가기", Who.AGENT, "변경 계약서 발송"),
        ("따님 통장에서 나가기", Who.AGENT, "따님 통장에서 나가기"),
        ("새 사업자 등록증하고 주방 사진 세 장을 주기", Who.CALLER, "새 사업자 등록증하고 주방 사진 세 장 제출"),
        ("파일은 신분증 사본과 신청서를 주기", Who.CALLER, "신분증 사본과 신청서 제출"),
        ("안내 문자 드리기", Who.AGENT, "안내 문자 발송"),
        ("문자로 성함이 가기", Who.AGENT, "성함을 문자로 발송"),
        ("서류 목록 문자로 보내기", Who.AGENT, "서류 목록을 문자로 발송"),
        ("농협 가상계좌로 문자로 보내기", Who.AGENT, "농협 가상계좌를 문자로 발송"),
        ("반송된 돈도 다시 보내 드리게 하기", Who.AGENT, "반송된 돈도 다시 보내기"),
        ("소견서를 앱은 몰라 팩스로 보내기", Who.CALLER, "소견서를 팩스로 발송"),
        ("소견서, 받기", Who.CALLER, "소견서 받기"),
        ("확인되면 나갑니다 골프장에서 쓴 경위서를 사진으로 보내기", Who.CALLER, "골프장에서 쓴 경위서를 사진으로 발송"),
        ("지불보증서는 병원 팩스로 보내기", Who.AGENT, "지불보증서는 병원 팩스로 발송"),
        ("결제하시는 링크를 문자로 보내기", Who.AGENT, "결제 링크를 문자로 발송"),
    ],
)
def test_a_deed_is_told_as_a_note(said: str, who: Who, note: str) -> None:
    assert noted(said, who, SHORTENER) == note
