"""What people found of calls' summaries, one small object a call under the day of its end: so figures of reviews read no record.

A call that is judged again has one object all the same, with what was found last.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice

from clients.s3 import ObjectStore
from models.call.acceptance import ReviewedCall
from models.call.korea import day_in_korea
from models.call.record import CallRecord
from models.keys import StorageKeys

_REQUESTS_AT_ONCE = 32
# So many of the latest verdicts at most: a request each.
MOST = 5_000


def ended(record: CallRecord) -> datetime:
    """When a call ended; of records that do not tell, when they were begun."""
    return record.ended_at or record.created_at


def file_verdict(store: ObjectStore, record: CallRecord) -> None:
    """File what people found of a call, where they judged it; filing it again changes nothing."""
    if record.review.verdict is None:
        return
    found = ReviewedCall(
        call_id=record.call_id,
        verdict=record.review.verdict,
        at=ended(record),
        model=record.summary.told_by if record.summary else "",
    )
    key = StorageKeys.verdict(day_in_korea(found.at), record.call_id)
    store.put(key, found.model_dump_json().encode("utf-8"), content_type="application/json")


def reviews_since(store: ObjectStore, version: str, since: datetime, last: date, *, sampled: str) -> list[ReviewedCall]:
    """What people found of a version of the summarizer, of the calls that ended from a moment on.

    Only of the random sample, the ids below the digits ``sampled`` (``models.call.true_rate.first_digits``): calls that people look at
    because something about them is doubtful are wrong more often than others.
    """
    keys = islice((key for key in _keys(store, since, last) if key.rpartition("/")[2] < sampled), MOST)
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        found = [ReviewedCall.model_validate_json(stored.body) for stored in threads.map(store.find, keys) if stored]
    return [one for one in found if one.at >= since and one.model.partition("+")[0] == version]


def _keys(store: ObjectStore, since: datetime, last: date) -> Iterator[str]:
    for back in range((last - day_in_korea(since)).days + 1):
        for facts in store.walk(StorageKeys.day_of_verdicts(last - timedelta(days=back))):
            yield facts.key
