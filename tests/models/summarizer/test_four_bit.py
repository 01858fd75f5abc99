"""Weights in 4-bit blocks are what the format's formula says, and a folder of them serves as one with whole weights."""

import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.answers import SHIPPED_ENCODER
from models.errors import ConfigurationError
from models.summarizer.four_bit import ADAPTER, BLOCK, BLOCK_BYTES, PACKED, unpack, with_whole_weights


def by_the_formula(block: bytes) -> list[float]:
    """Q4_0, number by number."""
    (scale,) = struct.unpack("<e", block[:2])
    low = [scale * ((byte & 15) - 8) for byte in block[2:]]
    high = [scale * ((byte >> 4) - 8) for byte in block[2:]]
    return low + high


def test_blocks_are_unpacked_by_the_formats_formula() -> None:
    stored = load_file(SHIPPED_ENCODER / PACKED)
    for name in ("embeddings.word_embeddings", "encoder.layer.0.attention.self.query", "encoder.layer.11.output.dense"):
        blocks = stored[f"{name}.weight"]
        weights = unpack(blocks)
        assert weights.shape == (blocks.shape[0], blocks.shape[1] * BLOCK)
        assert np.ptp(weights) > 0
        for row in (0, len(blocks) - 1):
            assert weights[row].tolist() == [weight for block in blocks[row] for weight in by_the_formula(block.tobytes())]


def test_the_folder_that_ships_is_made_whole_for_a_while_in_half_precision(tmp_path: Path) -> None:
    stored = load_file(SHIPPED_ENCODER / PACKED)
    with with_whole_weights(SHIPPED_ENCODER, tmp_path) as folder:
        weights = load_file(folder / "model.safetensors")
        assert (folder / "config.json").read_bytes() == (SHIPPED_ENCODER / "config.json").read_bytes()
        assert not (folder / PACKED).exists()
    assert weights.keys() == stored.keys()
    assert {str(values.dtype) for values in weights.values()} == {"float16"}
    name = "encoder.layer.3.intermediate.dense"
    assert np.array_equal(weights[f"{name}.weight"], unpack(stored[f"{name}.weight"]).astype(np.float16))
    assert np.array_equal(weights[f"{name}.bias"], stored[f"{name}.bias"])
    assert not list(tmp_path.iterdir())


def test_a_folder_with_whole_weights_stays_where_it_is(model_dir: Path, tmp_path: Path) -> None:
    with with_whole_weights(model_dir, tmp_path) as folder:
        assert folder == model_dir


def test_a_damaged_file_is_named_and_nothing_is_left_of_it(tmp_path: Path) -> None:
    model, scratch = tmp_path / "model", tmp_path / "scratch"
    model.mkdir()
    scratch.mkdir()
    save_file({"some.weight": np.zeros((2, 3, BLOCK_BYTES), np.uint8)}, model / PACKED)
    with (model / PACKED).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 1)
    with pytest.raises(ConfigurationError, match=f"{PACKED} is damaged"), with_whole_weights(model, scratch):
        pass
    assert not list(scratch.iterdir())


def folder_with_an_adapter(folder: Path, of: str = "some.weight") -> Path:
    folder.mkdir()
    blocks = np.zeros((2, 1, BLOCK_BYTES), np.uint8)
    save_file({"some.weight": blocks}, folder / PACKED)
    rank_one = {f"{of}.a": np.ones((1, BLOCK), np.float16), f"{of}.b": np.array([[0.5], [2.0]], np.float16)}
    save_file(rank_one, folder / ADAPTER)
    return folder


def test_what_an_adapter_was_taught_is_added_to_the_unpacked_weights(tmp_path: Path) -> None:
    with with_whole_weights(folder_with_an_adapter(tmp_path / "model"), tmp_path) as folder:
        weights = load_file(folder / "model.safetensors")["some.weight"]
        assert not (folder / ADAPTER).exists()
    assert weights.tolist() == [[0.5] * BLOCK, [2.0] * BLOCK]


def test_an_adapter_of_other_weights_is_refused_by_its_name(tmp_path: Path) -> None:
    model = folder_with_an_adapter(tmp_path / "model", "other.weight")
    with pytest.raises(ConfigurationError, match=f"{ADAPTER} does not fit other.weight"), with_whole_weights(model, tmp_path):
        pass
