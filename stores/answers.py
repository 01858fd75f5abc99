"""What callers answered, one small object a call under the day: so figures of acceptance read no record."""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice

from clients.s3 import ObjectStore
from models.call.acceptance import Acceptance, AnsweredCall, acceptance_by_model
from models.call.caller_said import CallersAnswer
from models.call.korea import day_in_korea
from models.call.record import CallRecord
from models.keys import StorageKeys

_REQUESTS_AT_ONCE = 32
# A leaderboard looks at the latest answers, so many at most: a request each.
MOST = 5_000


def file_answer(store: ObjectStore, record: CallRecord, answer: CallersAnswer) -> None:
    """File an answer under its day; filing it again changes nothing."""
    summary = record.heard
    filed = AnsweredCall(
        call_id=record.call_id,
        answer=answer.answer,
        at=answer.at,
        model=summary.told_by if summary else "",
        kind=summary.kind.value if summary else "",
    )
    key = StorageKeys.answer(answer.day, record.call_id)
    store.put(key, filed.model_dump_json().encode("utf-8"), content_type="application/json")


def acceptance_lately(store: ObjectStore, last: date, *, days: int = 1) -> dict[str, Acceptance]:
    """What callers answered until a day, the latest days first, by the model version that spoke."""
    return acceptance_by_model(_read(store, last, days))


def acceptance_since(
    store: ObjectStore, version: str, since: datetime, last: date, *, without: Collection[str] = frozenset()
) -> Acceptance:
    """What callers answered about a version of the summarizer from a moment on, with whatever classifier told it kinds of request.

    ``without``: ids of calls whose callers are not asked, since a person has judged them.
    """
    days = (last - day_in_korea(since)).days + 1
    calls = [call for call in _read(store, last, days) if call.at >= since and call.model.partition("+")[0] == version]
    calls = [call for call in calls if call.call_id not in without]
    return acceptance_by_model(call.model_copy(update={"model": version}) for call in calls).get(version, Acceptance(0, 0))


def _read(store: ObjectStore, last: date, days: int) -> list[AnsweredCall]:
    keys = islice(_keys(store, last, days), MOST)
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        found = list(threads.map(store.find, keys))
    return [AnsweredCall.model_validate_json(stored.body) for stored in found if stored]


def _keys(store: ObjectStore, last: date, days: int) -> Iterator[str]:
    for back in range(days):
        for facts in store.walk(StorageKeys.day_of_answers(last - timedelta(days=back))):
            yield facts.key
