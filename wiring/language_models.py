"""Language models by their address: which may be sent callers' words, and the one that reads doubtful lines of transcripts once more.

Apart from the other clients: a worker of calls that asks none loads no code for them (0.4 s).
"""

from functools import cache

from clients.chat_completions import ChatCompletions
from models.call.second_reading import SecondReader
from models.errors import ConfigurationError
from models.summarizer.language_model import Completions, Endpoint
from wiring import settings

_LONGEST_ANSWER = 2000  # tokens: thirty lines
_PATIENCE_SECONDS = 10.0


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


@cache
def second_reader(url: str, model: str) -> SecondReader:
    """The second reader of transcripts at an address."""
    endpoint = Endpoint(base_url=url, model=model, max_tokens=_LONGEST_ANSWER, deadline_seconds=_PATIENCE_SECONDS)
    return SecondReader(endpoint, language_model(endpoint))
