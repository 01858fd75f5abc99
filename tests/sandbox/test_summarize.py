"""``make summarize``: a call a line in, an answer a line out."""

import json
from pathlib import Path

import pytest

import wiring
from models.summarizer.language_model import Endpoint, save
from sandbox.stand_in import stand_in
from sandbox.summarize import main, read_calls


def test_lines_come_out_in_order_with_kind_confidence_and_evidence(tmp_path: Path) -> None:
    calls = [
        {"id": "a", "utterances": [{"spk": "customer", "msg": "계약 주소를 바꾸고 싶어요"}]},
        {"id": "b", "utterances": [{"spk": "agent", "msg": ""}]},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(call) for call in calls), "utf-8")
    assert main([str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == 0
    first, second = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert list(first) == ["id", "kind", "text", "confidence", "evidence", "model", "version", "emotion", "risk", "actions"]
    assert (first["id"], first["evidence"][-1]["utterance"]) == ("a", 0)
    assert (first["risk"], first["emotion"]["label"], len(first["emotion"]["top5"])) == ([], "", 5)
    assert [felt["utterance"] for felt in first["emotion"]["curve"]] == [0]
    assert "주소" in first["text"]
    assert (second["id"], second["kind"], second["text"]) == ("b", "no_request", "")


@pytest.mark.slow
def test_emotion_and_risk_stand_beside_the_summary(tmp_path: Path) -> None:
    phished = "검찰이라면서 안전 계좌로 돈을 옮기라고 해서 보냈어요"
    said = [("customer", "덕분에 잘 해결됐어요 정말 감사합니다"), ("agent", "네 고객님"), ("customer", phished)]
    call = {"id": "a", "utterances": [{"spk": spk, "msg": msg} for spk, msg in said]}
    (tmp_path / "in.jsonl").write_text(json.dumps(call), "utf-8")
    assert main([str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == 0
    (told,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert told["risk"] == ["voice_phishing"]
    assert told["emotion"]["curve"][0] == {"utterance": 0, "label": "감사하는", "mood": pytest.approx(1, abs=0.2)}
    assert [felt["utterance"] for felt in told["emotion"]["curve"]] == [0, 2]


@pytest.mark.slow
def test_a_language_model_is_asked_as_any_other_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [{"id": 1, "utterances": [{"spk": "customer", "msg": "계약 주소를 바꾸고 싶어요"}]}, {"id": 2, "utterances": []}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(call) for call in calls), "utf-8")
    with stand_in("sandbox.language_model") as (address, _):
        monkeypatch.setenv("READBACK_LANGUAGE_MODEL_URLS", f"{address['url']}/v1")
        monkeypatch.setenv("READBACK_LANGUAGE_MODEL_KEY", address["key"])
        wiring.forget_clients()
        patient = {"timeout_seconds": 60.0, "deadline_seconds": 120.0}  # no verdict by how fast the host is
        save(Endpoint(base_url=f"{address['url']}/v1", model=address["model"], **patient), "지시", tmp_path / "asked")
        assert main([str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), "--model", str(tmp_path / "asked")]) == 0
    wiring.forget_clients()
    first, second = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert (first["model"], first["text"], first["confidence"]) == ("asked", "계약 주소 변경 희망", None)
    assert second["kind"] == "no_request"


def test_what_has_to_be_done_is_told_with_who_by_when_and_where(tmp_path: Path) -> None:
    said = [
        ("agent", "무엇을 도와드릴까요?"),
        ("customer", "가입증명서 좀 받고 싶어서요"),
        ("agent", "네, 확인됐습니다."),
        ("customer", "이메일로 주세요"),
        ("agent", "네, 가입증명서를 내일 오전 열한 시까지 이메일로 보내 드리겠습니다."),
        ("customer", "네 감사합니다"),
    ]
    call = {"id": 1, "at": "2026-11-27T10:20", "utterances": [{"spk": spk, "msg": msg} for spk, msg in said]}
    (tmp_path / "in.jsonl").write_text(json.dumps(call), "utf-8")
    assert main([str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == 0
    assert json.loads((tmp_path / "out.jsonl").read_text("utf-8"))["actions"] == [
        {
            "what": "가입증명서를 이메일로 발송",
            "who": "agent",
            "desk": "",
            "due": "내일 오전 열한 시까지",
            "due_at": "2026-11-28T11:00:00",
            "utterance": 4,
            "also": [],
        }
    ]


@pytest.mark.parametrize("line", ['{"id": 1, "utterances": [{"spk": "nobody", "msg": "x"}]}', "[]", "7"])
def test_a_damaged_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    (tmp_path / "in.jsonl").write_text(f"{line}\n", "utf-8")
    assert main([str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl")]) == 1
    assert "in.jsonl:1 is no call" in capsys.readouterr().err


def test_other_encodings_and_messages_that_are_no_text_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes('{"id": "가", "utterances": []}'.encode("cp949"))
    assert main([str(source), str(target)]) == 1
    assert "is not UTF-8" in capsys.readouterr().err
    source.write_text('{"id": "1", "utterances": [{"spk": "customer", "msg": ["해지"]}]}', encoding="utf-8")
    assert main([str(source), str(target)]) == 1
    assert "msg is list, not text" in capsys.readouterr().err


def test_a_line_separator_inside_a_message_ends_no_line(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "1", "utterances": [{"spk": "customer", "msg": "주소\u2028변경해 주세요"}]}\n', encoding="utf-8")
    assert [call.id for call in read_calls(source)] == ["1"]
