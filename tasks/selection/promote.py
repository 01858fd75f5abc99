"""Into service and out of it: the smoke test in the serving engine, the registration, the move of the aliases."""

import tempfile
from pathlib import Path

from models.lifecycle.candidates import Candidate
from models.lifecycle.selection import Standing
from models.lifecycle.smoke import Smoke, smoke_test
from models.lifecycle.versions import SHIPPED, Aliases, Move
from models.lines import LineName
from stores.model_cache import download_version, publish_version
from stores.registry import Registry
from tasks.in_thread import task_in_thread
from tasks.selection.candidates import candidates_of
from wiring import object_store, settings
from wiring.lines import LINES


def registry_of(line: LineName) -> Registry:
    """A line's registry."""
    return Registry(object_store(), LINES[line])


@task_in_thread("smoke-test")
def try_candidate(line: LineName, candidate: Candidate) -> Smoke:
    """Load the candidate as it would be served and have it answer what calls bring."""
    return smoke_test(LINES[line], candidates_of(line).folder(candidate), candidate.name, settings().model_device, settings().smoke_seconds)


@task_in_thread("register-version")
def register(line: LineName, candidate: Candidate, standing: Standing, by: str) -> str:
    """Copy a training run's files into the registry, in the form that serves; return the version's name.

    A version that is registered already, or the model that ships, is only named.
    """
    if not candidate.is_run:
        return candidate.name
    with tempfile.TemporaryDirectory(prefix="version-") as scratch:
        packed = Path(scratch) / "model"
        LINES[line].pack(candidates_of(line).folder(candidate), packed)
        version = publish_version(
            object_store(),
            LINES[line],
            packed,
            version=candidate.version,
            family=candidate.family,
            run=candidate.run,
            metrics=standing.metrics,
            by=by,
            source_digest=candidate.digest,
        )
    return version.version


@task_in_thread("check-version")
def check_version(line: LineName, name: str, returning: bool = False) -> Smoke:
    """Fetch a registered version as serving machines will, checksums and all, and let it pass the smoke test once more."""
    device, seconds = settings().model_device, settings().smoke_seconds
    if name == SHIPPED:
        return smoke_test(LINES[line], LINES[line].shipped(settings().model_dir), name, device, seconds, returning=returning)
    version = registry_of(line).version(name)
    with tempfile.TemporaryDirectory(prefix="check-") as scratch:
        return smoke_test(LINES[line], download_version(object_store(), version, Path(scratch)), name, device, seconds, returning=returning)


@task_in_thread("move-champion")
def move_champion(line: LineName, version: str, by: str, reason: str) -> Aliases:
    """Put a version into service. Repeating it moves nothing."""
    return registry_of(line).promote(version, by=by, reason=reason)


@task_in_thread("read-aliases")
def read_aliases(line: LineName) -> Aliases:
    """Who is in service and who was before."""
    return registry_of(line).aliases()


@task_in_thread("roll-back")
def roll_back(line: LineName, leaving: str, by: str, reason: str) -> Aliases:
    """Put the previous version back. Repeating it moves nothing."""
    return registry_of(line).rollback(by=by, reason=reason, leaving=leaving)


@task_in_thread("read-history")
def read_history(line: LineName) -> list[Move]:
    """Every move of the champion."""
    return registry_of(line).history()
