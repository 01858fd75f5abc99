"""A language model on the real engine: connected, scored with its price, promoted while calls come in, away for a while, rolled back."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import requests
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

import wiring
from models.errors import ConfigurationError, ModelRefused
from models.lifecycle.versions import SHIPPED
from models.lines import SUMMARIZER
from models.summarizer import SHIPPED_READER
from models.summarizer.language_model import Endpoint
from models.summarizer.summarizer import SummaryResult
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in
from stores.registry import Registry
from tasks.selection import champion
from training_flows.connect_language_model import LanguageModelRun, connect_language_model
from training_flows.promote import promote
from training_flows.rollback import rollback
from training_flows.scoring import ScoringSettings
from training_flows.select_model import select_model

HERE = ScoringSettings(encoders="shipped", run_in_process=True, test_set="datasets/judges.csv")
ON_FEW = HERE.model_copy(update={"test_rows": 4})
SAID = "계약 주소를 바꾸고 싶어요"
PRODUCTS = ("자동차보험", "암보험", "치아보험", "펫보험", "여행자보험", "화재보험", "연금보험", "운전자보험", "종신보험", "간병보험")
# What is said, what a right answer holds, what would mislead, and a summary.
REQUESTS = (
    ("{} 해지하면 환급금이 얼마나 되나요?", "환급금", "청구", "{} 해지 환급금 문의"),
    ("{} 청구하려면 무슨 서류가 필요한가요?", "서류", "해지", "{} 청구 서류 문의"),
    ("{} 보험료 자동이체 날짜를 바꾸고 싶어요", "자동이체,날짜", "해지", "{} 자동이체 날짜 변경 희망"),
    ("{} 증권을 이메일로 다시 보내 주세요", "증권,이메일", "해지", "{} 증권 재발급 요청"),
)
ROWS = [(said.format(product), told.format(product)) for product in PRODUCTS for said, _, _, told in REQUESTS]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with stand_in("sandbox.language_model") as (address, _):
        yield address["url"]


@pytest.fixture(autouse=True)
def wired(bucket: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in {
        "READBACK_MODEL_DIR": str(SHIPPED_READER),
        "READBACK_MODEL_CACHE": str(tmp_path / "models"),
        "READBACK_MODEL_REFRESH_SECONDS": "0.5",
        "READBACK_LANGUAGE_MODEL_URLS": f"{server}/v1",
        "READBACK_LANGUAGE_MODEL_KEY": KEY,
    }.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.delenv("XDG_CACHE_HOME")  # the reader that ships is converted on this machine already: the endpoint has it, too
    wiring.forget_clients()
    plan(server)
    monkeypatch.setenv("READBACK_TRUTH_SET", str(truth_set(tmp_path / "own-truth")))
    wiring.forget_clients()
    out = io.StringIO()
    csv.writer(out).writerows([("input", "summary"), *ROWS])
    wiring.object_store().put("datasets/judges.csv", out.getvalue().encode())


@pytest.fixture
def few_rows(wired: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As few truths as one product needs, for what no gate judges: the reader takes its time over each row."""
    monkeypatch.setenv("READBACK_TRUTH_SET", str(truth_set(tmp_path / "few-truths", ("네",), PRODUCTS[:1])))
    wiring.forget_clients()


def truth_set(folder: Path, greetings: Sequence[str] = ("네", "여보세요", "안녕하세요"), products: Sequence[str] = PRODUCTS) -> Path:
    """120 inquiries with what a right summary holds and what would mislead, as writers of tests hand them in."""
    rows = [
        (f"{greeting} {said.format(product)}", told.format(product), said.format(product), told.format(product), f"{product},{must}", wrong)
        for greeting in greetings
        for product in products
        for said, must, wrong, told in REQUESTS
    ]
    folder.mkdir()
    (folder / "small.tsv").write_text("\n".join("\t".join(row) for row in rows) + "\n", encoding="utf-8")
    return folder


def plan(server: str, *kinds: str) -> None:
    assert requests.post(f"{server}/sandbox/faults", json={"rate": 1.0 if kinds else 0.0, "kinds": kinds}).status_code == 200


def settings_of(server: str, **settings: object) -> Endpoint:
    chosen = {"won_per_1k_prompt_tokens": 2.0, "won_per_1k_completion_tokens": 8.0, "deadline_seconds": 120.0, "timeout_seconds": 60.0}
    return Endpoint.model_validate({"base_url": f"{server}/v1", "model": MODEL} | chosen | settings)


async def connected(server: str, name: str = "reader") -> str:
    summary = await connect_language_model(LanguageModelRun(name=name, endpoint=settings_of(server)))
    assert summary.prefix == f"models/openai-compatible/{name}/"
    return f"openai-compatible/{name}"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """What a connected model leaves in the bucket, by key."""
    return {}


@pytest.fixture
async def candidate(server: str, wired: None, files: dict[str, bytes]) -> str:
    """A model that was connected before: its smoke test takes ten seconds of a processor."""
    store = wiring.object_store()
    for key, body in files.items():
        store.put(key, body)
    name = await connected(server)
    files.update({facts.key: store.get(facts.key).body for facts in store.walk(f"models/{name}/")})
    return name


async def test_it_is_connected_once_under_a_name_and_only_where_it_answers(server: str) -> None:
    await connected(server)
    assert await connected(server) == "openai-compatible/reader"
    with pytest.raises(ModelRefused, match="the name reader is taken by other settings"):
        await connect_language_model(LanguageModelRun(name="reader", endpoint=settings_of(server), prompt="다른 지시"))
    with pytest.raises(ModelRefused, match="fails the smoke test: no answer to"):
        await connect_language_model(LanguageModelRun(name="nobody", endpoint=settings_of(server, model="nobody")))
    kept = {facts.key for facts in wiring.object_store().walk("models/openai-compatible/")}
    assert kept == {f"models/openai-compatible/reader/{name}" for name in ("model/config.json", "model/prompt.txt", "finished.json")}
    assert not any(KEY.encode() in wiring.object_store().get(key).body for key in kept)


async def test_its_price_stands_beside_the_others_on_the_leaderboard(candidate: str, few_rows: None) -> None:
    await select_model(runs=["openai-compatible/*"], scoring=ON_FEW, hold_the_vote=False, promote_winner=False)
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["leaderboard"])))
    report = str(max(found, key=lambda artifact: artifact.created).data)
    rows = {
        line.split("`")[1]: [cell.strip() for cell in line.split("|")]
        for line in report.splitlines()
        if line.startswith("| ") and "`" in line
    }
    assert "| 토큰/건 | 원/건 |" in report
    assert rows[SHIPPED][-3:-1] == ["–", "–"]
    tokens, won = rows[candidate][-3:-1]
    assert int(tokens.replace(",", "")) > 100
    assert float(won) > 0.2


async def test_it_goes_into_service_answers_by_another_while_away_and_comes_out(server: str, candidate: str) -> None:
    service = champion.in_service(champion.summarizer_line())
    await asyncio.to_thread(service.start)

    async def answered_by(name: str) -> SummaryResult:
        async with asyncio.timeout(600):
            while (result := await service.answer(SAID)).model != name:
                await asyncio.sleep(0.25)
        return result

    try:
        await answered_by(SHIPPED)
        aliases = await promote(candidate, by="minji", reason="a trial", margin=0.05, scoring=HERE)
        assert (await answered_by(aliases.champion)).instead == ""
        plan(server, "503")
        away = await answered_by(SHIPPED)
        assert (away.instead, away.text) == ("vendor_unavailable", "계약 주소 변경 희망")
        assert service.version == aliases.champion
        plan(server)
        await answered_by(aliases.champion)
        assert (await rollback(by="jun", reason="the trial is over")).champion == SHIPPED
        assert (await answered_by(SHIPPED)).instead == ""
    finally:
        service.close()
    version = Registry(wiring.object_store(), SUMMARIZER).version(aliases.champion)
    assert (version.family, sorted(version.files)) == ("openai-compatible", ["config.json", "prompt.txt"])


async def test_a_model_that_is_away_is_left_out_of_a_selection_and_not_promoted(server: str, candidate: str, few_rows: None) -> None:
    plan(server, "500")
    with pytest.raises(ConfigurationError, match=r"has no score: .*gave no answer to 1 of 1 texts"):
        await promote(candidate, by="minji", reason="a trial", margin=0.05, scoring=ON_FEW)
    assert Registry(wiring.object_store(), SUMMARIZER).champion() == SHIPPED
