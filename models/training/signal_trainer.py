"""Fine-tuning an encoder to tell emotions or dangers apart, on Hugging Face's Trainer. Loads torch: only a running training imports it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from models.errors import ConfigurationError
from models.signals.classifier import HEAD
from models.summarizer.packed import with_whole_weights
from models.training.config import HistoryRow, Progress
from models.training.data.pair import Pair
from models.training.hardware import choose_device, choose_precision
from models.training.signal_task import SignalConfig, Targets, Task
from models.training.train import CHECKPOINTS, last_complete_checkpoint, memory_named
from models.training.trainer import EvaluateAtTheEnd, ReportProgress, StopOnNaN, StopWithoutImprovement, arguments, history

SERVED = ("bert", "roberta", "xlm-roberta", "distilbert")  # what CTranslate2 converts
RAREST = 20.0  # a label weighs at most so many times the mean


class Network(nn.Module):
    """An encoder with one linear layer on the mean of its states, as ``EncoderClassifier`` reads them."""

    def __init__(self, encoder: Any, labels: int, dropout: float, weights: torch.Tensor | None, *, several: bool) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)
        self._weights, self._several = weights, several

    def forward(self, input_ids: Any, attention_mask: Any, labels: Any = None) -> dict[str, Any]:
        """Logits, shape (rows, labels), and the loss where there are targets of that shape."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mean = (states * attention_mask[..., None]).sum(1) / attention_mask.sum(1, keepdim=True)
        logits = self.head(self.dropout(mean)).float()
        return {"logits": logits} if labels is None else {"loss": self._loss(logits, labels), "logits": logits}

    def _loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        weights = None if self._weights is None else self._weights.to(logits.device)
        if self._several:
            return binary_cross_entropy_with_logits(logits, labels, pos_weight=weights)
        return cross_entropy(logits, labels.argmax(dim=1), weight=weights)


def finetune(
    config: SignalConfig,
    task: Task,
    train: Sequence[Pair],
    validation: Sequence[Pair],
    out: Path,
    folder: Path,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[HistoryRow]:
    """Train, keep the best epoch's weights and save the encoder, its tokenizer and the head in ``folder``; returns the history.

    A second call with the same ``out`` goes on from its last complete checkpoint.
    """
    from transformers import set_seed

    set_seed(config.seed)
    device = choose_device(config.device)
    tokenizer, encoder = _load(config)
    weights = _class_weights(task.targets(train), several=task.several) if config.class_weights else None
    network = Network(encoder, len(task.labels), config.dropout, weights, several=task.several)
    with memory_named("Lower batch_size or max_length, or name a smaller encoder"):
        trainer = _trainer(config, task, network, tokenizer, train, validation, out, on_progress, device)
        resumed = last_complete_checkpoint(out / CHECKPOINTS)
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    _save(network, tokenizer, folder)
    return history(trainer.state.log_history)


def _load(config: SignalConfig) -> tuple[Any, Any]:
    """The base's fast tokenizer and encoder; ConfigurationError where there is none, or none that can serve."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    remedy = f"Name an encoder of type {', '.join(SERVED)} with a fast tokenizer: a hub name, or a folder of this machine"
    try:
        settings = AutoConfig.from_pretrained(config.base, local_files_only=True)
        if settings.model_type not in SERVED:
            raise ConfigurationError(f"{config.base} is of type {settings.model_type}, which cannot serve", remedy=remedy)
        if config.layers:
            settings.num_hidden_layers = min(config.layers, settings.num_hidden_layers)
        tokenizer = AutoTokenizer.from_pretrained(config.base, local_files_only=True)
        extra = {"add_pooling_layer": False} if settings.model_type != "distilbert" else {}
        with with_whole_weights(Path(config.base)) as whole:
            encoder = AutoModel.from_pretrained(str(whole), config=settings, local_files_only=True, dtype=torch.float32, **extra)
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{config.base} is no encoder that can be loaded: {error}", remedy=remedy) from error
    if not tokenizer.is_fast:
        raise ConfigurationError(f"{config.base} has no fast tokenizer, by which models are served", remedy=remedy)
    return tokenizer, encoder


def _class_weights(targets: Targets, *, several: bool) -> torch.Tensor:
    counts = np.maximum(targets.sum(axis=0), 1)
    weights = (len(targets) - counts) / counts if several else len(targets) / (len(counts) * counts)
    return torch.tensor(np.clip(weights, 1 / RAREST, RAREST), dtype=torch.float32)


def _trainer(
    config: SignalConfig,
    task: Task,
    network: Network,
    tokenizer: Any,
    train: Sequence[Pair],
    validation: Sequence[Pair],
    out: Path,
    on_progress: Callable[[Progress], None] | None,
    device: str,
) -> Any:
    from transformers import PrinterCallback, Trainer

    asked = arguments(
        config,
        out / CHECKPOINTS,
        device,
        choose_precision(config.precision, device),
        per_device_eval_batch_size=config.batch_size,
        eval_strategy="epoch",
        save_strategy="epoch",
        metric_for_best_model="eval_score",
        greater_is_better=True,
        logging_steps=10,
    )
    callbacks: list[Any] = [StopOnNaN(), EvaluateAtTheEnd(), StopWithoutImprovement(config.early_stopping)]
    if on_progress:
        callbacks.append(ReportProgress(on_progress))

    def collate(rows: list[dict[str, Any]]) -> dict[str, Any]:
        batch = tokenizer.pad([{"input_ids": row["input_ids"]} for row in rows], return_tensors="pt")
        targets = torch.tensor(np.array([row["labels"] for row in rows]))
        return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "labels": targets}

    trainer = Trainer(
        model=network,
        args=asked,
        train_dataset=_rows(config, task, tokenizer, train),
        eval_dataset=_rows(config, task, tokenizer, validation),
        data_collator=collate,
        compute_metrics=lambda told: {"score": validation_score(np.asarray(told.predictions), np.asarray(told.label_ids), task)},
        callbacks=callbacks,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _rows(config: SignalConfig, task: Task, tokenizer: Any, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    ids = tokenizer([pair.input for pair in pairs], truncation=True, max_length=config.max_length)["input_ids"]
    return [{"input_ids": row, "labels": target} for row, target in zip(ids, task.targets(pairs), strict=True)]


def validation_score(logits: Targets, targets: Targets, task: Task) -> float:
    """What makes an epoch the best: the share of emotions told rightly, or how well dangerous rows stand before harmless ones."""
    if not task.several:
        return float((logits.argmax(axis=1) == targets.argmax(axis=1)).mean())
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(targets.any(axis=1), logits.max(axis=1)))


def _save(network: Network, tokenizer: Any, folder: Path) -> None:
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    head = {"weight": network.head.weight, "bias": network.head.bias}
    save_file({name: values.detach().float().cpu().contiguous() for name, values in head.items()}, folder / HEAD)
