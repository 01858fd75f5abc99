"""Joined calls: who is computed together, who is told what, and what a broken engine leaves behind. One thread where a test says so."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest
from scripted import Scripted, scripted

from models.errors import BadTranscript
from models.summarizer.batching import MicroBatcher
from models.summarizer.summarizer import SummaryResult


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


class Held(Scripted):
    """An engine whose first batch ends when it is let go: what comes meanwhile waits together, on a host of any speed."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        answers = super().hypotheses(texts, beams)
        self.go.wait()
        return answers


async def asked_while_busy(batcher: MicroBatcher, engine: Held, texts: Sequence[str]) -> list[asyncio.Task[SummaryResult]]:
    """One call that is being computed, then these, in the queue behind it."""
    busy = asyncio.create_task(batcher.summarize("먼저"))
    await until(lambda: bool(engine.batches))
    behind = [asyncio.create_task(batcher.summarize(text)) for text in texts]
    await asyncio.sleep(0)  # every task runs up to its wait
    return [busy, *behind]


async def test_concurrent_calls_share_batches_and_get_their_own_summaries() -> None:
    engine = Held()
    texts = [f"문의 {i}" for i in range(48)]
    with MicroBatcher(scripted(engine), max_batch=16, threads=1) as batcher:
        asked = await asked_while_busy(batcher, engine, texts)
        engine.go.set()
        results = await asyncio.gather(*asked)
    assert [result.text for result in results] == [f"{text} 요약" for text in ("먼저", *texts)]
    assert list(map(len, engine.batches)) == [1, 16, 16, 16]


async def test_a_lone_call_does_not_wait_for_company() -> None:
    with MicroBatcher(scripted(Scripted()), window_seconds=600.0) as batcher:
        for _ in range(20):
            await asyncio.wait_for(batcher.summarize("혼자"), 300)


def test_several_event_loops_may_wait_at_once() -> None:
    answers: list[str] = []
    with MicroBatcher(scripted(Scripted(seconds=0.005))) as batcher:

        async def ask(i: int) -> None:
            answers.append((await batcher.summarize(f"문의 {i}")).text)

        threads = [threading.Thread(target=asyncio.run, args=(ask(i),)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [f"문의 {i} 요약" for i in range(8)]


async def test_an_engine_error_reaches_every_waiter_and_the_batcher_goes_on() -> None:
    engine = Held()
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        busy, *asked = await asked_while_busy(batcher, engine, ["터짐", "옆"])
        engine.go.set()
        broken = await asyncio.gather(*asked, return_exceptions=True)
        assert [str(error) for error in broken] == ["the engine broke"] * 2
        assert (await busy).text == "먼저 요약"
        assert (await batcher.summarize("다음")).text == "다음 요약"


async def test_one_bad_text_does_not_take_its_neighbours_down() -> None:
    engine = Held()
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        asked = await asked_while_busy(batcher, engine, ["  ", "해지"])
        engine.go.set()
        _, bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, BadTranscript)
    assert not isinstance(good, BaseException)
    assert good.text == "해지 요약"


async def test_a_cancelled_call_costs_no_computation() -> None:
    engine = Held()
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        running, given_up = await asked_while_busy(batcher, engine, ["취소됨"])
        given_up.cancel()
        await asyncio.sleep(0)  # the cancellation reaches the caller
        engine.go.set()
        await running
        await batcher.summarize("나중")
    assert all("취소됨" not in batch for batch in engine.batches)


async def test_a_closed_batcher_finishes_its_queue_and_takes_nothing_more() -> None:
    batcher = MicroBatcher(scripted(Scripted(seconds=0.01)), max_batch=2)
    waiting = [asyncio.create_task(batcher.summarize(f"문의 {i}")) for i in range(9)]
    await asyncio.sleep(0)
    await asyncio.to_thread(batcher.close)
    assert [(await one).text for one in waiting] == [f"문의 {i} 요약" for i in range(9)]
    with pytest.raises(RuntimeError, match="closed"):
        await batcher.summarize("늦음")


async def test_threads_that_find_their_callers_taken_go_on() -> None:
    with MicroBatcher(scripted(Scripted()), window_seconds=0.0002, max_batch=4, threads=4) as batcher:
        for _ in range(200):
            answers = await asyncio.wait_for(asyncio.gather(*(batcher.summarize(f"문의 {n}") for n in range(9))), 300)
            assert [answer.text for answer in answers] == [f"문의 {n} 요약" for n in range(9)]
        assert all(thread.is_alive() for thread in batcher._threads)
