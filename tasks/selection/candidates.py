"""What may be selected: finished training runs in S3, registered versions, and the model that ships."""

import asyncio
import fnmatch
import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from prefect import task
from pydantic import BaseModel, ConfigDict, Field

from clients.s3 import ObjectFacts, ObjectStore
from models.errors import ModelRefused
from models.keys import StorageKeys
from models.lifecycle.registry import SHIPPED, Registry
from models.summarizer.summarizer import model_version
from models.training.outputs import RunKeys, RunSummary
from tasks.retrying import RETRY_TRANSIENT
from tasks.selection.champion import download_version
from wiring import object_store, settings

FAMILIES = ("bart", "llama")


class Candidate(BaseModel):
    """One model that may be selected."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="<family>/<run> for a training run, the version's name for a registered one, or shipped")
    family: str
    run: str
    prefix: str = Field(description="S3 prefix of the files that serve; empty for the model that ships")
    digest: str = Field(description="Changes with any file")

    @property
    def version(self) -> str:
        """Name under which it is, or would be, registered."""
        return f"{self.family}-{self.run}-{self.digest[:8]}" if self.is_run else self.name

    @property
    def is_run(self) -> bool:
        """Whether it is a training run, not yet a registered version."""
        return "/" in self.name


class Contest(BaseModel):
    """Who takes part in a selection."""

    candidates: list[Candidate]
    champion: str
    refused: dict[str, str] = Field(default_factory=dict, description="Named runs that cannot take part, with the reason")


@task(name="find-candidates", **RETRY_TRANSIENT)
async def find_candidates(names: list[str]) -> Contest:
    """The finished runs that the names and patterns mean, and always the model in service."""
    return await asyncio.to_thread(contest, object_store(), names)


def contest(store: ObjectStore, names: list[str]) -> Contest:
    """See find_candidates. A name may be a pattern such as ``bart/*``; one that means nothing is refused with the reason."""
    champion = champion_candidate(store)
    found: dict[str, Candidate] = {champion.name: champion}
    refused: dict[str, str] = {}
    for name in _expanded(store, [name.strip().strip("/") for name in names if name.strip()]):
        try:
            candidate = resolve(store, name)
        except ModelRefused as error:
            refused[name] = str(error)
            continue
        if not _is_the_same(store, champion, candidate):
            found[candidate.name] = candidate
    return Contest(candidates=list(found.values()), champion=champion.name, refused=refused)


def _expanded(store: ObjectStore, names: list[str]) -> list[str]:
    if not any("*" in name for name in names):
        return list(dict.fromkeys(names))
    finished = finished_runs(store)
    return list(dict.fromkeys(run for name in names for run in (fnmatch.filter(finished, name) if "*" in name else [name])))


def champion_candidate(store: ObjectStore) -> Candidate:
    """The model in service."""
    return resolve(store, Registry(store).champion())


def resolve(store: ObjectStore, name: str) -> Candidate:
    """A candidate by its name; ModelRefused when there is no such finished run or version."""
    if name == SHIPPED:
        folder = settings().model_dir
        return Candidate(name=SHIPPED, family="", run=SHIPPED, prefix="", digest=model_version(folder))
    if "/" not in name:
        version = Registry(store).version(name)
        return Candidate(name=name, family=version.family, run=version.run, prefix=version.prefix, digest=version.digest)
    family, _, run = name.partition("/")
    finished = store.find(RunKeys(family, run).finished) if family in FAMILIES else None
    if finished is None:
        raise ModelRefused(f"there is no finished training run {name!r}", remedy="Name it as family/run, such as bart/lora-r8-…")
    serving = RunSummary.model_validate_json(finished.body).serving_prefix
    files = list(store.walk(serving))
    if serving + "config.json" not in {facts.key for facts in files}:
        raise ModelRefused(
            f"run {name!r} holds a bare adapter, which cannot serve", remedy="Train with merge_adapter, or merge it into its base"
        )
    return Candidate(name=name, family=family, run=run, prefix=serving, digest=listing_digest(serving, files))


def finished_runs(store: ObjectStore) -> list[str]:
    """Names of all finished runs, ``family/run``."""
    names = []
    for family in FAMILIES:
        root = f"{StorageKeys.MODELS}{family}/"
        for facts in store.walk(root):
            run, _, rest = facts.key.removeprefix(root).partition("/")
            if facts.key == RunKeys(family, run).finished and rest:
                names.append(f"{family}/{run}")
    return names


def listing_digest(prefix: str, files: Iterable[ObjectFacts]) -> str:
    """One name for the content of all objects, from what a listing says: nothing is downloaded for it."""
    lines = sorted(f"{facts.key.removeprefix(prefix)} {facts.etag} {facts.size}" for facts in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def local_folder(store: ObjectStore, candidate: Candidate) -> Path:
    """The candidate's files on this machine, downloaded once."""
    if candidate.name == SHIPPED:
        return settings().model_dir
    cache = settings().model_cache
    if not candidate.is_run:
        return download_version(store, Registry(store).version(candidate.name), cache)
    target = cache / "runs" / candidate.digest
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".run-") as scratch:
        partial = Path(scratch) / "model"
        for facts in store.walk(candidate.prefix):
            path = partial / facts.key.removeprefix(candidate.prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(facts.key, path)
        if listing_digest(candidate.prefix, store.walk(candidate.prefix)) != candidate.digest:
            raise ModelRefused(f"{candidate.prefix} changed while it was read", remedy="Let the training run finish, then repeat")
        _move_into_place(partial, target)
    return target


def _move_into_place(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        shutil.rmtree(partial)  # another process was faster with the same files


def _is_the_same(store: ObjectStore, champion: Candidate, candidate: Candidate) -> bool:
    """Whether a run is the very one that the champion was made from."""
    if champion.name == SHIPPED or champion.name == candidate.name:
        return champion.name == candidate.name
    return Registry(store).version(champion.name).source_digest == candidate.digest
