"""What the speech-to-text vendors offer, as the table of ``docs/hearing.md``: ``python -m wiring.offers`` prints it."""

import wiring
from clients.speech_to_text import Offer
from models.call.prices import Price

COLUMNS = ("이름", "언어", "화자 분리", "채널 분리", "키워드", "형식", "한도", "결과 보관", "같은 요청의 반복", "분당 요금", "요금 근거")


def offers_table() -> str:
    """A row for each vendor, in markdown."""
    rows = [f"| {' | '.join(COLUMNS)} |", "|" + " --- |" * len(COLUMNS)]
    rows += [f"| {' | '.join(_row(provider, wiring.speech_offer(provider)))} |" for provider in wiring.speech_to_text_vendors()]
    return "\n".join(rows) + "\n"


def _row(provider: str, offer: Offer) -> tuple[str, ...]:
    price = wiring.speech_price(provider)
    size = f"{offer.max_bytes / 1024**3:g} GB, " if offer.max_bytes else ""
    return (
        f"`{provider}`",
        ", ".join(offer.languages),
        "예" if offer.diarization else "아니요",
        "예" if offer.channels else "아니요",
        f"{offer.keywords}개, {offer.keyword_characters}자" if offer.keywords else "–",
        ", ".join(offer.formats),
        f"{size}{offer.max_seconds / 3600:g}시간",
        f"{offer.kept_days:g}일" if offer.kept_days else "–",
        "한 작업" if offer.repeatable else "새 작업",
        _told(price) if price else "요금표에 없음",
        price.told_source if price else "–",
    )


def _told(price: Price) -> str:
    """A price as the vendor names it: for a minute, in its currency."""
    amount = price.price / price.per * 60
    told = f"{amount:,.1f}원" if price.currency == "KRW" else f"{amount:g} {price.currency}"
    return told + (" (채널마다)" if price.each_channel else "") + (f", 최소 {price.least:g}초" if price.least else "")


if __name__ == "__main__":
    print(offers_table(), end="")
