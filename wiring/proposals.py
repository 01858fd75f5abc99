"""The language model that proposes what has to be done after a call, behind the guard of summaries."""

from functools import cache

from models.actions.proposed import ActionProposer
from models.summarizer import SHIPPED_READER
from models.summarizer.faithfulness import Guard
from models.summarizer.language_model import Endpoint, Mask
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import EvidenceCheck
from models.summarizer.vocabulary import Vocabulary
from wiring.language_models import language_model

_LONGEST_ANSWER = 800  # tokens: twelve things to do
# The call's summary waits for it, so it is asked beside it and no longer than a summary may take.
_PATIENCE_SECONDS = 10.0


@cache
def action_proposer(url: str, model: str, mask: Mask) -> ActionProposer:
    """One for the whole process; ConfigurationError where callers' words may not be sent to the address."""
    endpoint = Endpoint(base_url=url, model=model, max_tokens=_LONGEST_ANSWER, deadline_seconds=_PATIENCE_SECONDS)
    vocabulary, shortener = Vocabulary.load(SHIPPED_READER), Shortener()
    check = EvidenceCheck(Guard(vocabulary), vocabulary, shortener)
    return ActionProposer(endpoint, language_model(endpoint), mask, check, shortener)
