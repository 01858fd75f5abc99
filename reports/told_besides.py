"""What an artifact tells besides the request: danger first, what has to be done, the emotion as a curve. Korean: staff read it."""

import html
from collections.abc import Callable, Mapping, Sequence

from models.actions.action import Action, Who
from models.call.record import CallRecord, Utterance
from models.signals.labels import DANGER_LABELS
from models.signals.told import CallDanger, CallEmotion, Felt
from reports.embedding import data_uri
from reports.markdown import facts, named, plain

Masking = Callable[[Sequence[str]], Sequence[str]]
_NO_WORDS = "내용은 설정에 따라 표시하지 않습니다"
_NOT_JUDGED = "판정하지 못했습니다: 이 통화가 처리될 때 위험 모델이 없었습니다. 통화를 직접 확인하세요."
DOERS = {Who.AGENT: "상담원", Who.CALLER: "고객", Who.OTHER_DESK: "다른 부서"}
_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 150, 44, 14
_HALO = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
_GOOD, _BAD, _LINE = "#2563eb", "#dc2626", "#64748b"


def danger_section(record: CallRecord, mask: Masking, *, show_words: bool) -> str:
    """What the call shows of danger, with the utterance for each kind; that nobody judged it where nobody did; nothing where none is."""
    if record.summary is None:
        return ""  # the call has not come so far
    danger = record.signals.danger if record.signals else None
    if danger is None:
        return f"> **위험 신호**: {_NOT_JUDGED}"
    if not danger.signs:
        return ""
    said = dict(enumerate(record.said))
    words = mask([said[sign.utterance].text if sign.utterance in said else "" for sign in danger.signs])
    lines = [
        f"- **{DANGER_LABELS[sign.kind]}** ({sign.likelihood:.0%}, {_at(said.get(sign.utterance))}) {plain(spoken) if show_words else ''}"
        for sign, spoken in zip(danger.signs, words, strict=True)
    ]
    todo = "지금 통화를 확인하고, 필요하면 고객에게 바로 연락하세요. 고객에게는 이 판정을 안내하지 않았습니다."
    return "\n".join(["## ⚠ 위험 신호", "", *lines, "", todo])


def emotion_section(record: CallRecord) -> str:
    """The caller's emotion: of the call, at its start and end, where it turns, and its curve."""
    emotion = record.signals.emotion if record.signals else None
    if emotion is None or not emotion.curve:
        return ""
    said = dict(enumerate(record.said))
    likely = ", ".join(f"{one.label} {one.likelihood:.0%}" for one in emotion.top5)
    rows = [
        ("통화 전체", emotion.label or "뚜렷한 감정 없음"),
        ("가능성 높은 다섯", likely),
        ("처음 → 끝", f"{emotion.start} → {emotion.end}" if emotion.start else ""),
        ("바뀐 곳", _at(said.get(emotion.turn)) if emotion.turn is not None else ""),
    ]
    picture = data_uri(curve_svg(emotion, said).encode("utf-8"), "image/svg+xml")
    return f"## 고객의 감정\n\n{facts(rows)}\n\n![감정 곡선]({picture})"


def actions_section(record: CallRecord, mask: Masking, *, show_words: bool) -> str:
    """What has to be done: who, what, by when and where it was said; that nothing is left where nothing is. A list: a table's cell would
    not break a long line."""
    actions = record.signals.actions if record.signals else None
    if actions is None:
        return ""
    said = dict(enumerate(record.said))
    deeds, desks = mask([one.what for one in actions]), mask([one.desk for one in actions])
    lines = [
        f"- **{plain(desk) or DOERS[one.who]}**: {plain(deed) if show_words else _NO_WORDS}{_by_when(one)}"
        f"{_where(said.get(one.utterance))}{_also(one, said)}{' · 언어 모델 제안' if one.proposed_by else ''}"
        for one, deed, desk in zip(actions, deeds, desks, strict=True)
    ]
    return "\n".join(["## 할 일", "", *(lines or ["통화에서 약속하거나 요청한 일이 없습니다."])])


def _by_when(action: Action) -> str:
    due = action.due
    if due is None:
        return ""
    day = "" if due.day is None else f"{due.day:%Y-%m-%d} ({'월화수목금토일'[due.day.weekday()]})"
    hour = "" if due.hour is None else f" {due.hour:%H:%M}"
    resolved = f": {day}{hour}{' 이후' if due.after else ''}" if day else ""
    return f", {plain(due.said)}{resolved}"


def _where(utterance: Utterance | None) -> str:
    return f" · {_at(utterance)}" if utterance else ""


def _also(action: Action, said: Mapping[int, Utterance]) -> str:
    """Where the words were said that the utterance itself does not say."""
    seconds = [_at(said.get(number)) for number in action.also]
    return f" (내용: {', '.join(filter(None, seconds))})" if any(seconds) else ""


def judged_by(emotion: CallEmotion | None, danger: CallDanger | None) -> str:
    """The versions that judged, for the table of what the call is."""
    told = [("감정", emotion.version if emotion else ""), ("위험", danger.version if danger else "")]
    return ", ".join(f"{name} {named(version)}" for name, version in told if version)


def _at(utterance: Utterance | None) -> str:
    return "" if utterance is None else f"{utterance.start_ms // 60_000}:{utterance.start_ms // 1000 % 60:02d}"


def curve_svg(emotion: CallEmotion, said: Mapping[int, Utterance]) -> str:
    """The mood of each utterance over the call's time, good above and bad below; sure emotions are named, the turn is marked."""
    last = max((utterance.start_ms + utterance.duration_ms for utterance in said.values()), default=0)
    places = [_place(felt, said, last, index, len(emotion.curve)) for index, felt in enumerate(emotion.curve)]
    middle = _TOP + _HEIGHT // 2
    total = _TOP + _HEIGHT + 24
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {total}" font-family="sans-serif" font-size="12">']
    parts.append(f'<rect width="{_WIDTH}" height="{total}" rx="6" fill="#fff"/>')  # the UI may be dark
    for level, label, colour in ((_TOP, "좋음", _GOOD), (middle, "보통", _LINE), (_TOP + _HEIGHT, "나쁨", _BAD)):
        parts.append(f'<path d="M{_LEFT} {level}H{_WIDTH - 8}" stroke="#e2e8f0"/>')
        parts.append(f'<text x="4" y="{level + 4}" fill="{colour}">{label}</text>')
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in places)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>')
    named_at = -100.0
    for (x, y), felt in zip(places, emotion.curve, strict=True):
        colour = _LINE if not felt.label else _GOOD if felt.mood > 0 else _BAD
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{5 if felt.label else 3}" fill="{colour}"/>')
        if felt.utterance == emotion.turn:
            parts.append(f'<path d="M{x:.0f} {_TOP}V{_TOP + _HEIGHT}" stroke="#d97706" stroke-dasharray="4 3"/>')
        if felt.label and x - named_at >= 64:  # names that would lie over one another are left out: the conversation has them all
            named_at, above = x, y > _TOP + 16
            anchor = "end" if x > _WIDTH - 70 else "middle" if x > _LEFT + 30 else "start"
            parts.append(
                f'<text x="{x:.0f}" y="{y - 9 if above else y + 18:.0f}" text-anchor="{anchor}" {_HALO}>{html.escape(felt.label)}</text>'
            )
    for share in (0.0, 0.5, 1.0):
        seconds, place = int(last * share) // 1000, _LEFT + share * (_WIDTH - _LEFT - 16)
        anchor = "end" if share == 1.0 else "start" if share == 0.0 else "middle"
        parts.append(
            f'<text x="{place:.0f}" y="{total - 4}" text-anchor="{anchor}" fill="#64748b">{seconds // 60}:{seconds % 60:02d}</text>'
        )
    return "".join([*parts, "</svg>"])


def _place(felt: Felt, said: Mapping[int, Utterance], last: int, index: int, count: int) -> tuple[float, float]:
    """Where an utterance stands: by its time, or in order where no times are known."""
    utterance = said.get(felt.utterance)
    share = utterance.start_ms / last if utterance is not None and last else index / max(1, count - 1)
    return _LEFT + share * (_WIDTH - _LEFT - 16), _TOP + _HEIGHT / 2 * (1 - felt.mood)
