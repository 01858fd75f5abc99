"""What Hugging Face's Trainer is missing for summaries: scores of generated text, a plain validation loss, a guard against NaN, progress.

This module loads torch; only a running fine-tuning imports it.
"""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from models.errors import TrainingFailed
from models.summarizer.chat import terminators
from models.training.config import FinetuneConfig, HistoryRow, Progress
from models.training.examples import Examples
from models.training.hardware import Precision
from models.training.signal_task import SignalConfig

Score = Callable[[Sequence[str]], dict[str, float]]

SAMPLES = 5  # rows whose summaries are kept at every evaluation

_DIVERGED = "Lower learning_rate, raise warmup_ratio, or set precision to fp32; look for empty or endless rows in the data"


def generate_summaries(model: Any, tokenizer: Any, prompts: Sequence[list[int]], config: FinetuneConfig) -> list[str]:
    """Summaries of encoded prompts, in their order; batches are sorted by length, so that little padding is computed."""
    causal = config.family == "llama"
    ends = tokenizer.convert_tokens_to_ids(terminators(tokenizer)) if causal else None
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    written: dict[int, str] = {}
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(order), config.eval_batch_size):
            rows = order[start : start + config.eval_batch_size]
            # A causal model continues where the prompt ends, so its padding stands on the left.
            batch = tokenizer.pad(
                {"input_ids": [prompts[i] for i in rows]}, padding_side="left" if causal else "right", return_tensors="pt"
            )
            output = model.generate(
                input_ids=batch["input_ids"].to(model.device),
                attention_mask=batch["attention_mask"].to(model.device),
                num_beams=config.eval_beams,
                max_new_tokens=config.eval_max_tokens if causal else min(config.eval_max_tokens, model.config.max_position_embeddings - 1),
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
                use_cache=True,
                **({"eos_token_id": ends} if ends else {}),
            )
            begin = batch["input_ids"].shape[1] if causal else 0
            for i, ids in zip(rows, output[:, begin:], strict=True):
                written[i] = tokenizer.decode(ids, skip_special_tokens=True).strip()
    model.train(was_training)
    return [written[i] for i in range(len(prompts))]


def arguments(config: FinetuneConfig | SignalConfig, folder: Path, device: str, precision: Precision, **own: Any) -> TrainingArguments:
    """What every training of ours asks of the Trainer; ``own`` is what one of them has besides."""
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=config.batch_size,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        learning_rate=config.learning_rate,
        warmup_steps=config.warmup_ratio,  # below 1 it is a share of all steps
        weight_decay=config.weight_decay,
        fp16=precision == "fp16",
        bf16=precision == "bf16",
        use_cpu=device == "cpu",
        save_total_limit=2,  # the best and the last
        load_best_model_at_end=True,
        logging_nan_inf_filter=False,  # the filter would hide a diverged run
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=device == "cuda",
        report_to=[],
        disable_tqdm=True,
        seed=config.seed,
        data_seed=config.seed,
        **own,
    )


class SummaryTrainer(Trainer):  # type: ignore[misc]
    """A Trainer whose evaluation also generates the validation summaries and scores them.

    ``score`` maps the generated summaries, in the order of the validation rows, to named values; None leaves the loss alone.
    """

    label_smoother: Any

    def __init__(self, *, run: FinetuneConfig, examples: Examples, score: Score | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._run, self._examples, self._score = run, examples, score
        self._prompts = [examples.prompt(i) for i in range(len(examples) if score else min(SAMPLES, len(examples)))]
        self.evaluation_seconds = 0.0

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Smooth labels in training only: validation losses of runs with different smoothing must be comparable."""
        smoother = self.label_smoother
        if not model.training:
            self.label_smoother = None
        try:
            return super().compute_loss(model, inputs, *args, **kwargs)
        finally:
            self.label_smoother = smoother

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate; the base's evaluation draws no number that the training would have drawn, so that a resumed run goes the same way."""
        if self.state.global_step:
            return super().evaluate(*args, **kwargs)
        with torch.random.fork_rng():
            return super().evaluate(*args, **kwargs)

    def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
        """The loss by Hugging Face's loop, then, of generated summaries, BERTScore and STS and some samples among the same metrics."""
        started = time.perf_counter()
        output = super().evaluation_loop(*args, **kwargs)
        with self.compute_loss_context_manager():
            summaries = generate_summaries(self.model, self.processing_class, self._prompts, self._run)
        if self._score is not None:
            output.metrics.update({f"eval_{name}": value for name, value in self._score(summaries).items()})
        output.metrics["eval_samples"] = summaries[:SAMPLES]  # the Trainer's log, where they go, lies in every checkpoint
        self.evaluation_seconds += time.perf_counter() - started
        return output


class StopOnNaN(TrainerCallback):  # type: ignore[misc]
    """Stop at the first NaN or infinite loss."""

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """See TrainerCallback."""
        for name in ("loss", "eval_loss"):
            value = (logs or {}).get(name)
            if isinstance(value, float) and not math.isfinite(value):
                kind = "Training" if name == "loss" else "Validation"
                raise TrainingFailed(f"{kind} loss became {value} at step {state.global_step}", remedy=_DIVERGED)


class StopWithoutImprovement(TrainerCallback):  # type: ignore[misc]
    """Early stopping after ``patience`` evaluations in a row without a better score.

    The evaluations are counted in the Trainer's log, which lies in every checkpoint: Hugging Face's own callback counts in memory and
    begins again at 0 when a run is resumed.
    """

    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See TrainerCallback. A run whose patience was used up before it was killed has one step left, which changes no result."""
        self.on_evaluate(args, state, control)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See TrainerCallback."""
        name = args.metric_for_best_model
        # The base's own evaluation, at step 0, uses up no patience.
        logs = [log for log in state.log_history if name in log and log["step"]]
        scores = [log[name] if args.greater_is_better else -log[name] for log in logs]
        if scores and len(scores) - 1 - scores.index(max(scores)) >= self._patience:
            control.should_training_stop = True


class EvaluateAtTheEnd(TrainerCallback):  # type: ignore[misc]
    """Score the last step too, so that every run has a best checkpoint, however short it is."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """See TrainerCallback."""
        if state.global_step >= state.max_steps:
            control.should_evaluate = True
            control.should_save = True


class ReportProgress(TrainerCallback):  # type: ignore[misc]
    """Hand every log line to whoever watches."""

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """See TrainerCallback."""
        if logs and ("loss" in logs or "eval_loss" in logs):
            row = history_row({**logs, "step": state.global_step, "epoch": state.epoch or 0.0})
            self._on_progress(Progress(step=state.global_step, total_steps=state.max_steps, row=row))


def history_row(log: dict[str, Any]) -> HistoryRow:
    """One entry of the Trainer's log in our names."""
    return HistoryRow(
        step=log["step"],
        epoch=log.get("epoch", 0.0),
        train_loss=log.get("loss"),
        learning_rate=log.get("learning_rate"),
        validation_loss=log.get("eval_loss"),
        bertscore_f1=log.get("eval_bertscore_f1"),
        sts=log.get("eval_sts"),
        score=log.get("eval_score"),
        samples=log.get("eval_samples"),
    )


def history(log_history: Sequence[dict[str, Any]]) -> list[HistoryRow]:
    """The Trainer's whole log as one row a step, in order."""
    rows: dict[int, HistoryRow] = {}
    for log in log_history:
        if "loss" in log or "eval_loss" in log:
            new = history_row(log)
            known = rows.get(new.step)
            rows[new.step] = known.model_copy(update=new.model_dump(exclude_none=True)) if known else new
    return [rows[step] for step in sorted(rows)]
