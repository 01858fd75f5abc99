"""Which Python ``make setup`` makes the virtual environment of: one that was built with optimization, where there is one.

    python3 -m sandbox.interpreter [--keep]

Prints its path; what it has to say goes to stderr. Built without optimization (pyenv's default), Python takes about half as long again for
everything here, the start and each call. The standard library alone, for nothing is installed yet.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PROVEN = "3.11"  # the version of the image and of the pins
HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Build:
    """A Python and how it was built; ``optimized`` as far as it tells."""

    path: str
    version: str
    optimized: bool
    makes_venvs: bool


def built_with_optimization(variables: dict[str, Any]) -> bool:
    """Whether a build's own variables (``sysconfig``) tell of profile-guided optimization.

    What a distribution puts into /usr is: Debian passes it by the configuration, which therefore says nothing of it.

    >>> built_with_optimization({"CONFIG_ARGS": "'--enable-optimizations' '--with-lto'", "PY_CFLAGS": "-O3 -Wall"})
    True
    >>> built_with_optimization({"CONFIG_ARGS": "'--enable-shared'", "PY_CFLAGS": "-O3 -Wall", "prefix": "/usr/local"})
    False
    """
    flags = " ".join(str(variables.get(name) or "") for name in ("PY_CFLAGS", "PY_CFLAGS_NODIST", "PY_CORE_CFLAGS"))
    levels = re.findall(r"(?<!\S)-O(\S*)", str(variables.get("PY_CFLAGS") or ""))
    if variables.get("Py_DEBUG") or (levels and levels[-1] in ("0", "g")):  # the last level counts
        return False
    asked = "--enable-optimizations" in str(variables.get("CONFIG_ARGS") or "")
    return asked or "-fprofile-use" in flags or variables.get("prefix") == "/usr"


def this_build() -> Build:
    """The Python that runs this."""
    try:
        import ensurepip  # noqa: F401 — Debian has it in a package of its own, without which venv fails
        import venv  # noqa: F401
    except ImportError:
        makes_venvs = False
    else:
        makes_venvs = True
    variables = sysconfig.get_config_vars() | {"prefix": sys.base_prefix}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Build(sys.executable, version, built_with_optimization(variables), makes_venvs)


def build_of(path: Path) -> Build | None:
    """Another Python, by asking it; None where it does not run, as pyenv's names for versions that are switched off do not."""
    try:
        done = subprocess.run(
            [str(path), "-m", "sandbox.interpreter", "--json"], cwd=HERE, capture_output=True, text=True, timeout=30, check=True
        )
        return Build(**json.loads(done.stdout))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def others(version: str, folders: Iterable[str]) -> Iterator[Build]:
    """The Pythons of these folders that the requirements' pins are for: of this version first, then of the proven one."""
    for wanted in dict.fromkeys((version, PROVEN)):
        for path in (Path(folder) / f"python{wanted}" for folder in folders):
            build = build_of(path) if os.access(path, os.X_OK) else None
            if build is not None:
                yield build


def better(than: Build, candidates: Iterable[Build]) -> Build | None:
    """The first that was built with optimization and makes virtual environments, where the given one was not."""
    if than.optimized:
        return None
    return next((build for build in candidates if build.optimized and build.makes_venvs), None)


def main() -> None:
    """Print the path of the Python to use."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.interpreter", description="Name the Python to make a virtual environment of.")
    parser.add_argument("--keep", action="store_true", help="this Python was asked for: look for no other")
    parser.add_argument("--json", action="store_true", help="print how this Python was built instead")
    options = parser.parse_args()
    this = this_build()
    if options.json:
        print(json.dumps(asdict(this)))
        return
    folders = dict.fromkeys([*os.environ.get("PATH", os.defpath).split(os.pathsep), "/usr/local/bin", "/usr/bin"])
    found = None if options.keep else better(this, others(this.version, folders))
    if not this.optimized:
        instead = f"taking {found.path}" if found else "with PYTHON=<another> make setup takes one that was"
        slow = "was built without optimization, which makes everything here slower by up to a half"
        print(f"{this.path} (Python {this.version}) {slow}: {instead}", file=sys.stderr)
    print((found or this).path)


if __name__ == "__main__":
    main()
