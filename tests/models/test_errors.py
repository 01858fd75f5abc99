"""What an error tells a person, and that nothing of it is lost between processes."""

import inspect
import pickle
import re
from datetime import UTC, datetime

import pytest

from models import errors
from models.call.record import Failure
from models.call.redriving import Selection
from models.errors import (
    BadRecording,
    CallTakenOver,
    ConfigurationError,
    ModelUnavailable,
    PermanentError,
    QuotaExhausted,
    ReadbackError,
    Superseded,
    TooManyRequests,
    TransientError,
    Unexpected,
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
    every_fate = (
        PermanentError,
        ConfigurationError,
        ModelUnavailable,
        QuotaExhausted,
        CallTakenOver,
        Superseded,
        Unexpected,
        TransientError,
    )
    fates = [fate for fate in every_fate if issubclass(kind, fate)]
    assert len(fates) == (0 if kind is ReadbackError else 1)
    assert kind.__name__ in (errors.__doc__ or "")


def test_what_is_stored_of_an_error_is_a_code_that_outlives_its_class_name() -> None:
    codes = [kind.code for kind in EVERY_CLASS]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("stored", ["BadRecording", "bad_recording"])
def test_a_failure_that_an_earlier_release_stored_by_its_class_name_is_read_as_its_code(stored: str) -> None:
    failure = Failure(error=stored, reason="it is silent", step="fetch", at=datetime(2026, 11, 21, tzinfo=UTC))
    assert failure.error == BadRecording.code
    assert Selection(error=stored).takes(failure)


def test_a_superseded_call_names_its_successor_across_a_process_boundary() -> None:
    assert pickle.loads(pickle.dumps(Superseded("superseded", by="another"))).by == "another"
