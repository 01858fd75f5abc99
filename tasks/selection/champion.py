"""The models in service of this process: each line's champion, shared by all runs and hot-swapped."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

from prefect.events import emit_event
from prefect.logging import get_logger

from models.lifecycle.in_service import ModelInService, ServiceReport
from models.lifecycle.line import Answer, Line, LoadedModel
from models.lifecycle.versions import SHIPPED
from models.lines import DANGER, EMOTION, REQUEST_CLASSIFIER
from models.signals.told import CallDanger, CallEmotion, CallSignals
from models.summarizer.classifier import RequestKind
from models.summarizer.summarizer import SummaryResult
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
    return summarizer


def promoted_kinds(texts: Sequence[str]) -> Sequence[RequestKind] | None:
    """Kinds of request by the classifier in service; None while that is the one that ships, as every summarizer comes with its own."""
    classifier = classifier_in_service()
    return None if classifier.version in ("", SHIPPED) else classifier.answers(texts)


def signals_of(conversation: str) -> CallSignals:
    """Emotion and danger of a call by the models in service here. What cannot be told is None: the summary does not wait for it."""
    return CallSignals(emotion=_told(emotions_in_service(), conversation), danger=_told(dangers_in_service(), conversation))


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
