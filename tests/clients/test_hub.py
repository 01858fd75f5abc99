"""Publishing to the hub against a server that speaks its protocol: create the repository, ask how files are sent, commit."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from clients.hub import upload_model
from models.errors import AccessRefused, VendorUnavailable
from models.training.config import FinetuneConfig, FinetuneResult, HistoryRow, SampleRow
from models.training.outputs import RunSummary
from reports.model_card import model_card


class Hub:
    """What was asked of the stand-in, and what it holds; ``status`` is answered in place of everything."""

    def __init__(self) -> None:
        self.repositories: dict[str, bool] = {}
        self.files: dict[str, bytes] = {}
        self.messages: list[str] = []
        self.tokens: set[str] = set()
        self.status = 200
        self.address = ""

    def answer(self, path: str, body: bytes) -> dict[str, Any]:
        if path == "/api/repos/create":
            asked = json.loads(body)
            self.repositories[f"{asked['organization']}/{asked['name']}"] = asked["visibility"] == "private"
            return {"url": f"{self.address}/{asked['organization']}/{asked['name']}"}
        if path.endswith("/preupload/main"):
            return {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in json.loads(body)["files"]]}
        if path.endswith("/commit/main"):
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "header":
                    self.messages.append(line["value"]["summary"])
                else:
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            return {"success": True, "commitUrl": f"{self.address}/acme/minji-1/commit/1", "commitOid": "1"}
        return {"errors": [], "warnings": []}  # of a README's front matter


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    import huggingface_hub.constants

    held = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            held.tokens.add(self.headers.get("Authorization", ""))
            said = json.dumps(held.answer(self.path, body) if held.status == 200 else {"error": "no"}).encode()
            self.send_response(held.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *arguments: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    held.address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", held.address)
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"model_type": "bart"}')
    (tmp_path / "README.md").write_text("# card")
    return tmp_path


def test_a_folder_becomes_a_private_repository(hub: Hub, folder: Path) -> None:
    address = upload_model(folder, "acme/minji-1", private=True, message="bart/minji-1, by minji")
    assert address == f"{hub.address}/acme/minji-1/commit/1"
    assert hub.repositories == {"acme/minji-1": True}
    assert hub.files == {"config.json": b'{"model_type": "bart"}', "README.md": b"# card"}
    assert hub.messages == ["bart/minji-1, by minji"]
    assert "Bearer hf_of_the_test" in hub.tokens


def test_a_token_that_may_not_write_is_told_with_its_remedy(hub: Hub, folder: Path) -> None:
    hub.status = 403
    with pytest.raises(AccessRefused, match="does not let us write to acme/minji-1"):
        upload_model(folder, "acme/minji-1", private=True, message="m")


def test_a_hub_that_is_away_is_asked_again_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_test")
    with pytest.raises(VendorUnavailable, match="The hub cannot be reached"):
        upload_model(folder, "acme/minji-1", private=True, message="m")


def test_a_card_tells_the_bases_score_and_no_row_of_the_data() -> None:
    asked = "제 계약 번호는 1234입니다"
    rows = [HistoryRow(step=0, validation_loss=2.0, samples=[asked]), HistoryRow(step=4, validation_loss=1.5, samples=[asked])]
    result = FinetuneResult(
        family="bart",
        method="lora",
        base="hyunwoongko/kobart",
        model_dir=Path("model"),
        merged_dir=Path("merged"),
        criterion="lowest validation loss",
        best_step=4,
        best=rows[1],
        steps=4,
        history=rows,
        precision="fp32",
        device="cpu",
        parameters=1,
        trained_parameters=1,
        train_rows=86,
        validation_rows=9,
        truncated_rows=0,
        seconds=1.0,
        samples_per_second=1.0,
        sample_rows=[SampleRow(input=asked, reference="요청")],
    )
    card = model_card(RunSummary(run="minji-1", prefix="models/bart/minji-1/", config=FinetuneConfig(), result=result))
    assert card.startswith("---\nlanguage: ko\nlibrary_name: transformers\nbase_model: hyunwoongko/kobart\n")
    assert "| validation loss | 2.0000 | 1.5000 |" in card
    assert "| `lora_rank` | `8` |" in card
    assert asked not in card
