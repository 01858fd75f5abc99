"""The models in service of this process: each line's champion, shared by all runs and hot-swapped."""

import threading
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

from prefect.events import emit_event
from prefect.logging import get_logger

from models.lifecycle.canary import Canary
from models.lifecycle.in_service import ModelInService, ServiceReport
from models.lifecycle.line import Answer, Line, LoadedModel
from models.lifecycle.versions import SHIPPED
from models.lines import DANGER, EMOTION, REQUEST_CLASSIFIER
from models.signals.told import CallDanger, CallEmotion, CallSignals
from models.summarizer.classifier import RequestKind
from models.summarizer.summarizer import SummaryResult
from stores.canaries import Canaries
from stores.model_cache import ChampionSource, download_version
from stores.registry import Registry
from wiring import object_store, settings
from wiring.lines import summarizer_line


@cache
def summarizer_in_service() -> ModelInService[SummaryResult]:
    """The summarizer, which is told kinds of request by the classifier that was promoted, if one was."""
    return in_service(summarizer_line(promoted_kinds))


@cache
def classifier_in_service() -> ModelInService[RequestKind]:
    """The request classifier."""
    return in_service(REQUEST_CLASSIFIER)


@cache
def emotions_in_service() -> ModelInService[CallEmotion]:
    """The classifier of emotions."""
    return in_service(EMOTION)


@cache
def dangers_in_service() -> ModelInService[CallDanger]:
    """The classifier of dangers."""
    return in_service(DANGER)


def start_summarizer() -> ModelInService[SummaryResult]:
    """Load what summarizes calls, once; blocks. Of all its models only the summarizer is one that no call can do without."""
    for model in (classifier_in_service(), emotions_in_service(), dangers_in_service()):
        model.follow()
    summarizer = summarizer_in_service()
    summarizer.start()
    challenger().follow(settings().model_refresh_seconds)
    return summarizer


class Challenger:
    """The canary's model, loaded beside the champion while a canary goes on; what goes wrong with it leaves its calls to the champion."""

    def __init__(self, line: Line[SummaryResult], canaries: Canaries) -> None:
        self._line, self._canaries = line, canaries
        self._serving: tuple[Canary, ModelInService[SummaryResult]] | None = None
        self._follower: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closing = threading.Event()

    def follow(self, every_seconds: float) -> None:
        """Look for canaries now and from now on; again does nothing."""
        with self._starting:
            if self._follower is None:
                self.refresh()
                self._follower = threading.Thread(target=self._follow, args=(every_seconds,), name="challenger", daemon=True)
                self._follower.start()

    def answers_for(self, call_id: str) -> ModelInService[SummaryResult] | None:
        """The challenger, where this call is its; None for the champion's calls."""
        serving = self._serving
        return serving[1] if serving and serving[0].speaks_for(call_id) else None

    def refresh(self) -> None:
        """Load the challenger of a new canary, let go that of one that ended."""
        try:
            canary = self._canaries.active()
            before = self._serving
            if (before[0] if before else None) == canary:
                return
            self._serving = None
            if before:
                before[1].close()
            if canary:
                source = _OneVersion(self._line, canary.challenger)
                model = ModelInService(source, partial(load_version, self._line), warm_up=self._line.smoke_texts[0], every_seconds=3600.0)
                model.start()
                self._serving = (canary, model)
        except Exception as error:  # noqa: BLE001 - whatever a challenger raises, the champion answers its calls; it is told
            get_logger("readback.champion").error("The canary's challenger does not serve: %s: %s", type(error).__name__, error)

    def _follow(self, every_seconds: float) -> None:
        while not self._closing.wait(every_seconds):
            self.refresh()

    def close(self) -> None:
        """Stop looking, and let the challenger go."""
        self._closing.set()
        if self._follower is not None:
            self._follower.join()
        serving, self._serving = self._serving, None
        if serving:
            serving[1].close()


class _OneVersion:
    """A source that always names one version."""

    def __init__(self, line: Line[Any], version: str) -> None:
        self._line, self._version = line, version

    def current(self) -> tuple[str, Path]:
        """The version and its folder."""
        chosen, store = settings(), object_store()
        if self._version == SHIPPED:
            return SHIPPED, self._line.shipped(chosen.model_dir)
        version = Registry(store, self._line).version(self._version)
        return self._version, download_version(store, version, chosen.model_cache / self._line.name)


@cache
def challenger() -> Challenger:
    """The summarizer's challenger in this process."""
    line = summarizer_line(promoted_kinds)
    return Challenger(line, Canaries(object_store(), line))


def promoted_kinds(texts: Sequence[str]) -> Sequence[RequestKind] | None:
    """Kinds of request by the classifier in service; None while that is the one that ships, as every summarizer comes with its own."""
    classifier = classifier_in_service()
    return None if classifier.version in ("", SHIPPED) else classifier.answers(texts)


def emotion_of(conversation: str) -> CallEmotion | None:
    """The caller's emotion by the model in service here, which somebody follows; None where it cannot be told."""
    return _told(emotions_in_service(), conversation)


def danger_of(conversation: str) -> CallDanger | None:
    """Danger of a call by the champion here; None where it cannot be told."""
    return _told(dangers_in_service(), conversation)


def signals_of(conversation: str, danger: CallDanger | None = None) -> CallSignals:
    """Emotion and danger of a call by the models in service here. What cannot be told is None: the summary does not wait for it.

    ``danger`` is a verdict that is there already.
    """
    return CallSignals(emotion=emotion_of(conversation), danger=danger or danger_of(conversation))


def _told(service: ModelInService[Answer], conversation: str) -> Answer | None:
    if not service.version:
        return None  # why it is not there was reported when it could not be loaded
    try:
        return service.answers([conversation])[0]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this model, the caller's request is told; the call says that it is not judged
        get_logger("readback.champion").error("Version %s judged nothing: %s", service.version, type(error).__name__)
        return None


def in_service(line: Line[Answer]) -> ModelInService[Answer]:
    """A line's champion, as the settings of this process lead to it. ``start`` loads it."""
    return ModelInService(
        champion_source(line),
        partial(load_version, line),
        warm_up=line.smoke_texts[0],
        every_seconds=settings().model_refresh_seconds,
        report=partial(tell, line),
    )


def champion_source(line: Line[Any]) -> ChampionSource:
    """What a running service asks which model to load."""
    chosen, store = settings(), object_store()
    cache = chosen.model_cache / line.name
    return ChampionSource(Registry(store, line), lambda version: download_version(store, version, cache), line.shipped(chosen.model_dir))


def load_version(line: Line[Answer], folder: Path, version: str) -> LoadedModel[Answer]:
    """Load a model for service under its version's name, which every answer then carries."""
    return line.load(folder, settings().model_device, version)


def tell(line: Line[Any], report: ServiceReport) -> None:
    """Log an exchange of models, or why it failed, and make it an event that automations can act on."""
    log = get_logger("readback.champion")
    if report.error:
        log.error(
            "%s: version %s stays in service: the champion %s could not be loaded: %s",
            line.name,
            report.version or "(none)",
            report.failed_version,
            report.error,
        )
    else:
        log.info(
            "%s: version %s is in service, loaded in %.1f s, after %s",
            line.name,
            report.version,
            report.seconds,
            report.replaced or "nothing",
        )
    emit_event(
        "readback.model.failed" if report.error else "readback.model.in-service",
        resource={"prefect.resource.id": f"readback.model.{report.failed_version or report.version}"},
        payload={"line": line.name, **asdict(report)},
    )
