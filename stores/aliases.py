"""Which version of a line is in service, read from its registry: apart from ``Registry``, for who has none of the line's code."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from models.errors import ModelRefused
from models.keys import RegistryKeys
from models.lifecycle.versions import Aliases
from stores.stored import Store

Record = TypeVar("Record", bound=BaseModel)


def read_aliases(store: Store, line: str) -> tuple[Aliases, str | None]:
    """A line's aliases and the entity tag of their object, None while nobody has moved them."""
    key = RegistryKeys(line).aliases
    stored = store.find(key)
    return (parsed(Aliases, stored.body, key), stored.etag) if stored else (Aliases(), None)


def parsed(kind: type[Record], body: bytes, key: str) -> Record:
    """An object as the registry wrote it."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise ModelRefused(f"{key} is not what the registry wrote ({error.error_count()} errors)", remedy="Restore the object") from error
