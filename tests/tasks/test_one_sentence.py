"""A refusal is one sentence with its remedy, in a run's log and at a command; other errors keep their traceback."""

import logging
import os
import subprocess
import sys

import pytest
from prefect.exceptions import ParameterTypeError

import tasks
from models.errors import ConfigurationError, ReadbackError, Unexpected, VendorUnavailable, in_one_sentence
from tasks.one_sentence import LOGGERS, OneSentence
from wiring.configuration import load_settings

NOWHERE = {
    "PREFECT_API_URL": "http://127.0.0.1:1/api",
    "READBACK_AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}


def logged(error: Exception, said: str, *arguments: object) -> str:
    """A record of Prefect's as a handler would write it."""
    try:
        raise error
    except type(error):
        record = logging.LogRecord("prefect.flow_runs", logging.ERROR, "engine.py", 1, said, arguments, sys.exc_info())
    assert OneSentence().filter(record)
    return logging.Formatter("%(message)s").format(record)


@pytest.mark.parametrize(
    "error", [ConfigurationError("nothing was chosen", remedy="Give ids"), VendorUnavailable("it is away", remedy="Wait")], ids=repr
)
def test_a_run_tells_a_refusal_with_its_remedy_and_no_traceback(error: ReadbackError) -> None:
    sentence = f"{error.code}: {error}"
    assert logged(error, "Encountered exception during execution: %r", error) == f"Encountered exception during execution: {sentence}"
    retried = f"Task run failed with exception: {error!r} - Retry 1/7 will start 1 second(s) from now"
    assert logged(error, retried) == f"Task run failed with exception: {sentence} - Retry 1/7 will start 1 second(s) from now"


def test_a_wrong_parameter_is_told_without_a_traceback() -> None:
    assert logged(ParameterTypeError("calls: not a list"), "Engine execution ended").splitlines() == [
        "Engine execution ended calls: not a list"
    ]


@pytest.mark.parametrize("error", [KeyError("number"), Unexpected("KeyError in claim.py, line 7")], ids=repr)
def test_a_fault_of_ours_keeps_its_traceback(error: Exception) -> None:
    assert "Traceback" in logged(error, "Encountered exception during execution: %r", error)


def test_every_process_that_runs_a_flow_of_ours_filters_its_log_once() -> None:
    tasks.tell_refusals_in_one_sentence()
    for name in LOGGERS:
        assert [type(known) for known in logging.getLogger(name).filters].count(OneSentence) == 1


def test_a_setting_that_cannot_be_used_is_named_and_its_value_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_STT_CONCURRENCY", "s3cret")
    with pytest.raises(ConfigurationError, match=r"^READBACK_STT_CONCURRENCY: .* docs/configuration\.md") as refused:
        load_settings()
    assert "s3cret" not in str(refused.value)


def test_a_command_ends_with_the_sentence_and_a_fault_of_ours_with_its_traceback() -> None:
    with pytest.raises(SystemExit, match=r"nothing was chosen\. Give ids\."), in_one_sentence():
        raise ConfigurationError("nothing was chosen", remedy="Give ids")
    with pytest.raises(Unexpected), in_one_sentence():
        raise Unexpected("KeyError in claim.py, line 7")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "given", "told"),
    [
        (["flows.redrive", "--call", "c"], NOWHERE, "does not answer. Check PREFECT_API_URL"),
        (["flows.erase", "--call", "c"], NOWHERE, "does not answer. Check PREFECT_API_URL"),
        (["deployments.register"], NOWHERE, "does not answer. Check PREFECT_API_URL"),
        (["flows.watch_s3"], NOWHERE, "Set READBACK_QUEUE_URL"),
        (["flows.say"], {"READBACK_TTS_SPEAKING_RATE": "9"}, "READBACK_TTS_SPEAKING_RATE"),
        (["sandbox.summarize", "/nowhere", "/nowhere/too"], {}, "No such file"),
        (["sandbox.demo", "--recordings", "/nowhere"], {}, "/nowhere is no folder"),
        (["sandbox.up", "--recordings", "/nowhere"], {}, "/nowhere is no folder"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_every_command_says_in_one_sentence_what_it_lacks(command: list[str], given: dict[str, str], told: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
