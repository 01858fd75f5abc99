"""MLflow's tracking server: a training run as it goes on, for curves, comparison and search.

Whatever is sent here is also in the bucket; a server that is away costs the curves and never the run. MLflow takes seconds to import, so
only a process that tracks a training loads it.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, Self

from models.errors import VendorReply, VendorUnavailable
from models.training.data.version import DatasetVersion

VENDOR = "MLflow"
SECONDS_BETWEEN_SAMPLES = 10  # of the machine's load
FOLDER_TAG, FLOW_RUN_TAG = "readback.folder", "readback.flow_run"
Ending = Literal["FINISHED", "FAILED", "KILLED"]
# MLflow's own defaults repeat a request for minutes.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_DISABLE_TELEMETRY": "true"}

# Else the server takes an experiment without models of its own registry for one about language models, and shows other pages.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


class MlflowRun:
    """One run on the server, begun or gone on with. Every method raises VendorUnavailable where the server does not take it."""

    def __init__(self, client: Any, url: str, experiment: str, run: str, *, resumed: bool) -> None:
        self._client, self._url, self._run, self._resumed = client, url, run, resumed
        self.address = f"{url}/#/experiments/{experiment}/runs/{run}"
        self._monitor: Any = None

    @classmethod
    def open(cls, url: str, experiment: str, name: str, folder: str) -> Self:
        """The run of a name and a folder of the bucket: the one that is there, or a new one."""
        client = connect(url)
        with said():
            found = client.get_experiment_by_name(experiment)
            number = found.experiment_id if found else client.create_experiment(experiment, tags=_KIND)
            known = client.search_runs([number], f"tags.`{FOLDER_TAG}` = '{folder}'", max_results=1)
            if known:
                client.update_run(known[0].info.run_id, status="RUNNING", name=name)
                return cls(client, url, number, known[0].info.run_id, resumed=True)
            run = client.create_run(number, run_name=name, tags={FOLDER_TAG: folder})
            return cls(client, url, number, run.info.run_id, resumed=False)

    def describe(self, parameters: Mapping[str, object], tags: Mapping[str, str], datasets: Sequence[DatasetVersion]) -> None:
        """What the run is made of; said once, since MLflow keeps a parameter as it was first."""
        from mlflow.entities import Dataset, DatasetInput, InputTag, Param, RunTag

        with said():
            self._client.log_batch(self._run, tags=[RunTag(key, value) for key, value in tags.items()])
            if self._resumed:
                return
            self._client.log_batch(self._run, params=[Param(key, str(value)) for key, value in parameters.items()])
            inputs = [
                DatasetInput(
                    Dataset(name=one.name, digest=one.sha256[:36], source_type="s3", source=one.source),
                    [InputTag("mlflow.data.context", "training")],
                )
                for one in datasets
            ]
            self._client.log_inputs(self._run, inputs)

    def measure(self, step: int, values: Mapping[str, float]) -> None:
        """One point of each curve."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        with said():
            self._client.log_batch(self._run, metrics=[Metric(key, value, now, step) for key, value in values.items()])

    def write(self, path: str, text: str) -> None:
        """A text file of the run."""
        with said():
            self._client.log_text(self._run, text, path)

    def watch_machine(self) -> None:
        """Send processor, memory, disk, network and GPU from a thread, until ``end``."""
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        with said():
            self._monitor = SystemMetricsMonitor(self._run, SECONDS_BETWEEN_SAMPLES, resume_logging=self._resumed, tracking_uri=self._url)
            self._monitor.start()

    def end(self, status: Ending) -> None:
        """Say how it ended."""
        if self._monitor is not None:
            self._monitor.finish()
        with said():
            self._client.set_terminated(self._run, status)


def end_run_of(url: str, experiment: str, flow_run: str, status: Ending) -> None:
    """Say how the run of a flow run ended whose own process cannot; nothing where the server knows none that still runs."""
    client = connect(url)
    with said():
        found = client.get_experiment_by_name(experiment)
        wanted = f"tags.`{FLOW_RUN_TAG}` = '{flow_run}' and attributes.status = 'RUNNING'"
        for run in client.search_runs([found.experiment_id], wanted) if found else []:
            client.set_terminated(run.info.run_id, status)


def connect(url: str) -> Any:
    """MLflow's client of a server; nothing is asked of it yet."""
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=url)


@contextmanager
def said() -> Iterator[None]:
    """Turn MLflow's errors into ours."""
    import requests
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, requests.RequestException) as error:
        status = error.get_http_status_code() if isinstance(error, MlflowException) else 0
        told = str(error).splitlines()[0][:300]
        raise VendorUnavailable(f"MLflow did not take it: {told}", reply=VendorReply(VENDOR, status)) from error
