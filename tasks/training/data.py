"""The data of a training run: read, split, profiled."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.artifacts import acreate_markdown_artifact

from clients.s3 import ObjectStore
from models.lifecycle.line import Line
from models.training.data.loader import SUMMARY, LoadReport, read_pairs
from models.training.data.pair import Pair
from models.training.data.split import Split, split_pairs
from models.training.train import data_fingerprint
from reports.training import data_report
from stores.datasets import read_dataset
from tasks.in_thread import task_in_thread
from wiring import object_store


@dataclass(frozen=True)
class TrainingData:
    """The split rows, their profile as markdown, and a fingerprint of everything that was read."""

    split: Split
    profile: str
    fingerprint: str


@task_in_thread("prepare-data")
def prepare_data(data: str, out_of_domain: str, seed: int, reference: str = SUMMARY) -> TrainingData:
    """Load, split and profile; ``reference`` is the column with the right answers."""
    return load_training_data(object_store(), data, out_of_domain, seed, reference)


def load_training_data(store: ObjectStore, data: str, out_of_domain: str, seed: int, reference: str = SUMMARY) -> TrainingData:
    """Read both files, each a local path or a key of the bucket, and split them."""
    pairs, report = read_source(store, data, reference)
    outsiders, outside = read_source(store, out_of_domain, reference) if out_of_domain else ([], None)
    split = split_pairs(pairs, outsiders, seed)
    profile = data_report(pairs, split, [report, *filter(None, [outside])], seed)
    return TrainingData(split, profile, data_fingerprint([*pairs, *outsiders]))


def read_source(store: ObjectStore, source: str, reference: str) -> tuple[list[Pair], LoadReport]:
    """Pairs of a local file, or else of an object of the bucket."""
    return read_pairs(read_dataset(store, source), Path(source).name, reference)


async def publish_data(line: Line[Any], data: TrainingData, source: str) -> None:
    """The profile as an artifact."""
    await acreate_markdown_artifact(data.profile, key=line.artifact("training-data"), description=source)
