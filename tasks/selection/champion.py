"""Carry models between this machine and the bucket, and build what the running summarizers follow."""

import os
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from prefect.events import emit_event
from prefect.logging import get_logger

from clients.s3 import ObjectStore
from models.errors import ModelRefused
from models.lifecycle.in_service import ModelInService, ServiceReport
from models.lifecycle.registry import (
    ChampionSource,
    Registry,
    RegistryKeys,
    Version,
    check_version_name,
    file_facts,
    manifest,
)
from models.summarizer.summarizer import Summarizer
from wiring import object_store, settings

_MARK = ".complete"


def champion_source() -> ChampionSource:
    """What a running summarizer asks which model to load, from the settings of this process."""
    chosen, store = settings(), object_store()
    return ChampionSource(
        Registry(store),
        lambda version: download_version(store, version, chosen.model_cache),
        chosen.model_dir,
        # The service decides how often it asks; the source answers from the bucket each time.
        every_seconds=0.0,
    )


@cache
def model_in_service() -> ModelInService:
    """The summarizer of this process, shared by all its runs. Call ``start()`` in a thread before the first summary."""
    chosen = settings()
    return ModelInService(champion_source(), load_version, every_seconds=chosen.model_refresh_seconds, report=tell)


def load_version(folder: Path, version: str) -> Summarizer:
    """Load a model for service under its version's name, which every summary then carries."""
    return Summarizer.load(folder, settings().model_device, name=version)


def tell(report: ServiceReport) -> None:
    """Log an exchange of models, or why it failed, and make it an event that automations can act on."""
    log = get_logger("readback.champion")
    if report.error:
        log.error(
            "Version %s stays in service: the champion %s could not be loaded: %s", report.version, report.failed_version, report.error
        )
    else:
        log.info("Version %s is in service, loaded in %.1f s, after %s", report.version, report.seconds, report.replaced or "nothing")
    emit_event(
        "readback.model.failed" if report.error else "readback.model.in-service",
        resource={"prefect.resource.id": f"readback.model.{report.failed_version or report.version}"},
        payload=asdict(report),
    )


def publish_version(
    store: ObjectStore,
    folder: Path,
    *,
    version: str,
    family: str,
    run: str,
    metrics: dict[str, float],
    by: str,
    source_digest: str = "",
) -> Version:
    """Copy a model's serving files into the registry and register them; doing it again changes nothing.

    ModelRefused when the name is taken by other files. Nothing is uploaded over a registered version.
    """
    check_version_name(version)
    files = manifest(folder)
    wanted = Version(
        version=version,
        family=family,
        run=run,
        prefix=RegistryKeys.artefacts(version),
        source_digest=source_digest,
        files=files,
        metrics=metrics,
        created_at=datetime.now(UTC),
        created_by=by,
    )
    registry = Registry(store)
    if store.find(RegistryKeys.version(version)) is None:
        for name in files:
            store.upload_file(folder / name, wanted.prefix + name)
    return registry.register_version(wanted)


def download_version(store: ObjectStore, version: Version, cache: Path) -> Path:
    """Bring a version's files to this machine, once, and return their folder.

    Files are checked against the manifest before the folder gets its name, so another process never sees half a model; a
    damaged or missing file is ModelRefused and leaves nothing behind.
    """
    target = cache / check_version_name(version.version)
    if _is_complete(target, version):
        return target
    cache.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{version.version}.", dir=cache))
    try:
        for name, facts in version.files.items():
            path = partial / name
            if not path.resolve().is_relative_to(partial.resolve()):
                raise ModelRefused(f"version {version.version} names the file {name!r} outside its folder", remedy="Register it anew")
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(version.prefix + name, path)
            if file_facts(path) != facts:
                raise ModelRefused(
                    f"{version.prefix}{name} is not the file that was registered", remedy="Restore it, or promote another version"
                )
        (partial / _MARK).write_text(version.digest, encoding="utf-8")
        return _put_in_place(partial, target, version)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(partial: Path, target: Path, version: Version) -> Path:
    """Rename the finished folder; where another process was faster with the same files, theirs is as good."""
    try:
        os.rename(partial, target)
    except OSError:
        if _is_complete(target, version):
            return target
        damaged = Path(tempfile.mkdtemp(prefix=".damaged.", dir=target.parent))
        os.rename(target, damaged / target.name)
        shutil.rmtree(damaged, ignore_errors=True)
        os.rename(partial, target)
    return target


def _is_complete(folder: Path, version: Version) -> bool:
    """Whether this very content was downloaded and checked, and every file still has its full size."""
    mark = folder / _MARK
    if not mark.is_file() or mark.read_text(encoding="utf-8") != version.digest:
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == facts.size for name, facts in version.files.items())
