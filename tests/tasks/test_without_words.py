"""A fault that nobody foresaw is told by its class and place, never by what it says."""

import pytest

from models.errors import BadRecording, Unexpected
from tasks.without_words import without_words

WORDS = "제 번호는 010-4321-8765 입니다"


@without_words
async def fails(error: Exception) -> None:
    raise error


async def test_an_error_of_ours_is_told_as_it_is() -> None:
    with pytest.raises(BadRecording, match="it is silent"):
        await fails(BadRecording("it is silent"))


async def test_any_other_is_told_by_class_and_place_and_its_cause_is_kept_for_the_log() -> None:
    with pytest.raises(Unexpected, match=r"^ValueError in test_without_words.py, line \d+\. The run's log") as caught:
        await fails(ValueError(WORDS))
    assert WORDS not in str(caught.value)
    assert str(caught.value.__cause__) == WORDS
