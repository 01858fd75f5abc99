"""The serving model of a line, hot-swapped when the champion changes.

    service = ModelInService(source, load, warm_up=text, every_seconds=5)
    service.start()                               # loads the champion, then follows the registry in a thread
    answer = await service.answer(text)

A new champion is fetched, loaded and warmed in the following thread while the old one goes on answering; then one assignment puts
it into service. An answer that has begun ends on the model that it began with, which is let go after its last answer.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol

from models.errors import ReadbackError
from models.lifecycle.line import Answer, LoadedModel

LONGEST_PAUSE_SECONDS = 60.0


class Source(Protocol):
    """Who is champion; ``stores.model_cache.ChampionSource`` is one."""

    def current(self) -> tuple[str, Path]:
        """The champion's version and the folder with its files."""


@dataclass(frozen=True)
class ServiceReport:
    """One event in the life of the service: the version that answers now, and what went wrong with which other one."""

    version: str
    replaced: str = ""
    seconds: float = 0.0
    failed_version: str = ""
    error: str = ""


def ignore_reports(report: ServiceReport) -> None:
    """For callers that look at ``ModelInService.last_error`` themselves."""


@dataclass
class _Serving(Generic[Answer]):
    """One loaded model, and how many answers it still owes."""

    version: str
    model: LoadedModel[Answer]
    owed: int = 0
    retired: bool = False


class ModelInService(Generic[Answer]):
    """Holds a line's champion and follows the registry. Any number of event loops and threads may await answers.

    ``load(folder, version)`` returns a model, which answers ``warm_up`` before it goes into service; ``report`` is told, in the
    thread that found out, of every exchange and of every failure to exchange. A version that cannot be fetched or loaded leaves the
    old one in service and is tried again after a pause that doubles up to a minute.
    """

    def __init__(
        self,
        source: Source,
        load: Callable[[Path, str], LoadedModel[Answer]],
        *,
        warm_up: str,
        every_seconds: float = 5.0,
        report: Callable[[ServiceReport], None] = ignore_reports,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._load = load
        self._warm_up = warm_up
        self._every_seconds = every_seconds
        self._report = report
        self._clock = clock
        self._serving: _Serving[Answer] | None = None
        self._counting = threading.Lock()
        self._exchanging = threading.Lock()
        self._closing = threading.Event()
        self._follower: threading.Thread | None = None
        self._failure: Exception | None = None
        self._failures = 0
        self._paused_until = float("-inf")

    @property
    def last_error(self) -> str:
        """Why the champion could not be put into service; empty while all is well."""
        return str(self._failure) if isinstance(self._failure, ReadbackError) else f"{self._failure!r}" if self._failure else ""

    @property
    def version(self) -> str:
        """Version in service here; empty before the start."""
        return self._serving.version if self._serving else ""

    def start(self) -> None:
        """Load the champion and begin to follow the registry; a second start does nothing, even while another model is being loaded.

        Raises whatever keeps the champion from loading: there is no older model that could answer instead. Callers that come
        during the pause after a failure get the same error at once, so that a queue of calls does not load a broken model once
        each.
        """
        if self._serving is not None:
            return
        with self._exchanging:
            if self._serving is not None:
                return
            if self._failure is not None and self._clock() < self._paused_until:
                raise self._failure
            self._follow_source()
            if self._failure is not None:
                raise self._failure
            self._start_following()

    def follow(self) -> None:
        """Like ``start``, for a model that others can do without: what keeps it from loading is reported, and tried again later."""
        if self._follower is not None:
            return
        with self._exchanging:
            if self._follower is None:
                self._follow_source()
                self._start_following()

    async def answer(self, text: str) -> Answer:
        """One text's answer by the version in service at this moment."""
        with self._held() as serving:
            return await serving.model.answer(text)

    def answers(self, texts: Sequence[str]) -> Sequence[Answer]:
        """Answers of many texts by the version in service at this moment, computed in this thread."""
        with self._held() as serving:
            return serving.model.answers(texts)

    @contextmanager
    def lent(self) -> Iterator[LoadedModel[Answer]]:
        """The model in service at this moment, for questions that it alone understands; it is not let go meanwhile."""
        with self._held() as serving:
            yield serving.model

    def refresh(self) -> None:
        """Ask for the champion now and exchange the model when it is another; never raises, failures are reported."""
        with self._exchanging:
            if self._clock() >= self._paused_until:
                self._follow_source()

    def close(self) -> None:
        """Stop following and take the model out of service; answers that have begun are finished."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()
        with self._exchanging, self._counting:
            serving, self._serving = self._serving, None
            if serving is not None:
                self._retire(serving)

    @contextmanager
    def _held(self) -> Iterator[_Serving[Answer]]:
        with self._counting:
            serving = self._serving
            if serving is None:
                raise RuntimeError("ModelInService.start() comes before the first answer")
            serving.owed += 1
        try:
            yield serving
        finally:
            with self._counting:
                serving.owed -= 1
                if serving.retired:
                    self._retire(serving)

    def _retire(self, serving: _Serving[Answer]) -> None:
        """Let a model go as soon as it owes nothing. Its thread may still compute for a caller who gave up: nobody waits for that."""
        serving.retired = True
        if serving.owed == 0:
            threading.Thread(target=serving.model.close, name="retire-model", daemon=True).start()

    def _start_following(self) -> None:
        self._follower = threading.Thread(target=self._follow, name="champion", daemon=True)
        self._follower.start()

    def _follow(self) -> None:
        while not self._closing.wait(self._every_seconds):
            self.refresh()

    def _follow_source(self) -> None:
        wanted = ""
        try:
            wanted, folder = self._source.current()
            if wanted != self.version:
                self._exchange(wanted, folder)
        except Exception as error:  # noqa: BLE001 - whatever a new model raises, the old one must go on; it is reported
            self._failure = error
            self._failures += 1
            self._paused_until = self._clock() + min(LONGEST_PAUSE_SECONDS, 2.0**self._failures)
            self._report(ServiceReport(self.version, failed_version=wanted, error=self.last_error))
        else:
            self._failure, self._failures = None, 0

    def _exchange(self, version: str, folder: Path) -> None:
        begun = self._clock()
        model = self._load(folder, version)
        model.answers([self._warm_up])
        fresh = _Serving(version, model)
        with self._counting:
            old, self._serving = self._serving, fresh
            if old is not None:
                self._retire(old)
        self._report(ServiceReport(version, replaced=old.version if old else "", seconds=self._clock() - begun))
