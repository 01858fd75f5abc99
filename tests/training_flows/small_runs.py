"""Small models that our own training made, of different quality, as finished runs in the bucket."""

from dataclasses import dataclass, replace
from pathlib import Path

from models.recipe.small_bart import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.training import FinetuneConfig, FinetuneResult, finetune
from models.training.data.pair import Pair
from models.training.data.split import Split, split_pairs
from models.training.metrics import local_encoder
from models.training.outputs import RunSummary
from models.training.train import data_fingerprint
from tasks.training.data import TrainingData
from tasks.training.train import store_run
from wiring import object_store

LINES = ("자동차", "암", "치아", "펫", "여행자", "화재")
REQUESTS = ("해지", "청구", "가입", "변경")


def inquiries() -> list[Pair]:
    """336 pairs, every other one of three sentences."""
    kinds = [(line, request) for line in LINES for request in REQUESTS] * 14
    return [
        Pair(
            f"{line} 보험 {request} 하고 싶어요. {n} 번째 문의입니다.{' 빨리 부탁드립니다.' if n % 2 else ''}",
            f"{line}보험 {request} 요청",
            f"small.csv:{n}",
        )
        for n, (line, request) in enumerate(kinds, start=1)
    ]


def write_truth_set(folder: Path) -> Path:
    """120 inquiries of the same world with what a right summary holds and what would mislead, as writers of tests hand them in."""
    kinds = [(line, request) for line in LINES for request in REQUESTS] * 5
    rows = []
    for n, (line, request) in enumerate(kinds, start=1001):
        text, others = f"{line} 보험 {request} 하고 싶어요. {n} 번째 문의입니다.", "|".join(other for other in REQUESTS if other != request)
        rows.append("\t".join((text, f"{line}보험 {request} 요청", text, f"{line}보험 {others[:2]} 요청", f"{line},{request}", others)))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@dataclass(frozen=True)
class SmallRun:
    """A finished training and the folder it lies in."""

    config: FinetuneConfig
    result: FinetuneResult
    out: Path


@dataclass(frozen=True)
class SmallRuns:
    """Trainings from one base on one split, by their number of steps."""

    base: Path
    split: Split
    by_steps: dict[int, SmallRun]

    def upload(self, steps: int, name: str) -> str:
        """Put a run into the bucket as training does; the candidate's name."""
        return self.upload_run(self.by_steps[steps], name)

    def upload_run(self, run: SmallRun, name: str) -> str:
        """The same for any run that was trained on the split."""
        summary = RunSummary(run=name, prefix=f"models/bart/{name}/", config=run.config, result=run.result)
        pairs = [*self.split.train, *self.split.validation, *self.split.test]
        store_run(object_store(), summary, TrainingData(self.split, "# data", data_fingerprint(pairs)), run.out)
        return f"bart/{name}"


def train_small_runs(folder: Path, steps: tuple[int, ...]) -> SmallRuns:
    """Train; more steps, better summaries."""
    pairs = inquiries()
    split = split_pairs(pairs, [], seed=42)
    base = folder / "base"
    tokenizer = train_tokenizer([text for pair in pairs for text in (pair.input, pair.summary)], 300)
    new_bart(tokenizer, SmallBart(layers=1, width=96, heads=4, feed_forward=192, positions=128, dropout=0.0), seed=1).save_pretrained(base)
    tokenizer.save_pretrained(base)
    return SmallRuns(base, split, {count: _train(folder / str(count), base, split, count) for count in steps})


def train_stammering_run(out: Path, runs: SmallRuns) -> SmallRun:
    """A model that says the caller's product over and over: the guard of faithfulness has nothing against it."""
    product = [replace(pair, summary=" ".join([f"{pair.input.split(' ')[0]}보험"] * 4)) for pair in runs.split.train]
    return _train(out, runs.base, replace(runs.split, train=product, validation=product[:4]), 60)


def _train(out: Path, base: Path, split: Split, steps: int) -> SmallRun:
    chosen = {
        "method": "full",
        "base": str(base),
        "learning_rate": 3e-3,
        "warmup_ratio": 0.1,
        "epochs": 100,
        "max_steps": steps,
        "evaluate_every": steps,
        "log_every": steps,
        "batch_size": 16,
        "device": "cpu",
        "metrics": local_encoder(base).model_copy(update={"enabled": False}),
    }
    config = FinetuneConfig.model_validate(chosen)
    return SmallRun(config, finetune(config, split.train, split.validation[:4], out), out)
