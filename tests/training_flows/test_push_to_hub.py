"""A finished run is published from the flow's form: its files and its card on a hub, or a sentence that says what is missing."""

from typing import Any

import pytest
import requests
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from pydantic import ValidationError
from small_runs import SmallRuns

from models.errors import AccessRefused, ModelRefused
from sandbox.hub import READ_ONLY
from tests.conftest import HUB_TOKEN
from training_flows.push_to_hub import Push, push_to_hub


def form(run: str, **changes: Any) -> Push:
    return Push.model_validate({"run": run, "organization": "acme", "by": "minji"} | changes)


async def test_a_run_is_published_with_its_card_and_its_link_leads_to_both(hub: str, small_runs: SmallRuns) -> None:
    address = await push_to_hub(form(small_runs.upload(15, "hub-run")))
    page = requests.get(address, timeout=10).text
    assert "<h1>acme/hub-run (private)</h1>" in page
    assert all(f">{name}</a>" in page for name in ("README.md", "config.json", "model.safetensors", "tokenizer.json", "vocabulary.json"))
    assert "bart/hub-run, by minji" in page
    assert "| validation loss |" in page  # the card
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["hub-hub-run"])))
    assert [artifact.data for artifact in found] == [f"[{address}]({address})"]


async def test_what_the_hub_refuses_fails_the_run_with_a_sentence(hub: str, small_runs: SmallRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    run = small_runs.upload(15, "hub-run")
    monkeypatch.setenv("HF_TOKEN", HUB_TOKEN + READ_ONLY)
    with pytest.raises(AccessRefused, match="may not write to acme/another"):
        await push_to_hub(form(run, repository="another"))
    monkeypatch.setenv("HF_TOKEN", "hf_of_nobody")
    with pytest.raises(AccessRefused, match="does not know the token in HF_TOKEN"):
        await push_to_hub(form(run, repository="another"))


async def test_a_run_that_is_not_finished_is_not_published_and_a_form_is_checked(hub: str) -> None:
    with pytest.raises(ModelRefused, match="no finished training run 'bart/none'"):
        await push_to_hub(form("bart/none"))
    with pytest.raises(ValidationError, match="영문자나 숫자로 시작하세요"):
        form("bart/none", repository="민지의 모델")
