"""Scoring candidates on the held-out test set in the serving engine; the same scoring is never done twice."""

import asyncio
import csv
import hashlib
import io
import threading
from pathlib import Path

from prefect import task
from pydantic import BaseModel, Field, TypeAdapter

from clients.hub import ensure_downloaded
from clients.s3 import ObjectStore
from models.errors import ConfigurationError, ObjectGone
from models.keys import StorageKeys
from models.lifecycle.selection import CandidateScores, Standing, fingerprint, rank
from models.lifecycle.serving_cost import serving_cost
from models.training.data.loader import read_pairs
from models.training.data.pair import Pair
from models.training.data.split import SplitRecord
from models.training.metrics import MetricSettings, SummaryScorer
from models.training.outputs import RunKeys
from tasks.retrying import RETRY_TRANSIENT
from tasks.selection.candidates import Candidate, Contest, local_folder, resolve
from wiring import object_store, settings

# Raised when scores change their meaning, so that old ones are not taken for new ones.
SCORING = "2"

_PAIRS = TypeAdapter(list[Pair])
# One at a time in a process: two would spoil each other's seconds, and transformers' lazy imports break in two threads.
_MEASURING = threading.Lock()


class SelectionKeys:
    """Keys of what selections keep."""

    ROOT = f"{StorageKeys.MODELS}selections/"

    @classmethod
    def test_set(cls, digest: str) -> str:
        """A test set, by its content."""
        return f"{cls.ROOT}test-sets/{digest}.json"

    @classmethod
    def score(cls, name: str) -> str:
        """One candidate's scores, by everything they depend on."""
        return f"{cls.ROOT}scores/{name}.json"

    @classmethod
    def board(cls, selection: str) -> str:
        """A selection's leaderboard."""
        return f"{cls.ROOT}{selection}/board.json"


class TestSet(BaseModel):
    """Rows that judge: where they are kept, and which candidates have learnt from some of them."""

    __test__ = False  # no test of pytest's

    key: str
    source: str
    rows: int
    learnt_by: dict[str, int] = Field(default_factory=dict, description="Rows of the test set that a candidate was trained on")


class Board(BaseModel):
    """A finished scoring: the leaderboard and what was left out, with the reasons."""

    selection: str
    test_set: TestSet
    encoders: dict[str, str]
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


@task(name="prepare-test-set", **RETRY_TRANSIENT)
async def prepare_test_set(source: str, contest: Contest, limit: int) -> TestSet:
    """Read the rows that judge and keep them where every scoring run finds them."""
    return await asyncio.to_thread(store_test_set, object_store(), source, contest, limit)


def store_test_set(store: ObjectStore, source: str, contest: Contest, limit: int) -> TestSet:
    """See prepare_test_set.

    Without a source, the test rows of the first candidate's training run are taken. A candidate that was trained on
    some of the rows is named with their number: its score would be a matter of memory. ``limit`` 0 takes all rows.
    """
    source = source or _test_rows_of_a_run(store, contest)
    body = _read(store, source)
    pairs = read_pairs(body, source.rpartition("/")[2])[0][: limit or None]
    content = _PAIRS.dump_json([Pair(pair.input, pair.summary) for pair in pairs])
    key = SelectionKeys.test_set(hashlib.sha256(content).hexdigest()[:32])
    store.put(key, content, content_type="application/json")
    ids = _row_ids(body, {pair.input for pair in pairs})
    fingerprint_of_source = _data_fingerprint(store, source.rpartition("/")[0] + "/")
    learnt = {
        candidate.name: known for candidate in contest.candidates if (known := _learnt_rows(store, candidate, ids, fingerprint_of_source))
    }
    return TestSet(key=key, source=source, rows=len(pairs), learnt_by=learnt)


def _test_rows_of_a_run(store: ObjectStore, contest: Contest) -> str:
    """Test rows of the run that the first candidate came from; the champion's own run is asked last."""
    for candidate in sorted(contest.candidates, key=lambda candidate: not candidate.is_run):
        key = f"{RunKeys(candidate.family, candidate.run).prefix}test.csv"
        if candidate.family and store.head(key) is not None:
            return key
    raise ConfigurationError("there is no test set: no candidate comes from a training run", remedy="Name a CSV file in test_set")


def _read(store: ObjectStore, source: str) -> bytes:
    if Path(source).is_file():
        return Path(source).read_bytes()
    try:
        return store.get(source).body
    except ObjectGone as error:
        raise ConfigurationError(
            f"the test set {source} is no file on this machine and no object of the bucket", remedy="Upload the CSV and name its key"
        ) from error


def _row_ids(body: bytes, inputs: set[str]) -> set[str]:
    """Ids of the rows in the data that was split; a test set from elsewhere has none."""
    rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig", errors="replace"), newline=""))
    return {row["row"] for row in rows if row.get("row") and (row.get("input") or "").strip() in inputs}


def _data_fingerprint(store: ObjectStore, prefix: str) -> bytes | None:
    """What a run's folder says of the data that was split; None where it is no run's folder."""
    stored = store.find(prefix + "data.json")
    return stored.body if stored else None


def _learnt_rows(store: ObjectStore, candidate: Candidate, ids: set[str], data: bytes | None) -> int:
    """How many of the rows a candidate was trained on, as far as its run tells."""
    if data is None or not candidate.family:
        return 0
    prefix = RunKeys(candidate.family, candidate.run).prefix
    split = store.find(prefix + "split.json")
    if split is None or _data_fingerprint(store, prefix) != data:
        return 0
    return len(ids.intersection(SplitRecord.model_validate_json(split.body).train))


def read_test_set(store: ObjectStore, key: str) -> list[Pair]:
    """The rows of a test set that was kept."""
    return _PAIRS.validate_json(store.get(key).body)


def score_key(candidate: Candidate, test_key: str, metrics: MetricSettings) -> str:
    """Where a candidate's scores are kept: the key changes with its files, the test set, the encoders and the way of scoring."""
    encoders = sorted(metrics.named_encoders().items())
    return SelectionKeys.score(fingerprint(SCORING, candidate.digest, test_key, repr(encoders)))


def known_scores(store: ObjectStore, candidate: Candidate, key: str) -> CandidateScores | None:
    """Scores that an earlier run left, under the candidate's present name."""
    stored = store.find(key)
    return CandidateScores.model_validate_json(stored.body).model_copy(update={"candidate": candidate.name}) if stored else None


@task(name="score", **RETRY_TRANSIENT)
async def score(name: str, test_key: str, metrics: MetricSettings) -> CandidateScores:
    """Score one candidate and keep the scores, or find that they are there already."""
    if metrics.enabled:
        for encoder in (metrics.bertscore_model, metrics.sts_model):
            await asyncio.to_thread(ensure_downloaded, encoder)
    return await asyncio.to_thread(score_candidate_once, object_store(), name, test_key, metrics)


def score_candidate_once(store: ObjectStore, name: str, test_key: str, metrics: MetricSettings) -> CandidateScores:
    """See score."""
    if not metrics.enabled:
        raise ConfigurationError("selection needs BERTScore and STS", remedy="Set metrics.enabled to true")
    candidate = resolve(store, name)
    key = score_key(candidate, test_key, metrics)
    known = known_scores(store, candidate, key)
    if known is not None:
        return known
    with _MEASURING:
        scored = measure(candidate.name, local_folder(store, candidate), read_test_set(store, test_key), metrics)
    store.put(key, scored.model_dump_json().encode(), content_type="application/json")
    return scored


def measure(name: str, folder: Path, test: list[Pair], metrics: MetricSettings) -> CandidateScores:
    """Summarize the test set as calls would be summarized, and compare with the references."""
    cost = serving_cost(folder, settings().model_device, [pair.input for pair in test])
    scorer = SummaryScorer(metrics, [pair.summary for pair in test])
    rows = scorer.rows(cost.summaries)
    return CandidateScores(
        candidate=name,
        summaries=cost.summaries,
        bertscore_f1=[f1 for f1, _ in rows],
        sts=[sts for _, sts in rows],
        encoders=scorer.encoders,
        seconds_alone=cost.seconds_alone,
        seconds_batched=cost.seconds_batched,
        memory_mib=cost.memory_mib,
        device=cost.device,
    )


def make_board(
    store: ObjectStore, selection: str, contest: Contest, test_set: TestSet, metrics: MetricSettings, failures: dict[str, str], seed: int
) -> Board:
    """Rank what has a score, and name what has none."""
    scored: list[CandidateScores] = []
    keys: dict[str, str] = {}
    left_out = dict(contest.refused)
    for candidate in contest.candidates:
        key = score_key(candidate, test_set.key, metrics)
        known = known_scores(store, candidate, key)
        if candidate.name in failures or known is None:
            left_out[candidate.name] = failures.get(candidate.name, "its scoring left no result")
        else:
            keys[candidate.name] = key
            scored.append(known)
    return Board(
        selection=selection,
        test_set=test_set,
        encoders=metrics.named_encoders(),
        champion=contest.champion,
        candidates=contest.candidates,
        standings=rank(scored, contest.champion, seed=seed),
        scores=keys,
        left_out=left_out,
    )


def save_board(store: ObjectStore, board: Board) -> None:
    """Keep a selection's leaderboard."""
    store.put(SelectionKeys.board(board.selection), board.model_dump_json(indent=1).encode(), content_type="application/json")


def find_board(store: ObjectStore, selection: str) -> Board | None:
    """A selection's leaderboard, None where it has not got so far."""
    stored = store.find(SelectionKeys.board(selection))
    return Board.model_validate_json(stored.body) if stored else None


def board_scores(store: ObjectStore, board: Board, name: str) -> CandidateScores:
    """The scores behind one row of a leaderboard."""
    return CandidateScores.model_validate_json(store.get(board.scores[name]).body).model_copy(update={"candidate": name})
