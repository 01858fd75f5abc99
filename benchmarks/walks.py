"""What a reader passes who follows a flow from call to call: ``python -m benchmarks.walks [TREE]``, for this tree or another checkout.

Read from the source; nothing is run. A call leads to the function, method or class of that name which its file defines or imports; a
method of an object whose class is not told leads to the only class with a method of that name among the files that its own imports
reach, where there is one. Calls through a variable, a callback or a decorator are not seen.
"""

import argparse
import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.architecture import ROOT, House, product_files, reached

WALKS = ("flows.process_call.process_call", "training_flows.promote.promote")


@dataclass
class Code:
    """The functions and methods of a tree by their full names, and for each file what its own names mean."""

    functions: dict[str, ast.AST] = field(default_factory=dict)
    meanings: dict[str, dict[str, str]] = field(default_factory=dict)
    methods: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    in_reach: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, tree: Path) -> "Code":
        """Read every package of a tree but its tests."""
        code = cls()
        for module, path in product_files(tree).items():
            parsed = ast.parse(path.read_text(encoding="utf-8"))
            code.meanings[module] = dict(_imports(parsed))
            for node in parsed.body:
                code._define(module, node)
        imports = House.of(tree).imports
        code.in_reach = {module: reached(module, imports) | {module} for module in imports}
        return code

    def _define(self, module: str, node: ast.AST) -> None:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        self.functions[f"{module}.{node.name}"] = node
        self.meanings[module][node.name] = f"{module}.{node.name}"
        for method in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions[f"{module}.{node.name}.{method.name}"] = method
                self.methods[method.name].append(f"{module}.{node.name}.{method.name}")

    def module_of(self, name: str) -> str:
        """The file that defines a function."""
        while name not in self.meanings:
            name = name.rpartition(".")[0]
        return name

    def calls(self, name: str) -> Iterator[str]:
        """The functions of the product that one calls, in the order written; of a class, what making one calls."""
        node, module = self.functions[name], self.module_of(name)
        parts: list[ast.AST] = [node]
        if isinstance(node, ast.ClassDef):
            made = ("__init__", "__post_init__")
            parts = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name in made]
        for part in parts:
            for call in (one for one in ast.walk(part) if isinstance(one, ast.Call)):
                if (found := self._called(call.func, module, name)) in self.functions and found != name:
                    yield found

    def _called(self, what: ast.expr, module: str, caller: str) -> str:
        if isinstance(what, ast.Name):
            return self._followed(self.meanings[module].get(what.id, ""))
        if not isinstance(what, ast.Attribute):
            return ""
        if isinstance(what.value, ast.Name):
            if what.value.id in ("self", "cls"):
                return f"{caller.rpartition('.')[0]}.{what.attr}"
            if known := self.meanings[module].get(what.value.id):
                return self._followed(f"{known}.{what.attr}")
        named = [name for name in self.methods[what.attr] if self.module_of(name) in self.in_reach[module]]
        return named[0] if len(named) == 1 else ""

    def _followed(self, name: str) -> str:
        """Where a name is defined that a package's own file only hands on."""
        module, _, last = name.rpartition(".")
        while name not in self.functions and last in self.meanings.get(module, {}) and self.meanings[module][last] != name:
            name = self.meanings[module][last]
            module, _, last = name.rpartition(".")
        return name


def _imports(parsed: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(parsed):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names if alias.asname or "." not in alias.name)


@dataclass(frozen=True)
class Walk:
    """A flow followed to its ends: the files in the order entered, and how often a call leads from file to file."""

    files: tuple[str, ...]
    crossings: Counter[tuple[str, str]]

    @classmethod
    def along(cls, code: Code, start: str) -> "Walk":
        """Depth first, each function once."""
        files: dict[str, None] = {}
        crossings: Counter[tuple[str, str]] = Counter()
        seen: set[str] = set()

        def enter(name: str) -> None:
            seen.add(name)
            here = code.module_of(name)
            files.setdefault(here)
            for called in code.calls(name):
                if (there := code.module_of(called)) != here:
                    crossings[here, there] += 1
                if called not in seen:
                    enter(called)

        enter(start)
        return cls(tuple(files), crossings)

    def among_tasks(self) -> Counter[tuple[str, str]]:
        """Calls from one file of ``tasks/`` to another."""
        return Counter(
            {(one, other): n for (one, other), n in self.crossings.items() if all(file.startswith("tasks.") for file in (one, other))}
        )


def main() -> None:
    """Read the command line and print a walk after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.walks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("tree", nargs="?", type=Path, default=ROOT, metavar="TREE", help="a checkout; this one unless given")
    parser.add_argument("--files", action="store_true", help="name the files in the order entered")
    chosen = parser.parse_args()
    code = Code.of(chosen.tree)
    for start in WALKS:
        walk = Walk.along(code, start)
        between = walk.among_tasks()
        in_tasks = sum(file.startswith("tasks.") for file in walk.files)
        print(
            f"{start}: {len(walk.files)} files entered, {in_tasks} of them in tasks/; "
            f"{sum(between.values())} calls from one of these to another, {len(between)} pairs"
        )
        for file in walk.files if chosen.files else ():
            print(f"  {file}")


if __name__ == "__main__":
    main()
