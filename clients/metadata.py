"""User metadata as S3 takes it: ASCII, and 2 KB for all names and values of an object together."""

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

LIMIT_BYTES = 2048
# S3's documentation counts names without this prefix; a proxy or another S3 may count it.
_PREFIX = "x-amz-meta-"
# Ids, entity tags and model versions are shorter and stay whole: the product recognizes its own files by them.
_WHOLE_BYTES = 128
_ENDS_SHORTENED = re.compile("~[0-9a-f]{16}$")


def encode(metadata: Mapping[str, str]) -> dict[str, str]:
    """Percent-encode what is not ASCII; where the whole is too large, the longest values first keep their beginning and a hash of all.

    A key of 1,024 bytes in Hangul takes 3 KB when it is encoded, and stands in the source and in the contact's id. The record has both.

    >>> encode({"call-id": "c-1", "source": "s3://b/녹취.wav"})
    {'call-id': 'c-1', 'source': 's3://b/%EB%85%B9%EC%B7%A8.wav'}
    """
    encoded = {name: _quoted(value) for name, value in metadata.items()}
    for name in sorted(encoded, key=lambda name: len(encoded[name]), reverse=True):
        if size(encoded) <= LIMIT_BYTES or len(encoded[name]) <= _WHOLE_BYTES:
            break
        encoded[name] = _shortened(metadata[name])
    return encoded


def decode(metadata: Mapping[str, str]) -> dict[str, str]:
    """What ``encode`` was given, but for shortened values, which end in ``~`` and 16 hexadecimal digits."""
    return {name: unquote(value) for name, value in metadata.items()}


def is_whole(value: str) -> bool:
    """Whether a decoded value is all of what was given.

    >>> is_whole("암보험 해지 요청"), is_whole("암보험 해~0123456789abcdef")
    (True, False)
    """
    return _ENDS_SHORTENED.search(value) is None


def size(encoded: Mapping[str, str]) -> int:
    """Bytes of all names, with their prefix, and values."""
    return sum(len(_PREFIX) + len(name) + len(value) for name, value in encoded.items())


def _quoted(text: str) -> str:
    return quote(text, safe=" :/=+,.-_", errors="surrogatepass")


def _shortened(value: str) -> str:
    end = "~" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = ""
    for character in map(_quoted, value):
        if len(kept) + len(character) + len(end) > _WHOLE_BYTES:
            break
        kept += character
    return kept + end
