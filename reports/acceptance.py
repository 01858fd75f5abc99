"""How callers judged what was read back to them, by the model version that spoke."""

from collections.abc import Mapping

from models.call.acceptance import Acceptance
from reports.markdown import named, table


def acceptance_table(answers: Mapping[str, Acceptance]) -> str:
    """A row for each version."""
    rows = [
        (named(model) or "–", f"{one.answers:,}", f"{one.right:,}", f"{one.wrong:,}", acceptance(one)) for model, one in answers.items()
    ]
    return table(("모델 버전", "응답", "맞음", "틀림", "맞음 비율 (95 % 구간)"), rows)


def acceptance(one: Acceptance | None) -> str:
    """A share with its interval, a dash where nobody answered.

    >>> acceptance(Acceptance(9, 1)), acceptance(None)
    ('90.0 % (59.6–98.2)', '–')
    """
    if one is None or not one.answers:
        return "–"
    low, high = one.interval
    return f"{100 * one.share:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
