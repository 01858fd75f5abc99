"""Selection on the real engine: candidates from our own training, scored, voted on, promoted while calls are summarized, rolled back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings
from small_runs import SmallRuns

import wiring
from models.errors import ConfigurationError, ModelRefused
from models.lifecycle.candidates import Candidate
from models.lifecycle.in_service import ModelInService, ServiceReport
from models.lifecycle.versions import SHIPPED
from models.lifecycle.voting import VotePlan, VoteSettings
from models.lines import SUMMARIZER
from models.summarizer.summarizer import SummaryResult
from stores.boards import Boards
from stores.registry import Registry
from tasks.selection import champion
from tasks.selection.candidates import candidates_of
from tasks.selection.score import score_key
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings
from training_flows.select_model import select_model

ROOT = Path(__file__).resolve().parents[2]
POOL = "selection"
HERE = ScoringSettings(encoders="shipped", run_in_process=True)


@pytest.fixture(autouse=True)
def weak_model_ships(bucket: str, small_runs: SmallRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_MODEL_DIR", str(small_runs.by_steps[15].out / "model"))
    monkeypatch.setenv("READBACK_MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("READBACK_MODEL_REFRESH_SECONDS", "0.5")
    wiring.forget_clients()


async def newest_artifact(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda artifact: artifact.created).data)


async def runs_of(flow: str) -> int:
    async with get_client() as client:
        return len(await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])), limit=200))


async def test_candidates_are_ranked_and_one_that_crashes_sinks_no_other(small_runs: SmallRuns) -> None:
    good, broken = small_runs.upload(100, "good"), small_runs.upload(20, "broken")
    wiring.object_store().put("models/bart/broken/model/model.safetensors", b"half a file")
    chosen = await select_model(runs=["bart/*"], scoring=HERE, hold_the_vote=False, promote_winner=False)
    assert chosen.winner == good
    report = await newest_artifact("leaderboard")
    assert "data:image/png;base64," in report
    assert f"| 1 | `{good}` |" in report
    assert f"| 2 | ★ `{SHIPPED}` |" in report
    assert f"- `{broken}`: " in report
    assert "### 가장 나쁜 예" in report
    assert "local:model@" in report
    assert "| 순위 | 후보 | 오도 (misleading) | 맞음 |" in report
    assert Registry(wiring.object_store(), SUMMARIZER).champion() == SHIPPED


async def test_scoring_again_with_nothing_changed_runs_no_model(small_runs: SmallRuns) -> None:
    small_runs.upload(100, "good")
    first = await select_model(runs=["bart/good"], scoring=HERE, hold_the_vote=False, promote_winner=False)
    scorings = await runs_of("score-candidate")
    again = await select_model(runs=["bart/good"], scoring=HERE, hold_the_vote=False, promote_winner=False)
    assert again.winner == first.winner
    assert await runs_of("score-candidate") == scorings
    small_runs.upload(20, "good")
    await select_model(runs=["bart/good"], scoring=HERE, hold_the_vote=False, promote_winner=False)
    assert await runs_of("score-candidate") == scorings + 1


@pytest.mark.usefixtures("known_scores")
async def test_a_candidate_that_learnt_the_test_rows_is_left_out(small_runs: SmallRuns) -> None:
    small_runs.upload(100, "fair")
    cheat = small_runs.upload(20, "cheat")
    store, split = wiring.object_store(), small_runs.split.record
    moved = split.model_copy(update={"train": [*split.train, *split.test[:3]]})
    store.put("models/bart/cheat/split.json", moved.model_dump_json().encode())
    scoring = HERE.model_copy(update={"test_set": "models/bart/fair/test.csv"})
    await select_model(runs=["bart/*"], scoring=scoring, hold_the_vote=False, promote_winner=False)
    assert f"- `{cheat}`: 시험 데이터 3행을 학습했습니다." in await newest_artifact("leaderboard")


async def test_without_the_champions_score_there_is_no_leaderboard(
    small_runs: SmallRuns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small_runs.upload(100, "good")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_text('{"model_type": "bart"}')
    monkeypatch.setenv("READBACK_MODEL_DIR", str(damaged))
    wiring.forget_clients()
    encoder = str(small_runs.by_steps[15].out / "model")
    metrics = {"bertscore_model": encoder, "bertscore_layer": 1, "sts_model": encoder}
    scoring = ScoringSettings.model_validate({"run_in_process": True, "metrics": metrics})
    with pytest.raises(ConfigurationError, match="the champion shipped could not be scored"):
        await select_model(runs=["bart/good"], scoring=scoring, hold_the_vote=False, promote_winner=False)


def test_patterns_mean_finished_runs_and_what_cannot_take_part_is_told(small_runs: SmallRuns) -> None:
    small_runs.upload(100, "good")
    store = wiring.object_store()
    store.put("models/bart/unfinished/checkpoints/x", b"")
    small_runs.upload(20, "adapter")
    store.delete("models/bart/adapter/model/config.json")
    field = candidates_of("summarizer").contest(["bart/*", "bart/typo"])
    assert [candidate.name for candidate in field.candidates] == [SHIPPED, "bart/good"]
    assert "holds no config.json" in field.refused["bart/adapter"]
    assert "no finished training run 'bart/typo'" in field.refused["bart/typo"]


def test_scores_are_kept_by_everything_they_depend_on(small_runs: SmallRuns) -> None:
    candidates, boards = candidates_of("summarizer"), Boards(wiring.object_store(), SUMMARIZER)
    first = candidates.resolve(small_runs.upload(100, "one"))
    twin = candidates.resolve(small_runs.upload(100, "two"))
    other = candidates.resolve(small_runs.upload(20, "three"))
    metrics = HERE.resolved()

    def key(candidate: Candidate, test: str = "test", truth: str = "truth", **changes: Any) -> str:
        return score_key(SUMMARIZER, boards, candidate, test, truth, metrics.model_copy(update=changes))

    assert key(first) == key(twin)
    different = {key(first), key(other), key(first, "other-test"), key(first, truth="other-truth"), key(first, bertscore_layer=0)}
    assert len(different) == 5
    assert boards.find_scores(first, key(first)) is None


class Worker:
    """A resident worker in a process of its own, which a test may kill."""

    def __init__(self) -> None:
        settings = get_current_settings().to_environment_variables(exclude_unset=True)
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "resident"]
        environment = {**os.environ, **settings, "PREFECT_WORKER_QUERY_SECONDS": "0.5", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


@pytest.fixture
def calls_being_summarized() -> Iterator["Calls"]:
    calls = Calls()
    yield calls
    calls.service.close()


class Calls:
    """A summarizer in service and calls that keep coming."""

    def __init__(self) -> None:
        self.reports: list[ServiceReport] = []
        self.service: ModelInService[SummaryResult] = ModelInService(
            champion.champion_source(SUMMARIZER),
            partial(champion.load_version, SUMMARIZER),
            warm_up=SUMMARIZER.smoke_texts[0],
            every_seconds=0.5,
            report=self.reports.append,
        )
        self.results: list[SummaryResult] = []
        self.ended = False

    async def keep_coming(self) -> None:
        await asyncio.to_thread(self.service.start)
        while not self.ended:
            self.results += await asyncio.gather(
                *(self.service.answer(f"암 보험 해지 하고 싶어요. {n} 번째 문의입니다.") for n in range(4))
            )
            await asyncio.sleep(0.25)  # each answer takes time of the scoring's processor

    async def speak_by(self, version: str, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.service.version != version:
                await asyncio.sleep(0.05)


async def paused_form(client: PrefectClient, run: FlowRun, after: str, seconds: float = 600) -> tuple[dict[str, Any], str]:
    """The form that the run offers, as the UI gets it, and its key; ``after`` is the key of the form before."""
    async with asyncio.timeout(seconds):
        while True:
            state = (await client.read_flow_run(run.id)).state
            assert state is not None
            assert not state.is_final(), f"the run ended as {state.name}: {state.message}"
            keys = state.state_details.run_input_keyset or {}
            if state.is_paused() and keys.get("schema", "") not in ("", after):
                with suppress(PrefectHTTPStatusError):  # Prefect writes the state before the form
                    schema = await client._client.get(f"/flow_runs/{run.id}/input/{keys['schema']}")
                    return json.loads(schema.text), keys["schema"]
            await asyncio.sleep(0.5)


def filled_in(form: dict[str, Any], voter: str, **changes: Any) -> dict[str, Any]:
    """A voter who gives 5 points to the summary that names what the inquiry names, reading nothing but the form."""
    paper: dict[str, Any] = {"voter": voter, "paper": form["properties"]["paper"]["default"], "close": False}
    for name, field in form["properties"].items():
        if name.startswith(("short_", "long_")):
            inquiry, *answers = field["description"].split("\n\n- ")
            line, request = inquiry.strip("“”").split(" 보험 ")
            wanted = f"{line}보험 {request.split(' ')[0]} 요청"
            paper[name] = "".join("5" if answer[3:] == wanted else "1" for answer in answers)
    return paper | changes


async def resume(client: PrefectClient, run: FlowRun, paper: dict[str, Any]) -> dict[str, Any]:
    answer = await client._client.post(f"/flow_runs/{run.id}/resume", json={"run_input": paper})
    assert answer.status_code in (200, 201)
    return dict(answer.json())


@pytest.mark.usefixtures("known_scores")
async def test_nothing_that_is_seen_before_a_vote_tells_who_wrote_an_answer_on_its_papers(small_runs: SmallRuns) -> None:
    """Leaderboards of this selection and of earlier flows, whatever their seeds, and every log, held against the papers."""
    good, middle = small_runs.upload(100, "good"), small_runs.upload(20, "middle")
    earlier = HERE.model_copy(update={"seed": 7})
    await select_model(runs=[good, middle], scoring=earlier, hold_the_vote=False, promote_winner=False)
    voting = VoteSettings(short=4, long=4, days_open=3 / 86400)
    ended = await select_model(runs=[good, middle], scoring=HERE, voting=voting, promote_winner=False, return_state=True)
    assert not ended.is_completed()  # nobody voted
    async with get_client() as client:
        seen = [str(artifact.data) for artifact in await client.read_artifacts()]
        seen += [log.message for log in await client.read_logs(limit=200)]
    store = wiring.object_store()
    plans = [VotePlan.model_validate_json(store.get(facts.key).body) for facts in store.walk("models/votes/") if "plan" in facts.key]
    papers = [inquiry.text for plan in plans for inquiry in plan.inquiries]
    assert len(papers) == 8
    assert any("### 가장 나쁜 예" in text for text in seen)
    assert not [paper for paper in papers for text in seen if paper in text]


@pytest.mark.usefixtures("known_scores")
async def test_a_winner_is_not_promoted_without_a_name(small_runs: SmallRuns) -> None:
    small_runs.upload(100, "good")
    with pytest.raises(ModelRefused, match="a promotion needs a name and a reason"):
        await select_model(runs=["bart/*"], scoring=HERE, hold_the_vote=False)
    assert "**이름이나 까닭이 없음**" in await newest_artifact("refused")


@pytest.mark.slow
async def test_from_finished_runs_to_the_model_in_service_and_back(small_runs: SmallRuns, calls_being_summarized: Calls) -> None:
    good, middle = small_runs.upload(100, "good"), small_runs.upload(20, "middle")
    calls = calls_being_summarized
    coming = asyncio.create_task(calls.keep_coming())
    worker = Worker()
    try:
        async with get_client() as client:
            await client.create_work_pool(WorkPoolCreate(name=POOL, type="resident", base_job_template={}), overwrite=True)
            for entrypoint in ("training_flows.scoring.score_candidate", "training_flows.select_model.select_model"):
                name = entrypoint.rpartition(".")[2].replace("_", "-")
                await RunnerDeployment.from_entrypoint(entrypoint, name=name, work_pool_name=POOL).aapply()
            deployment = await client.read_deployment_by_name("select-model/select-model")
            asked = {
                "runs": [good, middle],
                "scoring": {"encoders": "shipped"},
                "voting": {"short": 3, "long": 3, "voters": 3},  # more inquiries than the middling model gets right: no tie
                "margin": 0.05,
                "by": "minji",
            }
            run = await client.create_flow_run_from_deployment(deployment.id, parameters=asked)

            form, first = await paused_form(client, run, after="")
            out_of_range = filled_in(form, "민지")
            out_of_range["short_1"] = "7" + out_of_range["short_1"][1:]
            refused = await resume(client, run, out_of_range)
            assert refused["status"] == "REJECT"
            assert "A부터 C까지 1에서 5까지의 숫자 3개를 차례로 적어 주세요" in refused["details"]["reason"]
            assert "[1-5]" not in refused["details"]["reason"]  # words, no expression

            worker.kill()  # the run is suspended: it needs no process to wait
            worker = Worker()
            assert (await resume(client, run, filled_in(form, "민지")))["status"] == "ACCEPT"
            form, second = await paused_form(client, run, after=first)
            assert (await resume(client, run, filled_in(form, " 민지 ")))["status"] == "ACCEPT"
            form, third = await paused_form(client, run, after=second)
            assert "이미 투표했습니다" in await newest_artifact("vote-turnout")
            assert (await resume(client, run, filled_in(form, "준")))["status"] == "ACCEPT"
            form, _ = await paused_form(client, run, after=third)
            assert (await resume(client, run, filled_in(form, "수아")))["status"] == "ACCEPT"

            async with asyncio.timeout(600):
                while not (ended := await client.read_flow_run(run.id)).state.is_final():
                    await asyncio.sleep(0.5)
            assert ended.state.is_completed(), ended.state.message
        version = candidates_of("summarizer").resolve(good).version
        await calls.speak_by(version, 600)

        result = await newest_artifact("vote-result")
        assert f"# 투표 결과: {good}" in result
        assert "Krippendorff" in result
        await rollback(by="jun", reason="두 번째 의견")
        await calls.speak_by(SHIPPED, 600)
    finally:
        calls.ended = True
        worker.stop()
        await coming
    assert {answer.model for answer in calls.results} == {SHIPPED, version}
    assert all(answer.text for answer in calls.results)
    assert [report.error for report in calls.reports] == ["", "", ""]
    moves = Registry(wiring.object_store(), SUMMARIZER).history()
    assert [(move.kind, move.source, move.target, move.by) for move in moves] == [
        ("promotion", SHIPPED, version, "minji"),
        ("rollback", version, SHIPPED, "jun"),
    ]
    assert str(run.id) in moves[0].reason
