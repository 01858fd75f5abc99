"""What each day cost, one object a day, written by the digest: so a page of many days reads as many objects and no call."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from clients.s3 import ObjectStore
from models.call.spending import DayMoney
from models.keys import StorageKeys

_REQUESTS_AT_ONCE = 16


def keep_money(store: ObjectStore, money: DayMoney) -> None:
    """Write a day's money down; a digest that is made again takes its place."""
    store.put(StorageKeys.money(money.day), money.model_dump_json().encode("utf-8"), content_type="application/json")


def money_until(store: ObjectStore, last: date, days: int) -> Sequence[DayMoney]:
    """The money of so many days up to one, as far as there are digests of them."""
    keys = [StorageKeys.money(last - timedelta(days=back)) for back in range(days)]
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        return [DayMoney.model_validate_json(stored.body) for stored in threads.map(store.find, keys) if stored]
