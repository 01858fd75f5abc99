"""The gate before service: bars that no parameter lifts, and a loss against the champion that a margin allows within bounds.

The bars are in ``models/lifecycle/bars.py``, and each line has its own (``Line.bars``).
"""

from collections.abc import Sequence

from pydantic import BaseModel

from models.errors import ConfigurationError, ModelRefused
from models.lifecycle.bars import TEST_ROWS, TRAIN_BETTER, Bar, Reading, reading
from models.lifecycle.selection import Standing

MARGIN = 0.01
MOST_MARGIN = 0.05
RIGHT_MARGIN = 0.05


class GateResult(BaseModel):
    """Whether a candidate may replace the champion, why in a sentence for the log, and every bar for people."""

    passed: bool
    sentence: str
    readings: list[Reading] = []


class GateRefused(ModelRefused):
    """A candidate did not pass the gate; ``result`` says which bars it broke."""

    def __init__(self, candidate: str, result: GateResult) -> None:
        super().__init__(f"{candidate} does not pass the gate: {result.sentence}", remedy="The champion stays in service", case="gate")
        self.candidate, self.result = candidate, result

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the readings when the error crosses a process boundary."""
        return type(self), (self.candidate, self.result)


def gate(standing: Standing, margin: float, bars: Sequence[Bar] = (), vote: Sequence[Reading] = ()) -> GateResult:
    """Hold a candidate against the bars, its vote, and the champion: not worse beyond ``margin``, nor less often right.

    The low end of the 95 % interval of the paired difference must not lie below ``-margin``: it is not enough that a small test
    set failed to show the loss. ConfigurationError where the margin is out of its bounds.
    """
    if not 0 <= margin <= MOST_MARGIN:
        raise ConfigurationError(f"margin {margin:g} is not between 0 and {MOST_MARGIN:g}", remedy="Choose one within the bounds")
    if standing.is_champion:
        return GateResult(passed=True, sentence=f"{standing.candidate} is the champion")
    readings = [reading(bar, standing.measures.get(bar.name)) for bar in (*bars, TEST_ROWS)] + list(vote)
    if standing.right_against_champion is not None:
        readings.append(reading(_right(), standing.right_against_champion.low))
    readings.append(reading(_not_worse(margin), standing.against_champion.low))
    broken = [one for one in readings if not one.passed]
    return GateResult(passed=not broken, sentence=_sentence(standing, margin, broken), readings=readings)


def _right() -> Bar:
    heading = "맞은 답의 차이 (사용 중 모델과, 95 % 구간의 아래 끝)"
    return Bar("right_against_champion", heading, -RIGHT_MARGIN, TRAIN_BETTER, at_least=True)


def _not_worse(margin: float) -> Bar:
    heading = "점수의 차이 (사용 중 모델과, 95 % 구간의 아래 끝)"
    remedy = "시험 데이터를 늘려 차이를 더 정확히 재거나, 더 나은 후보를 고르세요."
    return Bar("margin", heading, -margin, remedy, at_least=True, share=False)


def _sentence(standing: Standing, margin: float, broken: Sequence[Reading]) -> str:
    difference = standing.against_champion
    told = (
        f"{standing.candidate} against the champion: {difference.mean:+.4f}, 95 % between {difference.low:+.4f} and {difference.high:+.4f}"
    )
    if not broken:
        return f"{told}; it keeps every bar and is not worse beyond the margin of {margin:g}"
    worse = f"it may be worse by more than the margin of {margin:g}"
    faults = [
        worse if one.name == "margin" else f"{one.name} {_figure(one.value)}, {'at least' if one.at_least else 'at most'} {one.limit:g}"
        for one in broken
    ]
    return f"{told}; {'; '.join(faults)}"


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4g}"
