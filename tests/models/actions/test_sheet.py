"""The sheet from which judges read what is told of unseen calls."""

import json
from pathlib import Path

import pytest

from benchmarks.actions import main

CALL = """# summary: 납입증명서 발급 요청
# actions: 상담원 | 비밀 | - | 3
A: 무엇을 도와드릴까요?
C: 작년 보험료 납입증명서를 메일로 받을 수 있을까요?
A: 네, 십 분 안에 메일로 보내 드리겠습니다.
C: 네, 감사합니다.
"""


@pytest.mark.slow
def test_a_sheet_holds_each_call_and_its_lines_and_nothing_of_what_the_writer_names(tmp_path: Path) -> None:
    folder = tmp_path / "writers"
    folder.mkdir()
    (folder / "one.calls.txt").write_text(CALL, "utf-8")
    said = [{"spk": "agent", "msg": "더 필요하신 건요?"}, {"spk": "customer", "msg": "없어요, 그냥 궁금해서 전화했어요"}]
    (folder / "two.jsonl").write_text(json.dumps({"id": "two-c001", "utterances": said}) + "\n", "utf-8")
    main(["--folder", str(folder), "--sheet", str(tmp_path / "sheet.txt")])
    told = (tmp_path / "sheet.txt").read_text("utf-8")
    first, second = told.split("=== ")[1:]
    assert first.startswith("one.calls:1\n")
    assert "\n1. 상담원 | 작년 보험료 납입증명서를 메일로 발송 | 십 분 안에 | 2번 말\n" in first
    assert "비밀" not in told
    assert second.startswith("two-c001\n")
    assert "--- 할 일 없음" in second
