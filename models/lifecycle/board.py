"""A finished scoring: the rows that judged, the leaderboard, and what was left out."""

from pydantic import BaseModel, Field

from models.errors import ConfigurationError
from models.lifecycle.candidates import Candidate
from models.lifecycle.selection import Standing


class TestSet(BaseModel):
    """Rows that judge: where they are kept, and which candidates have learnt from some of them."""

    __test__ = False  # no test of pytest's

    key: str
    source: str
    rows: int
    truth_key: str = Field(default="", description="Key of the rows that tell what would mislead; empty where the line has none")
    truth_rows: int = 0
    learnt_by: dict[str, int] = Field(default_factory=dict, description="Rows of the test set that a candidate was trained on")


class Board(BaseModel):
    """The leaderboard of one selection and what was left out, with the reasons."""

    selection: str
    test_set: TestSet
    encoders: dict[str, str] = Field(description="The models that judged, by metric")
    champion: str
    candidates: list[Candidate]
    standings: list[Standing]
    scores: dict[str, str] = Field(description="Key of each candidate's scores")
    left_out: dict[str, str] = Field(default_factory=dict, description="Candidates without a score, with the reason")

    def candidate(self, name: str) -> Candidate:
        """A candidate of the board by its name."""
        return next(candidate for candidate in self.candidates if candidate.name == name)

    def standing(self, name: str) -> Standing:
        """A candidate's row of the leaderboard; ConfigurationError when it has none."""
        for standing in self.standings:
            if standing.candidate == name:
                return standing
        reason = self.left_out.get(name, "it was no candidate")
        raise ConfigurationError(f"{name} has no score: {reason}", remedy="Score it first")
