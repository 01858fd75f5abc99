"""The gate, the smoke test and the moves, on a real Prefect server and moto's S3."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, DeploymentFilter, DeploymentFilterId
from prefect.exceptions import ParameterTypeError
from small_runs import SmallRuns, train_stammering_run

import wiring
from flows.review_calls import review_calls
from models.errors import ModelRefused
from models.lifecycle.bars import vote_readings
from models.lifecycle.gate import MOST_MARGIN
from models.lifecycle.smoke import smoke_test
from models.lifecycle.versions import SHIPPED, Aliases, Version
from models.lines import SUMMARIZER
from stores.registry import Registry
from tasks.selection.candidates import candidates_of
from training_flows.promote import bring_into_service, promote
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HERE = ScoringSettings(encoders="shipped", run_in_process=True)


@pytest.fixture
def registry(bucket: str, small_runs: SmallRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("READBACK_MODEL_DIR", str(small_runs.by_steps[15].out / "model"))
    monkeypatch.setenv("READBACK_MODEL_CACHE", str(tmp_path / "models"))
    wiring.forget_clients()
    return Registry(wiring.object_store(), SUMMARIZER)


async def newest_artifact(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda artifact: artifact.created).data)


@flow
async def promote_with_every_vote(candidate: str, voters: int = 100) -> Aliases:
    """A promotion as select-model asks for it after a vote."""
    return await bring_into_service("summarizer", candidate, "minji", "best of the vote", MOST_MARGIN, HERE, vote_readings(voters, 40))


@pytest.mark.usefixtures("known_scores")
async def test_a_stammering_model_is_refused_even_with_all_votes(registry: Registry, small_runs: SmallRuns, tmp_path: Path) -> None:
    stammering = small_runs.upload_run(train_stammering_run(tmp_path / "stammering", small_runs), "stammering")
    with pytest.raises(ModelRefused, match=r"bart/stammering does not pass the gate: .*repetition"):
        await promote_with_every_vote(stammering)
    report = await newest_artifact("refused")
    assert "- **같은 말을 되풀이하는 답** " in report
    assert "학습 데이터와 설정을 고쳐 다시 학습하세요" in report
    assert registry.champion() == SHIPPED


@pytest.mark.usefixtures("known_scores")
async def test_a_model_that_misleads_and_a_vote_of_two_are_refused(
    registry: Registry, small_runs: SmallRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = small_runs.upload(100, "good")
    with pytest.raises(ModelRefused, match="voters 2, at least 3"):
        await promote_with_every_vote(good, voters=2)
    misled = tmp_path / "misled"
    misled.mkdir()
    lines = (tmp_path / "truth" / "small.tsv").read_text("utf-8").splitlines()
    (misled / "other.tsv").write_text("\n".join(f"{line.rpartition(chr(9))[0]}\t요청" for line in lines), "utf-8")
    monkeypatch.setenv("READBACK_TRUTH_SET", str(misled))
    wiring.forget_clients()
    with pytest.raises(ModelRefused, match=r"misleading 1, at most 0\.02"):
        await promote_with_every_vote(good)
    assert "- **오도하는 답** 100.0 % (기준 2.0 % 이하)" in await newest_artifact("refused")
    assert registry.champion() == SHIPPED


async def test_what_moves_nothing_is_told_in_an_artifact(registry: Registry) -> None:
    await promote(SHIPPED, by="minji", reason="back to the start", scoring=HERE)
    assert f"# 사용 중인 모델: `{SHIPPED}`\n\n이미 사용 중인 모델이라" in await newest_artifact("champion")
    with pytest.raises(ModelRefused, match="no previous model to roll back to"):
        await rollback(by="jun", reason="wrong products")
    report = await newest_artifact("refused")
    assert "**되돌릴 모델이 없음**:" in report
    assert "`promote`를 실행하세요" in report


async def test_a_margin_above_its_bound_is_no_parameter(registry: Registry) -> None:
    with pytest.raises(ParameterTypeError, match=r"less than or equal to 0\.05"):
        await promote("bart/any", by="minji", reason="hurry", margin=1.0, scoring=HERE)


async def test_a_good_run_goes_into_service_and_comes_out_again(registry: Registry, small_runs: SmallRuns) -> None:
    good = small_runs.upload(100, "good")
    aliases = await promote(good, by="minji", reason="best of the vote", margin=0.05, scoring=HERE)
    version = registry.version(aliases.champion)
    assert (version.family, version.run, version.created_by) == ("bart", "good", "minji")
    assert "ctranslate2/model.bin" in version.files
    assert 0 < version.metrics["score"] < 1.001
    again = await promote(good, by="minji", reason="best of the vote", margin=0.05, scoring=HERE)
    assert again == aliases
    assert (await rollback(by="jun", reason="wrong products")).champion == SHIPPED
    assert [move.kind for move in registry.history()] == ["promotion", "rollback"]


async def test_a_rollback_has_the_calls_of_the_withdrawn_model_listed(registry: Registry) -> None:
    async with get_client() as client:
        deployment = await client.create_deployment(await client.create_flow(review_calls), name="review-calls")
    for name in ("bart-a", "bart-b"):
        registry.register_version(Version(version=name, family="bart", run=name, prefix="", files={}, created_at=NOW, created_by="minji"))
        registry.promote(name, by="minji", reason="best of the vote")
    promoted = registry.history()[-1].at
    await rollback(by="jun", reason="wrong products", check=False)
    async with get_client() as client:
        runs = await client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])))
    assert [run.parameters["version"] for run in runs] == ["bart-b"]
    assert datetime.fromisoformat(runs[0].parameters["since"]) == promoted
    assert "again" not in runs[0].parameters  # a list costs nothing; summarizing is for people to decide


@pytest.mark.usefixtures("known_scores")
async def test_a_worse_run_does_not_pass_the_gate(registry: Registry, small_runs: SmallRuns) -> None:
    good, weak = small_runs.upload(100, "good"), small_runs.upload(20, "weak")
    await promote(good, by="minji", reason="best of the vote", margin=0.05, scoring=HERE)
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
        smoke_test(SUMMARIZER, tmp_path, "broken", "cpu", 600.0)


def test_a_version_keeps_its_name_and_a_run_gets_one_from_its_content(registry: Registry, small_runs: SmallRuns) -> None:
    candidates = candidates_of("summarizer")
    first = candidates.resolve(small_runs.upload(100, "run"))
    second = candidates.resolve(small_runs.upload(20, "run"))
    assert first.version.startswith("bart-run-")
    assert first.version != second.version
    assert candidates.resolve(SHIPPED).version == SHIPPED
