"""A line's candidates: finished training runs in the bucket, registered versions, and the model that ships."""

from pathlib import Path
from typing import Any

from clients.s3 import ObjectStore
from models.errors import ModelRefused
from models.lifecycle.candidates import Candidate, Contest, listing_digest, names_wanted
from models.lifecycle.line import Line
from models.lifecycle.versions import SHIPPED
from stores.model_cache import download_run, download_version
from stores.registry import Registry
from stores.training_runs import SERVING_FOLDERS, TrainingRuns


class Candidates:
    """What may be selected of one line. ``shipped`` is the folder of the model that ships, ``cache`` where models are kept here."""

    def __init__(self, store: ObjectStore, line: Line[Any], *, shipped: Path, cache: Path) -> None:
        self._store = store
        self._line = line
        self._shipped = shipped
        self._cache = cache
        self._registry = Registry(store, line)
        self._runs = TrainingRuns(store, line)

    def contest(self, names: list[str]) -> Contest:
        """The runs that names and patterns, such as ``bart/*``, mean, and always the champion.

        A name that means none is refused with the reason, and sinks no other.
        """
        champion = self.resolve(self._registry.champion())
        found: dict[str, Candidate] = {champion.name: champion}
        refused: dict[str, str] = {}
        finished = self._runs.finished() if any("*" in name for name in names) else []
        for name in names_wanted(names, finished):
            try:
                candidate = self.resolve(name)
            except ModelRefused as error:
                refused[name] = f"{error.code}: {error}"
                continue
            if not self._is_the_same(champion, candidate):
                found[candidate.name] = candidate
        return Contest(candidates=list(found.values()), champion=champion.name, refused=refused)

    def resolve(self, name: str) -> Candidate:
        """A candidate by its name; ModelRefused when there is no such finished run or version."""
        if name == SHIPPED:
            return Candidate(name=SHIPPED, family="", run=SHIPPED, prefix="", digest=self._line.digest(self._shipped))
        family, slash, run = name.partition("/")
        if not slash:
            version = self._registry.version(name)
            return Candidate(name=name, family=version.family, run=version.run, prefix=version.prefix, digest=version.digest)
        if family not in self._line.families or not self._runs.has_finished(family, run):
            raise ModelRefused(
                f"there is no finished training run {name!r}", remedy=f"Name it as family/run, such as {self._line.families[0]}/…"
            )
        prefix, digest = self._serving_files(family, run)
        return Candidate(name=name, family=family, run=run, prefix=prefix, digest=digest)

    def _serving_files(self, family: str, run: str) -> tuple[str, str]:
        """Where the files lie that serve, and what they hash to."""
        for folder in SERVING_FOLDERS:
            prefix = f"{self._runs.keys(family, run).prefix}{folder}/"
            files = {facts.key.removeprefix(prefix): facts for facts in self._store.walk(prefix)}
            if self._line.serving_file in files:
                return prefix, listing_digest((name, facts.etag, facts.size) for name, facts in files.items())
        raise ModelRefused(
            f"run '{family}/{run}' holds no {self._line.serving_file}, so it cannot serve",
            remedy="Train it again; an adapter has to be merged into its base (merge_adapter)",
        )

    def folder(self, candidate: Candidate) -> Path:
        """The candidate's files on this machine, downloaded once."""
        if candidate.name == SHIPPED:
            return self._shipped
        if candidate.is_run:
            return download_run(self._store, candidate, self._cache)
        return download_version(self._store, self._registry.version(candidate.name), self._cache)

    def _is_the_same(self, champion: Candidate, candidate: Candidate) -> bool:
        """Whether a run is the very one that the champion was made from."""
        if champion.name == SHIPPED or champion.name == candidate.name:
            return champion.name == candidate.name
        return self._registry.version(champion.name).source_digest == candidate.digest
