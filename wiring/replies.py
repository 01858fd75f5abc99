"""The language model that drafts replies, behind the guard of summaries."""

from functools import cache

from models.replies.draft import ReplyWriter
from models.summarizer import SHIPPED_READER
from models.summarizer.faithfulness import Guard
from models.summarizer.language_model import Endpoint, Mask
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import EvidenceCheck
from models.summarizer.vocabulary import Vocabulary
from wiring.language_models import language_model


@cache
def reply_writer(url: str, model: str, mask: Mask) -> ReplyWriter:
    """One for the whole process; ConfigurationError where callers' words may not be sent to the address."""
    # An agent waits for it, not a caller.
    endpoint = Endpoint(base_url=url, model=model, temperature=0.7, timeout_seconds=20, deadline_seconds=60)
    vocabulary, shortener = Vocabulary.load(SHIPPED_READER), Shortener()
    check = EvidenceCheck(Guard(vocabulary), vocabulary, shortener)
    return ReplyWriter(endpoint, language_model(endpoint), mask, check, shortener)
