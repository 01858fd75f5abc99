"""What single changes save or cost a call: ``python -m benchmarks.changes COMMIT …``.

The tree of each commit and the one before it are checked out into folders of their own, which are removed afterwards. The whole product
of each takes the same calls at once, as today's ``benchmarks.calls`` measures it. Commits that follow one another share a tree: it is
measured once. Two trees are told apart no better than one tree is from itself, which ``--twice`` shows.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.stack import ROOT

# Today's way of measuring, put into each tree.
OURS = ("calls.py", "host.py", "s3_clock.py")


def git(*arguments: str) -> str:
    """What git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """A checkout of a commit with today's benchmark of calls in it."""
    folder = Path(tempfile.mkdtemp(prefix="readback-tree-"))
    git("worktree", "add", "--quiet", "--force", "--detach", str(folder), commit)
    try:
        for name in OURS:
            shutil.copy(ROOT / "benchmarks" / name, folder / "benchmarks" / name)
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def cost_in(tree: Path, options: Sequence[str]) -> dict[str, Any]:
    """What a call costs with the code of a tree."""
    command = [sys.executable, "-m", "benchmarks.calls", "--paced", "0", "--polled", "0", *options]
    # The tree's own code, before that which is installed.
    environment = os.environ | {"PYTHONPATH": str(tree)}
    done = subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])["at_once"]
    return found


def pairs(commits: Sequence[str]) -> list[tuple[str, str]]:
    """Each commit with the one before it, both by their full names."""
    return [(git("rev-parse", f"{commit}^"), git("rev-parse", commit)) for commit in commits]


def main() -> None:
    """Measure the trees, print a line a change and a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.changes", description=__doc__.partition("\n")[0])
    parser.add_argument("commits", nargs="+", metavar="COMMIT", help="each is held against the commit before it")
    parser.add_argument("--crowd", type=int, default=60, help="calls at once")
    parser.add_argument("--twice", action="store_true", help="measure each tree twice, the second time after all others")
    options = parser.parse_args()
    changes = pairs(options.commits)
    trees = list(dict.fromkeys(commit for change in changes for commit in change))
    costs: dict[str, list[dict[str, Any]]] = {commit: [] for commit in trees}
    for commit in trees * (2 if options.twice else 1):
        with tree_of(commit) as tree:
            costs[commit].append(cost_in(tree, ("--crowd", str(options.crowd))))
        print(f"{git('log', '-1', '--format=%h %s', commit)[:100]}: {costs[commit][-1]}", flush=True)
    pieces = {commit: round(sum(cost["pieces_a_call"] for cost in found) / len(found), 1) for commit, found in costs.items()}
    rows = [
        {"change": git("log", "-1", "--format=%h %s", after), "before": pieces[before], "after": pieces[after]} for before, after in changes
    ]
    for row in rows:
        print(f"{row['before']} -> {row['after']} pieces a call: {row['change']}")
    print(json.dumps({"benchmark": "changes", "calls": options.crowd, "rows": rows}, ensure_ascii=False))


if __name__ == "__main__":
    main()
