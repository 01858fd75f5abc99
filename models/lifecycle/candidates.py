"""What may be selected, as values: a finished training run, a registered version, or the model that ships."""

import fnmatch
import hashlib
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict, Field


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


def names_wanted(names: Iterable[str], finished: Sequence[str]) -> list[str]:
    """Names and patterns, such as ``bart/*``, as names, each once; a pattern means finished runs.

    >>> names_wanted(["bart/*", "v1", " v1/ "], ["bart/a", "llama/b"])
    ['bart/a', 'v1']
    """
    plain = [name.strip().strip("/") for name in names if name.strip()]
    return list(dict.fromkeys(run for name in plain for run in (fnmatch.filter(finished, name) if "*" in name else [name])))


def listing_digest(files: Iterable[tuple[str, str, int]]) -> str:
    """One name for the content of all objects, from what a listing says of each (path, entity tag, size): none is downloaded for it."""
    lines = sorted(f"{path} {etag} {size}" for path, etag, size in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
