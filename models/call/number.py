"""A caller's number, as people may see it and as calls of one caller are found by it."""

import hashlib
import hmac


def masked_number(number: str) -> str:
    """A caller's number as people may see it in a list of runs; empty where there is none.

    >>> masked_number("+821012345678"), masked_number("02-555-0199"), masked_number("")
    ('010-****-5678', '02-****-0199', '')
    """
    digits = "".join(filter(str.isdecimal, number))
    if number.startswith("+82"):
        digits = f"0{digits[2:]}"
    if len(digits) < 8:
        return ""
    return f"{digits[:2] if digits.startswith('02') else digits[:3]}-****-{digits[-4:]}"


def number_hash(number: str, key: str) -> str:
    """A number's keyed hash: numbers are few enough to try them all, so without a key there is none.

    >>> number_hash("+821012345678", "k") == number_hash("010-1234-5678", "k"), number_hash("+821012345678", "")
    (True, '')
    """
    digits = "".join(filter(str.isdecimal, number))
    if not key or not digits:
        return ""
    national = f"0{digits[2:]}" if number.startswith("+82") else digits
    return hmac.new(key.encode("utf-8"), national.encode("ascii"), hashlib.sha256).hexdigest()[:32]
