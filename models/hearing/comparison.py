"""Vendors side by side over recordings with references: what is compared, under which conditions, and who hears best for how much."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from models.call.record import Transcription, Utterance
from models.errors import ErrorCode
from models.hearing.accuracy import Errors, summed

if TYPE_CHECKING:
    from models.sound.recording import RecordingAudio

NARROW_HZ = 8_000
QUIET_DB = 20.0  # between what is loud (speech) and what is always there; a clean line has 40 dB and more
OVERLAP_SHARE = 0.03  # of the time in which anybody speaks


class Condition(StrEnum):
    """What makes a recording hard."""

    NARROW = "8 kHz"
    NOISE = "noise"
    OVERLAP = "overlap"
    CLEAN = "clean"


class ReferenceRecording(BaseModel):
    """A recording of the set with its reference, as ``<name>.wav`` and ``<name>.json`` lie in the folder."""

    model_config = ConfigDict(frozen=True)

    key: str
    etag: str
    seconds: float
    channels: int
    conditions: tuple[Condition, ...]
    reference: tuple[Utterance, ...]

    @property
    def name(self) -> str:
        """Its file's name without the ending."""
        return self.key.rpartition("/")[2].removesuffix(".wav")


class Hearing(BaseModel):
    """What one vendor made of one recording, kept for ever: the same question about the same sound is not paid for again."""

    transcription: Transcription
    seconds: float = Field(0.0, ge=0, description="From the request to the transcript")
    won: float = Field(0.0, ge=0)
    failure: str = Field("", description="Why there is no transcript; such a recording is not asked for again")
    error: ErrorCode = ""

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be done."""
        return self.transcription.done or bool(self.failure)


class Estimate(BaseModel):
    """What a vendor will cost before anybody is asked."""

    model_config = ConfigDict(frozen=True)

    provider: str
    known: int = Field(description="Recordings that it has heard before")
    new: int
    minutes: float
    won: float


class Score(BaseModel):
    """One vendor on one recording."""

    model_config = ConfigDict(frozen=True)

    recording: str
    conditions: tuple[Condition, ...]
    errors: Errors = Errors()
    audio_seconds: float
    seconds: float = 0.0
    won: float = 0.0
    failure: str = ""


class Standing(BaseModel):
    """One vendor over all recordings that every vendor has heard; ``rank`` is by character error rate, then by price."""

    model_config = ConfigDict(frozen=True)

    rank: int
    provider: str
    errors: Errors
    by_condition: dict[Condition, Errors]
    seconds: float = Field(description="Mean seconds from the request to the transcript")
    won_per_minute: float
    recordings: int
    failures: dict[str, str] = Field(description="Recordings without a transcript, with the reason")


class Comparison(BaseModel):
    """The leaderboard, as it is kept in the bucket: figures and reasons, no words."""

    folder: str
    recordings: int
    minutes: float
    compared: int = Field(description="Recordings that every vendor has heard: only on those are rates compared")
    standings: list[Standing]
    scores: dict[str, list[Score]]


def conditions_of(audio: "RecordingAudio", reference: Sequence[Utterance]) -> tuple[Condition, ...]:
    """What makes a recording hard, measured: its rate, how far speech rises above the line's noise, how much is said at once."""
    found = [Condition.NARROW] if audio.sample_rate <= NARROW_HZ else []
    hard = [Condition.NOISE] if _rise_db(audio) < QUIET_DB else []
    hard += [Condition.OVERLAP] if overlap_share(reference) > OVERLAP_SHARE else []
    return (*found, *(hard or [Condition.CLEAN]))


def _rise_db(audio: "RecordingAudio") -> float:
    """How far the loudest twentieth of a recording rises above the quietest tenth, in dB."""
    import numpy as np

    quiet, loud = np.percentile(audio.envelope.power.sum(axis=1), (10, 95))
    return float(10 * np.log10((loud + 1e-12) / (quiet + 1e-12)))


def overlap_share(utterances: Sequence[Utterance]) -> float:
    """The share of the time in which anybody speaks that is spoken by two at once."""
    edges = [(u.start_ms, 1) for u in utterances] + [(u.start_ms + u.duration_ms, -1) for u in utterances]
    speaking = any_ms = both_ms = before = 0
    for at, change in sorted(edges):
        any_ms += at - before if speaking >= 1 else 0
        both_ms += at - before if speaking >= 2 else 0
        speaking, before = speaking + change, at
    return both_ms / any_ms if any_ms else 0.0


def compare(folder: str, recordings: Sequence[ReferenceRecording], scores: dict[str, list[Score]]) -> Comparison:
    """Rank vendors on the recordings that each of them has heard: a vendor that fails on the hard ones does not win by that."""
    heard = [{score.recording for score in of_one if not score.failure} for of_one in scores.values()]
    common = set.intersection(*heard) if heard else set()
    rows = [_standing(provider, of_one, common) for provider, of_one in scores.items()]
    rows.sort(key=lambda row: (row.errors.cer is None, row.errors.cer or 0.0, row.won_per_minute, row.provider))
    return Comparison(
        folder=folder,
        recordings=len(recordings),
        minutes=sum(recording.seconds for recording in recordings) / 60,
        compared=len(common),
        standings=[row.model_copy(update={"rank": rank}) for rank, row in enumerate(rows, start=1)],
        scores=scores,
    )


def _standing(provider: str, scores: Sequence[Score], common: set[str]) -> Standing:
    counted = [score for score in scores if score.recording in common]
    heard = [score for score in scores if not score.failure]
    minutes = sum(score.audio_seconds for score in heard) / 60
    return Standing(
        rank=0,
        provider=provider,
        errors=summed(score.errors for score in counted),
        by_condition={
            condition: summed(score.errors for score in those)
            for condition in Condition
            if (those := [score for score in counted if condition in score.conditions])
        },
        seconds=sum(score.seconds for score in heard) / len(heard) if heard else 0.0,
        won_per_minute=sum(score.won for score in heard) / minutes if minutes else 0.0,
        recordings=len(heard),
        failures={score.recording: score.failure for score in scores if score.failure},
    )
