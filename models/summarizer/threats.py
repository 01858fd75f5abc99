"""What callers threaten with: where they will turn if they do not get what they want.

It is no subject of a call ("오늘 안 되면 금감원에 민원 넣을 거예요"), nor anything that has to be done after it.
"""

import re

_AUTHORITY = "금융감독원|금감원|소비자원|민원|소송|고소|고발|변호사|언론|기자|신문|방송|법적"
_AUTHORITIES = re.compile(_AUTHORITY)
_UNLESS = r"(?<!\S)(?:안|못) ?\S+면"
_THREAT = re.compile(rf"{_UNLESS} .*(?:{_AUTHORITY})")


def threatens(sentence: str) -> bool:
    """Whether a sentence says where its speaker turns unless something is done.

    >>> threatens("오늘 안 되면 금감원에 민원 넣을 거예요"), threatens("민원 하나 넣어 주세요")
    (True, False)
    """
    return _THREAT.search(sentence) is not None


def threatened_with(text: str) -> set[str]:
    """The names of those whom a text with such a condition names.

    >>> sorted(threatened_with("오늘 안 되면 금감원에 민원 넣을 거예요")), threatened_with("민원 하나 넣어 주세요")
    (['금감원', '민원'], set())
    """
    return set(_AUTHORITIES.findall(text)) if re.search(_UNLESS, text) else set()
