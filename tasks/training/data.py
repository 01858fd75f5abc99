"""The data of a training run: read, split, profiled."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from prefect.artifacts import acreate_markdown_artifact

from models.lifecycle.line import Line
from models.training.data.loader import SUMMARY, LoadReport, read_pairs
from models.training.data.pair import Pair
from models.training.data.split import Split, split_pairs, with_more_to_learn
from models.training.data.version import DatasetVersion
from models.training.train import data_fingerprint
from reports.training import data_report, versions_report
from stores.datasets import Datasets
from tasks.in_thread import task_in_thread
from wiring import datasets


@dataclass(frozen=True)
class TrainingData:
    """The split rows, their profile as markdown, a fingerprint of everything that was read, and the versions that it was read from.

    ``of_answers`` where the rows are questions with answers: those say what no question says, so a summary's guard has no place there.
    """

    split: Split
    profile: str
    fingerprint: str
    versions: tuple[DatasetVersion, ...] = ()
    of_answers: bool = False


@task_in_thread("prepare-data")
def prepare_data(data: str, out_of_domain: str, seed: int, reference: str = SUMMARY) -> TrainingData:
    """Load, split and profile, and keep what was read as a version; ``reference`` is the column with the right answers."""
    return load_training_data(datasets(), data, out_of_domain, seed, reference)


def load_training_data(known: Datasets, data: str, out_of_domain: str, seed: int, reference: str = SUMMARY) -> TrainingData:
    """Read the data sets and split them. ``data`` may name several with `` + `` between: the first is split, the others are learnt from."""
    first, *further = (source.strip() for source in data.split(" + "))
    pairs, report, version = _read_source(known, first, reference)
    more = [_read_source(known, source, reference) for source in further]
    outside = [_read_source(known, out_of_domain, reference)] if out_of_domain else []
    outsiders = [pair for one in outside for pair in one.pairs]
    split = with_more_to_learn(split_pairs(pairs, outsiders, seed), [pair for one in more for pair in one.pairs])
    everything = [*pairs, *(pair for one in more for pair in one.pairs)]
    versions = (version, *(one.version for one in (*more, *outside)))
    profile = data_report(everything, split, [report, *(one.report for one in (*more, *outside))], seed)
    fingerprint = data_fingerprint([*everything, *outsiders])
    return TrainingData(split, f"{profile}\n{versions_report(versions)}", fingerprint, versions, report.of_answers)


class _Source(NamedTuple):
    """A data set that was read."""

    pairs: list[Pair]
    report: LoadReport
    version: DatasetVersion


def _read_source(known: Datasets, source: str, reference: str) -> _Source:
    """A data set's pairs and version; what cannot be read as one is not kept."""
    body = known.read(source)
    name = Path(source.partition("@")[0]).name
    pairs, report = read_pairs(body, name, reference)
    return _Source(pairs, report, known.keep(source, body))


async def publish_data(line: Line[Any], data: TrainingData, source: str) -> None:
    """The profile as an artifact."""
    await acreate_markdown_artifact(data.profile, key=line.artifact("training-data"), description=source)
