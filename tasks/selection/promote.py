"""Into service and out of it: the smoke test in the serving engine, the registration, the move of the aliases."""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from prefect import task
from pydantic import BaseModel

from clients.s3 import ObjectStore
from models.errors import ModelRefused, ReadbackError
from models.lifecycle.registry import SHIPPED, Aliases, Move, Registry, Version
from models.lifecycle.selection import Standing
from models.summarizer.conversion import converted_form
from models.summarizer.folder import CONVERTED
from models.summarizer.summarizer import Summarizer
from tasks.retrying import RETRY_TRANSIENT
from tasks.selection.candidates import Candidate, local_folder
from tasks.selection.champion import download_version, publish_version
from wiring import object_store, settings

LONGEST_SUMMARY = 200
LONGEST_SECONDS = 60.0
# What calls bring: short, long, without punctuation, with what recognizers and callers add, longer than a model reads at once.
SMOKE = (
    "자동차 사고가 났는데 보험 처리가 되는지 알고 싶어요.",
    "실손보험 청구하려면 어떤 서류가 필요한가요?",
    "어 그 저기 지난달에 수술을 받았는데요 보험금이 아직도 안 들어와서 언제 들어오는지 확인 좀 해주세요",
    "암보험을 해지하면 환급금이 얼마나 되나요? 가입한 지는 5년 됐습니다. 대출도 조금 있습니다.",
    "참 잘하시네요, 전화만 네 번 돌려주시고. 담당자 좀 바꿔 주세요 😀 <b>&amp;",
    "주소가 바뀌어서 계약 정보를 변경하려고 합니다. " + "이사를 했고 전화번호도 바뀌었습니다. " * 300,
)


class Smoke(BaseModel):
    """What the serving engine made of the smoke inquiries."""

    summaries: list[str]
    seconds: float


@task(name="smoke-test", **RETRY_TRANSIENT)
async def smoke_test(candidate: Candidate) -> Smoke:
    """Load the candidate as the summarizers would and have it summarize what calls bring."""
    return await asyncio.to_thread(smoke, local_folder(object_store(), candidate), candidate.name)


def smoke(folder: Path, name: str, *, returning: bool = False) -> Smoke:
    """See smoke_test. ModelRefused, with the reason, for a model that must not meet callers.

    It must load, answer every inquiry with one summary of at most 200 characters, alone as in a batch, not say the same to
    everybody, and need no more than a minute for all. A model that is ``returning`` has met callers before: it must only work.
    """
    begun = time.perf_counter()
    try:
        summarizer = Summarizer.load(folder, settings().model_device, name=name)
        summaries = summarizer.summarize(SMOKE)
        alone = summarizer.summarize(SMOKE[:1])
    except (ReadbackError, RuntimeError, ValueError, OSError) as error:
        raise ModelRefused(
            f"{name} fails in the serving engine: {error}", remedy="The champion stays; see how the run was trained"
        ) from error
    seconds = time.perf_counter() - begun
    faults = [
        f"{len(summary)} characters for {text[:20]!r}"
        for text, summary in zip(SMOKE, summaries, strict=True)
        if len(summary) > LONGEST_SUMMARY
    ]
    faults += ["one and the same summary for every inquiry"] if len(set(summaries)) == 1 and not returning else []
    faults += ["no summary for an inquiry by itself"] if not alone[0] else []
    faults += [f"{seconds:.1f} s for {len(SMOKE)} inquiries"] if seconds > LONGEST_SECONDS else []
    if faults:
        raise ModelRefused(f"{name} fails the smoke test: {'; '.join(faults)}", remedy="The champion stays; see how the run was trained")
    return Smoke(summaries=summaries, seconds=seconds)


@task(name="register-version", **RETRY_TRANSIENT)
async def register(candidate: Candidate, standing: Standing, by: str) -> str:
    """Copy a training run's files into the registry, in the form that serves; return the version's name."""
    return await asyncio.to_thread(register_candidate, object_store(), candidate, standing, by)


def register_candidate(store: ObjectStore, candidate: Candidate, standing: Standing, by: str) -> str:
    """See register. A version that is registered already, or the model that ships, is only named.

    The CTranslate2 form travels with the version, so that a summarizer needs neither torch nor the minute of converting.
    """
    if not candidate.is_run:
        return candidate.name
    folder = local_folder(store, candidate)
    with tempfile.TemporaryDirectory(prefix="version-") as scratch:
        whole = Path(scratch) / "model"
        shutil.copytree(folder, whole, ignore=shutil.ignore_patterns(CONVERTED))
        shutil.copytree(converted_form(folder), whole / CONVERTED)
        version = publish_version(
            store,
            whole,
            version=candidate.version,
            family=candidate.family,
            run=candidate.run,
            metrics={"score": standing.score.mean, "bertscore_f1": standing.bertscore_f1, "sts": standing.sts},
            by=by,
            source_digest=candidate.digest,
        )
    return version.version


@task(name="check-version", **RETRY_TRANSIENT)
async def check_version(name: str, returning: bool = False) -> Smoke:
    """Fetch a registered version as the summarizers will, checksums and all, and let it pass the smoke test once more."""
    return await asyncio.to_thread(check_registered, object_store(), name, returning)


def check_registered(store: ObjectStore, name: str, returning: bool) -> Smoke:
    """See check_version."""
    if name == SHIPPED:
        return smoke(settings().model_dir, name, returning=returning)
    version: Version = Registry(store).version(name)
    with tempfile.TemporaryDirectory(prefix="check-") as scratch:
        return smoke(download_version(store, version, Path(scratch)), name, returning=returning)


@task(name="move-champion", **RETRY_TRANSIENT)
async def move_champion(version: str, by: str, reason: str) -> Aliases:
    """Put a version into service. Repeating it moves nothing."""
    return await asyncio.to_thread(Registry(object_store()).promote, version, by=by, reason=reason)


@task(name="read-aliases", **RETRY_TRANSIENT)
async def read_aliases() -> Aliases:
    """Who is in service and who was before."""
    return await asyncio.to_thread(Registry(object_store()).aliases)


@task(name="roll-back", **RETRY_TRANSIENT)
async def roll_back(leaving: str, by: str, reason: str) -> Aliases:
    """Put the previous version back. Repeating it moves nothing."""
    return await asyncio.to_thread(lambda: Registry(object_store()).rollback(by=by, reason=reason, leaving=leaving))


@task(name="read-history", **RETRY_TRANSIENT)
async def read_history() -> list[Move]:
    """Every move of the champion."""
    return await asyncio.to_thread(Registry(object_store()).history)
