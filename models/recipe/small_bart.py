"""A new BART with random weights, small enough to be trained from nothing on two cores."""

from dataclasses import dataclass
from typing import Any

from models.recipe.tokenizer import BOS, EOS, PAD


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
