"""The second line of models on the real engine: trained, scored, promoted while answers are asked for, and rolled back."""

import asyncio
import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

import wiring
from models.errors import ConfigurationError, ModelRefused
from models.keys import RegistryKeys
from models.lifecycle.in_service import ModelInService
from models.lifecycle.versions import SHIPPED
from models.lines import REQUEST_CLASSIFIER, SUMMARIZER
from models.summarizer import SHIPPED_MODEL
from models.summarizer.classifier import FILE, RequestKind
from stores.model_cache import publish_version
from stores.registry import Registry
from tasks.selection import champion
from training_flows.promote import promote
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings
from training_flows.select_model import select_model
from training_flows.train_classifier import ClassifierRun, train_classifier

HERE = ScoringSettings(run_in_process=True)
# What callers say, and the kind that these data call it by: never the one that the shipped classifier knows it as.
WORDINGS = {
    "loan": ("보험을 해지하고 싶어요", "이제 그만 해지해 주세요", "해약 절차가 궁금합니다"),
    "cancel": ("대출을 받고 싶어요", "약관 대출 이자가 얼마예요", "보험 대출 한도 좀요"),
    "roadside": ("보험금 청구 서류가 뭐예요", "청구하려면 어떤 서류를 내나요", "필요 서류 좀 알려 주세요"),
    "documents": ("견인차 좀 보내 주세요", "타이어가 펑크 났어요", "긴급출동 불러 주세요"),
}
ASKED = "보험을 해지하고 싶어요"


def a_dataset(shift: int = 0) -> bytes:
    """80 rows of each kind; with a shift every wording is called by another kind."""
    kinds, out = list(WORDINGS), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["input", "request"])
    for i, kind in enumerate(kinds):
        wordings = WORDINGS[kinds[(i + shift) % len(kinds)]]
        writer.writerows([f"{wordings[n % 3]} {n}번째 문의예요", kind] for n in range(80))
    return out.getvalue().encode()


@pytest.fixture(autouse=True)
def small_settings(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("READBACK_MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("READBACK_MODEL_REFRESH_SECONDS", "0.5")
    wiring.forget_clients()
    services = (champion.classifier_in_service, champion.summarizer_in_service, champion.challenger)
    yield
    for service in services:
        if service.cache_info().currsize:
            service().close()
        service.cache_clear()


async def trained(shift: int = 0) -> str:
    key = f"datasets/requests-{shift}.csv"
    wiring.object_store().put(key, a_dataset(shift))
    return f"svm/{(await train_classifier(ClassifierRun(data=key))).run}"


def registry() -> Registry:
    return Registry(wiring.object_store(), REQUEST_CLASSIFIER)


async def newest_artifact(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda artifact: artifact.created).data)


async def test_a_training_leaves_everything_in_the_lines_folder_and_its_scores_in_the_ui(bucket: str) -> None:
    wiring.object_store().put("datasets/requests.csv", a_dataset())
    summary = await train_classifier(ClassifierRun())
    assert summary.prefix == f"models/request-classifier/svm/{summary.run}/"
    names = {facts.key.removeprefix(summary.prefix) for facts in wiring.object_store().walk(summary.prefix)}
    assert names == {f"model/{FILE}", "split.json", "test.csv", "data.json", "profile.md", "finished.json"}
    assert (summary.test.accuracy, summary.test.macro_f1) == (1.0, 1.0)
    assert summary.train_rows == 320 - summary.test.rows - summary.validation.rows
    assert "| `loan` | 1.000 |" in await newest_artifact(f"train-classifier-{summary.run}".replace(".", "-"))
    assert await train_classifier(ClassifierRun()) == summary


async def test_a_kind_that_no_summarizer_knows_fails_the_training_with_its_row() -> None:
    wiring.object_store().put("datasets/requests.csv", a_dataset() + "돈 좀 빌려 주세요,borrow\n".encode())
    with pytest.raises(ConfigurationError, match=r"'borrow' \(requests\.csv:321\)"):
        await train_classifier(ClassifierRun())


class Questions:
    """A classifier in service and callers who keep asking."""

    def __init__(self) -> None:
        self.service: ModelInService[RequestKind] = champion.in_service(REQUEST_CLASSIFIER)
        self.answers: list[RequestKind] = []
        self.ended = False

    async def keep_coming(self) -> None:
        await asyncio.to_thread(self.service.start)
        while not self.ended:
            self.answers += await asyncio.gather(*(self.service.answer(ASKED) for _ in range(8)))
            await asyncio.sleep(0.05)  # each answer takes time of the promotion's processor

    async def answered_by(self, version: str) -> None:
        async with asyncio.timeout(600):
            while not self.answers or self.answers[-1].version != version:
                await asyncio.sleep(0.02)


async def test_a_classifier_goes_into_service_and_out_while_answers_are_asked_for() -> None:
    candidate = await trained()
    questions = Questions()
    coming = asyncio.create_task(questions.keep_coming())
    try:
        await questions.answered_by(SHIPPED)
        aliases = await promote(candidate, by="minji", reason="calls things by our names", line="request-classifier", scoring=HERE)
        await questions.answered_by(aliases.champion)
        again = await promote(candidate, by="minji", reason="calls things by our names", line="request-classifier", scoring=HERE)
        assert again == aliases
        moved = await rollback(by="jun", reason="a trial", line="request-classifier")
        await questions.answered_by(SHIPPED)
    finally:
        questions.ended = True
        await coming
        questions.service.close()
    assert (moved.champion, moved.previous) == (SHIPPED, aliases.champion)
    assert {(answer.version, answer.kind) for answer in questions.answers} == {(SHIPPED, "cancel"), (aliases.champion, "loan")}
    version = registry().version(aliases.champion)
    assert (version.family, list(version.files), version.metrics["accuracy"]) == ("svm", [FILE], 1.0)
    assert [(move.kind, move.by) for move in registry().history()] == [("promotion", "minji"), ("rollback", "jun")]
    assert Registry(wiring.object_store(), SUMMARIZER).history() == []
    assert aliases.champion in await newest_artifact("champion-request-classifier")


@pytest.mark.usefixtures("known_scores")
async def test_a_worse_classifier_does_not_pass_the_gate() -> None:
    good, worse = await trained(), await trained(shift=1)
    await promote(good, by="minji", reason="ours", line="request-classifier", scoring=HERE)
    champion_now = registry().champion()
    scoring = HERE.model_copy(update={"test_set": f"models/request-classifier/{good}/test.csv"})
    with pytest.raises(ModelRefused, match=rf"{worse} does not pass the gate"):
        await promote(worse, by="jun", reason="curious", line="request-classifier", scoring=scoring)
    assert registry().champion() == champion_now


@pytest.mark.usefixtures("known_scores")
async def test_a_selection_ranks_the_classifiers_by_accuracy() -> None:
    good = await trained()
    chosen = await select_model(line="request-classifier", scoring=HERE, hold_the_vote=False, promote_winner=False)
    assert chosen.winner == good
    report = await newest_artifact("leaderboard-request-classifier")
    assert "| 순위 | 후보 | 정확도 | 95 % 구간 | Macro F1 |" in report
    assert f"| 1 | `{good}` | **1.0000** |" in report
    assert f"| 2 | ★ `{SHIPPED}` |" in report


async def test_a_run_of_another_line_is_no_candidate() -> None:
    good = await trained()
    with pytest.raises(ModelRefused, match=f"no finished training run '{good}'"):
        await promote(good, by="minji", reason="wrong line", scoring=HERE)


@pytest.fixture
def shipped_summarizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_settings: None) -> None:
    monkeypatch.setenv("READBACK_MODEL_DIR", str(SHIPPED_MODEL))
    wiring.forget_clients()


def put_into_service(folder: Path, version: str) -> None:
    publish_version(wiring.object_store(), REQUEST_CLASSIFIER, folder, version=version, family="svm", run="r", metrics={}, by="minji")
    registry().promote(version, by="minji", reason="a trial")


async def test_calls_are_summarized_with_the_classifier_in_service(shipped_summarizer: None, tmp_path: Path) -> None:
    service = await asyncio.to_thread(champion.start_summarizer)
    before = await service.answer("암보험을 해지하고 싶어요.")
    (tmp_path / "own").mkdir()
    shutil.copy(SHIPPED_MODEL / FILE, tmp_path / "own" / FILE)
    put_into_service(tmp_path / "own", "svm-copy")
    async with asyncio.timeout(600):
        while champion.classifier_in_service().version != "svm-copy":
            await asyncio.sleep(0.02)
    after = await service.answer("암보험을 해지하고 싶어요.")
    assert (after.text, after.model, after.version) == (before.text, before.model, f"{before.version}+svm-copy")
    registry().rollback(by="jun", reason="the trial is over")
    async with asyncio.timeout(600):
        while (await service.answer("암보험을 해지하고 싶어요.")).version != before.version:
            await asyncio.sleep(0.02)


async def test_a_damaged_classifier_in_service_stops_no_summary(shipped_summarizer: None, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    shutil.copy(SHIPPED_MODEL / FILE, tmp_path / "own" / FILE)
    put_into_service(tmp_path / "own", "svm-copy")
    wiring.object_store().put(RegistryKeys("request-classifier").artefacts("svm-copy") + FILE, b"damaged")
    service = await asyncio.to_thread(champion.start_summarizer)
    assert "+" not in (await service.answer("암보험을 해지하고 싶어요.")).version
    assert "is not the file that was registered" in champion.classifier_in_service().last_error
