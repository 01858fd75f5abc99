"""What a line's selections keep: test sets, truth sets, candidates' scores, leaderboards."""

import hashlib
from typing import Any

from pydantic import TypeAdapter

from clients.s3 import ObjectStore
from models.keys import SelectionKeys
from models.lifecycle.board import Board
from models.lifecycle.candidates import Candidate
from models.lifecycle.line import Line
from models.lifecycle.selection import CandidateScores
from models.lifecycle.truth import TruthRow
from models.training.data.pair import Pair

_PAIRS = TypeAdapter(list[Pair])
_TRUTH = TypeAdapter(list[TruthRow])
_JSON = "application/json"


class Boards:
    """The selections of one line."""

    def __init__(self, store: ObjectStore, line: Line[Any]) -> None:
        self.keys = SelectionKeys(line.name)
        self._store = store

    def save_test_set(self, pairs: list[Pair]) -> str:
        """Keep the rows that judge, under a key that changes with any of them."""
        content = _PAIRS.dump_json([Pair(pair.input, pair.summary) for pair in pairs])
        return self._save(self.keys.test_set(_digest(content)), content)

    def test_set(self, key: str) -> list[Pair]:
        """The rows of a test set that was kept."""
        return _PAIRS.validate_json(self._store.get(key).body)

    def save_truth_set(self, rows: list[TruthRow]) -> str:
        """Keep rows that tell what would mislead, under a key that changes with any of them; empty where there are none."""
        content = _TRUTH.dump_json(rows)
        return self._save(self.keys.truth_set(_digest(content)), content) if rows else ""

    def truth_set(self, key: str) -> list[TruthRow]:
        """The rows of a truth set that was kept."""
        return _TRUTH.validate_json(self._store.get(key).body) if key else []

    def _save(self, key: str, content: bytes) -> str:
        self._store.put(key, content, content_type=_JSON)
        return key

    def find_scores(self, candidate: Candidate, key: str) -> CandidateScores | None:
        """Scores that an earlier run left, under the candidate's present name."""
        stored = self._store.find(key)
        return CandidateScores.model_validate_json(stored.body).model_copy(update={"candidate": candidate.name}) if stored else None

    def save_scores(self, key: str, scores: CandidateScores) -> None:
        """Keep a candidate's scores."""
        self._store.put(key, scores.model_dump_json().encode(), content_type=_JSON)

    def scores_of(self, board: Board, name: str) -> CandidateScores:
        """The scores behind one row of a leaderboard."""
        stored = self._store.get(board.scores[name])
        return CandidateScores.model_validate_json(stored.body).model_copy(update={"candidate": name})

    def save(self, board: Board) -> None:
        """Keep a selection's leaderboard."""
        self._store.put(self.keys.board(board.selection), board.model_dump_json(indent=1).encode(), content_type=_JSON)

    def find(self, selection: str) -> Board | None:
        """A selection's leaderboard, None where it has not got so far."""
        stored = self._store.find(self.keys.board(selection))
        return Board.model_validate_json(stored.body) if stored else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
