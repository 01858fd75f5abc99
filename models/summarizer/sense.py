"""Whether two summaries of one call ask for the same thing: for calls that a withdrawn model spoke. A person reads what looks different.

The signs are those of ``suspicion``, between two summaries in place of a summary and what was said. It errs towards asking a person.
"""

from models.summarizer.faithfulness import quantities, squeeze
from models.summarizer.outcome import Kind
from models.summarizer.suspicion import acts, denies, guard, suspicion


def sense_changed(before: tuple[Kind, str], after: tuple[Kind, str]) -> str:
    """In what the two differ, in Korean and without a word of the caller's; empty where they ask for the same.

    >>> sense_changed((Kind.SUMMARY, "자동차보험 해지 요청"), (Kind.SUMMARY, "자동차보험 해지 철회 요청"))
    '요청이 다름'
    >>> sense_changed((Kind.SUMMARY, "주소 변경 요청"), (Kind.SUMMARY, "주소 변경 방법 문의"))
    ''
    """
    (kind, told), (kind_now, told_now) = before, after
    if (kind is Kind.NO_REQUEST) != (kind_now is Kind.NO_REQUEST):
        return "요청이 없다가 있음" if kind is Kind.NO_REQUEST else "요청이 있다가 없음"
    if squeeze(told) == squeeze(told_now):
        return ""
    if kind is not kind_now:
        own, summary = (told, told_now) if kind is Kind.OWN_WORDS else (told_now, told)
        return suspicion(own, summary).partition(":")[0]
    if kind is Kind.OWN_WORDS:
        contained = squeeze(told) in squeeze(told_now) or squeeze(told_now) in squeeze(told)
        return "" if contained else "고객의 다른 말"
    return _difference(told, told_now)


def _difference(told: str, told_now: str) -> str:
    if {name for name, _ in guard().products_named(told)} != {name for name, _ in guard().products_named(told_now)}:
        return "상품이 다름"
    if {value for _, value in quantities(told)} != {value for _, value in quantities(told_now)}:
        return "숫자가 다름"
    if acts(told) != acts(told_now):
        return "요청이 다름"
    return "부정이 다름" if denies(told) != denies(told_now) else ""
