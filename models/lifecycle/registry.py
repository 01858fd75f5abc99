"""Which model speaks: immutable versions, two aliases moved by compare-and-swap, and the history of every move.

    models/registry/versions/<version>.json        what a version is: its files with their checksums, scores, who made it; never rewritten
    models/registry/artefacts/<version>/<file>     its files, copied out of the training run so that the run may be repeated or deleted
    models/registry/aliases.json                   champion and previous in one object, so that they always move together
    models/registry/history/<revision>.json        one object a move: who, when, why, from, to; never rewritten

While there is no alias, the model that ships with the product is the champion, under the version ``shipped``.

The aliases carry their own last move. A process that dies between moving the aliases and writing the history loses nothing: the
next move, and every reading of the history, writes the missing entry first.
"""

import hashlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ModelRefused, StorageConflict
from models.keys import StorageKeys

SHIPPED = "shipped"
ATTEMPTS = 8

Record = TypeVar("Record", bound=BaseModel)

_VERSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$")


class Stored(Protocol):
    """An object's body and its entity tag without quotes."""

    @property
    def body(self) -> bytes:
        """The whole content."""

    @property
    def etag(self) -> str:
        """Entity tag without quotes."""


class Store(Protocol):
    """As much of a bucket as the registry needs; ``clients.s3.ObjectStore`` is one."""

    def find(self, key: str) -> Stored | None:
        """Read an object, None when there is none."""

    def put(self, key: str, body: bytes, *, content_type: str = ..., only_if_absent: bool = ..., only_if_etag: str | None = ...) -> str:
        """Write an object and return its tag; StorageConflict when the condition does not hold."""


class RegistryKeys:
    """Keys of the registry."""

    ROOT = f"{StorageKeys.MODELS}registry/"
    ALIASES = f"{ROOT}aliases.json"
    VERSIONS = f"{ROOT}versions/"

    @classmethod
    def version(cls, version: str) -> str:
        """What a version is."""
        return f"{cls.VERSIONS}{version}.json"

    @classmethod
    def artefacts(cls, version: str) -> str:
        """Prefix of a version's files."""
        return f"{cls.ROOT}artefacts/{version}/"

    @classmethod
    def history(cls, revision: int) -> str:
        """One move; eight digits keep a listing in order."""
        return f"{cls.ROOT}history/{revision:08d}.json"


class FileFacts(BaseModel):
    """One file of a model: SHA-256 in hexadecimal and size in bytes."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


Manifest = dict[str, FileFacts]


class Version(BaseModel):
    """One model for ever: where its files lie, what they must hash to, how it scored and where it came from."""

    model_config = ConfigDict(frozen=True)

    version: str
    family: str = Field(description="bart or llama")
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
    """Who is in service and who was before. Revision 0 has no object in the bucket: the shipped model, nobody before it."""

    model_config = ConfigDict(frozen=True)

    revision: int = Field(default=0, ge=0)
    champion: str = SHIPPED
    previous: str | None = None
    move: Move | None = None


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


class Registry:
    """The registry over a bucket. Every method reads what is there now; nothing is remembered between calls."""

    def __init__(self, store: Store, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._now = now

    def register_version(self, version: Version) -> Version:
        """Write a version down for ever and return what is written.

        Registering the same files again returns the version that is there; other files under a taken name are refused.
        """
        check_version_name(version.version)
        try:
            self._put(RegistryKeys.version(version.version), version, only_if_absent=True)
        except StorageConflict:
            present = self.version(version.version)
            if present.files != version.files:
                raise ModelRefused(
                    f"version {version.version} is taken by other files", remedy="Versions never change; register under another name"
                ) from None
            return present
        return version

    def version(self, name: str) -> Version:
        """What a version is; ModelRefused when it was never registered."""
        stored = self._store.find(RegistryKeys.version(name))
        if stored is None:
            raise ModelRefused(f"no model version {name!r} is registered", remedy="See models/registry/versions/ for those that are")
        return _parse(Version, stored.body, RegistryKeys.version(name))

    def aliases(self) -> Aliases:
        """Who is in service now and who was before."""
        return self._read()[0]

    def champion(self) -> str:
        """Version in service."""
        return self.aliases().champion

    def promote(self, version: str, *, by: str, reason: str) -> Aliases:
        """Put a registered version (or ``shipped``) into service; the one it replaces becomes ``previous``.

        Promoting the champion moves nothing, so a repeated request is harmless. StorageConflict after eight lost races.
        """
        if version != SHIPPED:
            self.version(version)

        def promotion(now: Aliases) -> Aliases | None:
            return None if now.champion == version else self._moved(now, "promotion", version, by, reason)

        return self._swap(promotion)

    def rollback(self, *, by: str, reason: str, leaving: str | None = None) -> Aliases:
        """Put the previous version back into service.

        ``leaving`` names the model that disappoints, by default the champion of this moment. Two people who roll back at the same
        moment roll back once: whoever comes second finds the model gone and moves nothing. A rollback straight after a rollback
        would bring the disappointing model back and is refused.
        """
        leaving = leaving or self.aliases().champion

        def restoration(now: Aliases) -> Aliases | None:
            if now.champion != leaving:
                return None
            if now.previous is None:
                raise ModelRefused("there is no previous model to roll back to", remedy="Promote a version by its name")
            if now.move is not None and now.move.kind == "rollback":
                raise ModelRefused(
                    f"the last move was a rollback already, from {now.move.source} to {now.move.target}",
                    remedy="Promote a version by its name",
                )
            return self._moved(now, "rollback", now.previous, by, reason)

        return self._swap(restoration)

    def history(self) -> list[Move]:
        """Every move, oldest first."""
        aliases = self.aliases()
        self._write_history(aliases)
        moves = []
        for revision in range(1, aliases.revision + 1):
            stored = self._store.find(RegistryKeys.history(revision))
            if stored is None:
                raise ModelRefused(f"{RegistryKeys.history(revision)} is missing", remedy="History is never deleted; restore the object")
            moves.append(_parse(Move, stored.body, RegistryKeys.history(revision)))
        return moves

    def _moved(self, now: Aliases, kind: Literal["promotion", "rollback"], target: str, by: str, reason: str) -> Aliases:
        revision = now.revision + 1
        move = Move(revision=revision, kind=kind, source=now.champion, target=target, by=by, reason=reason, at=self._now())
        return Aliases(revision=revision, champion=target, previous=now.champion, move=move)

    def _swap(self, decide: Callable[[Aliases], Aliases | None]) -> Aliases:
        """Compare-and-swap: read, decide (None: leave it), write, and decide anew when another writer was faster."""
        for _ in range(ATTEMPTS):
            now, etag = self._read()
            wanted = decide(now)
            if wanted is None:
                return now
            self._write_history(now)
            try:
                self._put(RegistryKeys.ALIASES, wanted, only_if_absent=etag is None, only_if_etag=etag)
            except StorageConflict:
                continue
            self._write_history(wanted)
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other writers moved the aliases meanwhile", remedy="Look who is promoting, then run this again")

    def _write_history(self, aliases: Aliases) -> None:
        if aliases.move is None:
            return
        key = RegistryKeys.history(aliases.revision)
        if self._store.find(key) is None:
            try:
                self._put(key, aliases.move, only_if_absent=True)
            except StorageConflict:
                return  # Another process wrote the same move: the revision was won by one writer only.

    def _read(self) -> tuple[Aliases, str | None]:
        stored = self._store.find(RegistryKeys.ALIASES)
        if stored is None:
            return Aliases(), None
        return _parse(Aliases, stored.body, RegistryKeys.ALIASES), stored.etag

    def _put(self, key: str, content: BaseModel, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> None:
        body = content.model_dump_json(indent=1).encode()
        self._store.put(key, body, content_type="application/json", only_if_absent=only_if_absent, only_if_etag=only_if_etag)


def _parse(kind: type[Record], body: bytes, key: str) -> Record:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise ModelRefused(f"{key} is not what the registry wrote ({error.error_count()} errors)", remedy="Restore the object") from error


class ChampionSource:
    """Where the running summarizers ask which model to load: the champion's name and a local folder with its files.

    The registry is asked at most every ``every_seconds``; between two questions, and as long as the champion stays, the answer
    is the former one and costs nothing. ``fetch`` brings a version's files to this machine and returns their folder.
    """

    def __init__(
        self,
        registry: Registry,
        fetch: Callable[[Version], Path],
        shipped: Path,
        *,
        every_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._fetch = fetch
        self._shipped = shipped
        self._every_seconds = every_seconds
        self._clock = clock
        self._asked_at = float("-inf")
        self._known: tuple[str, Path] | None = None

    def current(self) -> tuple[str, Path]:
        """The champion's version and folder. Errors of the bucket, or a damaged download, are raised and asked again next time."""
        if self._known is not None and self._clock() - self._asked_at < self._every_seconds:
            return self._known
        champion = self._registry.champion()
        if self._known is None or self._known[0] != champion:
            folder = self._shipped if champion == SHIPPED else self._fetch(self._registry.version(champion))
            self._known = (champion, folder)
        self._asked_at = self._clock()
        return self._known
