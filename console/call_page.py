"""One call as its page shows it: everything told in words for people, masked unless it is raw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from console.words import Piece, pieces, shown
from models.answers.told import NotHeld, Suggested
from models.call import besides
from models.call.edited import with_edits
from models.call.editing import Edit, Verdict
from models.call.korea import in_korea
from models.call.listed import ListedCall
from models.call.privacy import mask_utterances, shown_contact
from models.call.record import CallRecord, Deed, Outcome, Rule, Speaker
from models.call.steps import step_label
from reports.call import KINDS, SPEAKERS
from reports.messages import message_of
from reports.told_besides import DOERS

OUTCOMES = {
    Outcome.IN_PROGRESS: "처리 중",
    Outcome.READ_BACK: "완료",
    Outcome.QUARANTINED: "격리됨",
    Outcome.SUPERSEDED: "대체됨",
    Outcome.CANCELLED: "취소됨",
}
VERDICTS = {Verdict.RIGHT: "맞음", Verdict.WRONG: "틀림"}
DEEDS = {
    Deed.RETRIED: "실행 다시 시도",
    Deed.REDRIVEN: "재처리",
    Deed.SUMMARY_CORRECTED: "요약 수정",
    Deed.CORRECTED: "낱말 수정",
    Deed.SUMMARIZED_AGAIN: "요약 다시 만들기",
    Deed.CONFIRMED: "요약이 맞음을 확인",
    Deed.MARKED_WRONG: "요약이 틀렸음을 표시",
    Deed.SPOKEN_AGAIN: "다시 읽기",
}
RULES = {Rule.HEARD: "용어 사전", Rule.NEAR: "비슷한 소리", Rule.ALTERNATIVE: "다른 인식", Rule.MODEL: "언어 모델", Rule.PERSON: "사람"}


@dataclass(frozen=True)
class Line:
    """One utterance. ``mood`` is the caller's emotion where one is sure."""

    number: int
    speaker: str
    customer: bool
    seconds: float
    clock: str
    text: str
    pieces: Sequence[Piece]
    mood: str


@dataclass(frozen=True)
class Change:
    """A stretch of words before and after; one of both is empty where they were only added or taken away."""

    before: str
    after: str
    where: str
    by: str


@dataclass(frozen=True)
class ToDo:
    """What is to be done, by whom, by when, and where it was said."""

    what: str
    who: str
    due: str
    at: float | None


@dataclass(frozen=True)
class Act:
    """A line of the history."""

    at: str
    deed: str
    by: str
    run: str


@dataclass(frozen=True)
class CallPage:
    """Everything that the page tells."""

    record: CallRecord
    row: ListedCall
    began: str
    outcome: str
    kind: str
    told: str
    by_model: str
    diff: Sequence[Change]
    verdict: str
    judged_by: str
    evidence: Sequence[tuple[str, float, str]]
    lines: Sequence[Line]
    changes: Sequence[Change]
    moods: Sequence[besides.Mood]
    curve: str
    flags: Sequence[tuple[str, float | None]]
    to_dos: Sequence[ToDo]
    suggestion: Suggested | NotHeld | None
    steps: Sequence[tuple[str, str]]
    history: Sequence[Act]
    failure: tuple[str, str, str] | None
    contact: str
    pending: int
    seen: int
    raw: bool


def call_page(record: CallRecord, pending: Sequence[Edit], *, raw: bool) -> CallPage:
    """The page of a call; edits that its record does not hold yet are shown as done, and counted."""
    record = with_edits(record, pending)
    review, summary, row = record.review, record.summary, ListedCall.of(record)
    texts = shown(besides.said(record), raw=raw)
    utterances = record.transcription.utterances
    seconds = {at: utterance.start_ms / 1000 for at, utterance in enumerate(utterances)}
    phrases = shown([one.phrase for one in summary.evidence], raw=raw) if summary else []
    placed = list(zip(phrases, (one.utterance for one in summary.evidence), strict=True)) if summary else []
    moods = besides.moods(record)
    felt = {mood.utterance: mood.label for mood in moods}
    told, by_model = ((shown([text], raw=raw)[0]) for text in (record.told, summary.text if summary else ""))
    failure = message_of(record.failure.error, record.failure.case) if record.failure else None
    return CallPage(
        record=record,
        row=row,
        began=in_korea(row.started_at),
        outcome=OUTCOMES[record.outcome],
        kind=KINDS[summary.kind] if summary else "",
        told=told,
        by_model=by_model if review.text else "",
        diff=[Change(before, after, "", review.by) for before, after in differences(by_model, told)] if review.text else [],
        verdict=VERDICTS[review.verdict] if review.verdict else "",
        judged_by=f"{review.by} {in_korea(review.at)}" if review.at else "",
        evidence=[(phrase, seconds[at], clock(seconds[at])) for phrase, at in placed if at in seconds],
        lines=[
            Line(
                number=at,
                speaker=SPEAKERS[utterance.speaker],
                customer=utterance.speaker is Speaker.CUSTOMER,
                seconds=seconds[at],
                clock=clock(seconds[at]),
                text=text,
                pieces=pieces(text, [phrase for phrase, where in placed if where == at]),
                mood=felt.get(at, ""),
            )
            for at, (utterance, text) in enumerate(zip(utterances, texts, strict=True))
        ],
        changes=_changes(record, seconds, raw=raw),
        moods=moods,
        curve=curve(moods),
        flags=[(flag.kind, _second(seconds, flag.utterance)) for flag in besides.flags(record)],
        to_dos=_to_dos(record, seconds, raw=raw),
        suggestion=besides.suggestion(record),
        steps=[(step_label(step), f"{took:.2f}") for step, took in record.step_seconds.items()],
        history=[Act(in_korea(act.at), DEEDS[act.deed], act.by or "알 수 없음", act.flow_run_id) for act in reversed(record.history)],
        failure=(failure.title, failure.reason, failure.remedy.replace("`", "")) if failure else None,
        contact=shown_contact(record.contact_id),
        pending=len(pending),
        seen=review.edits,
        raw=raw,
    )


def _second(seconds: dict[int, float], utterance: int | None) -> float | None:
    return seconds.get(utterance) if utterance is not None else None


def _to_dos(record: CallRecord, seconds: dict[int, float], *, raw: bool) -> list[ToDo]:
    actions = besides.to_dos(record)
    deeds, desks = (shown(texts, raw=raw) for texts in ([one.what for one in actions], [one.desk for one in actions]))
    return [
        ToDo(what, desk or DOERS[one.who], one.due.said if one.due else "", seconds.get(one.utterance))
        for one, what, desk in zip(actions, deeds, desks, strict=True)
    ]


def _changes(record: CallRecord, seconds: dict[int, float], *, raw: bool) -> list[Change]:
    """What was mended by the product, then what people corrected."""
    changes = record.correction.changes
    texts = [text for change in changes for text in (change.before, change.after)]
    masked = texts if raw else [mask_utterances([text])[0] for text in texts]
    pairs = zip(masked[::2], masked[1::2], changes, strict=True)
    return [Change(before, after, clock(seconds.get(one.utterance, 0.0)), one.by or RULES[one.rule]) for before, after, one in pairs]


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """Two sentences as stretches of words that stayed (the same twice), went or came.

    >>> differences("자동차 보험 해지 요청", "자동차 보험 해지 철회 요청")
    [('자동차 보험 해지', '자동차 보험 해지'), ('', '철회'), ('요청', '요청')]
    """
    one, other = before.split(), after.split()
    found = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return [(" ".join(one[a:b]), " ".join(other[c:d])) for _, a, b, c, d in found]


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def curve(moods: Sequence[besides.Mood], width: int = 960, height: int = 80) -> str:
    """The points of the caller's mood as an SVG polyline, good above."""
    step = width / max(1, len(moods) - 1)
    return " ".join(f"{at * step:.0f},{height / 2 * (1 - mood.mood):.0f}" for at, mood in enumerate(moods))


def began(at: datetime) -> str:
    """A row's time."""
    return in_korea(at)
