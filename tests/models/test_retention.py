"""Every prefix has a term or says that the company decides; what lies longer is named; what went is counted."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from models import keys
from models.errors import ConfigurationError
from models.keys import StorageKeys
from models.retention import GRACE_DAYS, KINDS, Kind, kind_of, kinds, lifecycle
from models.sweep import OLD_VERSIONS, UNKNOWN, Sweep, overdue_in, removed_between, swept_as

TODAY = datetime(2026, 11, 29, 5, tzinfo=UTC)


def prefixes() -> dict[str, str]:
    """Every folder that a class of keys names."""
    named = {
        f"{owner.__name__}.{name}": value
        for owner in vars(keys).values()
        if isinstance(owner, type) and owner.__name__.endswith("Keys")
        for name, value in vars(owner).items()
        if name.isupper() and isinstance(value, str)
    }
    return named | {"transcript": StorageKeys.transcript(1), "summary": StorageKeys.summary(1)}


@pytest.mark.parametrize(("name", "prefix"), prefixes().items())
def test_every_key_of_ours_has_a_kind_that_says_how_long_it_is_kept(name: str, prefix: str) -> None:
    assert kind_of(prefix, KINDS) is not None, f"{name}: say in models/retention.py how long {prefix} is kept"


def test_names_and_prefixes_stand_once() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert len({kind.prefix for kind in KINDS if kind.prefix}) == sum(bool(kind.prefix) for kind in KINDS)


def test_the_settings_terms_become_the_buckets_rules() -> None:
    rules = {rule["ID"]: rule for rule in lifecycle(kinds("raw-words=90,recordings=365,records=400", recordings_prefix="rec/"))["Rules"]}
    assert (rules["recordings"]["Filter"], rules["recordings"]["Expiration"]) == ({"Prefix": "rec/"}, {"Days": 365})
    assert rules["corrected-words"]["Expiration"] == rules["raw-words"]["Expiration"] == {"Days": 90}
    assert rules["edits"]["Expiration"] == {"Days": 400}
    assert "summaries" not in rules
    assert rules["old-versions"]["Expiration"] == {"ExpiredObjectDeleteMarker": True}, "a marker of deletion names a contact for ever"


def test_what_is_soon_deleted_is_moved_to_no_other_storage_before() -> None:
    [rule] = [rule for rule in lifecycle(kinds("raw-words=45"))["Rules"] if rule["ID"] == "raw-words"]
    assert "Transitions" not in rule


@pytest.mark.parametrize("wrong", ["raw-word=90", "raw-words=soon", "raw-words", "raw-words=0"])
def test_a_term_that_is_none_is_refused_with_the_kinds_that_there_are(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is no term.*raw-words"):
        kinds(wrong)


def test_records_outlive_recordings_which_would_be_called_again() -> None:
    with pytest.raises(ConfigurationError, match="would be called again"):
        kinds("records=90")
    assert kinds("records=90,recordings=90")


def swept(at: datetime, *objects: tuple[str, date], current: bool = True) -> Sweep:
    found = Sweep(at=at)
    for key, day in objects:
        found.add(swept_as(key, current=current, table=KINDS), day, key, 1000)
    return found


def test_what_lies_longer_than_its_term_is_named_without_its_contact() -> None:
    old = TODAY.date() - timedelta(days=400 + GRACE_DAYS + 1)
    recording = "connect/acme/CallRecordings/2025/10/01/0fd1826c-a94e-4b35-b2d7-c3589e6f7b11_20251001T01:30_UTC.wav"
    late = (recording, old)
    sweep = swept(TODAY, late, ("stt/stt_1.txt", old), ("calls/to-hear/x.wav", TODAY.date()))
    assert overdue_in(sweep, KINDS) == []
    [found] = overdue_in(sweep, kinds("recordings=400"))
    assert (found.kind, found.count, found.oldest) == ("recordings", 1, old)
    assert "a94e-4b35" not in found.example
    assert "python -m deployments.retention" in found.remedy


def test_what_nobody_gave_a_term_is_named() -> None:
    [found] = overdue_in(swept(TODAY, ("notes/of-somebody.txt", TODAY.date())), KINDS)
    assert (found.kind, found.example) == (UNKNOWN, "notes/of-somebody.txt")


def test_old_versions_have_a_term_of_their_own() -> None:
    old = TODAY.date() - timedelta(days=30)
    [found] = overdue_in(swept(TODAY, ("calls/records/0f/x.json", old), current=False), KINDS)
    assert found.kind == OLD_VERSIONS


def test_a_receipt_counts_what_is_missing_of_days_past_their_term_and_nothing_else() -> None:
    yesterday = TODAY - timedelta(days=1)
    old, young = TODAY.date() - timedelta(days=31), TODAY.date() - timedelta(days=5)
    before = swept(yesterday, ("calls/drafts/a", old), ("calls/drafts/b", old), ("calls/drafts/c", young), ("nlp/nlp_1.txt", old))
    now = swept(TODAY, ("calls/drafts/b", old))
    [removed] = removed_between(before, now, KINDS)
    assert (removed.kind, removed.count, removed.size, removed.since, removed.days) == ("drafts", 1, 1000, old, 30)


def test_every_kind_has_a_korean_name() -> None:
    def korean(kind: Kind) -> Any:
        return any("가" <= letter <= "힣" for letter in kind.label)

    assert all(korean(kind) for kind in KINDS)
