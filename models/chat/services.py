"""The services that a chat begins with, and in which documents each looks. A table that staff edit, in versions.

``documents`` holds words, bars between them, one of which a passage's title or heading must hold; empty looks everywhere.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ConfigurationError
from models.versioned import Versioned

TABLE = Path(__file__).with_name("services.csv")
LONGEST_NAME, LONGEST_DESCRIPTION = 30, 100
_HEAD = ["이름", "설명", "문서"]


class Service(BaseModel):
    """One service to choose."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(title="이름", description="고르는 사람이 보는 이름, 30자 안")
    description: str = Field("", title="설명", description="무엇을 물을 수 있는지, 100자 안")
    documents: str = Field(
        "", title="문서", description="찾을 문서의 제목이나 소제목에 들어 있어야 할 말, 여럿이면 | 로 나눔; 비우면 모든 문서"
    )

    def looks_in(self, headings: str) -> bool:
        """Whether this service looks into a passage with this title and headings.

        >>> Service(name="자동차", documents="자동차|사고").looks_in("자동차보험 약관"), Service(name="전체").looks_in("")
        (True, True)
        """
        words = [word for word in map(str.strip, self.documents.split("|")) if word]
        return not words or any(word in headings for word in words)


class ServiceTable(Versioned):
    """All services of one version."""

    services: tuple[Service, ...]

    def named(self, name: str) -> Service | None:
        """The service of a name; None where there is none (any more)."""
        return next((service for service in self.services if service.name == name), None)


@cache
def shipped() -> ServiceTable:
    """The Korean table that ships."""
    return ServiceTable(services=tuple(read_table(TABLE.read_text("utf-8"))))


def read_table(text: str) -> list[Service]:
    """Services of a CSV with the columns 이름, 설명, 문서; ConfigurationError names the line that is none."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or [cell.strip() for cell in rows[0]] != _HEAD:
        raise ConfigurationError("the table of services has other columns", remedy=f"Begin it with {','.join(_HEAD)}")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(_HEAD):
            raise ConfigurationError(f"line {number} of the services has {len(row)} cells, not 3", remedy="Quote words that hold a comma")
        name, description, documents = (cell.strip() for cell in row)
        found.append(checked(Service(name=name, description=description, documents=documents), f"line {number} of the services"))
    return found


def checked(service: Service, place: str) -> Service:
    """A service with a name on one line that a page can show; ConfigurationError where it has none or is too long."""
    one = Service(
        name=" ".join(service.name.split()), description=" ".join(service.description.split()), documents=service.documents.strip()
    )
    if not one.name or len(one.name) > LONGEST_NAME or len(one.description) > LONGEST_DESCRIPTION:
        raise ConfigurationError(
            f"{place} is no service",
            remedy=f"Give it a name of 1 to {LONGEST_NAME} characters and a description of at most {LONGEST_DESCRIPTION}",
        )
    return one


def edited(table: ServiceTable, add: Sequence[Service], remove: Sequence[str], *, by: str, at: datetime) -> ServiceTable:
    """The table with some services more and some fewer, by their names; one of a known name takes its place.

    ConfigurationError where none would be left.
    """
    if missing := [name for name in remove if table.named(name) is None]:
        raise ConfigurationError(
            f"{len(missing)} of the services to remove are not in the table", remedy="Copy their names from the table as they stand"
        )
    added = {one.name: one for one in (checked(service, f"service {number} to add") for number, service in enumerate(add, 1))}
    kept = [added.pop(service.name, service) for service in table.services if service.name not in remove or service.name in added]
    services = (*kept, *added.values())
    if not services:
        raise ConfigurationError("no service would be left to choose", remedy="Keep one, such as 전체 for all documents")
    return ServiceTable(version=table.version + 1, services=services, edited_by=" ".join(by.split())[:100], edited_at=at)
