"""The rooms of the code: modules, lines, and who imports whom, read from the import statements; nothing is run.

python -m benchmarks.architecture [TREE]            a table of the rooms, for this tree or a checkout of another revision
python -m benchmarks.architecture --picture [TREE]  the picture in docs/architecture.md, as mermaid

A module that its room's own package file only hands on counts as that room. Tests are no room.
"""

import argparse
import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests"
# Folders whose own folders are rooms as well.
DIVIDED = ("models", "tasks")


@dataclass(frozen=True)
class House:
    """A tree's modules: their lines, and the modules that each imports, anywhere in its file."""

    lines: Mapping[str, int]
    imports: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, tree: Path) -> "House":
        """Read every package of a tree but its tests."""
        files = product_files(tree)
        texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
        imports = {name: frozenset(_imported(ast.parse(text), set(files)) - {name}) for name, text in texts.items()}
        return cls({name: len(text.splitlines()) for name, text in texts.items()}, imports)

    @cached_property
    def rooms(self) -> Mapping[str, frozenset[str]]:
        """The top-level packages with their modules."""
        return self.rooms_of("")

    def rooms_of(self, folder: str) -> Mapping[str, frozenset[str]]:
        """The rooms directly below a package (``""``: the tree) with their modules; a package's own file is no room."""
        prefix = f"{folder}." if folder else ""
        found: dict[str, set[str]] = {}
        for module in self.lines:
            if module.startswith(prefix) and module != folder:
                found.setdefault(prefix + module.removeprefix(prefix).partition(".")[0], set()).add(module)
        return {room: frozenset(modules) for room, modules in found.items()}

    def arrows(self, rooms: Mapping[str, frozenset[str]]) -> Counter[tuple[str, str]]:
        """How many imports lead from a room to another."""
        room_of = {module: room for room, modules in rooms.items() for module in modules}
        return Counter(
            (room_of[module], room_of[other])
            for module, imported in self.imports.items()
            for other in imported
            if module in room_of and other in room_of and room_of[module] != room_of[other]
        )

    def circles(self) -> list[frozenset[str]]:
        """Groups of modules that import each other."""
        return [group for group in _strongly_connected(self.imports) if len(group) > 1]


def product_files(tree: Path) -> dict[str, Path]:
    """The modules of every package of a tree but its tests, and their files."""
    return {_name(path, tree): path for path in sorted(tree.glob("*/**/*.py")) if _is_product(path, tree)}


def _is_product(path: Path, tree: Path) -> bool:
    package = tree / path.relative_to(tree).parts[0]
    return package.name != TESTS and (package / "__init__.py").is_file()


def _name(path: Path, tree: Path) -> str:
    parts = path.relative_to(tree).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.AST, known: set[str]) -> set[str]:
    """The modules that a file names; ``from a import b`` means ``a.b`` where that is a module."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= submodules & known or {node.module}
    return found & known


def _strongly_connected(imports: Mapping[str, Iterable[str]]) -> Iterator[frozenset[str]]:
    """Groups of modules of which each reaches every other."""
    below = {module: reached(module, imports) for module in imports}
    left = set(imports)
    while left:
        module = min(left)
        group = frozenset(other for other in below[module] if module in below[other]) | {module}
        left -= group
        yield group


def reached(start: str, arrows: Mapping[str, Iterable[str]]) -> set[str]:
    """What the arrows lead to from a place, at once or by others."""
    seen, ahead = set(), [start]
    while ahead:
        for other in arrows[ahead.pop()]:
            if other not in seen:
                seen.add(other)
                ahead.append(other)
    return seen


def reduced(arrows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The arrows without those that a longer way says already; the arrows must have no circle."""
    direct: dict[str, set[str]] = {}
    for room, other in arrows:
        direct.setdefault(room, set()).add(other)
        direct.setdefault(other, set())
    return sorted(
        (room, other)
        for room, others in direct.items()
        for other in others
        if not any(other in reached(between, direct) for between in others - {other})
    )


def floors(arrows: Iterable[tuple[str, str]]) -> int:
    """How many rooms the longest way down passes; 0 where rooms stand in a circle, which have no floors."""
    left, count = set(arrows), 1
    while left:
        above = {room for room, _ in left}
        lower = {(room, other) for room, other in left if other in above}
        if lower == left:
            return 0
        left, count = lower, count + 1
    return count


def rooms_table(house: House) -> str:
    """Rooms, and the rooms inside those that are divided, in markdown."""
    rows = ["| room | modules | lines | imports, by room |", "| --- | ---: | ---: | --- |"]
    for folder in ("", *(room for room in DIVIDED if room in house.rooms)):
        rooms = house.rooms_of(folder)
        arrows = house.arrows(rooms)
        for room, modules in sorted(rooms.items()):
            told = ", ".join(f"{_short(other)} {n}" for (one, other), n in sorted(arrows.items()) if one == room)
            rows.append(f"| `{room.replace('.', '/')}` | {len(modules)} | {sum(house.lines[m] for m in modules):,} | {told or '–'} |")
    return "\n".join(rows) + "\n"


def summary(house: House) -> str:
    """The tree's figures in a line each."""
    lines = []
    for folder in ("", *(room for room in DIVIDED if room in house.rooms)):
        rooms = house.rooms_of(folder)
        arrows = house.arrows(rooms)
        height = f"{high} floors" if (high := floors(arrows)) else "rooms in a circle"
        counts = f"{len(rooms)} rooms, {len(arrows)} arrows, {sum(arrows.values())} imports between rooms, {height}"
        lines.append(f"{folder or 'the tree'}: {counts}")
    lines.append(f"{len(house.lines)} modules, {sum(house.lines.values()):,} lines, circles of modules: {len(house.circles())}")
    return "\n".join(lines) + "\n"


def picture(house: House) -> str:
    """Rooms and their one-way imports as mermaid, from those who use to those who are used; an arrow that a longer way says is left out."""
    lines = ["```mermaid", "flowchart TD"]
    for room, other in reduced(house.arrows(house.rooms)):
        lines.append(f"    {room} --> {other}")
    lines.append("    subgraph models")
    for room, other in reduced(house.arrows(house.rooms_of("models"))):
        lines.append(f"        {_short(room)} --> {_short(other)}")
    return "\n".join([*lines, "    end", "```"]) + "\n"


def _short(room: str) -> str:
    return room.rpartition(".")[2]


def main() -> None:
    """Read the command line and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architecture", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT, metavar="TREE", help="a checkout; this one unless given")
    parser.add_argument("--picture", action="store_true", help="print the picture instead of the table")
    chosen = parser.parse_args()
    house = House.of(chosen.tree)
    print(picture(house) if chosen.picture else rooms_table(house) + "\n" + summary(house), end="")


if __name__ == "__main__":
    main()
