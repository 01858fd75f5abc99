"""Where a word of a summary is told in what the caller said: the word itself, or what callers say for it."""

import re
from functools import cache
from typing import Any

# Words of the trade (left) and of callers (right), where neither holds the other.
_SAID_FOR = {
    "모친": "엄마|어머니|어머님|모친|시어머니|장모",
    "부친": "아버지|아빠|아버님|부친|장인",
    "배우자": "남편|아내|와이프|집사람|신랑|애 아빠|우리 양반|바깥양반|배우자",
    "자녀": "아들|딸|애기|아이|큰애|작은애|막내|애가|애 |자녀|아기",
    "조부": "할아버지",
    "조모": "할머니",
    "손자": "손자|손주",
    "실손": "실비|실손",
    "이륜차": "오토바이|스쿠터|이륜차",
    "계좌": "통장|계좌",
    "반려견": "강아지|개가|개를|반려견|멍멍이",
    "반려묘": "고양이|냥이",
    "자동이체": "자동이체|빠져나가|나가는 통장",
    "휴대폰": "핸드폰|휴대폰|폰",
    "출동": "출동|와 주",
    "견인": "렉카|견인",
    "비밀번호": "비번|비밀번호",
    "해지": "해지|해약|깨고|깰",
    "설계사": "설계사|담당자",
    "블랙박스": "블박|블랙박스",
    "교통사고": "사고|교통사고",
    "접촉": "긁|박",
    "사망": "돌아가|사망|죽",
    "출생": "태어|출생|낳",
    "이중": "두 번|이중",
    "MRI": "엠알아이|MRI|엠아르아이",
    "임플란트": "임플란트|임플",
}
# Words that most summaries hold say nothing about the subject.
_OF_ANY_REQUEST = re.compile(
    "문의|요청|확인|여부|보험|가능|방법|시|및|후|관련|접수|신청|안내|처리|사유|필요|대상|기준|"
    "대한|건|중|등|내역|발송|조회|변경|지급|보상|청구|계약|적용|본인|추가|기간|이의|불만|상담"
)
_SHORT_NOUNS = "암차집피"


def places_told(summary: str, text: str) -> list[tuple[int, int]]:
    """From and to (characters) wherever the text tells a noun of the summary."""
    patterns = (_SAID_FOR.get(noun, re.escape(noun)) for noun in _nouns(summary))
    return [match.span() for pattern in patterns for match in re.finditer(pattern, text)]


@cache
def _nouns(summary: str) -> tuple[str, ...]:
    tokens = _kiwi().tokenize(summary)
    nouns = (token.form for token in tokens if token.tag in ("NNG", "NNP", "XR", "SL", "NR"))
    return tuple(noun for noun in nouns if not _OF_ANY_REQUEST.fullmatch(noun) and (len(noun) > 1 or noun in _SHORT_NOUNS))


@cache
def _kiwi() -> Any:
    from kiwipiepy import Kiwi

    return Kiwi()
