"""Each role may do what its process does, and nothing else."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from models.keys import StorageKeys
from models.lifecycle.registry import RegistryKeys
from models.lifecycle.voting import VoteKeys
from models.training.outputs import RunKeys
from tasks.selection.score import SelectionKeys

FOLDER = Path(__file__).parents[2] / "deployments" / "iam"
ROLES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
CALL = "0" * 32
RECORDING = "connect/acme/CallRecordings/2026/11/21/c_20261121T01:30_UTC.wav"
RUN = RunKeys("bart", "lora-r8")
VERSION_FILE = f"{RegistryKeys.artefacts('v1')}model.safetensors"
MOVES = (RegistryKeys.ALIASES, RegistryKeys.version("v1"), VERSION_FILE, RegistryKeys.history(1))
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
    ("summarizer", "s3:GetObject", RegistryKeys.ALIASES),
    ("summarizer", "s3:GetObject", VERSION_FILE),
    ("trainer", "s3:GetObject", "datasets/data_12000.csv"),
    ("trainer", "s3:PutObject", RUN.finished),
    ("trainer", "s3:PutObject", f"{RUN.checkpoints}step-500.pt"),
    ("trainer", "s3:DeleteObject", f"{RUN.checkpoints}step-500.pt"),
    ("trainer", "s3:PutObject", RunKeys("llama", "qlora-r8").finished),
    ("trainer", "s3:GetObject", SelectionKeys.test_set("digest")),
    ("trainer", "s3:PutObject", SelectionKeys.score("candidate")),
    ("trainer", "s3:GetObject", VERSION_FILE),
    *[("promoter", "s3:PutObject", key) for key in MOVES],
    ("promoter", "s3:GetObject", RegistryKeys.ALIASES),
    ("promoter", "s3:GetObject", RUN.finished),
    ("promoter", "s3:ListBucket", RUN.prefix),
    ("promoter", "s3:ListBucket", f"{RegistryKeys.ROOT}history/"),
    ("promoter", "s3:PutObject", SelectionKeys.test_set("digest")),
    ("promoter", "s3:PutObject", SelectionKeys.board("selection")),
    ("promoter", "s3:PutObject", VoteKeys.plan("vote")),
    ("promoter", "s3:PutObject", VoteKeys.vote("vote", "김수진", "inquiry")),
    ("promoter", "s3:PutObject", VoteKeys.submission("vote", 1)),
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
    ("call-worker", "s3:PutObject", RegistryKeys.ALIASES),
    ("call-worker", "s3:ListBucket", ""),
    ("summarizer", "s3:GetObject", RECORDING),
    ("summarizer", "s3:PutObject", RECORD),
    ("summarizer", "s3:PutObject", RegistryKeys.ALIASES),
    ("listener", "s3:GetObject", RECORDING),
    ("trainer", "s3:GetObject", RECORD),
    ("trainer", "s3:GetObject", StorageKeys.transcript(1)),
    ("trainer", "s3:GetObject", RECORDING),
    *[("trainer", action, key) for key in MOVES for action in ("s3:PutObject", "s3:DeleteObject")],
    ("trainer", "s3:PutObject", SelectionKeys.board("selection")),
    ("trainer", "s3:PutObject", VoteKeys.vote("vote", "김수진", "inquiry")),
    *[("promoter", "s3:DeleteObject", key) for key in MOVES],
    ("promoter", "s3:PutObject", RUN.finished),
    ("promoter", "s3:DeleteObject", RUN.finished),
    ("promoter", "s3:GetObject", RECORD),
    ("promoter", "s3:GetObject", RECORDING),
    ("erase", "s3:PutObject", RECORD),
    ("erase", "s3:DeleteObject", RECEIPT),
    ("erase", "s3:DeleteObject", RegistryKeys.ALIASES),
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
