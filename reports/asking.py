"""What an answered question says in its run: figures, and nothing that anybody said."""

from models.asking.findings import Engine, Findings
from reports.markdown import facts, named, table

ENGINES = {Engine.WORDS: "말해진 낱말로 찾아 묶음 (언어 모델 없음)", Engine.MODEL: "언어 모델"}


def findings_report(findings: Findings) -> str:
    """How many calls were read, how many tell something, and what it cost; the answer itself is in the console."""
    rows = [
        ("답한 방법", ENGINES[findings.engine] + (f" `{named(findings.model)}`" if findings.model else "")),
        ("조건에 맞는 통화", f"{findings.found:,}"),
        ("읽은 통화", f"{findings.read:,}"),
        ("물은 말이 나온 통화", f"{findings.matching:,}"),
        ("그 가운데 답이 될 말이 없는 통화", f"{findings.silent:,}"),
        ("근거가 없어 뺀 문장", f"{findings.unfounded:,}" if findings.engine is Engine.MODEL else ""),
        ("답을 받지 못한 묶음", f"{findings.unread:,}" if findings.unread else ""),
        ("토큰", f"{findings.prompt_tokens:,} + {findings.completion_tokens:,}" if findings.prompt_tokens else ""),
        ("비용", "단가 모름" if findings.won is None else f"{findings.won:,.1f}원"),
        ("질문", f"`{findings.ask_id}`"),
    ]
    groups = [[str(number), f"{len(one.call_ids):,}"] for number, one in enumerate(findings.findings, 1)]
    shown = table(["답", "통화"], groups) if groups else ""
    return "\n\n".join(filter(None, ["# 통화 질문", facts(rows), shown, "답과 근거는 콘솔의 질문 화면에 있습니다."]))
