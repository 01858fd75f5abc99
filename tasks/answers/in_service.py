"""The document index in service of this process: loaded once, exchanged when another version is published."""

import time
from functools import cache, partial
from pathlib import Path

from prefect.logging import get_logger

import wiring
from models.answers.encoder import Encoder, load_encoder
from models.answers.serving import WARM_UP, LoadedAnswers
from models.answers.told import NotHeld, Suggested
from models.lifecycle.in_service import ModelInService, ServiceReport
from stores.document_index import DocumentIndexes, IndexSource

SLOW_SECONDS = 1.0  # an answer that took longer is told in the log


@cache
def encoder_of_this_process() -> Encoder:
    """What passages and questions are compared by."""
    chosen = wiring.settings()
    return load_encoder(chosen.answers_encoder, chosen.model_device)


@cache
def answers_in_service() -> ModelInService[Suggested | NotHeld]:
    """Answers from the documents; ``follow`` loads the index in use, if there is one. Any thread may ask."""
    chosen = wiring.settings()

    def load(folder: Path, version: str) -> LoadedAnswers:
        vectors = wiring.passage_vectors()
        near = None if vectors is None else partial(vectors.of, digest=folder.name)
        return LoadedAnswers(folder, encoder_of_this_process(), version, near)

    source = IndexSource(DocumentIndexes(wiring.object_store()), chosen.model_cache / "document-index")
    return ModelInService(source, load, warm_up=WARM_UP, every_seconds=chosen.answers_refresh_seconds, report=_tell)


def follow_index() -> None:
    """Load the index in use and follow what is published, where this process answers; what goes wrong is logged and tried again."""
    if wiring.settings().suggest_answers:
        answers_in_service().follow()


def suggestion_for(request: str) -> Suggested | NotHeld | None:
    """The answer to a call's request; None where nothing is asked for, none is wanted, no index serves or it fails: the call goes on."""
    if not request or not wiring.settings().suggest_answers:
        return None
    service = answers_in_service()
    if not service.version:
        return None
    begun = time.monotonic()
    try:
        return service.answers([request])[0]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the index, the call's own work is done
        get_logger("readback.answers").error("Version %s of the document index answered nothing: %s", service.version, type(error).__name__)
        return None
    finally:
        if (took := time.monotonic() - begun) > SLOW_SECONDS:
            get_logger("readback.answers").warning("An answer from the documents took %.1f s", took)


def _tell(report: ServiceReport) -> None:
    log = get_logger("readback.answers")
    if report.error:
        in_use = report.version or "(none)"
        log.error("Document index: version %s stays in use; %s does not load: %s", in_use, report.failed_version or "another", report.error)
    else:
        log.info("Document index: version %s is in use, loaded in %.1f s", report.version, report.seconds)
