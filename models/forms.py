"""The order of a form's fields: Prefect keeps a form in a database that sorts names by their length, and shows ``position`` first."""

from collections.abc import Callable
from typing import Any

from pydantic import ConfigDict


def in_order(*first: str) -> Callable[[dict[str, Any]], None]:
    """Number a schema's fields, these first and the others as they are declared; for ``json_schema_extra``."""

    def number(schema: dict[str, Any]) -> None:
        names = list(schema.get("properties", {}))
        for position, name in enumerate(sorted(names, key=lambda name: first.index(name) if name in first else len(first))):
            schema["properties"][name]["position"] = position

    return number


FORM = ConfigDict(frozen=True, extra="forbid", json_schema_extra=in_order())
