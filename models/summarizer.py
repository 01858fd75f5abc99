"""The summarizer in service: texts in, short faithful summaries out, calls joined into batches.

    Summarizer.load(folder)          a model, loaded once and kept
    summarizer.summarize(texts)      summaries, for whoever has many texts at hand
    await MicroBatcher(summarizer).summarize(text)   one call's summary; calls that come together share a batch

Long input is condensed to its most telling sentences (``models/condensing.py``); a candidate that names a product, an amount or
a date of its own is passed over (``models/faithfulness.py``). The model that ships is told the kind of request beforehand
(``models/request_classifier.py``) and may use no word of its own.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from models.condensing import condense
from models.engines import BEAMS, BartEngine, Device, Engine, HuggingFaceEngine, LlamaEngine, content_hash, model_family
from models.errors import BadTranscript, PermanentError
from models.faithfulness import choose_faithful, first_faithful
from models.request_classifier import RequestClassifier, marked


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
        read = [condense(text, limit, self.engine.count_tokens) for text in texts]
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


_Waiting = tuple[str, "Future[SummaryResult]"]


class MicroBatcher:
    """Joins calls that arrive within a few milliseconds into one batch of the engine.

    The engine runs in threads of the batcher's own, so any number of event loops and threads may await summaries at the same
    time: while one batch is computed the next is read and classified. Calls that come meanwhile make up the next one. After a batch
    of several, the next waits ``window_seconds`` for more, since company is to be expected; a lone caller never waits.
    """

    def __init__(self, summarizer: Summarizer, *, window_seconds: float = 0.004, max_batch: int = 32, threads: int = 2) -> None:
        self.summarizer = summarizer
        self._window = window_seconds
        self._max_batch = max_batch
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._wanted_threads = threads
        self._closed = False
        self.batch_sizes: dict[int, int] = {}

    async def summarize(self, text: str) -> SummaryResult:
        """One call's summary. Raises what the engine raised, for this text or for the batch it was in."""
        return await asyncio.wrap_future(self.submit(text))

    def submit(self, text: str) -> "Future[SummaryResult]":
        """Queue one text from any thread."""
        waiting: Future[SummaryResult] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("This MicroBatcher is closed")
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._run, name=f"summarizer-{i}", daemon=True) for i in range(self._wanted_threads)
                ]
                for thread in self._threads:
                    thread.start()
            self._queue.put((text, waiting))
        return waiting

    def close(self) -> None:
        """Finish what is queued and end the threads."""
        with self._lock:
            self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        busy = False
        while (first := self._queue.get()) is not None:
            batch, closing = self._gather(first, self._window if busy else 0.0)
            busy = len(batch) > 1
            # A caller that gave up meanwhile (its run was cancelled) costs no computation.
            live = [(text, waiting) for text, waiting in batch if waiting.set_running_or_notify_cancel()]
            if live:
                with self._lock:
                    self.batch_sizes[len(live)] = self.batch_sizes.get(len(live), 0) + 1
                self._answer(live)
            if closing:
                return

    def _gather(self, first: _Waiting, window: float) -> tuple[list[_Waiting], bool]:
        batch = [first]
        deadline = time.monotonic() + window
        while len(batch) < self._max_batch:
            try:
                waiting = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
        return batch, False

    def _answer(self, batch: list[_Waiting]) -> None:
        try:
            results = self.summarizer.results([text for text, _ in batch])
        except PermanentError as error:
            # One text is at fault: each is tried alone, so that its neighbours get their summaries.
            if len(batch) > 1:
                for one in batch:
                    self._answer([one])
            else:
                batch[0][1].set_exception(error)
        except BaseException as error:  # noqa: BLE001  whatever it is, every waiter must hear of it
            for _, waiting in batch:
                waiting.set_exception(error)
        else:
            for (_, waiting), result in zip(batch, results, strict=True):
                waiting.set_result(result)
