"""Everything that has a code has its Korean."""

import inspect
import re
from pathlib import Path

import pytest
from prefect.client.schemas.objects import StateType

from models import errors
from models.call.reconciling import Action, Reason
from models.call.record import Speaker
from models.call.redriving import Result
from models.call.steps import Step
from models.errors import ReadbackError
from reports.call import SPEAKERS
from reports.messages import ACTIONS, ERRORS, REASONS, RESULTS, message_of, state_name, told_failure

ROOT = Path(__file__).parents[2]
EVERY_CLASS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ReadbackError)]
HANGUL = re.compile(r"[가-힣]")


@pytest.mark.parametrize("kind", EVERY_CLASS, ids=lambda kind: kind.__name__)
def test_every_error_is_told_in_korean_with_a_reason_and_a_remedy(kind: type[ReadbackError]) -> None:
    told = ERRORS[kind.code]
    assert all(HANGUL.search(text) for text in (told.title, told.reason, told.remedy))


def test_every_case_that_the_code_raises_is_told_and_every_case_told_is_raised() -> None:
    sources = [
        path.read_text()
        for room in ("models", "clients", "stores", "tasks", "flows", "training_flows", "wiring", "console")
        for path in (ROOT / room).rglob("*.py")
    ]
    raised = {case for source in sources for case in re.findall(r'case="(\w+)"', source)}
    told = {key.partition(".")[2] for key in ERRORS if "." in key}
    assert raised == told
    assert {key.partition(".")[0] for key in ERRORS} == {kind.code for kind in EVERY_CLASS}


@pytest.mark.parametrize("step", Step)
def test_every_step_has_a_korean_name(step: Step) -> None:
    assert HANGUL.search(step.label)


@pytest.mark.parametrize(("kinds", "words"), [(Reason, REASONS), (Action, ACTIONS), (Result, RESULTS), (Speaker, SPEAKERS)])
def test_every_state_of_a_call_is_told_in_korean(kinds: type, words: dict[str, str]) -> None:
    assert set(words) == set(kinds)
    assert all(HANGUL.search(said) for said in words.values())


def test_a_failed_row_of_a_sweep_is_told_in_korean_by_the_error_that_its_message_names() -> None:
    assert told_failure("Flow run encountered an exception: ModelRefused: gone.") == " ".join(
        (ERRORS["model_refused"].reason, ERRORS["model_refused"].remedy)
    )
    assert told_failure("model_refused: there is no run bart/x") == told_failure("ModelRefused: it is gone")
    assert told_failure("out of luck") == "out of luck"


@pytest.mark.parametrize(
    "state", [*sorted(state.value.capitalize() for state in StateType), "Known", "Finished", "Unknown", "TimedOut", "AwaitingRetry", "Late"]
)
def test_every_state_of_a_sweeps_row_is_told_in_korean(state: str) -> None:
    assert HANGUL.search(state_name(state))


def test_an_error_of_another_release_is_told_by_its_code() -> None:
    assert message_of("not_yet_known").title == "not_yet_known"
    assert message_of("bad_recording", "not_yet_known") == ERRORS["bad_recording"]
