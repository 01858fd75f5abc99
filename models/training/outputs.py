"""What a finished run leaves in the bucket and under which keys.

models/<family>/<run>/model/…        weights, or the adapter, with the tokenizer (the best checkpoint)
models/<family>/<run>/merged/…       the adapter merged into its base, ready for serving
models/<family>/<run>/run.json       configuration, package versions, fingerprints of the data
models/<family>/<run>/split.json     row ids of every part
models/<family>/<run>/test.csv       the test rows themselves, for the selection that comes later
models/<family>/<run>/metrics.csv    everything measured, a line a step
models/<family>/<run>/losses.png, scores.png, profile.md
models/<family>/<run>/finished.json  RunSummary, written last: a run without it has not finished
"""

import csv
import hashlib
import io
from collections.abc import Sequence

from pydantic import BaseModel, Field

from models.keys import StorageKeys
from models.training.config import FinetuneConfig, FinetuneResult
from models.training.data.pair import Pair
from models.training.metrics import Scores


class RunKeys:
    """Keys of one training run."""

    def __init__(self, family: str, run: str) -> None:
        self.prefix = f"{StorageKeys.MODELS}{family}/{run}/"
        self.finished = f"{self.prefix}finished.json"
        self.checkpoints = f"{self.prefix}checkpoints/"


class RunSummary(BaseModel):
    """What is left to say of a finished run."""

    run: str
    prefix: str
    config: FinetuneConfig
    result: FinetuneResult
    test_scores: Scores | None = Field(None, description="The best checkpoint on the test rows, as it is served")

    @property
    def serving_prefix(self) -> str:
        """S3 prefix of the folder that a summarizer can load."""
        return f"{self.prefix}{'merged' if self.result.merged_dir else 'model'}/"


def run_name(config: FinetuneConfig, data: str) -> str:
    """A name that says what a run is and is the same whenever the same is learnt from the same data (``data``: its fingerprint)."""
    digest = hashlib.sha256(f"{config.fingerprint()} {data}".encode()).hexdigest()[:10]
    rank = f"-r{config.lora_rank}" if config.method != "full" else ""
    return f"{config.method}{rank}-lr{config.learning_rate:g}-e{config.epochs:g}-{digest}"


def pairs_csv(pairs: Sequence[Pair]) -> str:
    """Pairs as the CSV contract has them, with their row ids."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["input", "summary", "row"])
    writer.writerows([pair.input, pair.summary, pair.row] for pair in pairs)
    return out.getvalue()
