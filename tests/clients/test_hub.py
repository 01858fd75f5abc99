"""Publishing to the hub: its own client against the stand-in, weights through the hub's storage; every refusal is a sentence."""

import random
from pathlib import Path
from typing import Any

import pytest
import requests

from clients.hub import upload_model
from models.errors import AccessRefused, ConfigurationError, VendorUnavailable
from models.training.config import FinetuneConfig, HistoryRow, SampleRow
from reports.model_card import model_card
from sandbox.hub import READ_ONLY, faults_of_card
from tests.conftest import HUB_TOKEN
from tests.finetuned import a_run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model with 300 kB of weights: numbers that compress by their place in four bytes, and some that do not."""
    weights = b"".join(bytes((i % 7, 3, i // 256 % 256, 63)) for i in range(50_000)) + random.Random(7).randbytes(100_003)
    files = {"config.json": b'{"model_type": "bart"}', "README.md": b"---\nlanguage: ko\n---\n# card", "model.safetensors": weights}
    folder = tmp_path / "model"
    folder.mkdir()
    for name, body in files.items():
        (folder / name).write_bytes(body)
    return folder


def books(hub: str) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(f"{hub}/sandbox/counters", timeout=10).json()
    return told


@pytest.mark.slow
def test_a_folder_becomes_a_private_repository_that_can_be_fetched(hub: str, folder: Path) -> None:
    stored = books(hub)["asked"].get("xorb", 0)
    address = upload_model(folder, "acme/minji-1", private=True, message="bart/minji-1, by minji")
    assert address.startswith(f"{hub}/acme/minji-1/commit/")
    assert "acme/minji-1" in books(hub)["private"]
    assert books(hub)["asked"]["xorb"] == stored + 1  # the weights went through the storage
    for file in folder.iterdir():
        place = f"{hub}/acme/minji-1/resolve/main/{file.name}"
        assert requests.get(place, timeout=10).status_code == 401
        assert requests.get(place, headers={"Authorization": f"Bearer {HUB_TOKEN}"}, timeout=10).content == file.read_bytes()
    assert upload_model(folder, "acme/minji-1", private=True, message="again") == address
    assert books(hub)["commits"]["acme/minji-1"] == ["bart/minji-1, by minji"]


def test_a_run_without_a_token_is_told_to_set_one(hub: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(AccessRefused, match=r"no token to write to acme/minji-2 with\. Set HF_TOKEN"):
        upload_model(folder, "acme/minji-2", private=True, message="m")


@pytest.mark.parametrize(
    ("token", "repository", "said"),
    [
        ("hf_of_nobody", "acme/minji-2", r"does not know the token in HF_TOKEN \(Hugging Face, HTTP 401\). Make one"),
        (HUB_TOKEN + READ_ONLY, "acme/minji-2", r"may not write to acme/minji-2 \(Hugging Face, HTTP 403\). Give it the right"),
        (HUB_TOKEN, "others/minji-2", "may not write to others/minji-2 .*name an account or organization that it belongs to"),
    ],
)
def test_who_may_not_write_is_told_why_and_nothing_is_made(
    hub: str, folder: Path, monkeypatch: pytest.MonkeyPatch, token: str, repository: str, said: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(AccessRefused, match=said):
        upload_model(folder, repository, private=True, message="m")
    assert repository not in books(hub)["repositories"]


def test_a_name_that_the_hub_does_not_take_is_told(hub: str, folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'acme/minji--1' is no name for the hub: .*Choose another repository name"):
        upload_model(folder, "acme/minji--1", private=True, message="m")


def test_a_card_that_the_hub_does_not_take_is_told_before_anything_is_sent(hub: str, folder: Path) -> None:
    (folder / "README.md").write_text("---\nbase_model: downloads/team/kobart\n---\n# card")
    with pytest.raises(ConfigurationError, match=r'does not take the card: .*\n.*"downloads/team/kobart" is not valid'):
        upload_model(folder, "acme/minji-3", private=True, message="m")
    assert books(hub)["repositories"]["acme/minji-3"] == {}


@pytest.mark.parametrize(
    ("fault", "said"), [("503", "The hub answered 503"), ("storage_401", "cannot be reached"), ("reset_before", "cannot be reached")]
)
def test_a_hub_in_trouble_is_asked_again_later(hub: str, folder: Path, fault: str, said: str) -> None:
    requests.post(f"{hub}/sandbox/faults", json={"rate": 1, "kinds": [fault]}, timeout=10).raise_for_status()
    with pytest.raises(VendorUnavailable, match=said):
        upload_model(folder, "acme/minji-4", private=True, message="m")


def test_a_hub_that_is_away_is_named_with_its_address(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN)
    with pytest.raises(VendorUnavailable, match=r"The hub at http://127\.0\.0\.1:9 cannot be reached: ConnectError\. .*HF_ENDPOINT"):
        upload_model(folder, "acme/minji-1", private=True, message="m")


def test_a_card_tells_the_bases_score_and_no_row_of_the_data() -> None:
    asked = "제 계약 번호는 1234입니다"
    rows = [HistoryRow(step=0, validation_loss=2.0, samples=[asked]), HistoryRow(step=4, validation_loss=1.5, samples=[asked])]
    samples = [SampleRow(input=asked, reference="요청")]
    summary = a_run(rows, result={"base": "hyunwoongko/kobart", "method": "lora", "merged_dir": Path("merged"), "sample_rows": samples})
    card = model_card(summary)
    assert card.startswith("---\nlanguage: ko\nlibrary_name: transformers\nbase_model: hyunwoongko/kobart\n")
    assert "| validation loss | 2.0000 | 1.5000 |" in card
    assert "| `lora_rank` | `8` |" in card
    assert asked not in card
    assert faults_of_card(card) == []
    at_home = summary.model_copy(update={"config": FinetuneConfig(base="downloads/team/kobart")})
    assert "base_model: " not in model_card(at_home)
