"""Each role may do what its process does, and nothing else."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from models.keys import RegistryKeys, RunKeys, SelectionKeys, StorageKeys, VoteKeys
from models.lines import LINES

FOLDER = Path(__file__).parents[2] / "deployments" / "iam"
ROLES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
CALL = "0" * 32
RECORDING = "connect/acme/CallRecordings/2026/11/21/c_20261121T01:30_UTC.wav"
LINE_NAMES = tuple(LINES)
RUNS = [RunKeys(line.name, family, "run") for line in LINES.values() for family in line.families]
VERSION_FILES = [f"{RegistryKeys(line).artefacts('v1')}weights" for line in LINE_NAMES]
ALIASES = [RegistryKeys(line).aliases for line in LINE_NAMES]
MOVES = [*ALIASES, *VERSION_FILES]
MOVES += [key for line in LINE_NAMES for key in (RegistryKeys(line).version("v1"), RegistryKeys(line).history(1))]
TEST_SETS = [SelectionKeys(line).test_set("digest") for line in LINE_NAMES]
BOARDS = [SelectionKeys(line).board("selection") for line in LINE_NAMES]
VOTES = [VoteKeys(line, "vote").vote("0" * 16, "short-1") for line in LINE_NAMES]
RECORD, NOTE, RECEIPT = StorageKeys.call_record(CALL), StorageKeys.quarantine_note(CALL), StorageKeys.erasure_receipt(CALL)


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def may(role: str, action: str, key: str) -> bool:
    """What AWS would answer for an object, or for a listing of a prefix."""
    listing = action.startswith("s3:List")
    resource = "arn:aws:s3:::${bucket}" if listing else f"arn:aws:s3:::${{bucket}}/{key}"
    for statement in ROLES[role]["Statement"]:
        prefixes = as_list(statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", "*"))
        if (
            action in as_list(statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in as_list(statement["Resource"]))
            and (not listing or any(fnmatchcase(key, prefix) for prefix in prefixes))
        ):
            return True
    return False


NEEDED = [
    ("call-worker", "s3:GetObject", RECORDING),
    ("call-worker", "s3:GetObject", RECORD),
    ("call-worker", "s3:PutObject", RECORD),
    ("call-worker", "s3:PutObject", StorageKeys.NUMBER_COUNTER),
    ("call-worker", "s3:PutObject", StorageKeys.transcript(1)),
    ("call-worker", "s3:GetObject", StorageKeys.summary(1)),
    ("call-worker", "s3:PutObject", StorageKeys.prompt(1)),
    ("call-worker", "s3:PutObject", NOTE),
    ("call-worker", "s3:DeleteObject", NOTE),
    ("call-worker", "s3:GetObject", RECEIPT),
    ("call-worker", "s3:PutObject", StorageKeys.cursor("scope")),
    ("call-worker", "s3:DeleteObject", StorageKeys.cursor("scope")),
    ("call-worker", "s3:ListBucket", "connect/"),
    ("call-worker", "s3:ListBucket", StorageKeys.QUARANTINE),
    ("summarizer", "s3:GetObject", RECORD),
    ("summarizer", "s3:PutObject", StorageKeys.summary(1)),
    *[("summarizer", "s3:GetObject", key) for key in MOVES],
    ("trainer", "s3:GetObject", "datasets/data_12000.csv"),
    *[("trainer", "s3:PutObject", run.finished) for run in RUNS],
    *[("trainer", action, f"{run.checkpoints}step-500.pt") for run in RUNS for action in ("s3:PutObject", "s3:DeleteObject")],
    *[("trainer", "s3:GetObject", key) for key in (*TEST_SETS, *VERSION_FILES)],
    *[("trainer", "s3:PutObject", SelectionKeys(line).score("candidate")) for line in LINE_NAMES],
    *[("promoter", "s3:PutObject", key) for key in MOVES],
    *[("promoter", "s3:GetObject", key) for key in (*ALIASES, *(run.finished for run in RUNS))],
    *[("promoter", "s3:ListBucket", run.prefix) for run in RUNS],
    *[("promoter", "s3:ListBucket", f"{RegistryKeys(line).root}history/") for line in LINE_NAMES],
    *[("promoter", "s3:PutObject", key) for key in (*TEST_SETS, *BOARDS, *VOTES)],
    *[("promoter", "s3:PutObject", VoteKeys(line, "vote").plan) for line in LINE_NAMES],
    *[("promoter", "s3:PutObject", VoteKeys(line, "vote").submission(1)) for line in LINE_NAMES],
    *[
        ("erase", "s3:DeleteObjectVersion", key)
        for key in (RECORDING, RECORD, NOTE, StorageKeys.transcript(1), StorageKeys.summary(1), StorageKeys.prompt(1))
    ],
    ("erase", "s3:PutObject", RECEIPT),
    ("erase", "s3:ListBucketVersions", RECORD),
]
FORBIDDEN = [
    ("call-worker", "s3:PutObject", RECORDING),
    ("call-worker", "s3:DeleteObject", RECORDING),
    ("call-worker", "s3:DeleteObject", StorageKeys.prompt(1)),
    ("call-worker", "s3:DeleteObjectVersion", RECORD),
    ("call-worker", "s3:PutObject", RECEIPT),
    ("call-worker", "s3:DeleteObject", RECEIPT),
    *[("call-worker", "s3:PutObject", key) for key in MOVES],
    ("call-worker", "s3:ListBucket", ""),
    ("summarizer", "s3:GetObject", RECORDING),
    ("summarizer", "s3:PutObject", RECORD),
    *[("summarizer", "s3:PutObject", key) for key in MOVES],
    ("listener", "s3:GetObject", RECORDING),
    ("trainer", "s3:GetObject", RECORD),
    ("trainer", "s3:GetObject", StorageKeys.transcript(1)),
    ("trainer", "s3:GetObject", RECORDING),
    *[("trainer", action, key) for key in MOVES for action in ("s3:PutObject", "s3:DeleteObject")],
    *[("trainer", "s3:PutObject", key) for key in (*BOARDS, *VOTES)],
    *[("promoter", "s3:DeleteObject", key) for key in MOVES],
    *[("promoter", action, run.finished) for run in RUNS for action in ("s3:PutObject", "s3:DeleteObject")],
    ("promoter", "s3:GetObject", RECORD),
    ("promoter", "s3:GetObject", RECORDING),
    ("erase", "s3:PutObject", RECORD),
    ("erase", "s3:DeleteObject", RECEIPT),
    *[("erase", "s3:DeleteObject", key) for key in MOVES],
]


@pytest.mark.parametrize(("role", "action", "key"), NEEDED)
def test_a_role_may_do_what_its_process_does(role: str, action: str, key: str) -> None:
    assert may(role, action, key)


@pytest.mark.parametrize(("role", "action", "key"), FORBIDDEN)
def test_a_role_may_do_nothing_else(role: str, action: str, key: str) -> None:
    assert not may(role, action, key)


@pytest.mark.parametrize("role", ROLES)
def test_no_statement_grants_everything(role: str) -> None:
    for statement in ROLES[role]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert all("*" not in action for action in as_list(statement["Action"]))
        assert all(resource not in ("*", "arn:aws:s3:::${bucket}/*", "arn:aws:s3:::*") for resource in as_list(statement["Resource"]))


def test_every_role_of_the_documentation_has_its_policy() -> None:
    assert set(ROLES) == {"call-worker", "summarizer", "listener", "trainer", "promoter", "erase"}
