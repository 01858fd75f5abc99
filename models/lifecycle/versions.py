"""Versions of a line's models as values: what a version is, who is in service, and what a promotion or a rollback does to that."""

import hashlib
import re
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ModelRefused

SHIPPED = "shipped"

_VERSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")


class FileFacts(BaseModel):
    """One file of a model: SHA-256 in hexadecimal and size in bytes."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


Manifest = dict[str, FileFacts]


class Version(BaseModel):
    """One model, immutable: where its files lie, what they must hash to, how it scored and where it came from."""

    model_config = ConfigDict(frozen=True)

    version: str
    family: str = Field(description="Family of the training run, such as bart")
    run: str = Field(description="Training run that made it")
    prefix: str = Field(description="S3 prefix of its files")
    source_digest: str = Field(default="", description="Content of the training run's files that it was made from")
    files: Manifest = Field(description="Files by path below the prefix")
    metrics: dict[str, float] = Field(default_factory=dict, description="Scores on the held-out test set")
    created_at: datetime
    created_by: str

    @property
    def digest(self) -> str:
        """Content of all files in 64 hexadecimal digits."""
        return manifest_digest(self.files)


class Move(BaseModel):
    """One move of the aliases: who, when, why, from which version to which."""

    model_config = ConfigDict(frozen=True)

    revision: int = Field(ge=1)
    kind: Literal["promotion", "rollback"]
    source: str = Field(description="Version that left service")
    target: str = Field(description="Version that entered service")
    by: str
    reason: str
    at: datetime


class Aliases(BaseModel):
    """Who is in service and who was before. Revision 0 has no object in the bucket: the shipped model, none before it."""

    model_config = ConfigDict(frozen=True)

    revision: int = Field(default=0, ge=0)
    champion: str = SHIPPED
    previous: str | None = None
    move: Move | None = None

    def promoted(self, version: str, *, by: str, reason: str, at: datetime) -> Self | None:
        """The aliases with a version in service, None where it is there already: a repeated request is harmless."""
        return None if self.champion == version else self._moved("promotion", version, by, reason, at)

    def rolled_back(self, *, leaving: str, by: str, reason: str, at: datetime) -> Self | None:
        """The aliases with the previous version in service, None where ``leaving`` is out of it already.

        ModelRefused where there is no previous version, and straight after a rollback: that would bring the disappointing model back.
        """
        if self.champion != leaving:
            return None
        if self.previous is None:
            raise ModelRefused("there is no previous model to roll back to", remedy="Promote a version by its name", case="none_before")
        if self.move is not None and self.move.kind == "rollback":
            raise ModelRefused(
                f"the last move was a rollback already, from {self.move.source} to {self.move.target}",
                remedy="Promote a version by its name",
                case="rolled_back_already",
            )
        return self._moved("rollback", self.previous, by, reason, at)

    def _moved(self, kind: Literal["promotion", "rollback"], target: str, by: str, reason: str, at: datetime) -> Self:
        revision = self.revision + 1
        move = Move(revision=revision, kind=kind, source=self.champion, target=target, by=by, reason=reason, at=at)
        return type(self)(revision=revision, champion=target, previous=self.champion, move=move)


def check_version_name(version: str) -> str:
    """Return the name if it can be part of a key and of a folder; ModelRefused otherwise."""
    if not _VERSION.match(version) or version == SHIPPED:
        raise ModelRefused(
            f"{version!r} cannot name a model version", remedy="Use Latin letters, digits, '.', '_' and '-', at most 120, not 'shipped'"
        )
    return version


def manifest(folder: Path) -> Manifest:
    """Hash every file below a folder but hidden ones; ModelRefused when there is none."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    found = {path.relative_to(folder).as_posix(): file_facts(path) for path in paths}
    if not found:
        raise ModelRefused(f"{folder} holds no model files", remedy="Name the folder that training wrote")
    return found


def file_facts(path: Path) -> FileFacts:
    """Size and SHA-256 of one file, read in pieces."""
    with path.open("rb") as stream:
        return FileFacts(sha256=hashlib.file_digest(stream, "sha256").hexdigest(), size=path.stat().st_size)


def manifest_digest(files: Manifest) -> str:
    """One name for the content of all files: it changes when any path or byte does."""
    lines = "\n".join(f"{name} {facts.sha256}" for name, facts in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
