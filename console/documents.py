"""The documents that this console's process answers from, loaded beside the pages and exchanged when another index is published."""

import threading

import wiring
from console.answers_page import Ask
from models.answers.told import NotHeld, Suggested
from models.errors import ConfigurationError, VendorUnavailable
from tasks.answers.in_service import answers_in_service


def documents_to_ask() -> Ask | None:
    """What answers questions here; None where READBACK_SUGGEST_ANSWERS is off. A thread loads the index: no page waits for it."""
    if not wiring.settings().suggest_answers:
        return None
    threading.Thread(target=answers_in_service().follow, name="load-documents", daemon=True).start()
    return _ask


def _ask(question: str) -> Suggested | NotHeld:
    service = answers_in_service()
    if service.version:
        return service.answers([question])[0]
    if service.last_error:
        raise ConfigurationError(
            f"the document index does not load: {service.last_error}", remedy="Run index-documents", case="no_documents"
        )
    raise VendorUnavailable(
        "the document index is still being loaded, or none was published yet", remedy="Ask again, or run index-documents"
    )
