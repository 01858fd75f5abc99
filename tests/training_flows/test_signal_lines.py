"""Emotion and danger on the real engine: trained, swept, promoted while calls are judged, and rolled back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

import wiring
from models.errors import ConfigurationError, ModelRefused
from models.lifecycle.in_service import ModelInService
from models.lifecycle.line import Line
from models.lifecycle.versions import SHIPPED
from models.lines import DANGER, EMOTION, LineName
from models.recipe.signals_recipe import danger_rows, emotion_rows
from models.signals.labels import EMOTIONS, SIX, Danger, read_dangers, written_dangers
from models.training.outputs import pairs_csv
from models.training.signal_outputs import SignalSummary
from models.training.signal_task import SignalConfig
from stores.registry import Registry
from tasks.selection import champion
from training_flows.grid import SWEEPS, SignalGrid, read_signal_grid
from training_flows.promote import promote
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings
from training_flows.sweep_signals import sweep_signals
from training_flows.train_signals import DangerRun, EmotionRun, train_danger, train_emotion

HERE = ScoringSettings(run_in_process=True)
LINEAR = SignalConfig(base="ngrams", penalty=1.0)
ASKED = "고객: 덕분에 잘 해결됐어요, 정말 감사합니다"
THREATENING = "고객: 내일 칼 들고 사무실로 찾아가서 다 죽여 버릴 거야"


@pytest.fixture(autouse=True)
def small_settings(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("READBACK_MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("READBACK_MODEL_REFRESH_SECONDS", "0.5")
    wiring.forget_clients()
    wiring.object_store().put("datasets/emotions.csv", pairs_csv(emotion_rows()[::2], "emotion").encode())
    wiring.object_store().put("datasets/dangers.csv", pairs_csv(danger_rows(), "danger").encode())
    yield
    for service in (champion.emotions_in_service, champion.dangers_in_service):
        if service.cache_info().currsize:
            service().close()
        service.cache_clear()


async def newest_artifact(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda artifact: artifact.created).data)


async def test_a_training_of_emotions_leaves_everything_in_the_lines_folder_and_its_report_in_the_ui() -> None:
    run = EmotionRun(data="datasets/emotions.csv", config=LINEAR)
    summary = await train_emotion(run)
    assert summary.prefix == f"models/emotion/linear/{summary.run}/"
    names = {facts.key.removeprefix(summary.prefix) for facts in wiring.object_store().walk(summary.prefix)}
    assert {"model/signals.json", "model/linear.npz", "test.csv", "split.json", "confusion.png", "profile.md", "finished.json"} <= names
    assert summary.emotion is not None
    assert 0.5 < summary.emotion.accuracy < summary.emotion.top5 <= 1
    report = await newest_artifact(f"train-emotion-{summary.run}".lower().replace(".", "-"))
    assert "| 6대 감정 정확도 |" in report
    assert all(f"| {emotion} |" in report for emotion in EMOTIONS)
    assert "학습 1,47" in await newest_artifact("training-data-emotion")
    assert await train_emotion(run) == summary


async def test_a_training_of_dangers_tells_recall_alarms_and_what_it_missed() -> None:
    summary = await train_danger(DangerRun(config=SignalConfig(base="ngrams", augmentation=4.5)))
    assert summary.prefix == f"models/danger/linear/{summary.run}/"
    assert summary.made_rows > 2 * 300
    assert summary.danger is not None
    assert summary.danger.recall > 0.3
    report = await newest_artifact(f"train-danger-{summary.run}".lower().replace(".", "-"))
    assert "놓친 행: `" in report
    assert "| 보이스피싱 |" in report
    made = wiring.object_store().get(f"{summary.prefix}augmented.csv").body.decode()
    assert "synonym" in made
    assert "deletion" in made


async def test_a_foreign_file_fails_the_training_with_what_to_change() -> None:
    wiring.object_store().put("datasets/foreign.csv", "이름,나이\n철수,3\n".encode())
    with pytest.raises(ConfigurationError, match="neither AI-Hub's columns"):
        await train_emotion(EmotionRun(data="datasets/foreign.csv", config=LINEAR))


@dataclass(frozen=True)
class Trial:
    """A line in service: a call, data by which a candidate answers it otherwise than the one that ships, and what each says of it."""

    line: Line[Any]
    asked: str
    data: Callable[[], bytes]
    train: Callable[[str], Awaitable[SignalSummary]]
    told: Callable[[Any], str]
    before: str
    after: str


class Calls:
    """Calls that keep being judged."""

    def __init__(self, trial: Trial) -> None:
        self.service: ModelInService[Any] = champion.in_service(trial.line)
        self.asked = trial.asked
        self.answers: list[Any] = []
        self.ended = False

    async def keep_coming(self) -> None:
        await asyncio.to_thread(self.service.start)
        while not self.ended:
            self.answers += await asyncio.gather(*(self.service.answer(self.asked) for _ in range(4)))
            await asyncio.sleep(0.05)  # each answer takes time of the promotion's processor

    async def judged_by(self, version: str) -> None:
        async with asyncio.timeout(600):
            while not self.answers or self.answers[-1].version != version:
                await asyncio.sleep(0.02)


def rotated() -> bytes:
    """The same rows, each called by the next emotion: on them the shipped classifier is never right."""
    called = dict(zip(EMOTIONS, (*EMOTIONS[1:], EMOTIONS[0]), strict=True))
    return pairs_csv([replace(row, summary=called[row.summary]) for row in emotion_rows()[::2]], "emotion").encode()


def exchanged() -> bytes:
    """The same rows, threats called self-harm and the reverse, and glad words called confusion: the shipped classifier misses those."""
    called = {Danger.THREAT: Danger.SELF_HARM, Danger.SELF_HARM: Danger.THREAT}
    rows = [
        replace(row, summary=written_dangers(called.get(kind, kind) for kind in read_dangers(row.summary)))
        for row in danger_rows()
        if row.style != "w8"
    ]
    glad = [replace(row, summary=Danger.CONFUSION) for row in emotion_rows() if row.summary in SIX["기쁨"]]
    return pairs_csv([*rows, *glad], "danger").encode()


async def train_on_emotions(data: str) -> SignalSummary:
    return await train_emotion(EmotionRun(data=data, config=LINEAR))


async def train_on_dangers(data: str) -> SignalSummary:
    return await train_danger(DangerRun(data=data, config=SignalConfig(base="ngrams", alarms=0.03)))


TRIALS = [
    Trial(EMOTION, ASKED, rotated, train_on_emotions, lambda answer: str(answer.top5[0].label), "감사하는", "신뢰하는"),
    Trial(DANGER, THREATENING, exchanged, train_on_dangers, lambda answer: ",".join(answer.kinds), Danger.THREAT, Danger.SELF_HARM),
]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.line.name)
async def test_a_classifier_goes_into_service_and_out_while_calls_are_judged(trial: Trial) -> None:
    wiring.object_store().put("datasets/other.csv", trial.data())
    candidate = f"linear/{(await trial.train('datasets/other.csv')).run}"
    calls, line = Calls(trial), cast(LineName, trial.line.name)
    coming = asyncio.create_task(calls.keep_coming())
    try:
        await calls.judged_by(SHIPPED)
        aliases = await promote(candidate, by="minji", reason="calls things by our names", line=line, scoring=HERE)
        await calls.judged_by(aliases.champion)
        moved = await rollback(by="jun", reason="a trial", line=line)
        await calls.judged_by(SHIPPED)
    finally:
        calls.ended = True
        await coming
        calls.service.close()
    assert (moved.champion, moved.previous) == (SHIPPED, aliases.champion)
    assert {(answer.version, trial.told(answer)) for answer in calls.answers} == {
        (SHIPPED, trial.before),
        (aliases.champion, trial.after),
    }
    history = Registry(wiring.object_store(), trial.line).history()
    assert [(move.kind, move.by) for move in history] == [("promotion", "minji"), ("rollback", "jun")]


@pytest.mark.parametrize("path", sorted((SWEEPS / "signals").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_sweep_is_valid(path: Path) -> None:
    grid = read_signal_grid(path.stem)
    assert grid.name == path.stem
    assert len(grid.rows()) >= 4


def test_the_sweep_of_emotions_is_the_one_of_the_requirements() -> None:
    rows = read_signal_grid("emotion").rows()
    assert {(row.base, row.max_length) for row in rows} == {("klue/bert-base", 128)}
    assert {row.batch_size for row in rows} == {64, 32}
    assert (max(row.learning_rate for row in rows), min(row.learning_rate for row in rows)) == (1e-4, 1e-6)


async def test_a_sweep_compares_its_rows_repeats_none_and_reports_one_that_fails(tmp_path: Path) -> None:
    grid = SignalGrid(
        name="rows", line="danger", data="datasets/dangers.csv", bases=["ngrams", str(tmp_path / "nowhere")], learning_rates=[1e-4]
    )
    first = await sweep_signals(grid=grid, run_in_process=True)
    assert [row.state for row in first] == ["Finished", "Failed", "Failed"]
    assert "nowhere" in first[1].reason
    again = await sweep_signals(grid=grid, run_in_process=True)
    assert again[0].state == "Known"
    table = await newest_artifact("sweep-danger-rows")
    assert first[0].run in table


async def test_a_run_of_one_line_is_no_candidate_of_the_other() -> None:
    run = (await train_emotion(EmotionRun(data="datasets/emotions.csv", config=LINEAR))).run
    with pytest.raises(ModelRefused, match="no finished training run"):
        await promote(f"linear/{run}", by="minji", reason="wrong line", line="danger", scoring=HERE)
