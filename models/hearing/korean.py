"""What counts of a Korean transcript when two are compared: its letters, with numbers as they are read; spaces and signs do not.

Korean is spaced by feeling, and one recognizer writes 120만 원 where another writes 백이십만 원. Neither is an error of hearing.
"""

import re
import unicodedata

from models.call.reading import native, sino

_DIGITS = "영일이삼사오육칠팔구"
# What is counted with native numerals.
_NATIVE_COUNTERS = "시간|시|살|명|개월수|마리|가지|군데|사람|번째|대째|잔|켤레|송이|개(?!월)"
_NUMBER = re.compile(rf"(?P<whole>\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.(?P<part>\d+))?(?P<counter>\s*(?:{_NATIVE_COUNTERS}))?")
_SERIAL = re.compile(r"\d+(?:-\d+)+")  # a telephone or contract number is read digit by digit
_LONGEST = 16  # digits that have names, up to 경
_UNSAID = re.compile(r"[^\w]|_")
_READ_SIGNS = str.maketrans({"%": "퍼센트", "㎡": "제곱미터", "₩": "원"})


def comparable(text: str) -> str:
    """The letters of a text in one run, numbers as they are read.

    >>> comparable("네, 120만 원이요!") == comparable("네 백이십만원 이요")
    True
    >>> comparable("오후 3시에 010-1234로") == comparable("오후 세 시에 공일공 일이삼사로")
    True
    """
    normal = unicodedata.normalize("NFKC", text).translate(_READ_SIGNS)
    spoken = _NUMBER.sub(_read, _SERIAL.sub(lambda match: _one_by_one(match[0]), normal))
    return _UNSAID.sub("", spoken).casefold()


def _read(match: re.Match[str]) -> str:
    whole, counter = match["whole"].replace(",", ""), match["counter"] or ""
    if (len(whole) > 1 and whole.startswith("0")) or len(whole) > _LONGEST:
        return f"{_one_by_one(whole)}{counter}"
    read = native(int(whole)) if counter and 0 < int(whole) < 100 else sino(int(whole))
    part = f"점{''.join(_DIGITS[int(digit)] for digit in match['part'])}" if match["part"] else ""
    return f"{read}{part}{counter}"


def _one_by_one(digits: str) -> str:
    return "".join("공" if digit == "0" else _DIGITS[int(digit)] for digit in digits if digit.isdigit())
