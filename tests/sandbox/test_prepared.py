"""A stack begins with a database in which everything that comes out the same each time has been made."""

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deployments.deploying import deployments
from sandbox import prepared as module
from sandbox.postgres import Postgres
from sandbox.prepared import prepared
from sandbox.processes import spawn, until


def kept_in(cluster: Path, tmp_path: Path, questions: dict[str, str]) -> dict[str, Any]:
    """What a copy of the cluster answers."""
    postgres = Postgres()
    postgres.make(cluster)
    child = spawn("postgres", postgres.command, os.environ, tmp_path, postgres.data, postgres.become)

    async def ask() -> dict[str, Any]:
        database = await asyncpg.connect(postgres.url.replace("+asyncpg", ""))
        try:
            return {name: await database.fetchval(question) for name, question in questions.items()}
        finally:
            await database.close()

    try:
        until(postgres.ready, child, "take connections")
        # Whoever is copied while it is served has to be repaired first.
        assert "was not properly shut down" not in child.said()
        return asyncio.run(ask())
    finally:
        child.stop()
        postgres.remove()


@pytest.mark.slow
def test_it_has_tables_types_of_blocks_and_deployments_and_nothing_that_happened(tmp_path: Path) -> None:
    counted = {table: f"SELECT count(*) FROM {table}" for table in ("deployment", "flow_run", "worker", "log", "automation", "block_type")}
    known = kept_in(prepared(), tmp_path, counted | {"revision": "SELECT version_num FROM alembic_version"})
    assert known["deployment"] == len(deployments())
    assert known["automation"] == 1  # people are told by a block that each stack makes for itself
    assert (known["flow_run"], known["worker"], known["log"]) == (0, 0, 0)
    assert known["block_type"] > 30
    assert known["revision"]


def test_it_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = []

    def prepare(kept: Path, folder: Path) -> None:
        made.append(kept.name)
        kept.mkdir()

    monkeypatch.setattr(module, "KEPT", tmp_path)
    monkeypatch.setattr(module, "_prepare", prepare)
    assert prepared() == prepared() == tmp_path / made[0]
    assert len(made) == 1


def test_another_prefect_yaml_makes_another_in_its_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in module._MADE_OF:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "KEPT", tmp_path / "build")
    monkeypatch.setattr(module, "_prepare", lambda kept, folder: kept.mkdir())
    first = prepared()
    (tmp_path / "prefect.yaml").write_text("after")
    second = prepared()
    assert second != first
    assert (first.exists(), second.exists()) == (False, True)


def test_one_that_was_never_finished_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "KEPT", tmp_path)

    def end_on_the_way(kept: Path, folder: Path) -> None:
        kept.with_suffix(".part").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_prepare", end_on_the_way)
    with pytest.raises(KeyboardInterrupt):
        prepared()
    monkeypatch.setattr(module, "_prepare", lambda kept, folder: kept.mkdir())
    kept = prepared()
    assert sorted(path.name for path in tmp_path.iterdir()) == [kept.name, "lock"]
