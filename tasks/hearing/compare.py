"""A comparison's plan, its cost before anybody is paid, and its leaderboard."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import wiring
from models.call.korea import day_in_korea
from models.errors import ConfigurationError
from models.hearing.accuracy import Errors, Stretch, alignment, judge, worst_stretches
from models.hearing.comparison import Comparison, Estimate, Hearing, ReferenceRecording, Score, compare
from models.keys import HearingKeys
from reports.hearing import Example, comparison_report, estimate_report
from stores.hearings import Hearings, question_of
from tasks.in_thread import task_in_thread
from tasks.markdown import shown
from wiring import speech_price

WORST_RECORDINGS, WORST_PLACES = 3, 4


@task_in_thread("plan-comparison")
def plan_comparison(folder: str, most: int) -> str:
    """Read the set and keep its plan; returns the plan's key."""
    prefix = wiring.settings().recordings_prefix
    if folder.strip("/").startswith(prefix.strip("/")):
        raise ConfigurationError(
            f"{folder} is where calls are recorded", remedy=f"Copy what callers agreed to be used for this to {HearingKeys.SETS}<name>/"
        )
    hearings = Hearings(wiring.object_store())
    return hearings.save_plan(hearings.read_set(folder, most))


@task_in_thread("estimate-comparison")
def estimate_comparison(plan_key: str, providers: Sequence[str], prices: Mapping[str, float], pay_again: bool) -> list[Estimate]:
    """What each vendor will cost; what it has heard before costs nothing."""
    hearings = Hearings(wiring.object_store())
    return [estimate(hearings, hearings.plan(plan_key), provider, prices.get(provider), pay_again) for provider in providers]


def estimate(
    hearings: Hearings, recordings: Sequence[ReferenceRecording], provider: str, won_per_minute: float | None, pay_again: bool
) -> Estimate:
    """One vendor's part of the bill. A request whose answer is lost may have been paid already and counts as new where it is sent again."""
    vendor = wiring.speech_to_text(provider)
    question = question_of(vendor.asks)
    kept = [hearings.find(recording, provider, question) for recording in recordings]
    unheard = [
        recording
        for recording, known in zip(recordings, kept, strict=True)
        if known is None or not (known.hearing.ended or known.hearing.transcription.job_id) or (pay_again and known.hearing.failure)
    ]
    return Estimate(
        provider=provider,
        known=len(recordings) - len(unheard),
        new=len(unheard),
        minutes=sum(recording.seconds for recording in unheard) / 60,
        won=sum(_hearing(provider, recording, won_per_minute) for recording in unheard),
    )


def estimate_markdown(folder: str, estimates: Sequence[Estimate], limit_won: float) -> str:
    """The estimate's artifact."""
    return estimate_report(folder, estimates, limit_won, {one.provider: speech_price(one.provider) for one in estimates})


@task_in_thread("judge-comparison")
def judge_comparison(
    name: str, folder: str, plan_key: str, questions: Mapping[str, str], reasons: Mapping[str, str], prices: Mapping[str, float]
) -> tuple[Comparison, str]:
    """Judge what was heard, keep the leaderboard, and write its page; ``reasons`` says of a vendor why its run did not end well."""
    hearings = Hearings(wiring.object_store())
    recordings = hearings.plan(plan_key)
    terms = wiring.speech_terms()
    heard = {
        provider: [_kept(hearings, recording, provider, question) for recording in recordings] for provider, question in questions.items()
    }
    scores = {
        provider: [
            score(recording, hearing, terms, reasons.get(provider, ""), _price(provider, recording, hearing, prices))
            for recording, hearing in zip(recordings, of_one, strict=True)
        ]
        for provider, of_one in heard.items()
    }
    comparison = compare(folder, recordings, scores)
    hearings.save_comparison(name, comparison)
    examples = {provider: worst_examples(recordings, of_one, scores[provider]) for provider, of_one in heard.items()}
    return comparison, comparison_report(comparison, examples, shown)


def _kept(hearings: Hearings, recording: ReferenceRecording, provider: str, question: str) -> Hearing | None:
    kept = hearings.find(recording, provider, question)
    return kept.hearing if kept else None


def _hearing(provider: str, recording: ReferenceRecording, won_per_minute: float | None) -> float:
    day = day_in_korea(datetime.now(UTC))
    return wiring.prices().hearing(provider, recording.seconds, recording.channels, day, won_per_minute=won_per_minute)


def _price(provider: str, recording: ReferenceRecording, hearing: Hearing | None, prices: Mapping[str, float]) -> float:
    if provider in prices:
        return _hearing(provider, recording, prices[provider])
    return hearing.won if hearing else 0.0


def score(recording: ReferenceRecording, hearing: Hearing | None, terms: Sequence[str], reason: str, won: float) -> Score:
    """One vendor on one recording."""
    done = hearing is not None and hearing.transcription.done
    failure = "" if done else (hearing.failure if hearing else "") or reason or "not heard"
    return Score(
        recording=recording.name,
        conditions=recording.conditions,
        errors=judge(recording.reference, hearing.transcription.utterances, terms) if hearing is not None and done else Errors(),
        audio_seconds=recording.seconds,
        seconds=hearing.seconds if hearing else 0.0,
        won=won if done else 0.0,
        failure=failure,
    )


def worst_examples(recordings: Sequence[ReferenceRecording], heard: Sequence[Hearing | None], scores: Sequence[Score]) -> list[Example]:
    """The places where a vendor heard worst, in its worst recordings."""
    rows = [row for row in zip(recordings, heard, scores, strict=True) if row[2].errors.cer]
    rows.sort(key=lambda row: -(row[2].errors.cer or 0.0))
    return [
        Example(recording.name, judged.errors.cer or 0.0, _worst(recording, hearing))
        for recording, hearing, judged in rows[:WORST_RECORDINGS]
        if hearing is not None
    ]


def _worst(recording: ReferenceRecording, hearing: Hearing) -> list[Stretch]:
    return worst_stretches(alignment(recording.reference, hearing.transcription.utterances), WORST_PLACES)
