"""Calls joined into batches: what arrives within a few milliseconds is computed together.

await MicroBatcher(summarizer).summarize(text)   one call's summary; calls that come together share a batch
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from models.errors import PermanentError
from models.summarizer.summarizer import SummaryResult

# Measured with 64 callers on two cores, where four batches keep both at work; a GPU computes a larger batch in the same time.
MAX_BATCH = {"cpu": 16, "cuda": 32}


class Batched(Protocol):
    """What answers many texts at once: a ``Summarizer``, or a language model asked about all of them at the same time."""

    device: str

    def results(self, texts: Sequence[str]) -> list[SummaryResult]:
        """One result a text, in order."""


@dataclass(frozen=True, eq=False)
class _Caller:
    """One text and the future, of the caller's event loop, that its summary goes into."""

    text: str
    answer: "asyncio.Future[SummaryResult]"


class MicroBatcher:
    """Joins calls that arrive within a few milliseconds into one batch of the engine.

    The engine runs in threads of the batcher's own, so any number of event loops may await summaries at the same time: while one
    batch is computed the next is read and classified. Calls that come meanwhile make up the next one. After a batch of several, the
    next waits ``window_seconds`` for more, since company is to be expected; a lone caller never waits.
    """

    def __init__(self, summarizer: Batched, *, window_seconds: float = 0.004, max_batch: int = 0, threads: int = 4) -> None:
        """``max_batch`` 0 takes what suits the engine's device."""
        self.summarizer = summarizer
        self._window = window_seconds
        self._max_batch = max_batch or MAX_BATCH[summarizer.device]
        self._callers: deque[_Caller] = deque()
        # Not queue.SimpleQueue: with several consumers its get() with a timeout may wait for ever (CPython 3.11).
        self._change = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._wanted_threads = threads
        self._closed = False
        self.batch_sizes: Counter[int] = Counter()

    async def summarize(self, text: str) -> SummaryResult:
        """One call's summary. Raises what the engine raised, for this text or for the batch it was in."""
        caller = _Caller(text, asyncio.get_running_loop().create_future())
        with self._change:
            if self._closed:
                raise RuntimeError("This MicroBatcher is closed")
            if not self._threads:
                self._start_threads()
            self._callers.append(caller)
            self._change.notify()
        return await caller.answer

    def close(self) -> None:
        """Finish what is queued and end the threads."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start_threads(self) -> None:
        self._threads = [threading.Thread(target=self._run, name=f"summarizer-{i}", daemon=True) for i in range(self._wanted_threads)]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        company = False
        while (batch := self._gather(self._window if company else 0.0)) is not None:
            company = len(batch) > 1
            # A caller that gave up meanwhile (its run was cancelled) costs no computation.
            live = [caller for caller in batch if not caller.answer.done()]
            if live:
                self._answer(live)

    def _gather(self, window: float) -> list[_Caller] | None:
        """The callers that wait; none where another thread has them by now, None when there will be no more."""
        with self._change:
            self._change.wait_for(lambda: self._callers or self._closed)
            if window:
                self._change.wait_for(lambda: len(self._callers) >= self._max_batch or self._closed, window)
            batch = [self._callers.popleft() for _ in range(min(self._max_batch, len(self._callers)))]
            if self._callers:
                self._change.notify()  # more than one thread's share
            if batch:
                self.batch_sizes[len(batch)] += 1
            return None if self._closed and not batch else batch

    def _answer(self, batch: list[_Caller]) -> None:
        try:
            results = self.summarizer.results([caller.text for caller in batch])
        except BaseException as error:  # noqa: BLE001  whatever it is, every waiter must hear of it
            if isinstance(error, PermanentError) and len(batch) > 1:
                # One text is at fault: each is tried alone, so that its neighbours get their summaries.
                for caller in batch:
                    self._answer([caller])
            else:
                _tell(batch, [error] * len(batch))
        else:
            _tell(batch, results)


def _tell(callers: list[_Caller], outcomes: Sequence[SummaryResult | BaseException]) -> None:
    """Hand the outcomes over to the callers' event loops, to each loop at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Caller, SummaryResult | BaseException]]] = {}
    for caller, outcome in zip(callers, outcomes, strict=True):
        by_loop.setdefault(caller.answer.get_loop(), []).append((caller, outcome))
    for loop, told in by_loop.items():
        with suppress(RuntimeError):  # a loop that is closed has nobody who waits
            loop.call_soon_threadsafe(_settle, told)


def _settle(told: list[tuple[_Caller, SummaryResult | BaseException]]) -> None:
    for caller, outcome in told:
        if caller.answer.done():  # cancelled meanwhile
            continue
        if isinstance(outcome, BaseException):
            caller.answer.set_exception(outcome)
        else:
            caller.answer.set_result(outcome)
