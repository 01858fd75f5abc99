"""One call as its page shows it: everything told in words for people, masked unless it is raw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from console.hints import hints
from console.words import Piece, pieces, shown
from models.answers.told import NotHeld, Suggested
from models.call import besides
from models.call.edited import with_edits
from models.call.editing import Edit, Verdict
from models.call.korea import in_korea
from models.call.ledger import Spent, spent, won_of
from models.call.listed import Grade, ListedCall
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
GRADES = {
    Grade.SURE: "확신 높음",
    Grade.FAIR: "확신 보통",
    Grade.UNSURE: "확신 낮음",
    Grade.OWN_WORDS: "고객의 말",
    Grade.UNKNOWN: "확신 모름",
}
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
RULES = {
    Rule.HEARD: "용어 사전",
    Rule.NEAR: "비슷한 소리",
    Rule.ALTERNATIVE: "다른 인식",
    Rule.WORD: "없는 말",
    Rule.MODEL: "언어 모델",
    Rule.PERSON: "사람",
}


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
    """A line of the history. ``what`` is what was written, empty where nothing was."""

    at: str
    deed: str
    by: str
    run: str
    what: str = ""


@dataclass(frozen=True)
class Cost:
    """What one vendor was paid for one thing; ``won`` is empty where no price is known, ``note`` tells what was paid again or in vain."""

    provider: str
    unit: str
    amount: str
    won: str
    note: str


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
    step_seconds: str
    costs: Sequence[Cost]
    won: str
    stale: bool
    history: Sequence[Act]
    failure: tuple[str, str, str] | None
    contact: str
    pending: int
    seen: int
    raw: bool

    @property
    def hinted(self) -> bool:
        """Whether a line seems to hold a name or an address."""
        return any(piece.hint for line in self.lines for piece in line.pieces)


def call_page(record: CallRecord, edits: Sequence[Edit], *, raw: bool) -> CallPage:
    """The page of a call; those of its ``edits`` that its record does not hold yet are shown as done, and counted."""
    pending = [edit for edit in edits if edit.number > record.review.edits]
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
                pieces=pieces(text, [phrase for phrase, where in placed if where == at], hints(text)),
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
        step_seconds=f"{sum(record.step_seconds.values()):.2f}",
        costs=[_cost(one) for one in spent(record.ledger)],
        won=_won(won_of(record.ledger)),
        stale=bool(summary and summary.stale),
        history=history(record, edits, raw=raw),
        failure=(failure.title, failure.reason, failure.remedy.replace("`", "")) if failure else None,
        contact=shown_contact(record.contact_id),
        pending=len(pending),
        seen=review.edits,
        raw=raw,
    )


def history(record: CallRecord, edits: Sequence[Edit], *, raw: bool) -> list[Act]:
    """Who did what to the call, the latest first: what the product did, what the caller answered, what people did and wrote."""
    wrote = {(edit.by, edit.at): edit for edit in edits}
    acts = [(act.at, DEEDS[act.deed], act.by or "알 수 없음", act.flow_run_id, wrote.get((act.by, act.at))) for act in record.history]
    acts.append((record.created_at, "처리 시작", "시스템", "", None))
    if record.ended_at:
        acts.append((record.ended_at, f"처리 끝: {OUTCOMES[record.outcome]}", "시스템", record.owner, None))
    if record.answer:
        acts.append((record.answer.at, "맞음(1)" if record.answer.answer.value == "1" else "아님(2)", "고객", "", None))
    latest = sorted(acts, key=lambda act: act[0], reverse=True)
    written = shown([_written(edit) for *_, edit in latest], raw=raw)
    return [Act(in_korea(at), deed, by, run, what) for (at, deed, by, run, _), what in zip(latest, written, strict=True)]


def _written(edit: Edit | None) -> str:
    if edit is None:
        return ""
    return f"{edit.word.before} → {edit.word.after or '(없음)'}" if edit.word else edit.text


def _cost(one: Spent) -> Cost:
    notes = [f"다시 냄 {_won(one.repeated_won)}"] if one.repeated_won else []
    notes += [f"답 없이 청구될 수 있음 {_won(one.lost_won)}"] if one.lost_won else []
    notes += [f"단가를 모름 {one.unpriced}건"] if one.unpriced else []
    priced = one.won or not one.unpriced
    return Cost(one.provider, one.unit.label, f"{one.amount:,.10g}", _won(one.won) if priced else "", ", ".join(notes))


def _won(won: float) -> str:
    """Won as people read them; a call costs single ones.

    >>> _won(12.344), _won(1234.6)
    ('12.3원', '1,235원')
    """
    return f"{won:,.0f}원" if won >= 100 else f"{won:.1f}원"


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
