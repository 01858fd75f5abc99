"""What a call comes to: a summary, the caller's own words, or no request; how sure that is, and where it was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

# What nlp_<n>.txt says of a call without a request; an empty file would look like a fault to who reads it.
NO_REQUEST = "요청 없음"


class Kind(StrEnum):
    """The three things that may be read back."""

    SUMMARY = "summary"
    OWN_WORDS = "own_words"
    NO_REQUEST = "no_request"


@dataclass(frozen=True)
class Evidence:
    """A piece of a statement and the number of the utterance that it was said in, from 0."""

    phrase: str
    utterance: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Statement:
    """What is read back. ``confidence`` is the calibrated likelihood that it is right, 0 to 1."""

    kind: Kind
    text: str
    confidence: float
    evidence: Sequence[Evidence] = ()
