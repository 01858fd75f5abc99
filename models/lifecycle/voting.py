"""The direct test by people: blind papers, ballots, what counts, and what the votes say.

A *paper* is one sheet with every inquiry and the candidates' answers under the letters A to D. Each paper has an order of its own,
different for every inquiry, derived from the vote's seed and the paper's number; nobody who fills it in can tell which model is
which, and knowing one paper tells nothing about the next. A ballot names its paper, so it is always read in the order in which
it was written, however late it comes.
"""

import hashlib
import random
import re
import statistics
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from models.forms import FORM
from models.lifecycle.bars import FEWEST_INQUIRIES, FEWEST_VOTERS
from models.lifecycle.selection import Inquiry, Length

LOWEST, HIGHEST = 1, 5
LETTERS = "ABCDEFGH"
TIE_RULE = "총점이 가장 높은 모델. 같으면 긴 문의의 총점, 그래도 같으면 시험 데이터 순위가 앞선 모델."

Scope = Literal["all", "short", "long"]


class VoteSettings(BaseModel):
    """How the direct test by people is held."""

    model_config = FORM

    short: int = Field(3, ge=0, le=20, description="Short inquiries (1 or 2 sentences) on each paper")
    long: int = Field(3, ge=0, le=20, description="Long inquiries (3 or more sentences) on each paper")
    typed: list[str] = Field(default_factory=list, description="Inquiries of your own; all are asked, the rest is drawn from the test set")
    voters: int = Field(FEWEST_VOTERS, ge=FEWEST_VOTERS, le=500, description="The vote closes by itself after this many people have voted")
    finalists: int = Field(4, ge=2, le=8, description="How many of the best candidates are put to the vote")
    days_open: float = Field(14.0, gt=0, le=365, description="Without a ballot for this long, the run fails; the votes stay")

    @model_validator(mode="after")
    def _asks_enough(self) -> Self:
        if max(self.short + self.long, len(self.typed)) < FEWEST_INQUIRIES:
            raise ValueError(f"문의가 {FEWEST_INQUIRIES}개보다 적은 투표로는 정할 수 없습니다. short와 long을 늘리세요.")
        return self


class VotePlan(BaseModel):
    """What is put to the vote, written once when the vote opens."""

    model_config = ConfigDict(frozen=True)

    vote: str = Field(description="Name of the vote, part of its keys")
    seed: int
    inquiries: list[Inquiry]
    candidates: list[str] = Field(description="Best test score first")
    # Votes that were opened before there were lines of models say "summaries".
    answers: dict[str, dict[str, str]] = Field(
        validation_alias=AliasChoices("answers", "summaries"), description="Answer by inquiry id and candidate"
    )

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


class Submission(BaseModel):
    """One hand-in and the answer it got."""

    number: int
    ballot: dict[str, Any] = Field(description="The form as it was handed in")
    voter: str
    counted: bool
    answer: str = Field(description="What the voter is told, in Korean")
    closes: bool = Field(default=False, description="Whether the voter asked for the vote to be closed")
    at: datetime


class VoteState(BaseModel):
    """Where a vote stands."""

    plan: VotePlan
    submissions: list[Submission]
    votes: list[Vote]

    @property
    def voters(self) -> list[str]:
        """Who has voted, in order of arrival."""
        return list(dict.fromkeys(submission.voter for submission in self.submissions if submission.counted))

    @property
    def next_number(self) -> int:
        """Number of the next hand-in, and of the paper that is given out for it."""
        return len(self.submissions) + 1

    def is_over(self, voters: int) -> bool:
        """Whether enough people have voted, or one has closed the vote after somebody's vote was counted."""
        asked_to_close = any(submission.closes for submission in self.submissions)
        return len(self.voters) >= voters or (asked_to_close and bool(self.voters))


def voter_name(name: str) -> str:
    """A voter's name as it is shown: composed Hangul, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def voter_key(name: str) -> str:
    """The same 16 hexadecimal digits for every spelling of one name: case, spaces and Unicode form do not make another voter."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return hashlib.sha256("".join(plain.split()).encode()).hexdigest()[:16]


def form_field(inquiry_id: str) -> str:
    """Name of an inquiry's field in a paper's form."""
    return inquiry_id.replace("-", "_")


def read_form(plan: VotePlan, form: Mapping[str, Any]) -> tuple[Ballot, bool]:
    """A handed-in form as a ballot, and whether the voter closes the vote."""
    marks = {inquiry.id: read_marks(plan.letters, str(form.get(form_field(inquiry.id)) or "")) for inquiry in plan.inquiries}
    return Ballot(voter=form.get("voter", ""), paper=form.get("paper", 0), marks=marks), bool(form.get("close"))


def read_marks(letters: str, written: str) -> Marks:
    """Points in the order of the letters, a digit each, and a remark after them.

    >>> read_marks("ABC", "352 2번은 다른 상품")
    Marks(points={'A': 3, 'B': 5, 'C': 2}, comment='2번은 다른 상품')
    """
    digits, comment = [*written.split(maxsplit=1), "", ""][:2]
    fits = digits.isdecimal() and len(digits) == len(letters)
    return Marks(points=dict(zip(letters, map(int, digits), strict=True)) if fits else {}, comment=comment.strip())


def points_asked(letters: str) -> str:
    """What a voter is asked to write for an inquiry, in Korean."""
    return f"{letters[0]}부터 {letters[-1]}까지 {LOWEST}에서 {HIGHEST}까지의 숫자 {len(letters)}개를 차례로 적어 주세요"


def points_schema(letters: str) -> dict[str, Any]:
    """What the form of a paper takes for the points of one inquiry: a digit for each letter, and after a space whatever remark.

    The server words its refusals itself: of a pattern it shows the expression, of a constant the constant. So whatever does not fit the
    pattern would have to be the sentence that says what is asked for. Whoever copies that sentence is told by ``complaints``.
    """
    return {"if": {"pattern": _points_pattern(letters)}, "else": {"const": points_asked(letters)}}


def checked_points(letters: str, written: str) -> str:
    """The same once more where the form is read."""
    if re.search(_points_pattern(letters), written) or written == points_asked(letters):
        return written
    raise ValueError(points_asked(letters))


def _points_pattern(letters: str) -> str:
    return rf"^[{LOWEST}-{HIGHEST}]{{{len(letters)}}}(\s[\s\S]*)?$"


def told(voter: str, faults: Sequence[str], *, counted: bool) -> str:
    """What a voter is told of the ballot, in Korean."""
    if faults:
        return " ".join(["투표지를 집계하지 않고 보관했습니다.", *faults])
    if counted:
        return f"{voter} 님의 투표를 집계했습니다."
    return f"{voter} 님은 이미 투표했습니다. 첫 투표가 유효하고, 이번 것은 보관만 했습니다."


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
    return krippendorff_alpha(list(units.values()))


def krippendorff_alpha(units: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha on the ordinal scale: 1 perfect agreement, 0 what chance would give, below 0 systematic disagreement.

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
    distance = {(a, b): _squared_distance(a, b, values, totals) for a in values for b in values}
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


def _squared_distance(a: float, b: float, values: Sequence[float], totals: Mapping[float, float]) -> float:
    """Squared ordinal distance of two values: how many values lie between them."""
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
