"""One fine-tuning run, launched from the Prefect UI: data, training, test scores, plots, everything in the bucket."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Literal, Self
from uuid import UUID

import httpx
from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runtime import flow_run as current
from prefect.states import Completed
from pydantic import BaseModel, ConfigDict, Field

from models.forms import FORM, in_order
from models.keys import RunKeys
from models.lines import SUMMARIZER
from models.summarizer.folder import trainable
from models.training import FinetuneConfig, Progress
from models.training.config import Adapter, Basics, Evaluation, Machine, Steps
from models.training.metrics import local_encoder
from models.training.outputs import RunName, RunSummary, run_name
from reports.training import verdict
from tasks.training.data import prepare_data, publish_data
from tasks.training.evaluate import evaluate
from tasks.training.tracking import ending, open_tracking, say_killed
from tasks.training.train import claim_name, download_models, find_finished, report_of, train, upload_run, work_folder
from tasks.training.watching import artifact_key, rename_this_run, say_ended_early
from wiring import settings

Encoders = Literal["configured", "shipped"]


class Rows(BaseModel):
    """Which rows are learnt from and judged by."""

    model_config = FORM

    out_of_domain: str = Field("", description="Pairs from outside insurance for a tenth of the validation set, a data set; empty: none")
    split_seed: int = Field(42, ge=0, description="Seed of the split; keep it the same for runs that are to be compared")
    test_rows: int = Field(0, ge=0, description="Score the best checkpoint on this many test rows; 0: on all")


WORSE = "WorseThanBase"  # the state of a run that has finished and made its base worse
_EIGHT = ("data", *Basics.model_fields, "encoders", "name")
_PARTS: dict[str, type[BaseModel]] = {"steps": Steps, "adapter": Adapter, "evaluation": Evaluation, "machine": Machine}


class FinetuneRun(Basics):
    """What the launch form asks for: eight fields that matter first, and everything else in groups.

    A group that may be None is folded in the form: it shows one line until somebody opens it, then every default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=in_order(*_EIGHT))

    data: str = Field(
        "datasets/data_12000.csv",
        title="데이터 (data)",
        description="input과 summary 열이 있는 CSV나 Excel: 버킷의 키 (datasets/…). 전에 읽은 버전은 datasets/data.csv@2처럼 적습니다. "
        "사람이 고친 요약도 배우려면 뒤에 ' + datasets/corrections/'를 붙입니다",
    )
    encoders: Encoders = Field(
        "configured",
        title="채점 인코더 (encoders)",
        description="configured: evaluation.metrics의 인코더, shipped: 네트워크가 필요 없는 기본 모델의 인코더",
    )
    name: RunName = Field(
        "",
        title="이름 (name)",
        description="실행, MLflow, S3 폴더가 모두 이 이름을 씁니다 (위의 Run Name은 이것으로 바뀝니다). 비우면 설정으로 짓습니다",
    )
    rows: Rows | None = Field(None, title="데이터 나누기", description="학습, 검증, 시험 행을 나누는 법. None은 기본값")
    steps: Steps | None = Field(None, title="학습 스텝", description="배치, 길이, 최적화, 학습률 변화. None은 기본값")
    adapter: Adapter | None = Field(None, title="LoRA 어댑터", description="lora와 qlora의 rank, alpha, dropout. None은 기본값")
    evaluation: Evaluation | None = Field(None, title="평가", description="얼마나 자주, 무엇으로 채점하는지. None은 기본값")
    machine: Machine | None = Field(None, title="장비", description="장치, 정밀도, 메모리. None은 기본값")

    @classmethod
    def of(cls, config: FinetuneConfig, **more: object) -> Self:
        """A run of a configuration as a sweep makes it; ``more`` has the fields that are not the configuration's."""
        parts = {name: kind.model_validate({field: getattr(config, field) for field in kind.model_fields}) for name, kind in _PARTS.items()}
        return cls.model_validate({field: getattr(config, field) for field in Basics.model_fields} | parts | more)

    @property
    def config(self) -> FinetuneConfig:
        """Everything that decides what the run learns."""
        opened = (self.steps or Steps(), self.adapter or Adapter(), self.evaluation or Evaluation(), self.machine or Machine())
        return FinetuneConfig.model_validate({field: getattr(part, field) for part in (self, *opened) for field in _fields(part)})

    @property
    def split(self) -> Rows:
        """Which rows are learnt from and judged by."""
        return self.rows or Rows()

    @property
    def title(self) -> str:
        """What the run is called until its data are read."""
        return self.name or f"{self.family}-{self.method}-lr{self.learning_rate:g}-e{self.epochs:g}"

    def resolved(self) -> FinetuneConfig:
        """The configuration with the encoders that this machine scores with, and the shipped model where the base says so."""
        changes: dict[str, object] = {}
        if self.encoders == "shipped" and self.config.metrics.enabled:
            changes["metrics"] = local_encoder(trainable(settings().model_dir))
        if self.base == "shipped":
            changes["base"] = str(trainable(settings().model_dir))
        return self.config.model_copy(update=changes)

    def named(self, data: str) -> str:
        """The run's name: the one that was given, else one that tells what is learnt; ``data`` is the data's fingerprint."""
        return self.name or run_name(self.resolved(), f"{data} {self.split.split_seed}")


def _fields(part: BaseModel) -> set[str]:
    return set(type(part).model_fields) & set(FinetuneConfig.model_fields)


@flow(
    name="finetune",
    flow_run_name="{run.title}",
    retries=0,
    on_cancellation=[say_ended_early, say_killed],
    on_crashed=[say_ended_early, say_killed],
    on_failure=[say_ended_early],
)
async def finetune(run: FinetuneRun) -> RunSummary | State[RunSummary]:
    """Train one model and keep its best checkpoint under ``models/<family>/<run>/``.

    The same run launched again returns what is there. A run that was killed, launched again or retried, goes on from its last
    checkpoint, on any worker. A run that made its base worse ends as WorseThanBase.

    Args:
        run: data, model and hyperparameters of the run
    """
    config = run.resolved()
    data = await prepare_data(run.data, run.split.out_of_domain, run.split.split_seed)
    await publish_data(SUMMARIZER, data, run.data)
    name = run.named(data.fingerprint)
    await rename_this_run(name)
    keys = RunKeys(SUMMARIZER.name, config.family, name)
    await claim_name(config, name, data.fingerprint, run.split.split_seed)
    known = await find_finished(config.family, name)
    if known is not None:
        return await ended(known)
    await download_models(config)
    out = work_folder(config.family, name)
    bar = await acreate_progress_artifact(0.0, key=artifact_key("progress", name), description="시작")
    assert isinstance(bar, UUID)
    progress = ProgressBar(bar, asyncio.get_running_loop())
    logger, flow_run = get_run_logger(), str(current.id)
    tracking = await asyncio.to_thread(open_tracking, config, keys, name, data, flow_run, logger)

    def tell(step: Progress) -> None:
        progress(step)
        if tracking is not None:
            tracking(step)

    async with ending(tracking):
        result = await train(config, data.split, out, keys, tell)
        await progress.finish()
        served = result.merged_dir or (result.model_dir if config.method == "full" else None)
        scores, base_scores, test = None, None, data.split.test[: run.split.test_rows or None]
        if served is not None and config.metrics.enabled:
            judge = partial(evaluate, rows=test, metrics=config.metrics, faithful=not data.of_answers)
            scores = await judge(served)
            if (base := Path(config.base_model)).is_dir():
                base_scores = await judge(base)
        summary = RunSummary(
            run=name,
            prefix=keys.prefix,
            config=config,
            result=result,
            test_scores=scores,
            base_test_scores=base_scores,
            versions=list(data.versions),
            won=result.seconds / 3600 * settings().training_won_per_hour,
            flow_run_id=flow_run,
            tracking=tracking.address if tracking else "",
        )
        await upload_run(summary, data, out)
        if tracking is not None:
            tracking.finish(summary)
    return await ended(summary)


class ProgressBar:
    """Moves the run's progress artifact from the training thread; training neither waits for the server nor fails with it."""

    def __init__(self, artifact: UUID, loop: asyncio.AbstractEventLoop) -> None:
        self._artifact, self._loop, self._logger = artifact, loop, get_run_logger()
        self._moves: list[Future[UUID]] = []

    def __call__(self, progress: Progress) -> None:
        """Show where training stands and what was just measured."""
        measured = progress.row.model_dump(exclude_none=True, exclude={"step", "epoch", "samples"})
        values = ", ".join(f"{name} {value:.4g}" for name, value in measured.items())
        move = aupdate_progress_artifact(self._artifact, progress.percent, f"{progress.step}/{progress.total_steps} · {values}")
        self._moves = [earlier for earlier in self._moves if not earlier.done()]
        self._moves.append(asyncio.run_coroutine_threadsafe(self._tell(move), self._loop))

    async def _tell(self, move: Coroutine[None, None, UUID]) -> UUID:
        try:
            return await move
        except (PrefectHTTPStatusError, httpx.HTTPError) as error:
            self._logger.warning("The progress bar was not moved: %s", error)
            return self._artifact

    async def finish(self) -> None:
        """Show the end, after every move that is still on its way."""
        await asyncio.gather(*map(asyncio.wrap_future, self._moves))
        await aupdate_progress_artifact(self._artifact, 100.0, "완료")


async def ended(summary: RunSummary) -> RunSummary | State[RunSummary]:
    """Write the run's report as an artifact; the summary, or the state that says that the base was better."""
    report = await asyncio.to_thread(report_of, summary)
    await acreate_markdown_artifact(report, key=artifact_key("finetune", summary.run), description=f"{verdict(summary)} {summary.prefix}")
    return Completed(name=WORSE, message=verdict(summary), data=summary) if summary.is_worse else summary
