"""A language model by address as a summarizer: what leaves, what comes back, and who answers when it may not."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import wiring
from models.errors import ConfigurationError, ModelRefused, VendorUnavailable
from models.lifecycle.smoke import smoke_test
from models.lines.summarizer import LoadedSummarizer
from models.summarizer.conversation import written
from models.summarizer.language_model import CONFIG, DEFAULT_PROMPT, PROMPT, Endpoint, LanguageModelSummarizer, save, was_away
from models.summarizer.outcome import Kind
from models.summarizer.summarizer import model_version
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in
from wiring.lines import SUMMARIZER
from wiring.measure import serving_cost

CALL = written(
    [
        (False, "무엇을 도와드릴까요"),
        (True, "제 번호는 010-1234-5678이고요 자동이체 계좌를 국민은행 123456-78-901234로 바꿔 주세요"),
        (False, "네 고객님"),
    ]
)
pytestmark = pytest.mark.slow  # the model that ships is loaded beside it, and asked again in processes of their own

PLAIN = "계약 주소를 바꾸고 싶어요"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An endpoint that takes its time, so that calls may come together at it."""
    with stand_in("sandbox.language_model", "--seconds", "0.2") as (address, _):
        yield address["url"]


@pytest.fixture(autouse=True)
def wired(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    plan(server)
    monkeypatch.setenv("READBACK_LANGUAGE_MODEL_URLS", f"http://10.0.0.1/v1, {server}/v1/")
    monkeypatch.setenv("READBACK_LANGUAGE_MODEL_KEY", KEY)
    wiring.forget_clients()
    yield
    wiring.forget_clients()


def plan(server: str, *kinds: str) -> None:
    assert requests.post(f"{server}/sandbox/faults", json={"rate": 1.0 if kinds else 0.0, "kinds": kinds}).status_code == 200


def folder_of(path: Path, base_url: str, **settings: Any) -> Path:
    chosen = {"won_per_1k_prompt_tokens": 2.0, "won_per_1k_completion_tokens": 8.0, "timeout_seconds": 60.0, "deadline_seconds": 120.0}
    save(Endpoint(base_url=base_url, **({"model": MODEL} | chosen | settings)), DEFAULT_PROMPT.read_text("utf-8"), path)
    return path


@pytest.fixture(scope="module")
def folder(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder_of(tmp_path_factory.mktemp("llm") / "asked", f"{server}/v1")


@pytest.fixture
def model(folder: Path) -> Iterator[LanguageModelSummarizer]:
    loaded = SUMMARIZER.summarizer(folder, "cpu", "asked-v1")
    assert isinstance(loaded, LanguageModelSummarizer)
    yield loaded
    loaded.close()


def test_an_answer_that_was_said_is_spoken_under_the_models_name(model: LanguageModelSummarizer) -> None:
    (result,) = model.results([PLAIN])
    assert (result.text, result.model, result.version, result.instead) == ("계약 주소 변경 희망", "asked-v1", model.version, "")
    assert [(one.phrase, one.utterance) for one in result.evidence] == [("계약 주소 변경 희망", 0)]
    assert result.usage is not None
    assert result.usage.won == pytest.approx((2.0 * result.usage.prompt_tokens + 8.0 * result.usage.completion_tokens) / 1000)


def test_numbers_are_masked_before_anything_leaves(model: LanguageModelSummarizer, server: str) -> None:
    model.results([CALL])
    sent = requests.get(f"{server}/sandbox/counters").json()["received"][-1]
    assert sent.splitlines()[0] == "0 상담원: 무엇을 도와드릴까요"
    assert "[전화번호]" in sent
    assert "[계좌번호]" in sent
    assert not any(digits in sent for digits in ("1234", "5678", "901234"))


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("invents", "added"),
        ("inverts", "turned"),
        ("misquotes", "unsaid"),
        ("no_json", "not_json"),
        ("cut_off", "cut_off"),
    ],
)
def test_an_answer_that_may_not_be_spoken_is_not_and_the_record_says_why(
    model: LanguageModelSummarizer, server: str, fault: str, reason: str
) -> None:
    plan(server, fault)
    (result,) = model.results([PLAIN])
    assert (result.text, result.model, result.instead) == ("계약 주소 변경 희망", "shipped", reason)
    assert result.version != model.version
    assert result.usage is not None  # it was paid for
    assert not was_away(result)


def test_a_sure_request_is_not_told_as_none(model: LanguageModelSummarizer, server: str) -> None:
    plan(server, "denies")
    asked, thanked = model.results(["자동차 사고 보험금 청구하려면 무슨 서류가 필요한가요?", "잘못 걸었네요 죄송합니다"])
    assert (asked.kind, asked.instead) == (Kind.SUMMARY, "request_overlooked")
    assert (thanked.kind, thanked.model, thanked.text) == (Kind.NO_REQUEST, "asked-v1", "")


@pytest.mark.parametrize(
    ("fault", "reason"), [("503", "vendor_unavailable"), ("hangs", "vendor_unavailable"), ("429", "too_many_requests")]
)
def test_while_the_model_is_away_the_one_that_ships_answers(tmp_path: Path, server: str, fault: str, reason: str) -> None:
    plan(server, fault)
    loaded = SUMMARIZER.summarizer(folder_of(tmp_path / "x", f"{server}/v1", timeout_seconds=0.2, deadline_seconds=0.9), "cpu")
    (result,) = loaded.results([PLAIN])
    assert (result.text, result.model, result.instead) == ("계약 주소 변경 희망", "shipped", reason)
    assert was_away(result)
    loaded.close()


def test_a_refused_key_stops_no_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_LANGUAGE_MODEL_KEY", "wrong")
    wiring.forget_clients()
    loaded = SUMMARIZER.summarizer(folder, "cpu")
    (result,) = loaded.results([PLAIN])
    assert (result.model, result.instead) == ("shipped", "configuration_error")
    loaded.close()


def test_a_model_that_is_away_is_neither_scored_nor_promoted(tmp_path: Path, server: str) -> None:
    away = folder_of(tmp_path / "away", f"{server}/v1", model="nobody")
    loaded = SUMMARIZER.summarizer(away, "cpu")
    with pytest.raises(VendorUnavailable, match="gave no answer to 2 of 2 texts"):
        loaded.attempts([PLAIN, PLAIN])
    loaded.close()
    with pytest.raises(ModelRefused, match=r"away fails the smoke test: no answer to .*configuration_error"):
        smoke_test(SUMMARIZER, away, "away", "cpu", 600.0)
    with pytest.raises(ModelRefused, match="cannot be served"):
        serving_cost(SUMMARIZER, away, "cpu", [PLAIN])


def test_words_go_only_where_the_settings_allow_and_no_version_decides_that(tmp_path: Path) -> None:
    elsewhere = folder_of(tmp_path / "elsewhere", "https://example.org/v1")
    with pytest.raises(ConfigurationError, match=r"may not be sent to https://example.org/v1.*READBACK_LANGUAGE_MODEL_URLS"):
        SUMMARIZER.load(elsewhere, "cpu", "elsewhere")


def test_the_version_changes_with_prompt_and_settings(folder: Path, tmp_path: Path) -> None:
    versions = {model_version(folder)}
    for name, change in ((PROMPT, lambda text: text + "\n더 짧게."), (CONFIG, lambda text: text.replace("0.0", "0.5", 1))):
        other = shutil.copytree(folder, tmp_path / name)
        (other / name).write_text(change((other / name).read_text("utf-8")), "utf-8")
        versions.add(model_version(other))
    assert len(versions) == 3


@pytest.mark.parametrize("damage", ['{"model_type": "openai-compatible"}', '{"base_url": "ftp://x", "model": "m"}', "{"])
def test_a_damaged_folder_is_named(folder: Path, tmp_path: Path, damage: str) -> None:
    other = shutil.copytree(folder, tmp_path / "other")
    (other / CONFIG).write_text(damage)
    with pytest.raises((ConfigurationError, ValueError), match=r"config.json|Expecting"):
        Endpoint.load(other)


def test_what_it_costs_stands_beside_the_others(folder: Path) -> None:
    cost = serving_cost(SUMMARIZER, folder, "cpu", [PLAIN, "암보험 해지하면 환급금이 얼마나 되나요?"])
    assert cost.answers[0].text == "계약 주소 변경 희망"
    assert cost.tokens > 100
    assert cost.won > 0.2
    assert cost.seconds_alone > 0


async def test_calls_that_come_together_are_asked_about_together(tmp_path: Path, server: str) -> None:
    loaded = SUMMARIZER.load(folder_of(tmp_path / "slow", f"{server}/v1", concurrency=8), "cpu", "slow")
    assert isinstance(loaded, LoadedSummarizer)
    results = await asyncio.gather(*(loaded.answer(PLAIN) for _ in range(12)))
    loaded.close()
    assert {result.model for result in results} == {"slow"}
    assert 2 < requests.get(f"{server}/sandbox/counters").json()["peak"] <= 8
