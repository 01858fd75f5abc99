"""What calls cost, for whoever pays: by vendor and unit, by model, and what calls to come would cost."""

from collections.abc import Mapping, Sequence

from models.call.ended import ModelCost
from models.call.forecast import Forecast
from models.call.ledger import Spent
from models.call.prices import Price
from reports.markdown import facts, named, table


def overview(spent: Sequence[Spent], *, dollars: float | None, prices: Sequence[Price] = ()) -> str:
    """The sum, what was paid twice or for no answer, what has no price, and which of the ``prices`` behind it nobody has confirmed."""
    won = sum(one.won for one in spent)
    unpriced = sum(one.unpriced for one in spent)
    unconfirmed = [f"{named(price.provider)} {price.label}" for price in prices if price.checked is None]
    in_dollars = "" if dollars is None else f" ({dollars:,.2f} USD)"
    rows = [
        ("합계", f"{won:,.0f}원{in_dollars}"),
        ("다시 낸 요금", _if_any(sum(one.repeated_won for one in spent))),
        ("응답을 받지 못한 요청의 요금 (청구될 수 있음)", _if_any(sum(one.lost_won for one in spent))),
        ("요금표에 값이 없는 사용", f"{unpriced:,}건 (`READBACK_PRICES_FILE` 확인)" if unpriced else ""),
        ("확인하지 않은 값", f"{len(unconfirmed)}개 (청구서와 다를 수 있음): {', '.join(unconfirmed)}" if unconfirmed else ""),
    ]
    return facts(rows)


def spent_table(spent: Sequence[Spent]) -> str:
    """A row for each vendor, unit and model."""
    rows = [(named(one.provider), one.unit.label, named(one.model) or "–", f"{one.amount:,.0f}", f"{one.won:,.1f}") for one in spent]
    return table(("업체", "항목", "모델", "사용량", "원"), rows)


def by_model_table(by_model: Mapping[str, ModelCost]) -> str:
    """What a finished call costs with all vendors, by the model that told it."""
    dearest_first = sorted(by_model.items(), key=lambda item: -item[1].won)
    rows = [(named(model) or "–", f"{cost.calls:,}", f"{cost.won:,.0f}", f"{cost.won / cost.calls:,.1f}") for model, cost in dearest_first]
    return table(("모델 버전", "통화", "원", "통화당 원"), rows)


def forecast_report(forecast: Forecast, scope: str) -> str:
    """What starting the calls of a backfill would cost, before one is started."""
    rows = [(named(one.provider), one.unit.label, f"{one.amount:,.0f}", f"{one.won:,.0f}") for one in forecast.spent]
    days = f"{forecast.days:,.1f}일" if forecast.days else ""
    told = facts(
        [
            ("범위", f"`{scope}`"),
            ("시작할 통화", f"{forecast.calls:,}건, 녹취 {length(forecast.seconds)}"),
            ("예상 요금", f"{forecast.won:,.0f}원 (통화당 {forecast.won / forecast.calls:,.1f}원)" if forecast.calls else "0원"),
            ("하루 예산으로 걸리는 날", days),
            ("근거", f"최근 통화 {forecast.learnt_from:,}건의 평균" if forecast.learnt_from else "평균을 낼 통화가 없어 음성 인식만 계산"),
        ]
    )
    after = "`forecast`를 끄고 실행하면 시작합니다." if forecast.calls else "시작할 통화가 없습니다."
    parts = ("# 예상 요금", told, table(("업체", "항목", "사용량", "원"), rows) if forecast.calls else "", after)
    return "\n\n".join(part for part in parts if part)


def length(seconds: float) -> str:
    """How long something takes, as people say it.

    >>> length(25), length(750), length(9000)
    ('25초', '12.5분', '2.5시간')
    """
    if seconds < 60:
        return f"{seconds:.0f}초"
    return f"{seconds / 60:.1f}분" if seconds < 3600 else f"{seconds / 3600:,.1f}시간"


def _if_any(won: float) -> str:
    return f"{won:,.1f}원" if won else ""
