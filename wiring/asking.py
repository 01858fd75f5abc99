"""The language model that answers questions over many calls, where settings name one.

Apart from the other clients: a worker of calls that is asked nothing loads no code for it.
"""

from functools import cache

from models.asking.by_model import AskedModel
from models.summarizer.language_model import Endpoint
from wiring.configuration import Settings
from wiring.language_models import language_model

_LONGEST_ANSWER = 2000  # tokens
_PATIENCE_SECONDS = 90.0  # a person waits, and not by the telephone


def asked_endpoint(settings: Settings) -> Endpoint | None:
    """Where questions go, None where they are answered by the words said."""
    if not settings.ask_model_url:
        return None
    return Endpoint(
        base_url=settings.ask_model_url,
        model=settings.ask_model,
        max_tokens=_LONGEST_ANSWER,
        timeout_seconds=60,
        deadline_seconds=_PATIENCE_SECONDS,
        concurrency=4,
        won_per_1k_prompt_tokens=settings.ask_won_per_1k_prompt_tokens,
        won_per_1k_completion_tokens=settings.ask_won_per_1k_completion_tokens,
    )


@cache
def asked_model(endpoint: Endpoint) -> AskedModel:
    """One for the whole process; ConfigurationError where callers' words may not be sent to the address."""
    return AskedModel(endpoint, language_model(endpoint))
