"""All workers know of one vendor's absence, and one of them at a time looks whether it is back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from models.errors import QuotaExhausted, VendorUnreachable
from stores.vendors_away import VendorsAway
from tests.in_memory import InMemoryStore

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_the_first_who_notices_says_since_when() -> None:
    store: Any = InMemoryStore()
    notes = VendorsAway(store)
    notes.note("returnzero/whisper", VendorUnreachable("away"), NOW)
    later = notes.note("returnzero/whisper", QuotaExhausted("none left"), NOW + timedelta(hours=1))
    assert (later.since, later.error) == (NOW, "vendor_unreachable")
    notes.clear("returnzero/whisper")
    assert notes.find("returnzero/whisper") is None


def test_of_many_calls_one_tries_the_vendor_again() -> None:
    store: Any = InMemoryStore()
    notes = VendorsAway(store)
    notes.note("google", VendorUnreachable("away"), NOW)
    later = NOW + timedelta(seconds=900)
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda _: notes.take_probe("google", later, 900), range(8)))
    assert won.count(True) == 1
    assert not notes.take_probe("google", later + timedelta(seconds=1), 900)
