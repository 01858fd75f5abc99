"""Making a candidate of a language model behind an address."""

import tempfile
from pathlib import Path

from pydantic import BaseModel

from models.errors import ModelRefused
from models.lifecycle.smoke import smoke_test
from models.summarizer.language_model import DEFAULT_PROMPT, FAMILY, Endpoint, save
from models.summarizer.summarizer import model_version
from stores.training_runs import TrainingRuns
from tasks.in_thread import task_in_thread
from wiring import object_store, settings
from wiring.lines import SUMMARIZER

MODEL = "model"


class LanguageModelSummary(BaseModel):
    """A connected language model, and what it made of the smoke texts."""

    run: str
    prefix: str
    endpoint: Endpoint
    digest: str
    answers: list[str]
    seconds: float


@task_in_thread("connect-language-model", retries=0)
def connect(run: str, endpoint: Endpoint, prompt: str) -> LanguageModelSummary:
    """Ask the endpoint the smoke texts and keep it like a finished training run; the same settings again return what is there."""
    runs = TrainingRuns(object_store(), SUMMARIZER)
    known = runs.find(FAMILY, run, LanguageModelSummary)
    with tempfile.TemporaryDirectory(prefix="language-model-") as scratch:
        folder = Path(scratch) / MODEL
        save(endpoint, prompt or DEFAULT_PROMPT.read_text(encoding="utf-8"), folder)
        digest = model_version(folder)
        if known is not None:
            if known.digest != digest:
                raise ModelRefused(f"the name {run} is taken by other settings", remedy="Choose another name; a candidate never changes")
            return known
        smoke = smoke_test(SUMMARIZER, folder, run, settings().model_device, settings().smoke_seconds)
        prefix = runs.keys(FAMILY, run).prefix
        summary = LanguageModelSummary(
            run=run, prefix=prefix, endpoint=endpoint, digest=digest, answers=smoke.answers, seconds=smoke.seconds
        )
        runs.save(FAMILY, run, summary, Path(scratch), [MODEL], {})
    return summary
