"""What staff read of the model in service: every move of it, and why a promotion or a rollback was refused."""

from collections.abc import Callable, Sequence

from models.errors import ModelRefused
from models.lifecycle.bars import Reading
from models.lifecycle.gate import GateRefused
from models.lifecycle.versions import Move
from reports.markdown import named, table
from reports.messages import message_of

Shown = Callable[[str], str]
KINDS = {"promotion": "승격", "rollback": "되돌림"}
UNCHANGED = "이미 사용 중인 모델이라 바꾼 것이 없습니다."


def history_report(champion: str, moves: Sequence[Move], shown: Shown, note: str = "") -> str:
    """Who moved the champion, when, from what to what and why, newest first; ``note`` says what this run did where it moved nothing."""
    rows = [
        (str(m.revision), f"{m.at:%Y-%m-%d %H:%M:%S}", KINDS[m.kind], f"`{m.source}` → `{m.target}`", shown(m.by), shown(m.reason))
        for m in reversed(moves)
    ]
    told = table(("#", "시각 (UTC)", "종류", "모델", "누가", "까닭"), rows) if rows else "아직 모델을 바꾼 적이 없습니다."
    return "\n\n".join(filter(None, [f"# 사용 중인 모델: `{champion}`", note, told])) + "\n"


def refusal_report(wanted: str, champion: str, refused: ModelRefused) -> str:
    """Why nothing was moved: what is wrong and what to do, and for a candidate that did not pass the gate every bar."""
    told = message_of(refused.code, refused.case)
    head = f"# 거절: {named(wanted)}\n\n**{told.title}**: {told.reason} 사용 중인 모델은 그대로 `{champion}`입니다."
    if not isinstance(refused, GateRefused):
        return f"{head}\n\n- **조치**: {told.remedy}\n- **영문 설명**: {named(str(refused))}\n"
    readings = refused.result.readings
    rows = [(one.heading, reading_value(one), reading_limit(one), "통과" if one.passed else "**거절**") for one in readings]
    remedies = [f"- **{one.heading}** {reading_value(one)} (기준 {reading_limit(one)}): {one.remedy}" for one in readings if not one.passed]
    bars = table(("기준", "값", "한도", "판정"), rows)
    return "\n\n".join([head, "## 조치", "\n".join(remedies), "## 모든 기준", bars]) + "\n"


def reading_value(reading: Reading) -> str:
    """What was measured."""
    return "재지 못함" if reading.value is None else _figure(reading.value, reading.share)


def reading_limit(reading: Reading) -> str:
    """What a model must keep."""
    return f"{_figure(reading.limit, reading.share)} {'이상' if reading.at_least else '이하'}"


def _figure(value: float, share: bool) -> str:
    return f"{100 * value:.1f} %" if share else f"{value:.4g}"
