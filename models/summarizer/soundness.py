"""Whether a text can be read back at all, whatever it says: Korean, short, and no word over and over.

stammers("실손보험 실손보험 실손보험 실손보험")    → True
"""

import re
from collections import Counter

LONGEST = 120  # characters: about half a minute of speech; one in 600 of what ships is longer on the selection set
_REPEATS = 3
_OWN_WORDS_SHARE = 0.6
_HANGUL = re.compile("[가-힣]")
_LETTER = re.compile(r"[^\W\d_]")
_RUN = re.compile(r"([가-힣]{2,}?)\1\1")  # numbers may repeat: 10000000원


def stammers(text: str) -> bool:
    """Whether a word comes three times, most words come again, or the text goes round inside a word (보험보험보험).

    >>> stammers("실손보험 실손보험 실손보험 청구"), stammers("보험보험보험금 청구"), stammers("두 건은 두 건대로 각각 청구 요청")
    (True, True, False)
    """
    words = text.split()
    if _RUN.search(text):
        return True
    if len(words) < _REPEATS:
        return False
    counts = Counter(words)
    return max(counts.values()) >= _REPEATS or len(counts) / len(words) < _OWN_WORDS_SHARE


def is_korean(text: str) -> bool:
    """Whether most letters are Hangul: 보험 APP 문의 is Korean, claim 요청 is not.

    >>> is_korean("MRI 검사비 청구 요청"), is_korean("insurance claim 요청"), is_korean("…")
    (True, False, False)
    """
    letters = _LETTER.findall(text)
    return bool(letters) and 2 * len(_HANGUL.findall(text)) > len(letters)
