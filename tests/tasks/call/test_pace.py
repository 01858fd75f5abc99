"""Slots for speech are asked for together, used while they are good, and one by one where the limit is small."""

import asyncio
from collections.abc import Callable

import pytest
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError

import wiring
from tasks.call import pace
from tasks.call.pace import MOST_TOGETHER, Pace
from wiring.configuration import Settings

Asked = list[int]


@pytest.fixture
def limit_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Asked]:
    """``limit_of(per_minute, there=…)``: a limit of so many slots, ``there`` as somebody set it; how many were asked for, each time."""

    def made(per_minute: int, *, there: int = 100) -> Asked:
        asked: Asked = []

        async def rate_limit(name: str, occupy: int, *, strict: bool) -> None:
            asked.append(occupy)
            if occupy > there:
                raise ConcurrencySlotAcquisitionError("Slots requested is greater than the limit")

        monkeypatch.setattr(pace, "rate_limit", rate_limit)
        monkeypatch.setattr(wiring, "settings", lambda: Settings(tts_per_minute=per_minute))
        return asked

    return made


def take(slots: int) -> None:
    async def each() -> None:
        of_one_process = Pace()
        for _ in range(slots):
            await of_one_process.take_slot()

    asyncio.run(each())


def test_a_process_asks_for_slots_together_and_for_more_when_all_are_used(limit_of: Callable[..., Asked]) -> None:
    asked = limit_of(1000)
    take(2 * MOST_TOGETHER)
    assert asked == [MOST_TOGETHER, MOST_TOGETHER]


def test_of_a_small_quota_each_slot_is_asked_for_alone(limit_of: Callable[..., Asked]) -> None:
    asked = limit_of(100)
    take(3)
    assert asked == [1, 1, 1]


def test_slots_that_have_waited_too_long_are_not_used(limit_of: Callable[..., Asked], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = limit_of(1000)
    monkeypatch.setattr(pace, "GOOD_SECONDS", -1.0)
    take(3)
    assert asked == [MOST_TOGETHER] * 3


def test_a_limit_that_somebody_made_smaller_is_kept_one_by_one(limit_of: Callable[..., Asked]) -> None:
    asked = limit_of(1000, there=2)
    take(2)
    assert asked == [MOST_TOGETHER, 1, MOST_TOGETHER, 1]
    limit_of(100, there=0)
    with pytest.raises(ConcurrencySlotAcquisitionError):
        take(1)
