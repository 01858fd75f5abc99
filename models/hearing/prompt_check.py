"""Whether a prompt says what it should, as a speech-to-text vendor heard it: the difference in characters, numbers as they are read."""

import hashlib
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, Field
from rapidfuzz.distance import Levenshtein

from models.call.jamo import is_hangul
from models.call.read_back import Pronunciations, respell
from models.call.record import CallRecord, Outcome, PromptCheck
from models.hearing.korean import comparable


def difference(spoken: str, heard: str, pronunciations: Pronunciations) -> float:
    """Character error rate of what was heard against what should be said: as it is written or as the voice was told to read it.

    A recognizer may write MRI where the voice says 엠알아이, or the other way.

    >>> difference("문의하신 내용이 120만 원 청구", "문의하신 내용이 백이십만 원 청구", Pronunciations(()))
    0.0
    """
    # 문의 is read 무니 and written 문의 again: of the list's readings those of words that are no Hangul show in a transcript.
    foreign = Pronunciations(tuple(rule for rule in pronunciations.entries if not is_hangul(rule.spelling)))
    wanted = {comparable(text) for text in (spoken, respell(spoken, foreign), respell(spoken, pronunciations))} - {""}
    got = comparable(heard)
    return min((Levenshtein.distance(one, got) / len(one) for one in wanted), default=0.0)


def is_sampled(call_id: str, percent: float) -> bool:
    """Whether a call's prompt is among the share that is listened to: the same calls whenever it is asked.

    >>> is_sampled("a" * 32, 100), is_sampled("a" * 32, 0)
    (True, False)
    """
    return int(hashlib.sha256(f"prompt {call_id}".encode()).hexdigest()[:8], 16) / 2**32 < percent / 100


def to_be_heard(record: CallRecord) -> bool:
    """Whether a call has a prompt that nobody has listened to, or another one since."""
    check = record.prompt_check
    done = check is not None and check.ended and record.prompt is not None and check.spoken_text == record.prompt.spoken_text
    return record.outcome is Outcome.READ_BACK and record.prompt is not None and not done


class PromptsHeard(BaseModel):
    """What listening to a day's prompts came to; it names no call and no word."""

    day: date
    provider: str
    at: datetime
    heard: int = Field(ge=0)
    differing: int = Field(ge=0)
    failed: int = Field(ge=0)
    mean_cer: float = 0.0
    threshold_percent: float = 0.0

    @classmethod
    def of(cls, day: date, provider: str, checks: Iterable[PromptCheck], threshold_percent: float, at: datetime) -> "PromptsHeard":
        """Count a day's checks."""
        ended = [check for check in checks if check.ended]
        rates = [check.cer for check in ended if check.cer is not None]
        return cls(
            day=day,
            provider=provider,
            at=at,
            heard=len(rates),
            differing=sum(100 * rate > threshold_percent for rate in rates),
            failed=len(ended) - len(rates),
            mean_cer=round(sum(rates) / len(rates), 4) if rates else 0.0,
            threshold_percent=threshold_percent,
        )
