"""What a data set looks like before anything is learnt from it: rows, lengths, repairs, styles."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Self

from pydantic import BaseModel

from models.training.data.loader import LoadReport
from models.training.data.pair import Pair, normalized

_POLITE = re.compile(r"(?:요|니다|니까|세요|십시오|나요|까요)[.?!~\s]*$")
_SENTENCE_END = re.compile(r"[.?!]+(?:\s|$)")


class Quantiles(BaseModel):
    """Lengths in characters."""

    smallest: int
    median: int
    p95: int
    largest: int

    @classmethod
    def of(cls, values: Sequence[int]) -> Self:
        """Quantiles of at least one value; a quantile is always a value that occurs."""
        ordered = sorted(values)
        last = len(ordered) - 1
        return cls(smallest=ordered[0], median=ordered[last // 2], p95=ordered[int(0.95 * last)], largest=ordered[-1])


class DataProfile(BaseModel):
    """Figures of one data set. ``styles`` are the file's own labels; the three shares are measured by rules on the text."""

    rows: int
    distinct_summaries: int
    input_length: Quantiles
    summary_length: Quantiles
    styles: dict[str, int]
    polite: float
    questions: float
    long: float
    reports: list[LoadReport]

    def markdown(self) -> str:
        """The profile as an artifact, in Korean."""
        lines = [
            "| 항목 | 값 |",
            "| --- | --- |",
            f"| 행 | {self.rows:,} |",
            f"| 서로 다른 요약 | {self.distinct_summaries:,} |",
            f"| 문의 길이(자) 최소 / 중앙 / 95% / 최대 | {_quantiles(self.input_length)} |",
            f"| 요약 길이(자) 최소 / 중앙 / 95% / 최대 | {_quantiles(self.summary_length)} |",
            f"| 존댓말로 끝남 (규칙으로 측정) | {self.polite:.1%} |",
            f"| 물음표 있음 | {self.questions:.1%} |",
            f"| 3문장 이상 | {self.long:.1%} |",
        ]
        if self.styles:
            lines += ["", "| 문체 (파일의 style 열) | 행 | 비율 |", "| --- | --- | --- |"]
            lines += [f"| {style} | {count:,} | {count / self.rows:.1%} |" for style, count in self.styles.items()]
        return "\n".join([*lines, "", *(f"- {report.sentence()}" for report in self.reports)])


def profile_pairs(pairs: Sequence[Pair], reports: Sequence[LoadReport] = ()) -> DataProfile:
    """Measure at least one pair."""
    styles = Counter(pair.style for pair in pairs if pair.style)
    return DataProfile(
        rows=len(pairs),
        distinct_summaries=len({normalized(pair.summary) for pair in pairs}),
        input_length=Quantiles.of([len(pair.input) for pair in pairs]),
        summary_length=Quantiles.of([len(pair.summary) for pair in pairs]),
        styles=dict(styles.most_common()),
        polite=_share(pairs, lambda text: _POLITE.search(text) is not None),
        questions=_share(pairs, lambda text: "?" in text),
        long=_share(pairs, lambda text: count_sentences(text) >= 3),
        reports=list(reports),
    )


def count_sentences(text: str) -> int:
    """Sentences by their final marks; text without any is one."""
    return max(1, sum(bool(part.strip()) for part in _SENTENCE_END.split(text)))


def _share(pairs: Sequence[Pair], holds: Callable[[str], bool]) -> float:
    return sum(holds(pair.input) for pair in pairs) / len(pairs)


def _quantiles(values: Quantiles) -> str:
    return f"{values.smallest} / {values.median} / {values.p95} / {values.largest}"
