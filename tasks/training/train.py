"""The steps of a training run: data in, a fine-tuned model out, everything of it in the bucket."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun

from clients.hub import ensure_downloaded
from clients.s3 import ObjectStore
from models.errors import ConfigurationError, ObjectGone, PermanentError
from models.training import FinetuneConfig, FinetuneResult, Progress, finetune
from models.training.data.loader import LoadReport, load_pairs, read_pairs
from models.training.data.pair import Pair
from models.training.data.profile import profile_pairs
from models.training.data.split import Split, split_pairs
from models.training.outputs import RunKeys, RunSummary, pairs_csv
from models.training.train import CHECKPOINTS, MERGED, MODEL, RUN, data_fingerprint, last_complete_checkpoint
from reports import plots
from tasks.retrying import RETRY_TRANSIENT
from wiring import object_store

PROFILE = "profile.md"


@dataclass(frozen=True)
class TrainingData:
    """The split rows, their profile as markdown, and a fingerprint of everything that was read."""

    split: Split
    profile: str
    fingerprint: str


def may_go_on(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Repeat a training that broke for no reason of its own: a driver, a full disk, a lost connection. It resumes."""
    return not isinstance(state.data, (PermanentError, ConfigurationError))


@task(name="prepare-data", **RETRY_TRANSIENT)
async def prepare_data(data: str, out_of_domain: str, seed: int) -> TrainingData:
    """Load, split and profile; the profile becomes an artifact."""
    prepared = await asyncio.to_thread(load_training_data, data, out_of_domain, seed)
    await acreate_markdown_artifact(prepared.profile, key="training-data", description=data)
    return prepared


def load_training_data(data: str, out_of_domain: str, seed: int) -> TrainingData:
    """Read both files, each a local path or a key of the bucket, and split them."""
    pairs, report = read_source(data)
    outsiders, outside_report = read_source(out_of_domain) if out_of_domain else ([], None)
    split = split_pairs(pairs, outsiders, seed)
    described = profile_pairs(pairs, [report, *filter(None, [outside_report])])
    record = split.record
    parts = (
        f"학습 {len(split.train):,} · 검증 {len(split.validation):,} (보험 외 {len(record.validation_out_of_domain):,}, "
        f"부족 {record.missing_outsiders:,}) · 시험 {len(split.test):,} · seed {seed}"
    )
    picture = f"![길이]({plots.data_uri(plots.lengths(pairs))})"
    markdown = f"# 학습 데이터\n\n{parts}\n\n{described.markdown()}\n\n{picture}\n"
    return TrainingData(split, markdown, data_fingerprint([*pairs, *outsiders]))


def read_source(source: str) -> tuple[list[Pair], LoadReport]:
    """Pairs of a local file, or else of an object of the bucket."""
    path = Path(source)
    if path.is_file():
        return load_pairs(path)
    try:
        body = object_store().get(source).body
    except ObjectGone as error:
        raise ConfigurationError(
            f"{source} is no file on this machine and no object of the bucket", remedy="Upload the CSV and name its key"
        ) from error
    return read_pairs(body, path.name)


@task(name="download-models", **RETRY_TRANSIENT)
async def download_models(config: FinetuneConfig) -> None:
    """Have the base and the metrics' encoders on this machine before anything else begins."""
    names = [config.base_model]
    if config.metrics.enabled:
        names += [config.metrics.bertscore_model, config.metrics.sts_model]
    for name in names:
        await asyncio.to_thread(ensure_downloaded, name)


@task(name="train", retries=2, retry_delay_seconds=10, retry_condition_fn=may_go_on, persist_result=False, cache_policy=NO_CACHE)
async def train(config: FinetuneConfig, split: Split, out: Path, keys: RunKeys, on_progress: Callable[[Progress], None]) -> FinetuneResult:
    """Fine-tune, going on from the last checkpoint on this machine or in the bucket."""
    mirror = CheckpointMirror(object_store(), keys, out / CHECKPOINTS)

    def on_step(progress: Progress) -> None:
        mirror.send()
        on_progress(progress)

    await asyncio.to_thread(mirror.fetch)
    return await asyncio.to_thread(finetune, config, split.train, split.validation, out, on_step)


class CheckpointMirror:
    """Keeps the newest checkpoint in the bucket while a run lasts: a retry may start on another machine, with an empty disk."""

    def __init__(self, store: ObjectStore, keys: RunKeys, folder: Path) -> None:
        self._store, self._prefix, self._folder = store, keys.checkpoints, folder
        self._sent = ""

    def send(self) -> None:
        """Upload the newest complete checkpoint if that is not done; its ``trainer_state.json`` goes last and makes it complete."""
        newest = last_complete_checkpoint(self._folder)
        if newest is None or newest.name == self._sent:
            return
        files = [path for path in sorted(newest.rglob("*")) if path.is_file()]
        for path in sorted(files, key=lambda path: path.name == "trainer_state.json"):
            self._store.upload_file(path, f"{self._prefix}{path.relative_to(self._folder).as_posix()}")
        self._remove(keep=newest.name)
        self._sent = newest.name

    def fetch(self) -> None:
        """Bring the newest checkpoint here where this machine has none."""
        if last_complete_checkpoint(self._folder) is not None:
            return
        for facts in self._store.walk(self._prefix):
            path = self._folder / facts.key.removeprefix(self._prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._store.download_file(facts.key, path)
        newest = last_complete_checkpoint(self._folder)
        self._sent = newest.name if newest else ""

    def clear(self) -> None:
        """Remove what a finished run no longer needs."""
        self._remove(keep="")

    def _remove(self, keep: str) -> None:
        for facts in list(self._store.walk(self._prefix)):
            if not keep or not facts.key.startswith(f"{self._prefix}{keep}/"):
                self._store.delete(facts.key)


@task(name="find-finished", **RETRY_TRANSIENT)
async def find_finished(keys: RunKeys) -> RunSummary | None:
    """The summary of a run that finished earlier, or None."""
    stored = await asyncio.to_thread(object_store().find, keys.finished)
    return RunSummary.model_validate_json(stored.body) if stored else None


@task(name="upload-run", **RETRY_TRANSIENT)
async def upload_run(summary: RunSummary, data: TrainingData, out: Path) -> None:
    """Put everything of the run into the bucket; the mark of a finished run comes last."""
    await asyncio.to_thread(store_run, object_store(), summary, data, out)


def store_run(store: ObjectStore, summary: RunSummary, data: TrainingData, out: Path) -> None:
    """See upload_run."""
    result, keys = summary.result, RunKeys(summary.config.family, summary.run)
    folders = [MODEL, *([MERGED] if result.merged_dir else [])]
    for path in sorted(path for folder in folders for path in (out / folder).rglob("*") if path.is_file()):
        store.upload_file(path, f"{keys.prefix}{path.relative_to(out).as_posix()}")
    store.upload_file(out / RUN, f"{keys.prefix}{RUN}")
    texts = {
        "split.json": ("application/json", data.split.record.model_dump_json()),
        "test.csv": ("text/csv; charset=utf-8", pairs_csv(data.split.test)),
        "metrics.csv": ("text/csv; charset=utf-8", plots.metrics_csv(result.history, result.encoders)),
        PROFILE: ("text/markdown; charset=utf-8", data.profile),
        "data.json": ("application/json", json.dumps({"fingerprint": data.fingerprint})),
    }
    for name, (kind, text) in texts.items():
        store.put(f"{keys.prefix}{name}", text.encode(), content_type=kind)
    pictures = {"losses.png": plots.losses(result.history), "scores.png": plots.scores(result.history, result.encoders)}
    for name, picture in pictures.items():
        store.put(f"{keys.prefix}{name}", picture, content_type="image/png")
    store.put(keys.finished, summary.model_dump_json(indent=1).encode(), content_type="application/json")
    CheckpointMirror(store, keys, out / CHECKPOINTS).clear()


def work_folder(family: str, run: str) -> Path:
    """Where a run works on this machine: the same folder for the same run, so that a retry finds its checkpoints."""
    return Path(tempfile.gettempdir()) / "readback-training" / family / run
