"""``make check-image``: the image's steps without a Docker engine, and a worker started from what they installed.

The COPY and RUN lines of ``deployments/Dockerfile`` are carried out in an empty folder with a fresh virtual environment, and nothing
else of this checkout can be reached from there. Then the processes of ``compose.yaml`` come up in it: Prefect's server (on SQLite),
the registration of every deployment, and the call worker, which takes one run of ``reap``.
"""

import argparse
import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deployments.environment import Layout, Process, environment
from sandbox.processes import Child, answers, free_port, spawn, until
from sandbox.stack import ROOT

DOCKERFILE = ROOT / "deployments" / "Dockerfile"
ONLY_IN_AN_IMAGE = ("useradd",)
REAPER = "reap/reap"  # needs no vendor and no bucket


@dataclass(frozen=True)
class Step:
    """One instruction of a Dockerfile: COPY, RUN and so on, with what follows."""

    instruction: str
    text: str


def stages(dockerfile: str) -> dict[str, list[Step]]:
    """Each named stage's steps, those of the stage that it is built from first.

    >>> stages("FROM python AS run\\nRUN a\\nFROM run AS gpu\\nRUN b")["gpu"]
    [Step(instruction='RUN', text='a'), Step(instruction='RUN', text='b')]
    """
    found: dict[str, list[Step]] = {}
    steps: list[Step] = []
    for line in dockerfile.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, text = line.partition(" ")
        if instruction == "FROM":
            base, _, name = text.partition(" AS ")
            steps = found[name.strip()] = list(found.get(base.strip(), []))
        else:
            steps.append(Step(instruction, text.strip()))
    return found


def ignored(path: Path) -> bool:
    """Whether .dockerignore keeps a path of this checkout from the engine."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line.removeprefix("**/") for line in lines if line and not line.startswith("#")]
    relative = path.relative_to(ROOT).as_posix()
    return any(fnmatch.fnmatch(relative, pattern) or fnmatch.fnmatch(path.name, pattern) for pattern in patterns)


def copy(text: str, image: Path) -> None:
    """COPY sources target."""
    *sources, target = text.split()
    for source in sources:
        found = ROOT / source
        to = image / target / found.name if target.endswith("/") or target == "." else image / target
        if found.is_dir():
            shutil.copytree(
                found, to, dirs_exist_ok=True, ignore=lambda folder, names: [name for name in names if ignored(Path(folder) / name)]
            )
        else:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, to)


def build(target: str, image: Path, variables: dict[str, str]) -> None:
    """Carry a target's steps out in a folder."""
    for step in stages(DOCKERFILE.read_text("utf-8"))[target]:
        if step.instruction == "COPY":
            copy(step.text, image)
        elif step.instruction == "RUN" and not step.text.startswith(ONLY_IN_AN_IMAGE):
            print(f"RUN {step.text}", flush=True)
            subprocess.run(["bash", "-euc", step.text], cwd=image, env=variables, check=True)


def start(image: Path, variables: dict[str, str], logs: Path) -> Iterator[Child]:
    """The server, the registration and the call worker, as compose starts them; each is yielded when it is up."""
    port = free_port()
    site = {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_HOME": str(logs / "prefect")}

    def run(name: str, process: Process, *command: str) -> Child:
        return spawn(name, command, variables | environment(process, Layout.ONE_MACHINE) | site, logs, image)

    server = run(
        "server", Process.SERVER, "python", "-m", "deployments.prefect_server", "start", "--host", "127.0.0.1", "--port", str(port)
    )
    yield server
    until(lambda: answers(f"http://127.0.0.1:{port}/api/health"), server, "answer")
    register = run("register", Process.COMMAND, "python", "-m", "deployments.register")
    yield register
    if register.process.wait(180) != 0:
        raise SystemExit(f"the deployments cannot be registered from the image\n{register.last_words()}")
    worker = run("call-worker", Process.RESIDENT, "prefect", "worker", "start", "--pool", "calls", "--type", "resident", "--limit", "4")
    yield worker
    until(lambda: "started!" in worker.said(), worker, "start")
    reap = run("reap", Process.COMMAND, "prefect", "deployment", "run", REAPER, "--watch", "--watch-timeout", "60")
    yield reap
    if reap.process.wait(120) != 0:
        raise SystemExit(f"the call worker does not run reap\n{reap.last_words()}\n{worker.last_words()}")


def main() -> None:
    """Build, start, and say what was installed."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.image", description="Carries the image's steps out and starts a worker.")
    parser.add_argument("--target", choices=sorted(stages(DOCKERFILE.read_text("utf-8"))), default="run", help="stage of the Dockerfile")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="readback-image-") as folder:
        image, logs, venv = Path(folder) / "image", Path(folder) / "logs", Path(folder) / "venv"
        image.mkdir()
        logs.mkdir()
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "READBACK_", "PYTHONPATH"))}
        variables = inherited | {"PATH": f"{venv / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(venv), "PYTHONUNBUFFERED": "1"}
        build(chosen.target, image, variables)
        started: list[Child] = []
        try:
            for child in start(image, variables, logs):
                started.append(child)
        finally:
            for child in reversed(started):
                child.stop()
        size = sum(path.stat().st_size for path in venv.rglob("*") if path.is_file() and not path.is_symlink())
        print(f"Target {chosen.target}: its worker ran a flow; {size / 2**20:.0f} MiB of packages")


if __name__ == "__main__":
    main()
