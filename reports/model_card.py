"""A model's card: what it is, what it learnt from and how it scored, as the Hugging Face hub shows it. No row of the data stands in it."""

import re

from models.training.config import FinetuneConfig, HistoryRow
from models.training.outputs import RunSummary
from reports.markdown import figure, table

_ON_THE_HUB = re.compile(r"\w[\w.-]*/\w[\w.-]*")  # the hub refuses a card that names anything else as its base
_LIBRARY = {"full": "transformers", "lora": "peft", "qlora": "peft"}


def model_card(summary: RunSummary) -> str:
    """The card of a training run, in English as cards are; front matter first."""
    result, config = summary.result, summary.config
    merged = result.merged_dir is not None
    lines = ["---", "language: ko", f"library_name: {'transformers' if merged else _LIBRARY[config.method]}"]
    lines += [f"base_model: {config.base_model}"] if _ON_THE_HUB.fullmatch(config.base_model) else []
    lines += ["pipeline_tag: summarization", "tags:", "- korean", "- insurance", "- readback", "---"]
    return "\n".join(
        [
            *lines,
            "",
            f"# {summary.run}",
            "",
            f"A {config.family} that turns a Korean insurance inquiry into one short phrase. Fine-tuned by Readback from "
            f"`{_named(config)}` ({config.method}{', adapter merged into its base' if merged else ''}); the best of {result.steps} steps, "
            f"step {result.best_step}, by {result.criterion}.",
            "",
            "## Scores",
            "",
            _scores(summary),
            "",
            "Scores of different encoders do not compare. "
            + (" ".join(f"{name}: {encoder}." for name, encoder in result.encoders.items()) or "No encoder judged: the loss chose."),
            "",
            "## Data",
            "",
            f"{result.train_rows:,} rows to learn from, {result.validation_rows:,} to choose the checkpoint by.",
            "",
            *[f"- `{version.name}`, SHA-256 `{version.sha256}`" for version in summary.versions],
            "",
            "## Settings",
            "",
            table(("setting", "value"), [(f"`{name}`", f"`{value}`") for name, value in _settings(config)]),
            "",
            "## Limits",
            "",
            "It writes what is likely, not what is true: serve it behind a check of products, amounts and denials against what was said, "
            "as Readback does. Nothing is known of it outside Korean insurance.",
            "",
        ]
    )


def _named(config: FinetuneConfig) -> str:
    return config.base_model.rstrip("/").rpartition("/")[2] if config.base_model.startswith("/") else config.base_model


def _scores(summary: RunSummary) -> str:
    result, test = summary.result, summary.test_scores
    base, before, best = summary.base_test_scores, result.before or HistoryRow(step=0), result.best
    rows = [
        ("validation loss", figure(before.validation_loss), figure(best.validation_loss)),
        ("validation BERTScore F1", figure(before.bertscore_f1), figure(best.bertscore_f1)),
        ("validation STS", figure(before.sts), figure(best.sts)),
        ("test BERTScore F1", figure(base.bertscore_f1 if base else None), figure(test.bertscore_f1 if test else None)),
        ("test STS", figure(base.sts if base else None), figure(test.sts if test else None)),
    ]
    return table(("", "base", "this model"), rows)


def _settings(config: FinetuneConfig) -> list[tuple[str, object]]:
    told = config.model_dump(mode="json", exclude={"metrics", "base", "device"})
    return [(name, value) for name, value in told.items() if value is not None]
