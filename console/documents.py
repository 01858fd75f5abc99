"""The documents that this console's process answers from, loaded beside the pages and exchanged when another index is published."""

import threading
from collections.abc import Callable
from typing import cast

import wiring
from console.answers_page import Ask
from models.answers.serving import LoadedAnswers
from models.answers.told import NotHeld, Place, Suggested
from models.errors import ConfigurationError, VendorUnavailable
from models.lifecycle.in_service import ModelInService
from tasks.answers.in_service import answers_in_service


def documents_to_ask() -> Ask | None:
    """What answers questions here; None where READBACK_SUGGEST_ANSWERS is off. A thread loads the index: no page waits for it."""
    if not wiring.settings().suggest_answers:
        return None
    threading.Thread(target=answers_in_service().follow, name="load-documents", daemon=True).start()
    return _ask


class ServedDocuments:
    """The index in service here, for who asks among some passages alone: the chat's ``Documents``."""

    def answer(self, question: str, *, among: Callable[[Place], bool]) -> Suggested | NotHeld:
        """ConfigurationError or VendorUnavailable where none is in service."""
        if not wiring.settings().suggest_answers:
            raise ConfigurationError("this console answers from no documents", remedy="Set READBACK_SUGGEST_ANSWERS", case="no_documents")
        with _in_service().lent() as model:
            return cast(LoadedAnswers, model).among(question, among)


def _ask(question: str) -> Suggested | NotHeld:
    return _in_service().answers([question])[0]


def _in_service() -> ModelInService[Suggested | NotHeld]:
    service = answers_in_service()
    if service.version:
        return service
    if service.last_error:
        raise ConfigurationError(
            f"the document index does not load: {service.last_error}", remedy="Run index-documents", case="no_documents"
        )
    raise VendorUnavailable(
        "the document index is still being loaded, or none was published yet", remedy="Ask again, or run index-documents"
    )
