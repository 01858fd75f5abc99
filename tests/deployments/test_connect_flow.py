"""The flow of Amazon Connect is written in the published language, and plays, asks and keeps the answer.

What the language allows stands in ``PUBLISHED``, by action, as Amazon Connect's API reference has it
(docs.aws.amazon.com/connect/latest/APIReference/flow-language.html, read in November 2026): parameters, errors, and whether a result is
compared. Amazon itself checks a flow when it is made, which needs an account.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FLOW: dict[str, Any] = json.loads((Path(__file__).parents[2] / "deployments" / "aws" / "connect_flow.json").read_text("utf-8"))
ACTIONS = {action["Identifier"]: action for action in FLOW["Actions"]}
SAID = ("PromptId", "Text", "SSML", "Media")


@dataclass(frozen=True)
class Action:
    """What one kind of action takes: parameters that must be and may be there, one of ``SAID`` at most, errors, and conditions."""

    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    compares: bool = False
    ends: bool = False


PUBLISHED = {
    "Compare": Action(needs=frozenset({"ComparisonValue"}), errors=frozenset({"NoMatchingCondition"}), compares=True),
    "MessageParticipant": Action(takes=frozenset(SAID), errors=frozenset({"NoMatchingError"})),
    "GetParticipantInput": Action(
        needs=frozenset({"InputTimeLimitSeconds", "StoreInput"}),
        takes=frozenset({*SAID, "InputValidation", "InputEncryption", "DTMFConfiguration"}),
        errors=frozenset({"NoMatchingError", "NoMatchingCondition", "InputTimeLimitExceeded", "InvalidPhoneNumber"}),
        compares=True,
    ),
    "UpdateContactAttributes": Action(needs=frozenset({"Attributes", "TargetContact"}), errors=frozenset({"NoMatchingError"})),
    "DisconnectParticipant": Action(ends=True),
}
OPERATORS = {
    *("Equals", "TextStartsWith", "TextEndsWith", "TextContains"),
    *("NumberGreaterThan", "NumberGreaterOrEqualTo", "NumberLessThan", "NumberLessOrEqualTo"),
}
NOT_IN_A_NAME = re.compile(r"[%:(\\/)=$,;\[\]{}]")


def ways(action: dict[str, Any]) -> list[str]:
    moves = action["Transitions"]
    branches = [*moves.get("Conditions", []), *moves.get("Errors", [])]
    return [branch["NextAction"] for branch in branches] + ([moves["NextAction"]] if "NextAction" in moves else [])


def test_a_flow_has_the_fields_of_the_language() -> None:
    assert FLOW.keys() == {"Version", "StartAction", "Metadata", "Actions"}
    assert FLOW["Version"] == "2019-10-30"
    assert len(ACTIONS) == len(FLOW["Actions"])
    assert len(json.dumps(FLOW)) < 256_000


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_one_of_the_language(name: str) -> None:
    action = ACTIONS[name]
    assert action.keys() == {"Identifier", "Type", "Parameters", "Transitions"}
    assert len(name) <= 50
    assert not NOT_IN_A_NAME.search(name)
    kind, given, moves = PUBLISHED[action["Type"]], set(action["Parameters"]), action["Transitions"]
    assert kind.needs <= given <= kind.needs | kind.takes
    assert len(given & set(SAID)) <= 1
    if kind.ends:
        assert moves == {}
        return
    assert {"NextAction", "Errors"} <= moves.keys() <= {"NextAction", "Errors", "Conditions"}
    errors = [error["ErrorType"] for error in moves["Errors"]]
    assert len(errors) == len(set(errors))
    assert set(errors) <= kind.errors
    # A way for what nobody thought of: without it the contact would be cut off.
    assert {"NoMatchingError", "NoMatchingCondition"} & kind.errors <= set(errors)
    assert kind.compares or "Conditions" not in moves
    for branch in moves.get("Conditions", []):
        assert branch["Condition"]["Operator"] in OPERATORS
        assert all(isinstance(operand, str) for operand in branch["Condition"]["Operands"])


def test_what_must_be_static_is_and_what_is_looked_up_is_one_path() -> None:
    for action in ACTIONS.values():
        given = action["Parameters"]
        if action["Type"] == "Compare":
            assert re.fullmatch(r"\$(\.[A-Za-z_]+)+", given["ComparisonValue"])
        if action["Type"] == "GetParticipantInput":
            assert int(given["InputTimeLimitSeconds"]) > 0
            assert given["StoreInput"] in ("True", "False")
        if "Media" in given:
            assert given["Media"].keys() == {"Uri", "SourceType", "MediaType"}
            assert (given["Media"]["SourceType"], given["Media"]["MediaType"]) == ("S3", "Audio")
        if "TargetContact" in given:
            assert given["TargetContact"] in ("Current", "Related")


def test_the_flow_of_amazon_connect_plays_asks_and_keeps_the_answer() -> None:
    reached, waiting = set(), [FLOW["StartAction"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += ways(ACTIONS[name])
    assert reached == set(ACTIONS), "every action is there and is reached"
    pressed = {branch["Condition"]["Operands"][0]: branch["NextAction"] for branch in ACTIONS["ask"]["Transitions"]["Conditions"]}
    kept = {digit: ACTIONS[name]["Parameters"]["Attributes"] for digit, name in pressed.items()}
    assert kept == {digit: {"readback_answer": digit} for digit in ("1", "2")}
    assert ACTIONS["play"]["Parameters"]["Media"]["Uri"] == "$.Attributes.readback_prompt"
