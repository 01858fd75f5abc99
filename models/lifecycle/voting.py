"""The direct test by people: blind papers, ballots, what counts, and what the votes say.

A *paper* is one sheet with every inquiry and its summaries under the letters A to D. Each paper has an order of its own,
different for every inquiry, derived from the vote's seed and the paper's number; nobody who fills it in can tell which model is
which, and knowing one paper tells nothing about the next. A ballot names its paper, so it is always read in the order in which
it was written, however late it comes.
"""

import hashlib
import random
import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.keys import StorageKeys
from models.lifecycle.selection import Inquiry, Length

LOWEST, HIGHEST = 1, 5
LETTERS = "ABCDEFGH"
TIE_RULE = "총점이 가장 높은 모델. 같으면 긴 문의의 총점, 그래도 같으면 시험 데이터 순위가 앞선 모델."

Scope = Literal["all", "short", "long"]


class VotePlan(BaseModel):
    """What is put to the vote, written once when the vote opens."""

    model_config = ConfigDict(frozen=True)

    vote: str = Field(description="Name of the vote, part of its keys")
    seed: int
    inquiries: list[Inquiry]
    candidates: list[str] = Field(description="Best test score first")
    summaries: dict[str, dict[str, str]] = Field(description="Summary by inquiry id and candidate")

    @property
    def letters(self) -> str:
        """Letters that stand for the candidates."""
        return LETTERS[: len(self.candidates)]

    def inquiry(self, inquiry_id: str) -> Inquiry:
        """The inquiry of an id."""
        return next(inquiry for inquiry in self.inquiries if inquiry.id == inquiry_id)

    def order(self, paper: int, inquiry_id: str) -> list[str]:
        """Candidates of one inquiry on one paper, in the order of the letters."""
        digest = hashlib.sha256(f"{self.seed}\0{self.vote}\0{paper}\0{inquiry_id}".encode()).digest()
        shuffled = list(self.candidates)
        random.Random(digest).shuffle(shuffled)
        return shuffled


class Marks(BaseModel):
    """One voter's points for one inquiry, by letter, and a remark."""

    model_config = ConfigDict(frozen=True)

    points: dict[str, int]
    comment: str = ""


class Ballot(BaseModel):
    """One filled-in paper as it was handed in."""

    model_config = ConfigDict(frozen=True)

    voter: str
    paper: int
    marks: dict[str, Marks] = Field(description="By inquiry id")


class Vote(BaseModel):
    """One voter's points for one inquiry, letters resolved: what is stored and counted."""

    model_config = ConfigDict(frozen=True)

    vote: str
    voter: str
    inquiry: str
    length: Length
    points: dict[str, int] = Field(description="By candidate")
    comment: str = ""
    submission: int = Field(description="Which hand-in of the vote it came with")
    at: datetime


class Tally(BaseModel):
    """One candidate's result over some of the inquiries."""

    candidate: str
    total: int
    mean: float
    spread: float = Field(description="Standard deviation of the points")
    votes: int


class VoteResult(BaseModel):
    """Result of the vote: tallies best first, and agreement among the voters, for all inquiries and per length."""

    voters: list[str]
    tallies: dict[Scope, list[Tally]]
    agreement: dict[Scope, float | None] = Field(description="Krippendorff's alpha, ordinal; None where nothing could disagree")
    winner: str
    decided_by: Literal["only candidate", "total", "total on long inquiries", "place on the test set"]


class VoteKeys:
    """Keys of a vote. A voter's key is derived from the name, so that any spelling of a name makes one key and any name is safe."""

    @staticmethod
    def root(vote: str) -> str:
        """Everything of one vote."""
        return f"{StorageKeys.MODELS}votes/{vote}/"

    @classmethod
    def plan(cls, vote: str) -> str:
        """What is put to the vote."""
        return f"{cls.root(vote)}plan.json"

    @classmethod
    def votes(cls, vote: str) -> str:
        """Prefix of the votes that count."""
        return f"{cls.root(vote)}votes/"

    @classmethod
    def vote(cls, vote: str, voter: str, inquiry_id: str) -> str:
        """One voter's points for one inquiry; created once, so that the first counts."""
        return f"{cls.votes(vote)}{voter_key(voter)}/{inquiry_id}.json"

    @classmethod
    def submission(cls, vote: str, number: int) -> str:
        """One hand-in as it came, with the answer it got, whether it counts or not."""
        return f"{cls.root(vote)}submissions/{number:05d}.json"


def voter_name(name: str) -> str:
    """A voter's name as it is shown: composed Hangul, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def voter_key(name: str) -> str:
    """The same 16 hexadecimal digits for every spelling of one name: case, spaces and Unicode form do not make another voter."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return hashlib.sha256("".join(plain.split()).encode()).hexdigest()[:16]


def complaints(ballot: Ballot, plan: VotePlan) -> list[str]:
    """Everything that keeps a ballot from being counted, each a Korean sentence for the voter; empty for a good one."""
    found = []
    if not voter_name(ballot.voter):
        found.append("이름이 없습니다. 첫 칸에 이름을 적어 주세요.")
    if ballot.paper < 1:
        found.append(f"{ballot.paper}번 투표지는 없습니다. 투표지 번호는 고치지 마세요.")
    for inquiry in plan.inquiries:
        marks = ballot.marks.get(inquiry.id)
        if marks is None or set(marks.points) != set(plan.letters):
            found.append(f"문의 {inquiry.id}: {', '.join(plan.letters)} 모두에 점수를 주세요.")
        else:
            found += [
                f"문의 {inquiry.id}의 {letter}: {points}점은 줄 수 없습니다. {LOWEST}점에서 {HIGHEST}점까지 주세요."
                for letter, points in marks.points.items()
                if not LOWEST <= points <= HIGHEST
            ]
    unknown = set(ballot.marks) - {inquiry.id for inquiry in plan.inquiries}
    found += [f"이 투표에는 문의 {inquiry}이(가) 없습니다." for inquiry in sorted(unknown)]
    return found


def resolve(ballot: Ballot, plan: VotePlan, submission: int, at: datetime) -> list[Vote]:
    """A good ballot's votes, one an inquiry, with the letters of its paper turned into candidates."""
    votes = []
    for inquiry in plan.inquiries:
        marks = ballot.marks[inquiry.id]
        order = plan.order(ballot.paper, inquiry.id)
        votes.append(
            Vote(
                vote=plan.vote,
                voter=voter_name(ballot.voter),
                inquiry=inquiry.id,
                length=inquiry.length,
                points={candidate: marks.points[letter] for letter, candidate in zip(plan.letters, order, strict=True)},
                comment=marks.comment.strip(),
                submission=submission,
                at=at,
            )
        )
    return votes


def count(votes: Sequence[Vote], plan: VotePlan) -> VoteResult | None:
    """What the votes say, None while there is none."""
    if not votes:
        return None
    scopes: dict[Scope, list[Vote]] = {
        "all": list(votes),
        "short": [vote for vote in votes if vote.length == "short"],
        "long": [vote for vote in votes if vote.length == "long"],
    }
    ranking = sorted(plan.candidates, key=lambda candidate: _standing(candidate, votes, plan))
    tallies = {scope: [_tally(candidate, own) for candidate in ranking] for scope, own in scopes.items() if own}
    return VoteResult(
        voters=sorted({vote.voter for vote in votes}),
        tallies=tallies,
        agreement={scope: agreement(own) for scope, own in scopes.items() if own},
        winner=ranking[0],
        decided_by=_decided_by(ranking, votes, plan),
    )


def agreement(votes: Sequence[Vote]) -> float | None:
    """Krippendorff's alpha of the points as ranks: units are candidate and inquiry together, observers are the voters."""
    units: dict[tuple[str, str], list[float]] = {}
    for vote in votes:
        for candidate, points in vote.points.items():
            units.setdefault((vote.inquiry, candidate), []).append(float(points))
    return krippendorff_alpha(list(units.values()), "ordinal")


def krippendorff_alpha(units: Sequence[Sequence[float]], metric: Literal["nominal", "ordinal", "interval"]) -> float | None:
    """Krippendorff's alpha: 1 perfect agreement, 0 what chance would give, below 0 systematic disagreement.

    ``units`` holds the values each unit got, in any order; units with fewer than two values say nothing and are left out. None
    when no two values can be paired or all values are equal: then there is nothing to disagree on. Source: K. Krippendorff,
    Computing Krippendorff's Alpha-Reliability (2011), sections C and D.
    """
    paired = [unit for unit in units if len(unit) >= 2]
    values = sorted({value for unit in paired for value in unit})
    coincidences = _coincidences(paired)
    totals = {value: sum(coincidences.get((value, other), 0.0) for other in values) for value in values}
    n = sum(totals.values())
    if len(values) < 2:
        return None
    distance = {(a, b): _squared_distance(a, b, values, totals, metric) for a in values for b in values}
    observed = sum(weight * distance[pair] for pair, weight in coincidences.items())
    expected = sum(totals[a] * totals[b] * distance[a, b] for a in values for b in values) / (n - 1)
    return 1.0 - observed / expected


def _coincidences(units: Sequence[Sequence[float]]) -> dict[tuple[float, float], float]:
    """How often two values met in one unit, every ordered pair weighted by 1 / (values of the unit - 1)."""
    table: dict[tuple[float, float], float] = {}
    for unit in units:
        for i, a in enumerate(unit):
            for j, b in enumerate(unit):
                if i != j:
                    table[a, b] = table.get((a, b), 0.0) + 1 / (len(unit) - 1)
    return table


def _squared_distance(
    a: float, b: float, values: Sequence[float], totals: Mapping[float, float], metric: Literal["nominal", "ordinal", "interval"]
) -> float:
    if metric == "nominal":
        return float(a != b)
    if metric == "interval":
        return (a - b) ** 2
    low, high = min(a, b), max(a, b)
    between = sum(totals[value] for value in values if low <= value <= high)
    return (between - (totals[low] + totals[high]) / 2) ** 2


def _tally(candidate: str, votes: Sequence[Vote]) -> Tally:
    points = [vote.points[candidate] for vote in votes]
    return Tally(candidate=candidate, total=sum(points), mean=statistics.fmean(points), spread=statistics.pstdev(points), votes=len(points))


def _total(candidate: str, votes: Sequence[Vote], length: Length | None = None) -> int:
    return sum(vote.points[candidate] for vote in votes if length is None or vote.length == length)


def _standing(candidate: str, votes: Sequence[Vote], plan: VotePlan) -> tuple[int, int, int]:
    """What orders the candidates, smallest first. The plan lists them by test score, equal ones already in the order of the rule."""
    return -_total(candidate, votes), -_total(candidate, votes, "long"), plan.candidates.index(candidate)


def _decided_by(
    ranking: Sequence[str], votes: Sequence[Vote], plan: VotePlan
) -> Literal["only candidate", "total", "total on long inquiries", "place on the test set"]:
    if len(ranking) < 2:
        return "only candidate"
    first, second = (_standing(candidate, votes, plan) for candidate in ranking[:2])
    if first[0] != second[0]:
        return "total"
    return "total on long inquiries" if first[1] != second[1] else "place on the test set"
