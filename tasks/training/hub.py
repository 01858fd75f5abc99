"""A finished run on its way to the Hugging Face hub."""

import tempfile
from pathlib import Path

from clients.hub import upload_model
from models.lines import SUMMARIZER
from models.training.outputs import RunSummary
from reports.model_card import model_card
from stores.training_runs import TrainingRuns
from tasks.in_thread import task_in_thread
from wiring import object_store


@task_in_thread("find-run")
def find_run(family: str, run: str) -> RunSummary | None:
    """The summary of a finished run, or None."""
    return TrainingRuns(object_store(), SUMMARIZER).find(family, run, RunSummary)


@task_in_thread("push-run")
def push_run(summary: RunSummary, repository: str, *, private: bool, by: str) -> str:
    """Upload a run's serving files with its card; the address of the commit."""
    store = object_store()
    with tempfile.TemporaryDirectory(prefix="hub-") as scratch:
        folder = Path(scratch)
        for facts in store.walk(summary.serving_prefix):
            path = folder / facts.key.removeprefix(summary.serving_prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file(facts.key, path)
        (folder / "README.md").write_text(model_card(summary), encoding="utf-8")
        return upload_model(folder, repository, private=private, message=f"{summary.config.family}/{summary.run}, by {by}")
