"""What an index of documents holds, and what was set aside and why. Korean: staff read it."""

from typing import Final

from models.answers.phrasings import ENOUGH
from models.answers.told import NotHeld, Suggested
from models.answers.version import IndexVersion, SetAside
from models.call.korea import in_korea
from models.call.record import CallRecord
from reports.markdown import facts, named, plain, table

# By DocumentRefused's case.
REASONS: Final = {
    "format": "읽을 수 있는 형식이 아닙니다. Markdown, HTML, PDF, 질문·답변 CSV로 올리세요.",
    "empty": "글자가 없습니다. 스캔한 문서라면 OCR로 글자를 넣어 다시 올리세요.",
    "large": "파일이 너무 큽니다. 나누어 올리세요.",
    "foreign": "한국어 문서가 아닙니다. 한국어판을 올리세요.",
    "locked": "비밀번호로 잠겨 있습니다. 잠금을 풀어 올리세요.",
    "damaged": "파일이 손상되었습니다. 다시 만들어 올리세요.",
    "table": "질문·답변 표의 열이 맞지 않습니다. id, 질문_1, 질문_2, category, 답변_1 … 답변_5로 맞추세요.",
    "phrasings": "질문 표현 표를 읽을 수 없습니다. 첫 줄에 열 문서, 구절, 질문을 적고, 쉼표로 나누고, 따옴표를 모두 닫으세요.",
    "phrasing_incomplete": "빈 칸이 있습니다. 문서, 구절, 질문을 모두 적으세요.",
    "phrasing_wordless": "질문에 글자가 없습니다. 고객이 하는 말을 적으세요.",
    "phrasing_cells": "칸이 열보다 많습니다. 쉼표가 든 칸은 따옴표로 묶으세요.",
    "phrasing_lines": "칸 안에 줄바꿈이 있습니다. 줄을 바꾸지 말고, 연 따옴표는 그 칸에서 닫으세요.",
    "phrasing_document": "적힌 문서가 색인에 없습니다. 아래 표의 파일 이름으로 적으세요.",
    "phrasing_passage": "적힌 구절이 그 문서에 (더는) 없습니다. 지금 문서에 있는 그대로 옮겨 적으세요.",
    "phrasing_several": "적힌 구절이 여러 문단에 있습니다. 한 문단에만 있는 말로 더 길게 적으세요.",
}
MOST_SET_ASIDE: Final = 100  # that are named: a document that was renamed sets hundreds of rows aside
_WITH_ENOUGH: Final = f"질문 표현이 {ENOUGH}개 이상인 문단"  # fewer do not count
NOT_FOUND: Final = "문서에서 찾지 못했습니다."


def documents_report(made: IndexVersion) -> str:
    """A version of the index."""
    counts = facts(
        [
            ("문서", f"{len(made.documents):,}건"),
            ("문단", f"{made.chunks:,}개"),
            (_WITH_ENOUGH, f"{made.asked:,}개"),
            ("제외", f"{len(made.set_aside):,}건" if made.set_aside else ""),
            ("폴더", f"`{made.prefix}`"),
            ("만든 사람", f"{plain(made.by)}, {in_korea(made.at)} (한국 시간)"),
        ]
    )
    parts = [f"# 문서 색인 {made.version}판", counts]
    if made.set_aside:
        parts += ["## 제외한 문서와 질문 표현", _set_aside(made)]
    rows = [(named(one.title), one.version, named(one.name), f"{one.chunks:,}", f"{one.asked:,}") for one in made.documents]
    parts += ["## 색인한 문서", table(("제목", "판", "파일", "문단", _WITH_ENOUGH), rows)]
    parts.append(
        "새 판은 실행 중인 프로세스가 몇 초 안에 이어받습니다. 이전 판으로 돌아가려면 `index-documents`를 `restore_version`으로 실행하세요."
    )
    return "\n\n".join(parts)


def _set_aside(made: IndexVersion) -> str:
    """Whole documents before rows, which may be hundreds."""
    named_ones = sorted(made.set_aside, key=lambda one: one.is_row)[:MOST_SET_ASIDE]
    lines = [f"- **{named(one.name)}**{_about(one)}: {REASONS.get(one.case, named(one.said))}" for one in named_ones]
    more = len(made.set_aside) - len(lines)
    return "\n".join([*lines, *([f"- 그 밖에 {more:,}건"] if more else [])])


def _about(one: SetAside) -> str:
    return f" ({named(one.about)})" if one.about else ""


def suggestion_section(record: CallRecord) -> str:
    """The answer from the documents to the call's request, with its place; nothing where none was looked for."""
    told = record.signals.suggestion if record.signals else None
    if told is None:
        return ""
    lines = [NOT_FOUND] if isinstance(told, NotHeld) else _quoted(told)
    if isinstance(told, NotHeld) and told.nearest:
        lines += ["", f"가장 가까운 곳: {named(told.nearest[0].shown)}"]
    return "\n".join(["## 추천 답변", "", *lines])


def _quoted(told: Suggested) -> list[str]:
    return [*(f"> {named(line)}" for line in told.lines), "", f"출처: {named(told.place.shown)}"]
