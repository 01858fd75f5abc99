"""Each role may do what its process does, and nothing else."""

import json
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from deployments.tracking_server import PREFIX as PREFIX_OF_TRACKING
from models.keys import DatasetKeys, DocumentKeys, HearingKeys, RegistryKeys, RunKeys, SelectionKeys, StorageKeys, TermKeys, VoteKeys
from models.lines import LINES, NAMES
from wiring.configuration import Settings

FOLDER = Path(__file__).parents[2] / "deployments" / "iam"
TEXTS = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.json"))}
PREFIX = Settings().recordings_prefix
CONTACT_FILE = "ctr/2026/11/21/01/readback-1-2026-11-21-01-30-00-x"
ROLES = {
    role: json.loads(text.replace("${recordings_prefix}", PREFIX).replace("${contact_records_prefix}", "ctr/"))
    for role, text in TEXTS.items()
}
CALL = "0" * 32
RECORDING = f"{PREFIX}acme/CallRecordings/2026/11/21/c_20261121T01:30_UTC.wav"
RUNS = [RunKeys(line, family, "run") for line in NAMES for family in LINES[line].families]
REGISTRIES, SELECTIONS = [RegistryKeys(line) for line in NAMES], [SelectionKeys(line) for line in NAMES]
VERSIONED = [DatasetKeys.content("digest"), DatasetKeys.version("datasets/data_12000.csv", 1)]
VOTES = [VoteKeys(line, "vote") for line in NAMES]
ALIASES = [registry.aliases for registry in REGISTRIES]
VERSION_FILES = [f"{registry.artefacts('v1')}model.safetensors" for registry in REGISTRIES]
MOVES = [*ALIASES, *VERSION_FILES, *[key for registry in REGISTRIES for key in (registry.version("v1"), registry.history(1))]]
CORRECTED = [StorageKeys.corrected(CALL), StorageKeys.corrections(CALL), StorageKeys.corrected_pairs(CALL)]
TERMS = [TermKeys.LIST, TermKeys.version(1), TermKeys.proposal("p")]
TOLD = StorageKeys.contact_call("contact", CALL)
DAY = date(2026, 11, 21)
ANSWER, VERDICT = StorageKeys.answer(DAY, CALL), StorageKeys.verdict(DAY, CALL)
EDIT, LOOK = StorageKeys.edit(CALL, 1), f"{StorageKeys.looks(date(2026, 11, 20))}look.json"
CHAT = StorageKeys.chat("agent", "20261129T101500-0123456789abcdef")
SERVICES = StorageKeys.services(1)
ASK = "20261120T190000-0123456789ab"
QUESTION, FINDINGS, MARK = StorageKeys.question(ASK), StorageKeys.findings(ASK), StorageKeys.mark_of_findings(CALL, ASK)
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
    ("call-worker", "s3:PutObject", TOLD),
    ("call-worker", "s3:ListBucket", StorageKeys.contact_calls("contact")),
    ("call-worker", "s3:PutObject", StorageKeys.NUMBER_COUNTER),
    ("call-worker", "s3:PutObject", StorageKeys.transcript(1)),
    ("call-worker", "s3:GetObject", StorageKeys.summary(1)),
    ("call-worker", "s3:PutObject", StorageKeys.prompt(1)),
    ("call-worker", "s3:PutObject", NOTE),
    ("call-worker", "s3:DeleteObject", NOTE),
    ("call-worker", "s3:GetObject", RECEIPT),
    ("call-worker", "s3:PutObject", StorageKeys.cursor("scope")),
    ("call-worker", "s3:DeleteObject", StorageKeys.cursor("scope")),
    ("call-worker", "s3:PutObject", StorageKeys.away("google")),
    ("call-worker", "s3:DeleteObject", StorageKeys.away("google")),
    *[(role, "s3:GetObject", f"{HearingKeys.SETS}may/a.wav") for role in ("call-worker", "trainer", "promoter")],
    *[(role, "s3:PutObject", HearingKeys.heard("etag", "google", "q")) for role in ("call-worker", "trainer")],
    *[("promoter", "s3:PutObject", key) for key in (HearingKeys.plan("digest"), HearingKeys.comparison("run"))],
    ("promoter", "s3:ListBucket", f"{HearingKeys.SETS}may/"),
    ("call-worker", "s3:ListBucket", PREFIX),
    ("call-worker", "s3:ListBucket", StorageKeys.QUARANTINE),
    ("call-worker", "s3:GetObject", StorageKeys.landed(CALL)),
    ("call-worker", "s3:PutObject", StorageKeys.to_hear(CALL)),
    *[("call-worker", action, key) for key in TERMS for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    ("listener", "s3:PutObject", StorageKeys.landed(CALL)),
    ("listener", "s3:GetObject", RECEIPT),
    ("listener", "s3:ListBucket", RECEIPT),
    ("listener", "s3:GetObject", CONTACT_FILE),
    *[("listener", action, StorageKeys.contact_record("c")) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    *[("listener", action, RECORD) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    ("listener", "s3:PutObject", ANSWER),
    ("listener", "s3:GetObject", StorageKeys.erased_contact("c")),
    *[("call-worker", action, StorageKeys.mark_of_call("c", CALL)) for action in ("s3:PutObject", "s3:ListBucket")],
    *[("call-worker", action, StorageKeys.spending(DAY, "p")) for action in ("s3:PutObject", "s3:GetObject", "s3:ListBucket")],
    *[("promoter", action, key) for key in (ANSWER, VERDICT) for action in ("s3:GetObject", "s3:ListBucket")],
    ("call-worker", "s3:PutObject", VERDICT),
    *[("call-worker", action, RegistryKeys("summarizer").aliases) for action in ("s3:GetObject", "s3:ListBucket")],
    ("call-worker", "s3:PutObject", StorageKeys.day_anew("v2", DAY)),
    ("call-worker", "s3:PutObject", StorageKeys.later_charges(DAY, "run")),
    *[("call-worker", action, StorageKeys.LAST_SWEEP) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    ("call-worker", "s3:ListBucketVersions", ""),
    *[
        ("erase", action, key)
        for key in (StorageKeys.contact_record("c"), StorageKeys.mark_of_call("c", CALL), ANSWER, VERDICT)
        for action in ("s3:DeleteObjectVersion", "s3:ListBucketVersions")
    ],
    ("erase", "s3:PutObject", StorageKeys.erased_contact("c")),
    ("erase", "s3:DeleteObjectVersion", StorageKeys.landed(CALL)),
    ("erase", "s3:DeleteObjectVersion", StorageKeys.to_hear(CALL)),
    ("erase", "s3:DeleteObjectVersion", StorageKeys.signals(CALL)),
    ("summarizer", "s3:PutObject", StorageKeys.signals(CALL)),
    *[(role, action, DocumentKeys.version(1)) for role in ("summarizer", "console") for action in ("s3:GetObject", "s3:ListBucket")],
    *[("promoter", action, DocumentKeys.content("d", "index.json")) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    *[("promoter", action, f"{DocumentKeys.UPLOADS}terms.md") for action in ("s3:GetObject", "s3:ListBucket")],
    ("summarizer", "s3:PutObject", StorageKeys.drafts(CALL)),
    ("summarizer", "s3:GetObject", StorageKeys.openings(1)),
    ("call-worker", "s3:PutObject", StorageKeys.openings(1)),
    ("erase", "s3:DeleteObjectVersion", StorageKeys.drafts(CALL)),
    ("call-worker", "s3:GetObject", StorageKeys.signals(CALL)),
    *[("erase", "s3:DeleteObjectVersion", key) for key in CORRECTED],
    *[("call-worker", "s3:PutObject", key) for key in CORRECTED],
    *[("erase", "s3:ListBucketVersions", key) for key in CORRECTED],
    ("trainer", "s3:GetObject", StorageKeys.corrected_pairs(CALL)),
    ("summarizer", "s3:GetObject", RECORD),
    ("summarizer", "s3:PutObject", StorageKeys.summary(1)),
    ("summarizer", "s3:PutObject", StorageKeys.review(CALL)),
    ("call-worker", "s3:GetObject", StorageKeys.review(CALL)),
    ("erase", "s3:DeleteObjectVersion", StorageKeys.review(CALL)),
    *[("summarizer", "s3:GetObject", key) for key in (*ALIASES, *VERSION_FILES)],
    *[("tracking", action, f"{PREFIX_OF_TRACKING}/1/run/artifacts/verdict.md") for action in ("s3:GetObject", "s3:PutObject")],
    ("trainer", "s3:GetObject", "datasets/data_12000.csv"),
    *[(role, "s3:PutObject", key) for role in ("trainer", "promoter") for key in VERSIONED],
    *[("trainer", "s3:PutObject", run.finished) for run in RUNS],
    *[("trainer", action, f"{run.checkpoints}step-500.pt") for run in RUNS for action in ("s3:PutObject", "s3:DeleteObject")],
    *[("trainer", "s3:GetObject", selection.test_set("digest")) for selection in SELECTIONS],
    *[("trainer", "s3:PutObject", selection.score("candidate")) for selection in SELECTIONS],
    *[("trainer", "s3:GetObject", key) for key in VERSION_FILES],
    *[("promoter", "s3:PutObject", key) for key in MOVES],
    *[("promoter", "s3:GetObject", key) for key in ALIASES],
    *[("promoter", "s3:GetObject", run.finished) for run in RUNS],
    *[("promoter", "s3:ListBucket", run.prefix) for run in RUNS],
    *[("promoter", "s3:ListBucket", f"{registry.root}history/") for registry in REGISTRIES],
    *[("promoter", "s3:PutObject", key) for one in SELECTIONS for key in (one.test_set("digest"), one.board("selection"))],
    *[("promoter", "s3:PutObject", key) for vote in VOTES for key in (vote.plan, vote.vote("voter", "inquiry"), vote.submission(1))],
    *[
        ("erase", "s3:DeleteObjectVersion", key)
        for key in (RECORDING, RECORD, NOTE, TOLD, StorageKeys.transcript(1), StorageKeys.summary(1), StorageKeys.prompt(1))
    ],
    ("erase", "s3:PutObject", RECEIPT),
    ("erase", "s3:GetObject", TOLD),
    ("erase", "s3:ListBucketVersions", RECORD),
    ("erase", "s3:DeleteObjectVersion", EDIT),
    ("call-worker", "s3:GetObject", EDIT),
    ("call-worker", "s3:PutObject", StorageKeys.summary(1)),
    *[("console", action, QUESTION) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
    ("console", "s3:GetObject", FINDINGS),
    *[
        (role, action, FINDINGS)
        for role in ("call-worker", "erase")
        for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion")
    ],
    *[(role, action, MARK) for role in ("call-worker", "erase") for action in ("s3:DeleteObjectVersion", "s3:ListBucketVersions")],
    ("call-worker", "s3:PutObject", MARK),
    ("call-worker", "s3:GetObject", QUESTION),
    *[("console", action, StorageKeys.money(DAY)) for action in ("s3:GetObject", "s3:ListBucket")],
    *[("console", "s3:GetObject", key) for key in (RECORD, RECORDING, EDIT, LOOK, StorageKeys.prompt(1))],
    *[("console", "s3:PutObject", key) for key in (EDIT, LOOK)],
    *[("console", "s3:ListBucket", key) for key in (StorageKeys.edits(CALL), LOOK)],
    *[("console", action, CHAT) for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion", "s3:ListBucketVersions")],
    *[("console", "s3:GetObject", key) for key in (SERVICES, StorageKeys.openings(1), RegistryKeys("emotion").aliases, TermKeys.LIST)],
    *[("console", "s3:ListBucket", key) for key in (CHAT, SERVICES, StorageKeys.openings(1))],
    *[("console", action, StorageKeys.spending(DAY, "p")) for action in ("s3:GetObject", "s3:PutObject")],
    *[("call-worker", action, SERVICES) for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket")],
]
FORBIDDEN = [
    ("call-worker", "s3:PutObject", RECORDING),
    ("call-worker", "s3:DeleteObject", RECORDING),
    ("call-worker", "s3:DeleteObject", StorageKeys.prompt(1)),
    ("call-worker", "s3:DeleteObjectVersion", RECORD),
    ("call-worker", "s3:PutObject", RECEIPT),
    ("call-worker", "s3:DeleteObject", RECEIPT),
    ("call-worker", "s3:DeleteObject", TOLD),
    *[(role, "s3:PutObject", key) for key in TERMS for role in ("listener", "summarizer", "trainer", "promoter", "erase")],
    *[("call-worker", "s3:DeleteObject", key) for key in TERMS],
    *[("call-worker", "s3:PutObject", key) for key in ALIASES],
    ("call-worker", "s3:ListBucket", ""),
    ("summarizer", "s3:GetObject", RECORDING),
    *[(role, "s3:PutObject", DocumentKeys.version(1)) for role in ("summarizer", "console", "call-worker", "trainer")],
    *[(role, "s3:DeleteObject", DocumentKeys.version(1)) for role in ROLES],
    ("summarizer", "s3:PutObject", RECORD),
    *[("summarizer", "s3:PutObject", key) for key in ALIASES],
    ("listener", "s3:GetObject", RECORDING),
    ("listener", "s3:DeleteObject", RECORD),
    ("listener", "s3:PutObject", CONTACT_FILE),
    ("call-worker", "s3:GetObject", CONTACT_FILE),
    ("trainer", "s3:PutObject", "datasets/data_12000.csv"),
    ("tracking", "s3:GetObject", RECORD),
    *[("tracking", action, key) for key in MOVES for action in ("s3:GetObject", "s3:PutObject")],
    *[(role, "s3:PutObject", f"{PREFIX_OF_TRACKING}/1/x") for role in ROLES if role != "tracking"],
    *[(role, "s3:DeleteObject", key) for role in ROLES for key in VERSIONED],
    ("trainer", "s3:GetObject", RECORD),
    ("trainer", "s3:GetObject", StorageKeys.transcript(1)),
    ("trainer", "s3:GetObject", RECORDING),
    *[("trainer", action, key) for key in MOVES for action in ("s3:PutObject", "s3:DeleteObject")],
    *[("trainer", "s3:PutObject", selection.board("selection")) for selection in SELECTIONS],
    *[("trainer", "s3:PutObject", vote.vote("voter", "inquiry")) for vote in VOTES],
    *[("promoter", "s3:DeleteObject", key) for key in MOVES],
    *[("promoter", action, run.finished) for run in RUNS for action in ("s3:PutObject", "s3:DeleteObject")],
    ("promoter", "s3:PutObject", HearingKeys.heard("etag", "google", "q")),
    ("trainer", "s3:PutObject", HearingKeys.comparison("run")),
    ("promoter", "s3:GetObject", RECORD),
    ("promoter", "s3:GetObject", RECORDING),
    ("erase", "s3:PutObject", RECORD),
    ("erase", "s3:DeleteObject", RECEIPT),
    *[("erase", "s3:DeleteObject", key) for key in ALIASES],
    *[("console", "s3:PutObject", key) for key in (RECORD, RECORDING, NOTE, RECEIPT, StorageKeys.prompt(1), *ALIASES)],
    *[
        ("console", action, key)
        for key in (RECORD, EDIT, LOOK, QUESTION, FINDINGS)
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion")
    ],
    *[("console", "s3:PutObject", key) for key in (SERVICES, StorageKeys.openings(1), TermKeys.LIST)],
    *[(role, action, CHAT) for role in ROLES if role != "console" for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")],
    *[("erase", action, LOOK) for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject")],
    *[("call-worker", action, LOOK) for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObject")],
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


def test_where_recordings_lie_is_named_once_for_all_roles() -> None:
    """Amazon Connect may write elsewhere than by default (READBACK_RECORDINGS_PREFIX)."""
    assert all("/connect/" not in text and '"connect/' not in text for text in TEXTS.values())
    assert {role for role, text in TEXTS.items() if "${recordings_prefix}" in text} == {"call-worker", "console", "erase"}


def test_the_console_creates_looks_and_corrections_and_may_change_none_but_its_own_chats_and_spending() -> None:
    writes = [one for one in ROLES["console"]["Statement"] if "s3:PutObject" in as_list(one["Action"])]
    free = [resource for one in writes if "Condition" not in one for resource in as_list(one["Resource"])]
    assert free == [f"arn:aws:s3:::${{bucket}}/{folder}*" for folder in (StorageKeys.CHATS, StorageKeys.SPENDING)]
    assert [one["Condition"] for one in writes if "Condition" in one] == [{"Null": {"s3:if-none-match": "false"}}]


def test_every_role_of_the_documentation_has_its_policy() -> None:
    assert set(ROLES) == {"call-worker", "summarizer", "listener", "trainer", "promoter", "erase", "tracking", "console"}
