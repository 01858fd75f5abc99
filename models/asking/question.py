"""A question over many calls: what is asked, of which calls, and what it will cost at most.

The question may name somebody, so it lies in the bucket and Prefect is told its id alone. An id begins with the day in Korea, which keeps
questions in the order in which they were asked.
"""

import re
import secrets
from datetime import UTC, datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field

from models.call.korea import KOREA
from models.call.wanted import Wanted

LONGEST_QUESTION = 200
_ID: Final = re.compile(r"\d{8}T\d{6}-[0-9a-f]{12}")


class Question(BaseModel):
    """One question. ``text`` is masked; ``calls`` is how many calls it was to read when its cost was told."""

    model_config = ConfigDict(frozen=True)

    ask_id: str
    text: str = Field(min_length=1, max_length=2 * LONGEST_QUESTION)
    wanted: Wanted
    by: str
    at: datetime
    calls: int = 0

    @classmethod
    def now(cls, text: str, wanted: Wanted, by: str, calls: int) -> Self:
        """A question asked at this moment, by a name that nobody can guess."""
        at = datetime.now(UTC)
        return cls(
            ask_id=f"{at.astimezone(KOREA):%Y%m%dT%H%M%S}-{secrets.token_hex(6)}", text=text, wanted=wanted, by=by, at=at, calls=calls
        )


def is_ask_id(text: str) -> bool:
    """Whether this may be a question's id.

    >>> is_ask_id("20261129T190000-0123456789ab"), is_ask_id("../records")
    (True, False)
    """
    return _ID.fullmatch(text) is not None
