"""The page's picture is the code's, and what reads the code sees arrows, floors and circles."""

from pathlib import Path

import pytest

from benchmarks.architecture import ROOT, House, floors, picture, reduced
from benchmarks.walks import Code, Walk


def a_house(tree: Path, **modules: str) -> House:
    for name, text in modules.items():
        path = tree / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    return House.of(tree)


@pytest.fixture(scope="module")
def house() -> House:
    return House.of(ROOT)


def test_the_picture_shows_the_rooms_as_they_are(house: House) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert picture(house) in page, "run: python -m benchmarks.architecture --picture"


def test_the_code_has_no_circle_and_its_rooms_stand_on_floors(house: House) -> None:
    assert house.circles() == []
    assert all(floors(house.arrows(house.rooms_of(folder))) for folder in ("", "models", "tasks"))


def test_an_import_anywhere_in_a_module_is_an_arrow_and_tests_are_no_room(tmp_path: Path) -> None:
    inside = "def f():\n    from low.one import g\n"
    house = a_house(tmp_path, high__a=inside, low__one="import os\n", low__two="from low import one\n", tests__t="import high.a\n")
    assert set(house.rooms) == {"high", "low"}
    assert house.arrows(house.rooms) == {("high", "low"): 1}
    assert house.imports["low.two"] == {"low.one"}


def test_modules_that_import_each_other_are_a_circle_and_have_no_floors(tmp_path: Path) -> None:
    house = a_house(tmp_path, p__a="import q.b\n", q__b="import p.a\n", q__c="import q.b\n")
    assert house.circles() == [{"p.a", "q.b"}]
    assert floors(house.arrows(house.rooms)) == 0


def test_an_arrow_that_a_longer_way_says_already_is_left_out() -> None:
    arrows = [("a", "b"), ("b", "c"), ("a", "c")]
    assert reduced(arrows) == [("a", "b"), ("b", "c")]
    assert floors(arrows) == 3


def test_a_walk_follows_calls_by_name_import_and_method(tmp_path: Path) -> None:
    files = {
        "flows/__init__.py": "",
        "flows/call.py": "from tasks.a import step\n\ndef call():\n    step()\n",
        "tasks/__init__.py": "",
        "tasks/a.py": "from tasks.b import Store\n\ndef step():\n    Store().keep()\n    step()\n",
        "tasks/b.py": "class Store:\n    def __init__(self):\n        left()\n    def keep(self):\n        pass\n\ndef left():\n    pass\n",
        "tasks/unseen.py": "def keep():\n    pass\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    walk = Walk.along(Code.of(tmp_path), "flows.call.call")
    assert walk.files == ("flows.call", "tasks.a", "tasks.b")
    assert walk.among_tasks() == {("tasks.a", "tasks.b"): 2}
