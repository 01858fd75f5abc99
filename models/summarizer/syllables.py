"""Hangul syllables by their final consonant (받침), which their place in Unicode's order tells: 28 to a vowel, the first without one."""

FIRST, LAST = 0xAC00, 0xD7A3  # 가, 힣
NONE, N, L, SS = 0, 4, 8, 20  # no final consonant, ㄴ, ㄹ, ㅆ
_FINALS = 28


def final(syllable: str) -> int:
    """Which final consonant a Hangul syllable has, by its place among the 28.

    >>> final("가") == NONE, final("난") == N, final("갈") == L, final("갔") == SS
    (True, True, True, True)
    """
    return (ord(syllable) - FIRST) % _FINALS


def is_closed(word: str) -> bool:
    """Whether a word ends with a Hangul syllable that has a final consonant.

    >>> is_closed("사진"), is_closed("서류"), is_closed("PDF"), is_closed("")
    (True, False, False, False)
    """
    return bool(word) and FIRST <= ord(word[-1]) <= LAST and final(word[-1]) != NONE


def any_with(consonant: int) -> str:
    """Every syllable with a final consonant, as a pattern of one sign.

    >>> import re
    >>> bool(re.match(any_with(L), "할")), bool(re.match(any_with(L), "하"))
    (True, False)
    """
    return "[" + "".join(chr(code) for code in range(FIRST, LAST + 1) if final(chr(code)) == consonant) + "]"
