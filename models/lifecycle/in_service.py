"""The model that speaks, exchanged while it speaks.

    service = ModelInService(source, load, every_seconds=5)
    service.start()                               # loads the champion, then follows the registry in a thread
    result = await service.summarize(text)        # result.model names the version that spoke

A new champion is fetched, loaded and warmed in the following thread while the old one goes on speaking; then one assignment puts
it into service. A summary that has begun ends on the model that it began with, which is let go after its last summary.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.errors import ReadbackError
from models.summarizer.batching import MicroBatcher
from models.summarizer.summarizer import Summarizer, SummaryResult

WARM_UP = "자동차 사고가 났는데 보험 처리가 되는지 알고 싶어요."
LONGEST_PAUSE_SECONDS = 60.0


class Source(Protocol):
    """Who is champion; ``models.lifecycle.registry.ChampionSource`` is one."""

    def current(self) -> tuple[str, Path]:
        """The champion's version and the folder with its files."""


@dataclass(frozen=True)
class ServiceReport:
    """One event in the life of the service: the version that speaks now, and what went wrong with which other one."""

    version: str
    replaced: str = ""
    seconds: float = 0.0
    failed_version: str = ""
    error: str = ""


def ignore_reports(report: ServiceReport) -> None:
    """For callers that look at ``ModelInService.last_error`` themselves."""


@dataclass
class _Speaking:
    """One loaded model, and how many summaries it still owes."""

    version: str
    batcher: MicroBatcher
    owed: int = 0
    retired: bool = False


class ModelInService:
    """Holds the champion and follows the registry. Any number of event loops and threads may await summaries.

    ``load(folder, version)`` returns a ready ``Summarizer``; ``report`` is told, in the thread that found out, of every exchange
    and of every failure to exchange. A version that cannot be fetched or loaded leaves the old one in service and is tried again
    after a pause that doubles up to a minute.
    """

    def __init__(
        self,
        source: Source,
        load: Callable[[Path, str], Summarizer],
        *,
        every_seconds: float = 5.0,
        report: Callable[[ServiceReport], None] = ignore_reports,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._load = load
        self._every_seconds = every_seconds
        self._report = report
        self._clock = clock
        self._speaking: _Speaking | None = None
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
        return self._speaking.version if self._speaking else ""

    def start(self) -> None:
        """Load the champion and begin to follow the registry; a second start does nothing.

        Raises whatever keeps the champion from loading: there is no older model that could speak instead. Callers that come
        during the pause after a failure get the same error at once, so that a queue of calls does not load a broken model once
        each.
        """
        with self._exchanging:
            if self._speaking is not None:
                return
            if self._failure is not None and self._clock() < self._paused_until:
                raise self._failure
            self._follow_source()
            if self._failure is not None:
                raise self._failure
            self._follower = threading.Thread(target=self._follow, name="champion", daemon=True)
            self._follower.start()

    async def summarize(self, text: str) -> SummaryResult:
        """One call's summary by the version in service at this moment."""
        with self._held() as speaking:
            return await speaking.batcher.summarize(text)

    def refresh(self) -> None:
        """Ask for the champion now and exchange the model when it is another; never raises, failures are reported."""
        with self._exchanging:
            if self._clock() >= self._paused_until:
                self._follow_source()

    def close(self) -> None:
        """Stop following and take the model out of service; summaries that have begun are finished."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()
        with self._exchanging, self._counting:
            speaking, self._speaking = self._speaking, None
            if speaking is not None:
                self._retire(speaking)

    @contextmanager
    def _held(self) -> Iterator[_Speaking]:
        with self._counting:
            speaking = self._speaking
            if speaking is None:
                raise RuntimeError("ModelInService.start() comes before the first summary")
            speaking.owed += 1
        try:
            yield speaking
        finally:
            with self._counting:
                speaking.owed -= 1
                if speaking.retired:
                    self._retire(speaking)

    def _retire(self, speaking: _Speaking) -> None:
        """Let a model go as soon as it owes nothing. Its thread may still compute for a caller who gave up: nobody waits for that."""
        speaking.retired = True
        if speaking.owed == 0:
            threading.Thread(target=speaking.batcher.close, name="retire-model", daemon=True).start()

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
        summarizer = self._load(folder, version)
        summarizer.summarize([WARM_UP])
        fresh = _Speaking(version, MicroBatcher(summarizer))
        with self._counting:
            old, self._speaking = self._speaking, fresh
            if old is not None:
                self._retire(old)
        self._report(ServiceReport(version, replaced=old.version if old else "", seconds=self._clock() - begun))
