"""The model in service, with engines that answer with their own name."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from models.errors import ModelRefused, VendorUnavailable
from models.lifecycle.in_service import ModelInService, ServiceReport, Source
from models.lines.summarizer import LoadedSummarizer
from models.summarizer import SHIPPED_MODEL
from models.summarizer.summarizer import AbstractiveSummarizer, SummaryResult
from models.summarizer.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load(SHIPPED_MODEL)


class NamedEngine:
    """Answers every text with the model's name; a gate can hold an answer back."""

    device = "cpu"
    max_input_tokens = 1024
    beams = 4

    def __init__(self, name: str, gate: threading.Event | None = None) -> None:
        self._name = name
        self._gate = gate
        self.busy = threading.Event()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def token_upper_bound(self, text: str) -> int:
        return self.count_tokens(text)

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        if self._gate is not None and "기다려" in texts:
            self.busy.set()
            assert self._gate.wait(300)
        return [[f"{self._name}의 요약"] for _ in texts]


class Registry:
    """A source whose champion a test moves; ``fault`` is raised when it is asked."""

    def __init__(self, champion: str) -> None:
        self.champion = champion
        self.fault: Exception | None = None
        self.asked = 0

    def current(self) -> tuple[str, Path]:
        self.asked += 1
        if self.fault:
            raise self.fault
        return self.champion, Path("/models") / self.champion


class Shelf:
    """Loads named engines, except those that a test calls broken."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.loads: list[str] = []
        self.engines: dict[str, NamedEngine] = {}
        self.gate: threading.Event | None = None

    def __call__(self, folder: Path, version: str) -> LoadedSummarizer:
        self.loads.append(version)
        if version in self.broken:
            raise ModelRefused(f"{folder} is damaged")
        self.engines[version] = NamedEngine(version, self.gate)
        return LoadedSummarizer(AbstractiveSummarizer(self.engines[version], version, "0" * 12, VOCABULARY, faithful=False))


def serving(source: Source, load: Callable[[Path, str], LoadedSummarizer], **more: Any) -> ModelInService[SummaryResult]:
    return ModelInService(source, load, warm_up="자동차 사고가 났어요.", **more)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_new_champion_speaks_after_a_refresh() -> None:
    registry, shelf = Registry("one"), Shelf()
    service = serving(registry, shelf)
    service.start()
    assert (await service.answer("사고가 났어요")).model == "one"
    registry.champion = "two"
    service.refresh()
    result = await service.answer("사고가 났어요")
    assert (result.model, result.text) == ("two", "two의 요약")
    service.close()


async def test_the_same_champion_is_not_loaded_again() -> None:
    shelf = Shelf()
    service = serving(Registry("one"), shelf)
    service.start()
    service.refresh()
    service.refresh()
    assert shelf.loads == ["one"]
    service.close()


async def test_a_summary_that_has_begun_ends_on_the_model_it_began_with() -> None:
    registry, shelf = Registry("one"), Shelf()
    shelf.gate = threading.Event()
    service = serving(registry, shelf)
    service.start()
    begun = asyncio.create_task(service.answer("기다려"))
    assert await asyncio.to_thread(shelf.engines["one"].busy.wait, 300)
    registry.champion = "two"
    service.refresh()
    assert (await service.answer("사고가 났어요")).model == "two"
    assert not begun.done()
    shelf.gate.set()
    assert (await begun).model == "one"
    service.close()


async def test_no_summary_is_dropped_or_mixed_while_the_champion_changes_again_and_again() -> None:
    registry, shelf = Registry("v0"), Shelf()
    service = serving(registry, shelf)
    service.start()
    results, promoted = [], asyncio.Event()

    async def caller() -> None:
        while not promoted.is_set():
            results.append(await service.answer("사고가 났어요"))
            await asyncio.sleep(0)

    async def promoter() -> None:
        for n in range(1, 11):
            registry.champion = f"v{n}"
            await asyncio.to_thread(service.refresh)
            while not results or results[-1].model != f"v{n}":
                await asyncio.sleep(0)
        promoted.set()

    await asyncio.gather(promoter(), *(caller() for _ in range(20)))
    assert all(result.text == f"{result.model}의 요약" for result in results)
    assert {f"v{n}" for n in range(1, 11)} <= {result.model for result in results}
    assert service.version == "v10"
    service.close()


async def test_a_version_that_fails_to_load_leaves_the_old_one_in_service_and_is_reported() -> None:
    registry, shelf, reports = Registry("one"), Shelf(), list[ServiceReport]()
    shelf.broken.add("two")
    service = serving(registry, shelf, report=reports.append)
    service.start()
    registry.champion = "two"
    service.refresh()
    assert (await service.answer("사고가 났어요")).model == "one"
    assert service.last_error == "/models/two is damaged."
    assert [(r.version, r.failed_version) for r in reports] == [("one", ""), ("one", "two")]
    service.close()


async def test_a_failed_version_is_tried_again_after_a_pause_that_grows() -> None:
    registry, shelf, time = Registry("one"), Shelf(), Time()
    shelf.broken.add("two")
    service = serving(registry, shelf, clock=time)
    service.start()
    registry.champion = "two"
    for time.now in (0.0, 1.9, 2.0, 5.9, 6.0):
        service.refresh()
    assert shelf.loads == ["one", "two", "two", "two"]
    shelf.broken.clear()
    time.now = 100.0
    service.refresh()
    assert (service.version, service.last_error) == ("two", "")
    service.close()


async def test_an_unreachable_registry_stops_no_summary() -> None:
    registry, shelf = Registry("one"), Shelf()
    service = serving(registry, shelf)
    service.start()
    registry.fault = VendorUnavailable("could not read s3://aicc-all/models/registry/aliases.json")
    service.refresh()
    assert (await service.answer("사고가 났어요")).model == "one"
    assert "could not read" in service.last_error
    service.close()


async def test_a_queue_of_calls_loads_a_broken_first_model_once() -> None:
    shelf = Shelf()
    shelf.broken.add("one")
    service = serving(Registry("one"), shelf)
    answers = await asyncio.gather(*(asyncio.to_thread(service.start) for _ in range(20)), return_exceptions=True)
    assert {str(answer) for answer in answers} == {"/models/one is damaged."}
    assert shelf.loads == ["one"]


async def test_calls_that_come_together_load_the_first_model_once() -> None:
    shelf = Shelf()
    service = serving(Registry("one"), shelf)
    await asyncio.gather(*(asyncio.to_thread(service.start) for _ in range(20)))
    assert shelf.loads == ["one"]
    service.close()


async def test_a_running_service_follows_the_registry_by_itself() -> None:
    registry, exchanged = Registry("one"), threading.Event()

    def heard(report: ServiceReport) -> None:
        if report.replaced:
            exchanged.set()

    service = serving(registry, Shelf(), every_seconds=0.02, report=heard)
    service.start()
    registry.champion = "two"
    assert await asyncio.to_thread(exchanged.wait, 300)
    assert (await service.answer("사고가 났어요")).model == "two"
    service.close()


async def test_a_call_that_starts_while_the_next_model_is_being_loaded_does_not_wait_for_it() -> None:
    registry, shelf, loading, loaded = Registry("one"), Shelf(), threading.Event(), threading.Event()

    def load(folder: Path, version: str) -> LoadedSummarizer:
        if version == "two":
            loading.set()
            assert loaded.wait(300)
        return shelf(folder, version)

    service = serving(registry, load)
    service.start()
    registry.champion = "two"
    exchange = asyncio.create_task(asyncio.to_thread(service.refresh))
    assert await asyncio.to_thread(loading.wait, 300)
    await asyncio.to_thread(service.start)
    assert (await service.answer("사고가 났어요")).model == "one"
    loaded.set()
    await exchange
    assert service.version == "two"
    service.close()


@pytest.mark.slow
async def test_a_model_that_others_can_do_without_keeps_nobody_waiting_and_is_tried_again() -> None:
    registry, shelf, reports, arrived = Registry("one"), Shelf(), list[ServiceReport](), threading.Event()
    shelf.broken.add("one")

    def heard(report: ServiceReport) -> None:
        reports.append(report)
        if not report.error:
            arrived.set()

    service = serving(registry, shelf, every_seconds=0.02, report=heard)
    service.follow()
    assert service.version == ""
    assert "/models/one is damaged" in reports[0].error
    shelf.broken.clear()
    assert await asyncio.to_thread(arrived.wait, 300)
    assert service.version == "one"
    service.close()


async def test_a_retired_model_ends_its_thread() -> None:
    registry, shelf = Registry("one"), Shelf()
    service = serving(registry, shelf)
    service.start()
    await service.answer("사고가 났어요")
    before = threading.active_count()
    registry.champion = "two"
    service.refresh()
    await service.answer("사고가 났어요")
    while threading.active_count() > before:
        await asyncio.sleep(0.02)
    service.close()


async def test_no_summary_comes_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="comes before the first answer"):
        await serving(Registry("one"), Shelf()).answer("사고가 났어요")


async def test_a_model_that_loads_and_cannot_summarize_is_not_put_into_service() -> None:
    registry, shelf = Registry("one"), Shelf()

    class Dumb(NamedEngine):
        def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
            raise RuntimeError("CUDA out of memory")

    def load(folder: Path, version: str) -> LoadedSummarizer:
        return (
            LoadedSummarizer(AbstractiveSummarizer(Dumb(version), version, "0", VOCABULARY)) if version == "two" else shelf(folder, version)
        )

    service = serving(registry, load)
    service.start()
    registry.champion = "two"
    service.refresh()
    assert service.version == "one"
    assert "CUDA out of memory" in service.last_error
    service.close()


@pytest.mark.parametrize("texts", [1, 30])
async def test_closing_finishes_what_has_begun(texts: int) -> None:
    service = serving(Registry("one"), Shelf())
    service.start()
    begun = [asyncio.create_task(service.answer("사고가 났어요")) for _ in range(texts)]
    await asyncio.sleep(0)
    service.close()
    assert [(await task).model for task in begun] == ["one"] * texts
