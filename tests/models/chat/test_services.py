"""The services that a chat begins with: read from a table, edited by staff, each looking in its own documents."""

from datetime import UTC, datetime

import pytest

from models.chat.services import Service, edited, read_table, shipped
from models.errors import ConfigurationError

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def test_the_table_that_ships_offers_claims_contracts_cars_and_everything() -> None:
    names = [service.name for service in shipped().services]
    assert names[:3] == ["보험금 청구", "계약·납입", "자동차"]
    assert shipped().named("전체") is not None
    assert all(service.documents for service in shipped().services if service.name != "전체")


def test_a_service_looks_in_documents_of_its_categories_alone() -> None:
    car, everything = shipped().named("자동차"), shipped().named("전체")
    assert car is not None
    assert everything is not None
    assert [car.looks_in(category) for category in ("자동차보험", "실손 청구", "")] == [True, False, False]
    assert everything.looks_in("실손 청구")


def test_an_edit_adds_changes_in_place_and_removes() -> None:
    changed = Service(name=" 자동차 ", description="사고와  출동", documents="자동차")
    table = edited(shipped(), [changed, Service(name="여행자")], ["전체"], by=" 김 팀장 ", at=NOW)
    names = [service.name for service in table.services]
    assert names == ["보험금 청구", "계약·납입", "자동차", "여행·생활", "앱·고객센터", "여행자"]
    car = table.named("자동차")
    assert car is not None
    assert (car.description, table.version, table.edited_by) == ("사고와 출동", 1, "김 팀장")


@pytest.mark.parametrize(
    ("add", "remove", "match"),
    [
        ([Service(name=" ")], [], "service 1 to add is no service"),
        ([Service(name="가" * 31)], [], "service 1 to add is no service"),
        ([], ["없는 서비스"], "1 of the services to remove"),
        ([], [service.name for service in shipped().services], "no service would be left"),
    ],
)
def test_an_edit_that_cannot_be_is_refused(add: list[Service], remove: list[str], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        edited(shipped(), add, remove, by="x", at=NOW)


@pytest.mark.parametrize(
    ("text", "match"),
    [("이름,설명\n가,나\n", "other columns"), ("이름,설명,문서\n가,나\n", "line 2 of the services has 2 cells"), ("", "other columns")],
)
def test_a_damaged_table_names_its_line(text: str, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        read_table(text)
