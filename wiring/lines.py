"""The lines of models as this process loads them: with the way to language models that its settings allow."""

from typing import Any

from clients.chat_completions import ChatCompletions
from models import lines
from models.errors import ConfigurationError
from models.lifecycle.line import Line
from models.lines import LineName
from models.lines.summarizer import SummarizerLine
from models.summarizer.language_model import Completions, Endpoint
from models.summarizer.summarizer import TellKinds, none_promoted
from wiring import settings


def language_model(endpoint: Endpoint) -> Completions:
    """A connection to an endpoint; ConfigurationError where callers' words may not be sent there.

    Whoever registers a version names its address, so that alone must decide neither where words go nor who is told the key.
    """
    chosen = settings()
    allowed = [url.strip().rstrip("/") for url in chosen.language_model_urls.split(",") if url.strip()]
    if endpoint.base_url.rstrip("/") not in allowed:
        raise ConfigurationError(
            f"Callers' words may not be sent to {endpoint.base_url}",
            remedy="Add the address to READBACK_LANGUAGE_MODEL_URLS where it may be trusted with them",
        )
    key = chosen.language_model_key.get_secret_value()
    return ChatCompletions(endpoint.base_url, key, timeout=endpoint.timeout_seconds, connections=endpoint.concurrency)


def summarizer_line(promoted: TellKinds = none_promoted) -> SummarizerLine:
    """The line of summarizers, language models among them."""
    return SummarizerLine(promoted, language_model)


SUMMARIZER = summarizer_line()
LINES: dict[LineName, Line[Any]] = {**lines.LINES, "summarizer": SUMMARIZER}
