"""The summarizer in service: texts in, short faithful summaries out, calls joined into batches.

    Summarizer.load(folder)          a model, loaded once and kept
    summarizer.summarize(texts)      summaries, for whoever has many texts at hand
    await MicroBatcher(summarizer).summarize(text)   one call's summary; calls that come together share a batch

Long input is condensed to its most telling sentences (``models/summarizer/condensing.py``); a candidate that names a product, an amount or
a date of its own is passed over (``models/summarizer/faithfulness.py``). The model that ships is told the kind of request beforehand
(``models/summarizer/classifier.py``) and may use no word of its own.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from models.errors import BadTranscript, PermanentError
from models.summarizer.classifier import RequestClassifier, marked
from models.summarizer.condensing import condense
from models.summarizer.engines import BEAMS, BartEngine, Device, Engine, HuggingFaceEngine, LlamaEngine, content_hash, model_family
from models.summarizer.faithfulness import choose_faithful, first_faithful

# Measured with 64 callers on two cores, where four batches keep both at work; a GPU computes a larger batch in the same time.
MAX_BATCH = {"cpu": 16, "cuda": 32}


@dataclass(frozen=True)
class SummaryResult:
    """One summary: its text, the model's name and version, and whether the input was longer than the model reads at once."""

    text: str
    model: str
    version: str
    condensed: bool = False


class Summarizer:
    """A loaded model. Safe to call from several threads.

    ``name`` is the model folder's name unless given, ``version`` the first 12 digits of the hash over weights, configuration,
    tokenizer and classifier: two folders with the same version answer alike. With ``faithful=False`` the most likely candidate is
    taken as it is.
    """

    def __init__(
        self, engine: Engine, name: str, version: str, *, classifier: RequestClassifier | None = None, faithful: bool = True
    ) -> None:
        self.engine = engine
        self.name = name
        self.version = version
        self._classifier = classifier
        self._faithful = faithful
        self._own_words = classifier is None  # only a model too small for words of its own comes with a classifier

    @classmethod
    def load(
        cls,
        model_dir: Path,
        device: Device = "auto",
        threads: int = 0,
        *,
        cache_dir: Path | None = None,
        name: str = "",
        faithful: bool = True,
    ) -> Self:
        """Load a model for service in CTranslate2: int8 on a CPU, int8 and float16 on a GPU.

        ``threads`` 0 takes every core that the process may use. The CTranslate2 form is taken from ``model_dir/ctranslate2`` or
        from ``cache_dir`` (default ``~/.cache/readback``), and derived into the cache on first use. Raises ConfigurationError
        where the folder holds no model or the device is missing.
        """
        model_dir = Path(model_dir)
        engine = (BartEngine if model_family(model_dir) == "bart" else LlamaEngine)(model_dir, device, threads, cache_dir)
        return cls._around(engine, model_dir, name, faithful=faithful)

    @classmethod
    def load_reference(cls, model_dir: Path, device: Device = "auto", *, name: str = "", faithful: bool = True) -> Self:
        """Load what the serving form is held against: the same model through ``generate``, the same rules around it."""
        return cls._around(HuggingFaceEngine(model_dir, device), model_dir, name, faithful=faithful)

    @classmethod
    def _around(cls, engine: Engine, model_dir: Path, name: str, *, faithful: bool) -> Self:
        version = content_hash(model_dir)[:12]
        return cls(engine, name or model_dir.resolve().name, version, classifier=RequestClassifier.load(model_dir), faithful=faithful)

    def summarize(self, texts: Sequence[str]) -> list[str]:
        """One short summary a text, in order. Raises BadTranscript where a text has no words."""
        return [result.text for result in self.results(texts)]

    def results(self, texts: Sequence[str]) -> list[SummaryResult]:
        """Like ``summarize``, with the model's name and version and whether the text had to be condensed."""
        if not texts:
            return []
        for text in texts:
            if not text.strip():
                raise BadTranscript("There is nothing to summarize: the text has no words")
        limit = self.engine.max_input_tokens - (1 if self._classifier else 0)
        read = [condense(text, limit, self.engine.count_tokens, self.engine.most_tokens) for text in texts]
        summaries = self._summaries(texts, self._marked([text for text, _ in read]))
        return [SummaryResult(own, self.name, self.version, condensed) for own, (_, condensed) in zip(summaries, read, strict=True)]

    def _marked(self, inquiries: list[str]) -> list[str]:
        if self._classifier is None:
            return inquiries
        return [marked(text, kind) for text, kind in zip(inquiries, self._classifier.kinds_of(inquiries), strict=True)]

    def _summaries(self, texts: Sequence[str], inquiries: list[str]) -> list[str]:
        """What the model writes; where a narrow search finds nothing that is faithful, a wide one is tried."""
        found = self.engine.hypotheses(inquiries, self.engine.beams)
        if not self._faithful:
            return [_written(candidates[0]) for candidates in found]
        chosen = [first_faithful(text, own, own_words=self._own_words) for text, own in zip(texts, found, strict=True)]
        doubtful = [i for i, summary in enumerate(chosen) if not summary]
        if doubtful and self.engine.beams < BEAMS:
            for i, wider in zip(doubtful, self.engine.hypotheses([inquiries[i] for i in doubtful], BEAMS), strict=True):
                found[i] = wider
        for i in doubtful:
            chosen[i] = _written(choose_faithful(texts[i], found[i], own_words=self._own_words))
        return chosen


def _written(summary: str) -> str:
    if not summary:
        raise BadTranscript("The model wrote nothing for this text", remedy="Read the transcript and summarize the call by hand")
    return summary


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

    def __init__(self, summarizer: Summarizer, *, window_seconds: float = 0.004, max_batch: int = 0, threads: int = 4) -> None:
        """``max_batch`` 0 takes what suits the engine's device."""
        self.summarizer = summarizer
        self._window = window_seconds
        self._max_batch = max_batch or MAX_BATCH[summarizer.engine.device]
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
