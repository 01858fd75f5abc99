"""One training of the request classifier, launched from the Prefect UI: data, training, scores, everything in the bucket."""

import asyncio

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from pydantic import BaseModel, Field

from models.forms import FORM
from models.lines import REQUEST_CLASSIFIER
from models.training.request_classifier import ClassifierConfig, ClassifierSummary, classifier_run_name
from tasks.training.classifier import classifier_report_of, find_finished_classifier, train_and_upload
from tasks.training.data import prepare_data, publish_data
from tasks.training.watching import rename_this_run


class ClassifierRun(BaseModel):
    """What the launch form asks for."""

    model_config = FORM

    data: str = Field(
        "datasets/requests.csv", description="CSV with columns input and request: a key of the bucket, or a file on the worker"
    )
    split_seed: int = Field(42, ge=0, description="Seed of the split; keep it the same for runs that are to be compared")
    config: ClassifierConfig = Field(default_factory=ClassifierConfig, description="Settings of the classifier")


@flow(name="train-classifier", flow_run_name="c{run.config.penalty}")
async def train_classifier(run: ClassifierRun) -> ClassifierSummary:
    """Train one request classifier and keep it under `models/request-classifier/svm/<run>/`.

    The same run launched again returns what is there. Put it into service with `promote`, line `request-classifier`, candidate `svm/<run>`.

    Args:
        run: data and settings of the run
    """
    data = await prepare_data(run.data, "", run.split_seed, REQUEST_CLASSIFIER.reference)
    await publish_data(REQUEST_CLASSIFIER, data, run.data)
    name = classifier_run_name(run.config, f"{data.fingerprint} {run.split_seed}")
    await rename_this_run(name)
    summary = await find_finished_classifier(name) or await train_and_upload(run.config, data, name)
    report = await asyncio.to_thread(classifier_report_of, summary)
    await acreate_markdown_artifact(report, key=f"train-classifier-{name.lower()}".replace(".", "-"), description=summary.prefix)
    return summary
