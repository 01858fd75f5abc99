"""Learning the language of inquiries before learning to summarize: BART's denoising on Hugging Face's Trainer.

A new model is first given inquiries with spans blanked out and sentences out of order, and writes them as they were. It learns
words, endings and copying from text that needs no summaries; fine-tuning (``models/training``) takes over from the saved folder.
"""

import random
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.recipe.tokenizer import BOS, EOS, MASK, PAD

_MEAN_SPAN = 3.0  # BART: span lengths are Poisson distributed with mean 3


@dataclass(frozen=True)
class SmallBart:
    """The size of a new model; the defaults have 4 million parameters and take 8 MB as float16."""

    layers: int = 3
    width: int = 192
    heads: int = 4
    feed_forward: int = 768
    positions: int = 256
    dropout: float = 0.1


def new_bart(tokenizer: Any, size: SmallBart, seed: int) -> Any:
    """A BartForConditionalGeneration with random weights; one embedding serves encoder, decoder and output, which makes copying easy."""
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in (BOS, PAD, EOS)}
    torch.manual_seed(seed)
    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=size.positions,
            encoder_layers=size.layers,
            decoder_layers=size.layers,
            d_model=size.width,
            encoder_attention_heads=size.heads,
            decoder_attention_heads=size.heads,
            encoder_ffn_dim=size.feed_forward,
            decoder_ffn_dim=size.feed_forward,
            dropout=size.dropout,
            # The usual 0.02 is for a width of 768 and more: in a narrow model it leaves attention too weak to find its source.
            init_std=size.width**-0.5,
            attention_dropout=0.0,
            scale_embedding=True,
            bos_token_id=ids[BOS],
            pad_token_id=ids[PAD],
            eos_token_id=ids[EOS],
            decoder_start_token_id=ids[BOS],
            forced_eos_token_id=ids[EOS],
        )
    )


def corrupt(text: str, mask: str, rng: random.Random, share: float = 0.3) -> str:
    """The text with about ``share`` of its words hidden, each hidden span under one mask, and its sentences in another order."""
    sentences = re.split(r"(?<=[.?!])\s+", text)
    rng.shuffle(sentences)
    words = " ".join(sentences).split()
    hidden = max(1, round(share * len(words)))
    while hidden > 0 and words:
        span = min(hidden, max(1, round(rng.expovariate(1 / _MEAN_SPAN))), len(words))
        start = rng.randrange(len(words) - span + 1)
        words[start : start + span] = [mask]
        hidden -= span
    return " ".join(words)


class _Denoising:
    """A map-style data set that corrupts each text anew whenever it is asked for."""

    def __init__(self, tokenizer: Any, texts: Sequence[str], limit: int, seed: int) -> None:
        self._tokenizer, self._texts, self._limit = tokenizer, texts, limit
        self._rng = random.Random(seed)

    def __len__(self) -> int:
        return len(self._texts)

    def __getitem__(self, i: int) -> dict[str, list[int]]:
        text = self._texts[i]
        noisy = self._tokenizer(corrupt(text, MASK, self._rng), truncation=True, max_length=self._limit)
        labels = self._tokenizer(text, truncation=True, max_length=self._limit)
        return {"input_ids": noisy["input_ids"], "attention_mask": noisy["attention_mask"], "labels": labels["input_ids"]}


def pretrain(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    steps: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 42,
    callbacks: Sequence[Any] = (),
) -> float:
    """Denoise ``texts`` for ``steps`` updates in place, and return the mean training loss.

    ``callbacks`` are Hugging Face TrainerCallbacks, for progress. Padding is dynamic and counts neither in attention nor in the loss.
    """
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch,
            max_steps=steps,
            per_device_train_batch_size=batch_size,
            learning_rate=learning_rate,
            lr_scheduler_type="linear",
            warmup_steps=min(200, steps // 10),
            weight_decay=0.01,
            logging_steps=50,
            save_strategy="no",
            report_to=[],
            seed=seed,
            dataloader_pin_memory=False,
            disable_tqdm=True,
        )
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=_Denoising(tokenizer, texts, model.config.max_position_embeddings, seed),
            data_collator=DataCollatorForSeq2Seq(tokenizer, model=model, label_pad_token_id=-100),
            callbacks=list(callbacks),
        )
        return float(trainer.train().training_loss)
