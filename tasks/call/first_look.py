"""A look at what a caller has just said, before the call waits for its summary: one that shows a danger goes first from here on."""

from functools import cache
from typing import TYPE_CHECKING

from models.call.record import CallRecord
from models.call.transcript import summarizer_input
from models.errors import ReadbackError
from models.signals import SHIPPED_DANGER
from models.summarizer.conversation import read

if TYPE_CHECKING:
    from models.signals.classifier import Classifier


@cache
def _classifier() -> "Classifier":
    """The classifier that ships: linear, so that a worker without a model has what it needs (numpy, loaded when it is first asked)."""
    from models.signals.classifier import load_classifier

    return load_classifier(SHIPPED_DANGER, "cpu")


def looks_dangerous(record: CallRecord) -> bool:
    """Whether the classifier that ships sees a danger. It decides the call's place alone: what is told is the champion's verdict."""
    from models.signals.call import dangers_of

    try:
        conversation = read(summarizer_input(record.said))
    except ReadbackError:
        return False  # nobody said anything: the step that follows tells
    return bool(dangers_of(_classifier(), [conversation], "")[0].signs)
