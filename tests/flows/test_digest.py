"""The digest counts a day's calls from one folder, names reasons and remedies, and nobody's contact."""

from datetime import UTC, date, datetime, timedelta

from prefect.client.orchestration import PrefectClient
from prefect.states import Running

from clients.s3 import ObjectStore
from flows.digest import digest
from models.call.ended import EndedCall, figures
from models.call.ledger import Charge, Payment, Unit
from models.call.record import Outcome
from reports.digest import hours_svg
from stores.days import file_end
from tests.flows.conftest import a_call_run, artifact, put_recording, quarantined

NOON_IN_KOREA = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def ended(n: int, took: float = 1.0, **changes: object) -> EndedCall:
    call = EndedCall(
        call_id=f"{n:032x}", outcome=Outcome.READ_BACK, at=NOON_IN_KOREA, waited_seconds=took + 5, step_seconds={"transcribe": took}
    )
    return call.model_copy(update=changes)


async def test_the_digest_tells_a_day(store: ObjectStore, client: PrefectClient) -> None:
    for n in range(20):
        file_end(store, ended(n, float(n + 1)))
    file_end(store, ended(99, at=NOON_IN_KOREA + timedelta(days=1)))
    await quarantined(store, "contact-7", at=NOON_IN_KOREA)
    await a_call_run(client, put_recording(store, "c-1"), Running())
    await digest(DAY)
    report = await artifact(client, "digest")
    for words in (
        "| 완료 | 20 |",
        "| 격리 | 1 |",
        "| 현재 처리 중 | 1 |",
        "녹취를 쓸 수 없음 1건 (`bad_recording`)",
        "다시 올린 녹취는 새 통화로 자동 처리됩니다",
        "| 음성 인식 | 10.50 | 19.00 | 20 |",
    ):
        assert words in report
    assert "가장 오래 기다린 통화" in report
    assert "contact-7" not in report


async def test_a_call_that_is_redriven_and_ends_again_counts_once_a_day(store: ObjectStore, client: PrefectClient) -> None:
    file_end(store, ended(1, outcome=Outcome.QUARANTINED, error="bad_recording"))
    file_end(store, ended(1, at=NOON_IN_KOREA + timedelta(hours=2)))
    await digest(DAY)
    report = await artifact(client, "digest")
    assert "| 완료 | 1 |" in report
    assert "| 격리 | 0 |" in report


async def test_a_day_without_calls_has_a_digest_too(store: ObjectStore, client: PrefectClient) -> None:
    await digest(date(2020, 1, 1))
    assert "| 완료 | 0 |" in await artifact(client, "digest")


def test_the_95th_percentile_is_exceeded_by_one_call_in_twenty_at_most() -> None:
    day = figures([ended(n, float(n)) for n in range(1, 101)])
    assert (day.steps[0].median, day.steps[0].p95) == (50.5, 95.0)
    assert figures([ended(1, 3.0)]).steps[0].p95 == 3.0


def test_the_latest_example_of_each_class_is_shown() -> None:
    old, new = (
        ended(n, outcome=Outcome.QUARANTINED, error="no_speech", case=str(n), at=NOON_IN_KOREA + timedelta(minutes=n)) for n in (1, 2)
    )
    assert figures([new, old]).examples["no_speech"].case == "2"


def test_each_hour_has_its_bar() -> None:
    assert hours_svg([0] * 23 + [5]).count("<rect") == 24


async def test_the_digest_tells_what_the_day_cost_by_vendor_and_model(store: ObjectStore, client: PrefectClient) -> None:
    def charge(payment: Payment, request: str) -> Charge:
        return Charge(provider="returnzero", unit=Unit.STT_SECONDS, amount=60, won=14_000, day=DAY, payment=payment, request=request)

    file_end(store, ended(1, version="v3", charges=[charge(Payment.LOST, "a"), charge(Payment.REPEATED, "b")]))
    file_end(store, ended(2, version="v3", charges=[charge(Payment.ORDINARY, "c")]))
    await digest(DAY)
    report = await artifact(client, "digest")
    for words in (
        "**합계**: 42,000원 (30.00 USD)",
        "**다시 낸 요금**: 14,000.0원",
        "청구될 수 있음)**: 14,000.0원",
        "| returnzero | 음성 인식 (초) | – | 180 | 42,000.0 |",
        "| v3 | 2 | 42,000 | 21,000.0 |",
    ):
        assert words in report
