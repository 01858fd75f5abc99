"""The gate, the smoke test and the moves, on a real Prefect server and moto's S3."""

from pathlib import Path

import pytest
from small_runs import SmallRuns

import wiring
from models.errors import ModelRefused
from models.lifecycle.smoke import smoke_test
from models.lifecycle.versions import SHIPPED
from models.lines import SUMMARIZER
from stores.registry import Registry
from tasks.selection.candidates import candidates_of
from training_flows.promote import promote
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings

HERE = ScoringSettings(encoders="shipped", run_in_process=True)


@pytest.fixture
def registry(bucket: str, small_runs: SmallRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("READBACK_MODEL_DIR", str(small_runs.by_steps[15].out / "model"))
    monkeypatch.setenv("READBACK_MODEL_CACHE", str(tmp_path / "models"))
    wiring.forget_clients()
    return Registry(wiring.object_store(), SUMMARIZER)


async def test_a_good_run_goes_into_service_and_comes_out_again(registry: Registry, small_runs: SmallRuns) -> None:
    good = small_runs.upload(100, "good")
    aliases = await promote(good, by="minji", reason="best of the vote", margin=0.2, scoring=HERE)
    version = registry.version(aliases.champion)
    assert (version.family, version.run, version.created_by) == ("bart", "good", "minji")
    assert "ctranslate2/model.bin" in version.files
    assert 0 < version.metrics["score"] < 1.001
    again = await promote(good, by="minji", reason="best of the vote", margin=0.2, scoring=HERE)
    assert again == aliases
    assert (await rollback(by="jun", reason="wrong products")).champion == SHIPPED
    assert [move.kind for move in registry.history()] == ["promotion", "rollback"]


async def test_a_worse_run_does_not_pass_the_gate(registry: Registry, small_runs: SmallRuns) -> None:
    good, weak = small_runs.upload(100, "good"), small_runs.upload(20, "weak")
    await promote(good, by="minji", reason="best of the vote", margin=0.2, scoring=HERE)
    champion = registry.champion()
    with pytest.raises(ModelRefused, match=r"bart/weak does not pass the gate: .* may be worse by more than the margin"):
        await promote(weak, by="jun", reason="curious", margin=0.0, scoring=HERE)
    assert registry.champion() == champion


async def test_promotion_and_rollback_need_a_name_and_a_reason(registry: Registry, small_runs: SmallRuns) -> None:
    with pytest.raises(ModelRefused, match="a promotion needs a name and a reason"):
        await promote(small_runs.upload(100, "good"), by="minji", reason=" ", scoring=HERE)
    with pytest.raises(ModelRefused, match="a rollback needs a name and a reason"):
        await rollback(by="", reason="wrong products")


async def test_an_unknown_run_is_named(registry: Registry) -> None:
    with pytest.raises(ModelRefused, match="no finished training run 'bart/typo'"):
        await promote("bart/typo", by="minji", reason="typo", scoring=HERE)


def test_a_damaged_model_fails_the_smoke_test(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bart"}')
    with pytest.raises(ModelRefused, match="broken fails in the serving engine"):
        smoke_test(SUMMARIZER, tmp_path, "broken", "cpu")


def test_a_version_keeps_its_name_and_a_run_gets_one_from_its_content(registry: Registry, small_runs: SmallRuns) -> None:
    candidates = candidates_of("summarizer")
    first = candidates.resolve(small_runs.upload(100, "run"))
    second = candidates.resolve(small_runs.upload(20, "run"))
    assert first.version.startswith("bart-run-")
    assert first.version != second.version
    assert candidates.resolve(SHIPPED).version == SHIPPED
