"""Whether an answer looks untrue where nobody wrote down what would mislead: signs that need no pattern of the row's own.

Rough, and on the safe side: what looks untrue is counted and read by people, it decides nothing. An answer in the caller's own words is
not suspected. On the selection set 40 of the former model's 138 misleading answers are found; of 685 right ones, its own and those of
the model that ships, 14 are suspected.
"""

import re
from functools import cache

from models.summarizer.faithfulness import Guard
from models.summarizer.vocabulary import BORROWED, Vocabulary

# What is done (left) and what callers say for it.
_SAID_FOR = {
    "해지": "해지|해약|깨|깰|끊|없애|그만",
    "철회": "철회|무르|물러|물릴|취소|되돌",
    "취소": "취소|철회|무르|물러|빼|지워|없던|안 하|됐",
    "가입": "가입|들|넣|추가|붙",
    "변경": "변경|바꾸|바꿔|바꿀|바뀌|바뀐|바꾼|옮|수정|고치|고쳐|정정|돌려|넘기|이사|말고",
    "대출": "대출|빌",
    "부활": "부활|살리|살려|살릴|되살",
    "출동": "출동|와 |오시|보내|펑크|시동|방전|배터리",
    "견인": "견인|렉카|레카|끌",
    "재발급": "재발급|재발행|다시|또|잃어|분실",
    "이의": "이의|거절|인정|부당|억울|안 준|못 준|깎",
    "민원": "민원|신고|금감원|불만|따지",
    "자동이체": "자동이체|이체|빠져|빠지|나가|출금",
    "수익자": "수익자|타는|받는|받을",
    "환급": "환급|돌려|해지|해약|깨",
}
_ACT = re.compile("|".join(sorted(_SAID_FOR, key=len, reverse=True)))
# What follows a word that the caller does not mean: 해약 말고, 해지는 안 하고, 견인을 부른 게 아니라.
_DENIED = re.compile(
    r"[가-힣]{0,2}\s*(?:은|는|이|가|을|를|도)?\s*[가-힣]{0,5}?\s*"
    r"(?:말고|말구|아니|됐고|됐구|놔두|놔둬|그대로|안\s|안\s*하|못\s*하|하지\s*(?:않|마|말))"
)
_DENIES = re.compile("말고|아니|않|말아|안 |못 |취소|철회|그대로|유지|맒|안함")
_NOTHING_ASKED = re.compile(r"잘못\s*(?:걸|눌|누르|온)|번호를?\s*(?:잘못|헷갈)|여보세요[?.…\s—-]*여보세요")


def suspicion(said: str, told: str) -> str:
    """Why a summary looks untrue to what the caller said, in Korean; empty where it does not.

    >>> suspicion("해약 말고 보험료만 낮출 수 있나요?", "해지 환급금 문의")
    '고객이 아니라고 한 말: 해지'
    >>> suspicion("주소 바꾸려고요", "주소 변경 요청")
    ''
    """
    if not told:
        return ""
    if _NOTHING_ASKED.search(said):
        return "요청이 없는 통화로 보임"
    if added := guard().additions(said, told):
        return f"고객이 말하지 않은 상품이나 숫자: {', '.join(added)}"
    for act in dict.fromkeys(_ACT.findall(told)):
        places = [match.end() for match in re.finditer(_SAID_FOR[act], said)]
        if not places:
            return f"고객이 말하지 않은 요청: {act}"
        if not denies(told) and all(_DENIED.match(said[place:]) for place in places):
            return f"고객이 아니라고 한 말: {act}"
    return ""


def acts(told: str) -> frozenset[str]:
    """What a summary says is to be done."""
    return frozenset(_ACT.findall(told))


def denies(told: str) -> bool:
    """Whether a summary denies something."""
    return _DENIES.search(told) is not None


@cache
def guard() -> Guard:
    """The guard with the vocabulary of the product, whatever model is in service."""
    return Guard(Vocabulary.load(BORROWED.parent).with_own_words())
