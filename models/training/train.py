"""One fine-tuning run, from a base model and pairs to the best checkpoint, on Hugging Face's Trainer."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from models.errors import ConfigurationError, TrainingFailed
from models.training.base import add_adapter, as_the_base_reads, load_base, load_tokenizer, merge_adapter, save_words
from models.training.config import FinetuneConfig, FinetuneResult, HistoryRow, Progress, SampleRow
from models.training.data.pair import Pair
from models.training.examples import Limits, limits, make_examples
from models.training.hardware import Precision, choose_device, choose_precision, peak_memory_mib

CHECKPOINTS = "checkpoints"
MODEL = "model"
MERGED = "merged"
RUN = "run.json"
PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "peft",
    "bitsandbytes",
    "accelerate",
    "numpy",
    "pandas",
    "bert-score",
    "sentence-transformers",
)

_MEMORY = (
    "Set batch_size to 1 with twice the gradient_accumulation, switch gradient_checkpointing on, lower max_input_tokens or "
    "eval_batch_size, or choose lora or qlora instead of full"
)


def finetune(
    config: FinetuneConfig,
    train: list[Pair],
    validation: list[Pair],
    out: Path,
    on_progress: Callable[[Progress], None] | None = None,
) -> FinetuneResult:
    """Train, keep the best checkpoint by ``config.criterion``, and save it under ``out/model`` (an adapter also merged, ``out/merged``).

    A second call with the same configuration, data and folder goes on from the last complete checkpoint under
    ``out/checkpoints``. Raises ConfigurationError for a base, setting or folder that cannot work, TrainingFailed when the loss
    becomes NaN or memory runs out; both say what to change.
    """
    if not train or not validation:
        raise ConfigurationError(
            f"There are {len(train)} training and {len(validation)} validation rows", remedy="Give at least one row of each"
        )
    claim_folder(out, config, train, validation)
    device = choose_device(config.device)
    precision = choose_precision(config.precision, device)
    with memory_named(_MEMORY):
        return _run(config, train, validation, out, on_progress, device, precision)


def data_fingerprint(pairs: list[Pair]) -> str:
    """64 hexadecimal digits that change with any text or with the order of the rows."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(f"{pair.input}\0{pair.summary}\0".encode())
    return digest.hexdigest()


def package_versions() -> dict[str, str]:
    """The installed version of every package that decides what a run learns."""
    return {name: version(name) for name in PACKAGES}


def claim_folder(out: Path, config: FinetuneConfig, train: list[Pair], validation: list[Pair]) -> None:
    """Write down what this folder's run is, or check that it is this one: checkpoints of another run must not be gone on from."""
    run = {
        "config": config.model_dump(mode="json"),
        "fingerprint": config.fingerprint(),
        "train": data_fingerprint(train),
        "validation": data_fingerprint(validation),
        "packages": package_versions(),
    }
    path = out / RUN
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
        # The fingerprint and not the config: the same base model may lie elsewhere when a run goes on.
        compared = {"config": "fingerprint", "train": "train", "validation": "validation"}
        changed = [named for named, part in compared.items() if known.get(part) != run[part]]
        if changed:
            raise ConfigurationError(
                f"{out} holds another run: {' and '.join(changed)} differ", remedy="Choose an empty folder or delete this one"
            )
        return
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, ensure_ascii=False, indent=1), encoding="utf-8")


def last_complete_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that was written to its end: the Trainer writes ``trainer_state.json`` last."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]), reverse=True)
    for path in found:
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            continue
        return path
    return None


@contextmanager
def memory_named(remedy: str) -> Iterator[None]:
    """Turn every way of running out of memory into one error with a remedy."""
    try:
        yield
    except MemoryError as error:
        raise TrainingFailed("This machine's memory is too small for the run", remedy=remedy) from error
    except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU allocator raises a plain one
        text = str(error)
        if "out of memory" in text or "can't allocate memory" in text:
            raise TrainingFailed(f"Out of memory: {text.splitlines()[0]}", remedy=remedy) from error
        raise


def _run(
    config: FinetuneConfig,
    train: list[Pair],
    validation: list[Pair],
    out: Path,
    on_progress: Callable[[Progress], None] | None,
    device: str,
    precision: Precision,
) -> FinetuneResult:
    from transformers import set_seed

    started = time.perf_counter()
    set_seed(config.seed)  # new adapter weights are drawn here
    tokenizer = load_tokenizer(config)
    model = load_base(config, precision, device, quantized=config.method == "qlora")
    bounds = limits(config, model.config)
    if config.method != "full":
        model = add_adapter(config, model)
    resumed = last_complete_checkpoint(out / CHECKPOINTS)
    rows = as_the_base_reads(config, train), as_the_base_reads(config, validation)
    trainer = _trainer(config, model, tokenizer, *rows, bounds, out, on_progress, device, precision, begins=resumed is None)
    first = int(resumed.name.rpartition("-")[2]) if resumed else 0
    train_started = time.perf_counter()
    trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    learning_seconds = max(1e-9, time.perf_counter() - train_started - trainer.evaluation_seconds)

    trainer.save_model(str(out / MODEL))
    save_words(config, tokenizer, out / MODEL)
    merged = config.method != "full" and config.merge_adapter
    if merged:
        merge_adapter(config, out / MODEL, tokenizer, out / MERGED, precision)
    return _result(
        config, trainer, out, device, precision, first, learning_seconds, time.perf_counter() - started, merged, bounds, validation
    )


def _trainer(
    config: FinetuneConfig,
    model: Any,
    tokenizer: Any,
    train: list[Pair],
    validation: list[Pair],
    bounds: Limits,
    out: Path,
    on_progress: Callable[[Progress], None] | None,
    device: str,
    precision: Precision,
    *,
    begins: bool,
) -> Any:
    from transformers import DataCollatorForSeq2Seq, PrinterCallback

    from models.training.trainer import EvaluateAtTheEnd, ReportProgress, StopOnNaN, StopWithoutImprovement, SummaryTrainer

    validation_examples = make_examples(config, tokenizer, validation, bounds)
    callbacks: list[Any] = [StopOnNaN(), EvaluateAtTheEnd()]
    if config.early_stopping:
        callbacks.append(StopWithoutImprovement(config.early_stopping))
    if on_progress:
        callbacks.append(ReportProgress(on_progress))
    trainer = SummaryTrainer(
        run=config,
        examples=validation_examples,
        score=_scorer(config, validation, device),
        model=model,
        args=_arguments(config, out / CHECKPOINTS, device, precision, begins=begins),
        train_dataset=make_examples(config, tokenizer, train, bounds, training_reader(config, tokenizer)),
        eval_dataset=validation_examples,
        processing_class=tokenizer,
        # Pads every batch to its own longest row and labels with -100, which cross entropy ignores.
        data_collator=DataCollatorForSeq2Seq(
            tokenizer, model=model, label_pad_token_id=-100, pad_to_multiple_of=8 if device == "cuda" else None
        ),
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)  # whoever wants the lines passes on_progress
    return trainer


def training_reader(config: FinetuneConfig, tokenizer: Any) -> Any:
    """A copy that drops merges at random: the tokenizer that cuts summaries, evaluates and is saved drops none. None without dropout.

    Dropping merges in the summaries as well would make the target itself random: a small model then learnt nothing in 600 steps.
    """
    if not config.subword_dropout:
        return None
    import copy

    noisy = copy.deepcopy(tokenizer)
    merges = noisy.backend_tokenizer.model
    if not hasattr(merges, "dropout"):
        raise ConfigurationError(f"{config.base_model} has no BPE tokenizer", remedy="Set subword_dropout to 0")
    merges.dropout = config.subword_dropout
    return noisy


def _scorer(config: FinetuneConfig, validation: list[Pair], device: str) -> Any:
    if not config.metrics.enabled:
        return None
    from models.training.metrics import SummaryScorer

    return SummaryScorer(config.metrics, [pair.summary for pair in validation], device=device).named_scores


def _arguments(config: FinetuneConfig, folder: Path, device: str, precision: Precision, *, begins: bool) -> Any:
    from models.training.trainer import arguments

    return arguments(
        config,
        folder,
        device,
        precision,
        per_device_eval_batch_size=config.eval_batch_size,
        gradient_accumulation_steps=config.accumulation,
        lr_scheduler_type=config.schedule,
        optim=config.optimizer,
        label_smoothing_factor=config.label_smoothing,
        max_grad_norm=config.max_grad_norm,
        activation_checkpointing=config.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if config.gradient_checkpointing else None,
        train_sampling_strategy="group_by_length" if config.group_by_length else "random",
        eval_strategy="steps",
        eval_on_start=begins,  # the base's own score, which the run's is held against
        eval_steps=config.evaluate_every,
        save_strategy="steps",
        save_steps=config.evaluate_every,
        metric_for_best_model="eval_score" if config.metrics.enabled else "eval_loss",
        greater_is_better=config.metrics.enabled,
        prediction_loss_only=True,
        logging_steps=config.log_every,
    )


def _result(
    config: FinetuneConfig,
    trainer: Any,
    out: Path,
    device: str,
    precision: Precision,
    first: int,
    learning_seconds: float,
    seconds: float,
    merged: bool,
    bounds: Limits,
    validation: list[Pair],
) -> FinetuneResult:
    from models.training.trainer import SAMPLES, history

    rows = history(trainer.state.log_history)
    best_step = trainer.state.best_global_step or trainer.state.global_step
    steps_here = trainer.state.global_step - first
    examples = (trainer.train_dataset, trainer.eval_dataset)
    parameters = trainer.model.num_parameters()
    return FinetuneResult(
        family=config.family,
        method=config.method,
        base=config.base_model,
        model_dir=out / MODEL,
        merged_dir=out / MERGED if merged else None,
        criterion=config.criterion,
        best_step=best_step,
        best=next((row for row in rows if row.step == best_step), HistoryRow(step=best_step)),
        steps=trainer.state.global_step,
        history=rows,
        precision=precision,
        device=device,
        parameters=parameters,
        trained_parameters=sum(p.numel() for p in trainer.model.parameters() if p.requires_grad),
        train_rows=len(examples[0]),
        validation_rows=len(examples[1]),
        truncated_rows=sum(rows.is_cut(i) for rows in examples for i in range(len(rows))),
        seconds=seconds,
        samples_per_second=steps_here * config.batch_size * config.accumulation / learning_seconds,
        resumed_from=first,
        encoders=config.metrics.named_encoders(),
        sample_rows=[SampleRow(input=pair.input, reference=pair.summary) for pair in validation[:SAMPLES]],
        memory_mib=peak_memory_mib(device),
    )
