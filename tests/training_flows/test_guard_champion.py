"""Callers who press 2 too often bring the former summarizer back, once, and nobody else does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.artifacts import Artifact
from small_runs import SmallRuns

import wiring
from models.call.acceptance import AnsweredCall, ReviewedCall
from models.call.caller_said import Answer
from models.call.editing import Verdict as Found
from models.call.korea import day_in_korea
from models.keys import StorageKeys
from models.lifecycle.canary import Verdict
from models.lifecycle.versions import SHIPPED, FileFacts, Version
from models.lines import SUMMARIZER
from stores.canaries import Canaries
from stores.registry import Registry
from tasks.selection.guard import judge_canary
from training_flows.guard_champion import GUARD, guard_champion


@pytest.fixture
def registry(bucket: str, small_runs: SmallRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A version that was promoted over the one that ships."""
    monkeypatch.setenv("READBACK_MODEL_DIR", str(small_runs.by_steps[15].out / "model"))
    monkeypatch.setenv("READBACK_ACCEPTANCE_FLOOR_PERCENT", "80")
    wiring.forget_clients()
    made = Registry(wiring.object_store(), SUMMARIZER)
    files = {"model.bin": FileFacts(sha256="0" * 64, size=1)}
    made.register_version(
        Version(version="v2", family="bart", run="r", prefix="p/", files=files, created_at=datetime.now(UTC), created_by="minji")
    )
    made.promote("v2", by="minji", reason="the best of the vote")
    return made


def callers_press(answers: str, model: str = "v2", *, hours_ago: float = 0.0) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    for n, answer in enumerate(answers):
        call = AnsweredCall(call_id=f"{model}-{hours_ago}-{n}", answer=Answer(answer), at=at, model=model, kind="summary")
        key = StorageKeys.answer(day_in_korea(at), call.call_id)
        wiring.object_store().put(key, call.model_dump_json().encode())


def people_find(verdicts: str, model: str, *, first: str = "0", callers: str = "") -> None:
    """Reviews of calls that ended a moment ago: r is right, w is wrong; ``callers`` is what their callers pressed."""
    at = datetime.now(UTC)
    for n, verdict in enumerate(verdicts):
        call_id = f"{first}{n:x}{model}".ljust(32, "0")
        found = ReviewedCall(call_id=call_id, verdict=Found.RIGHT if verdict == "r" else Found.WRONG, at=at, model=model)
        wiring.object_store().put(StorageKeys.verdict(day_in_korea(at), call_id), found.model_dump_json().encode())
        if callers:
            answer = AnsweredCall(call_id=call_id, answer=Answer(callers), at=at, model=model, kind="summary")
            wiring.object_store().put(StorageKeys.answer(day_in_korea(at), call_id), answer.model_dump_json().encode())


async def test_a_summarizer_whose_callers_press_2_is_rolled_back_once(registry: Registry) -> None:
    callers_press("1" * 5 + "2" * 35, "v2+kinds-7")
    await guard_champion()
    aliases = registry.aliases()
    assert (aliases.champion, aliases.move.kind, aliases.move.by) == (SHIPPED, "rollback", GUARD)
    assert "surely less than 80 %" in aliases.move.reason
    callers_press("2" * 40, SHIPPED)
    await guard_champion()
    assert registry.champion() == SHIPPED, "after a rollback people decide"


async def test_few_answers_answers_of_before_and_good_answers_move_nothing(registry: Registry) -> None:
    callers_press("22")
    callers_press("1" * 70 + "2" * 30)
    callers_press("2" * 50, "another")
    callers_press("2" * 200, hours_ago=1)
    await guard_champion()
    assert registry.champion() == "v2"


def begin(registry: Registry, version: str) -> Canaries:
    made = Canaries(wiring.object_store(), SUMMARIZER)
    made.start(version, registry.champion(), share=0.25, most_answers=100, by="minji", reason="try")
    return made


async def test_callers_promote_a_canarys_challenger(registry: Registry) -> None:
    canaries = begin(registry, SHIPPED)
    callers_press("1" * 60 + "2" * 40)
    callers_press("1" * 80, SHIPPED)
    await guard_champion()
    assert (registry.champion(), canaries.latest().verdict) == (SHIPPED, Verdict.PROMOTED)
    assert "canary of minji" in registry.aliases().move.reason


async def test_callers_withdraw_a_canarys_challenger_and_the_champion_stays(registry: Registry) -> None:
    canaries = begin(registry, SHIPPED)
    callers_press("1" * 100)
    callers_press("2" * 30, SHIPPED)
    await guard_champion()
    assert (registry.champion(), canaries.latest().verdict) == ("v2", Verdict.WITHDRAWN)


async def test_reviewers_withdraw_a_challenger_whose_callers_are_pleased(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_CONSOLE_SAMPLE_PERCENT", "50")
    wiring.forget_clients()
    canaries = begin(registry, SHIPPED)
    people_find("r" * 16, "v2")
    people_find("w" * 16, SHIPPED, callers="1")
    people_find("r" * 16, SHIPPED, first="f", callers="2")  # not of the sample: people looked because something was doubtful
    found = await judge_canary()
    assert found is not None
    assert (found.champion.reviews.right, found.challenger.reviews.wrong) == (16, 16)
    assert (found.challenger.answers.right, found.challenger.answers.wrong) == (0, 16), "a review outranks its caller's answer"
    await guard_champion()
    assert (registry.champion(), canaries.latest().verdict) == ("v2", Verdict.WITHDRAWN)
    told = await Artifact.aget("canary")
    assert told is not None
    assert "철회" in str(told.description)
    assert "사람의 검토에서 도전 모델이 확실히 더 자주 틀립니다." in str(told.data)
    assert "| 도전 | 0/16 | 0.0 % |" in str(told.data)
