"""What an error tells a person, and that nothing of it is lost between processes."""

import inspect
import pickle

import pytest

from models import errors
from models.errors import (
    BadRecording,
    CallTakenOver,
    ConfigurationError,
    PermanentError,
    QuotaExhausted,
    ReadbackError,
    Superseded,
    TooManyRequests,
    TransientError,
    VendorRefused,
    VendorReply,
)

EVERY_CLASS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ReadbackError)]


def test_an_error_reads_as_sentences_with_the_vendors_reply_and_the_remedy() -> None:
    reply = VendorReply("ReturnZero", status=400, code="H0010", request_id="r-1")
    error = VendorRefused("The file format is not supported.", remedy="Convert it to WAV", reply=reply)
    assert str(error) == "The file format is not supported (ReturnZero, HTTP 400, H0010, request r-1). Convert it to WAV."


def test_an_error_without_details_is_one_sentence() -> None:
    assert str(BadRecording("a.wav is empty")) == "a.wav is empty."
    assert str(TooManyRequests("Slow down", reply=VendorReply("Google"))) == "Slow down (Google)."


@pytest.mark.parametrize("kind", EVERY_CLASS, ids=lambda kind: kind.__name__)
def test_every_error_crosses_a_process_boundary_whole(kind: type[ReadbackError]) -> None:
    error = kind("what", remedy="do that", reply=VendorReply("Google", 429, "8", "r"))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


@pytest.mark.parametrize("kind", EVERY_CLASS, ids=lambda kind: kind.__name__)
def test_every_error_has_exactly_one_fate_and_stands_in_the_drawing(kind: type[ReadbackError]) -> None:
    every_fate = (PermanentError, ConfigurationError, QuotaExhausted, CallTakenOver, Superseded, TransientError)
    fates = [fate for fate in every_fate if issubclass(kind, fate)]
    assert len(fates) == (0 if kind is ReadbackError else 1)
    assert kind.__name__ in (errors.__doc__ or "")


def test_a_superseded_call_names_its_successor_across_a_process_boundary() -> None:
    assert pickle.loads(pickle.dumps(Superseded("superseded", by="another"))).by == "another"
