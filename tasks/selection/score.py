"""Scoring candidates on the held-out test set in the serving engine; the same scoring is never done twice."""

import threading
from pathlib import Path
from typing import Any

from clients.hub import ensure_downloaded
from clients.s3 import ObjectStore
from models.errors import ConfigurationError
from models.lifecycle.board import Board, TestSet
from models.lifecycle.candidates import Candidate, Contest
from models.lifecycle.line import Device, Line
from models.lifecycle.selection import CandidateScores, fingerprint, rank
from models.lifecycle.truth import TruthAnswer, TruthRow
from models.lines import LineName
from models.training.data.loader import read_pairs
from models.training.data.pair import Pair
from models.training.metrics import MetricSettings
from stores.boards import Boards
from stores.candidates import Candidates
from stores.datasets import Datasets
from stores.training_runs import TrainingRuns
from stores.truth_sets import read_truth_set
from tasks.in_thread import task_in_thread
from tasks.selection.candidates import candidates_of
from wiring import datasets, object_store, settings
from wiring.lines import LINES
from wiring.measure import serving_cost

# Raised when scores change their meaning, so that old ones are not taken for new ones.
SCORING = "3"

# One at a time in a process: two would spoil each other's seconds, and transformers' lazy imports break in two threads.
_MEASURING = threading.Lock()


@task_in_thread("prepare-test-set")
def prepare_test_set(line: LineName, source: str, contest: Contest, limit: int) -> TestSet:
    """Read the rows that judge and keep them where every scoring run finds them."""
    return store_test_set(object_store(), datasets(), LINES[line], source, contest, limit, settings().truth_set)


def store_test_set(store: ObjectStore, known: Datasets, line: Line[Any], source: str, contest: Contest, limit: int, truth: str) -> TestSet:
    """Keep the rows of a data set, and the line's truth set; ``limit`` 0 takes all rows of the file.

    Without a source, the test rows of the first candidate's training run are taken. A candidate that was trained on
    some of the rows is named with their number: its score would be a matter of memory.
    """
    runs = TrainingRuns(store, line)
    source = source or runs.test_rows_of(contest.candidates) or ""
    if not source:
        raise ConfigurationError("there is no test set: no candidate comes from a training run", remedy="Name a CSV file in test_set")
    body = known.read(source)
    folder, _, name = source.rpartition("/")
    pairs = read_pairs(body, name, line.reference)[0][: limit or None]
    ids, data = {pair.origin for pair in pairs if pair.origin}, runs.data_of(f"{folder}/")
    learnt = {candidate.name: rows for candidate in contest.candidates if (rows := runs.learnt_rows(candidate, ids, data))}
    boards, told = Boards(store, line), read_truth_set(store, line, truth)
    return TestSet(
        key=boards.save_test_set(pairs),
        source=source,
        rows=len(pairs),
        truth_key=boards.save_truth_set(told),
        truth_rows=len(told),
        learnt_by=learnt,
    )


@task_in_thread("score")
def score(line: LineName, name: str, test_key: str, truth_key: str, metrics: MetricSettings) -> CandidateScores:
    """Score one candidate and keep the scores, or find that they are there already."""
    chosen = LINES[line]
    chosen.judges(metrics)  # what cannot judge is told before anything is downloaded
    for model in chosen.judging_models(metrics):
        ensure_downloaded(model)
    boards = Boards(object_store(), chosen)
    return score_once(chosen, candidates_of(line), boards, name, test_key, truth_key, metrics, settings().model_device)


def score_once(
    line: Line[Any],
    candidates: Candidates,
    boards: Boards,
    name: str,
    test_key: str,
    truth_key: str,
    metrics: MetricSettings,
    device: Device,
) -> CandidateScores:
    """Scores that are known, or else made now and kept."""
    candidate = candidates.resolve(name)
    key = score_key(line, boards, candidate, test_key, truth_key, metrics)
    known = boards.find_scores(candidate, key)
    if known is not None:
        return known
    with _MEASURING:
        test, truth = boards.test_set(test_key), boards.truth_set(truth_key)
        scored = measure(line, candidate.name, candidates.folder(candidate), test, truth, metrics, device)
    boards.save_scores(key, scored)
    return scored


def score_key(line: Line[Any], boards: Boards, candidate: Candidate, test_key: str, truth_key: str, metrics: MetricSettings) -> str:
    """Where a candidate's scores are kept: the key changes with its files, the rows, the judges and the way of scoring."""
    judges = sorted(line.judges(metrics).items())
    return boards.keys.score(fingerprint(SCORING, candidate.digest, test_key, truth_key, repr(judges)))


def measure(
    line: Line[Any], name: str, folder: Path, test: list[Pair], truth: list[TruthRow], metrics: MetricSettings, device: Device
) -> CandidateScores:
    """Answer the test set and the truth set as calls would be answered, compare with the references, and judge."""
    cost = serving_cost(line, folder, device, [pair.input for pair in test], [row.text for row in truth])
    answers = [answer.text for answer in cost.answers]
    judgement = line.judge(answers, [pair.summary for pair in test], metrics)
    judged = [
        TruthAnswer(row=row.name, verdict=line.verdict(row, answer), **answer.model_dump())
        for row, answer in zip(truth, cost.truth, strict=True)
    ]
    doubts = [line.suspicion(pair.input, answer) for pair, answer in zip(test, cost.answers, strict=True)]
    return CandidateScores(
        candidate=name,
        answers=answers,
        truth=judged,
        suspects={row: doubt for row, doubt in enumerate(doubts) if doubt},
        measures=line.measures(cost.answers, judged, judgement),
        rows=dict(judgement.rows),
        overall=dict(judgement.overall),
        encoders=line.judges(metrics),
        seconds_alone=cost.seconds_alone,
        seconds_batched=cost.seconds_batched,
        memory_mib=cost.memory_mib,
        device=cost.device,
        tokens=cost.tokens,
        won=cost.won,
    )


@task_in_thread("find-scores")
def has_scores(line: LineName, candidate: Candidate, test_set: TestSet, metrics: MetricSettings) -> bool:
    """Whether a candidate needs no scoring."""
    boards = Boards(object_store(), LINES[line])
    key = score_key(LINES[line], boards, candidate, test_set.key, test_set.truth_key, metrics)
    return boards.find_scores(candidate, key) is not None


@task_in_thread("make-board")
def make_board(
    line: LineName, selection: str, contest: Contest, test_set: TestSet, metrics: MetricSettings, failures: dict[str, str], seed: int
) -> Board:
    """Rank what has a score, name what has none, and keep the leaderboard."""
    boards = Boards(object_store(), LINES[line])
    board = board_of(LINES[line], boards, selection, contest, test_set, metrics, failures, seed)
    boards.save(board)
    return board


def board_of(
    line: Line[Any],
    boards: Boards,
    selection: str,
    contest: Contest,
    test_set: TestSet,
    metrics: MetricSettings,
    failures: dict[str, str],
    seed: int,
) -> Board:
    """The leaderboard of a contest."""
    scored: list[CandidateScores] = []
    keys: dict[str, str] = {}
    left_out = dict(contest.refused)
    for candidate in contest.candidates:
        key = score_key(line, boards, candidate, test_set.key, test_set.truth_key, metrics)
        known = boards.find_scores(candidate, key)
        if candidate.name in failures or known is None:
            left_out[candidate.name] = failures.get(candidate.name, "its scoring left no result")
        else:
            keys[candidate.name] = key
            scored.append(known)
    return Board(
        selection=selection,
        test_set=test_set,
        encoders=line.judges(metrics),
        champion=contest.champion,
        candidates=contest.candidates,
        standings=rank(scored, contest.champion, line.metrics, line.bars, seed=seed),
        scores=keys,
        left_out=left_out,
    )


@task_in_thread("find-board")
def find_board(line: LineName, selection: str) -> Board | None:
    """A selection's leaderboard, None where it has not got so far."""
    return Boards(object_store(), LINES[line]).find(selection)
