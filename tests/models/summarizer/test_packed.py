"""Weights in 4-bit blocks are what the format's formula says, and a folder of them serves as one with whole weights."""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file, save_file

from models.answers import SHIPPED_ENCODER
from models.errors import ConfigurationError
from models.summarizer import SHIPPED_READER
from models.summarizer.packed import (
    ADAPTER,
    BLOCK,
    BLOCK_BYTES,
    EIGHT_BIT,
    FOUR_BIT,
    in_eight_bits,
    unpack,
    whole_weights,
    with_whole_weights,
)


def by_the_formula(block: bytes) -> list[float]:
    """Q4_0, number by number."""
    (scale,) = struct.unpack("<e", block[:2])
    low = [scale * ((byte & 15) - 8) for byte in block[2:]]
    high = [scale * ((byte >> 4) - 8) for byte in block[2:]]
    return low + high


def test_blocks_are_unpacked_by_the_formats_formula() -> None:
    stored = load_file(SHIPPED_ENCODER / FOUR_BIT)
    for name in ("embeddings.word_embeddings", "encoder.layer.0.attention.self.query", "encoder.layer.11.output.dense"):
        blocks = stored[f"{name}.weight"]
        weights = unpack(blocks)
        assert weights.shape == (blocks.shape[0], blocks.shape[1] * BLOCK)
        assert np.ptp(weights) > 0
        for row in (0, len(blocks) - 1):
            assert weights[row].tolist() == [weight for block in blocks[row] for weight in by_the_formula(block.tobytes())]


def test_the_folder_that_ships_is_made_whole_for_a_while_in_half_precision(tmp_path: Path) -> None:
    stored = load_file(SHIPPED_ENCODER / FOUR_BIT)
    with with_whole_weights(SHIPPED_ENCODER, tmp_path) as folder:
        weights = load_file(folder / "model.safetensors")
        assert (folder / "config.json").read_bytes() == (SHIPPED_ENCODER / "config.json").read_bytes()
        assert not (folder / FOUR_BIT).exists()
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
    save_file({"some.weight": np.zeros((2, 3, BLOCK_BYTES), np.uint8)}, model / FOUR_BIT)
    with (model / FOUR_BIT).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 1)
    with pytest.raises(ConfigurationError, match=f"{FOUR_BIT} is damaged"), with_whole_weights(model, scratch):
        pass
    assert not list(scratch.iterdir())


def test_what_was_learnt_on_top_is_added_when_the_weights_are_made_whole(tmp_path: Path) -> None:
    model, rng = tmp_path / "model", np.random.default_rng(3)
    model.mkdir()
    blocks = rng.integers(0, 50, (4, 2, BLOCK_BYTES), dtype=np.uint8)
    up, down = (rng.normal(size=shape).astype(np.float16) for shape in ((4, 2), (2, 2 * BLOCK)))
    save_file({"some.weight": blocks, "some.bias": np.ones(4, np.float16)}, model / FOUR_BIT)
    save_file({"some.weight.up": up, "some.weight.down": down}, model / ADAPTER)
    with with_whole_weights(model, tmp_path) as folder:
        whole = load_file(folder / "model.safetensors")
        assert not (folder / ADAPTER).exists()
    assert np.allclose(whole["some.weight"], unpack(blocks) + up.astype(np.float32) @ down.astype(np.float32), rtol=2e-3, atol=1e-3)
    assert whole["some.bias"].tolist() == [1, 1, 1, 1]
    with with_whole_weights(model, tmp_path, learnt=False) as folder:
        assert np.array_equal(load_file(folder / "model.safetensors")["some.weight"], unpack(blocks).astype(np.float16))


def test_an_adapter_of_another_model_is_named(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    save_file({"some.weight": np.zeros((2, 3, BLOCK_BYTES), np.uint8)}, model / FOUR_BIT)
    save_file({"other.weight.up": np.zeros((2, 1), np.float16), "other.weight.down": np.zeros((1, 96), np.float16)}, model / ADAPTER)
    with pytest.raises(ConfigurationError, match=f"{ADAPTER} is no adapter of {FOUR_BIT}"), with_whole_weights(model, tmp_path):
        pass


def test_rows_of_eight_bits_serve_as_the_whole_weights_would(tmp_path: Path) -> None:
    """CTranslate2 rounds what was rounded already to the same numbers: what is served is the same."""
    rng = np.random.default_rng(7)
    weights = {"some.weight": rng.normal(size=(5, 64)).astype(np.float32), "some.bias": rng.normal(size=5).astype(np.float32)}
    weights["some.weight"][3] = 0
    packed = in_eight_bits(weights)
    assert packed["some.weight"].dtype == np.int8
    whole = {name: values.astype(np.float16).astype(np.float32) for name, values in whole_weights(packed).items()}
    assert whole.keys() == weights.keys()
    served, stored = rounded_as_ctranslate2_rounds(whole["some.weight"]), rounded_as_ctranslate2_rounds(weights["some.weight"])
    assert np.array_equal(served, stored)
    assert np.allclose(whole["some.bias"], weights["some.bias"], rtol=1e-3)


def rounded_as_ctranslate2_rounds(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Of each row the largest is 127 (``quantize`` in CTranslate2's model_spec.py)."""
    largest = np.amax(np.absolute(weights), axis=1, keepdims=True)
    return np.asarray(np.rint(weights * np.where(largest == 0, 1, 127 / np.where(largest == 0, 1, largest))), dtype=np.float32)


def test_the_reader_that_ships_is_made_whole(tmp_path: Path) -> None:
    stored = load_file(SHIPPED_READER / EIGHT_BIT)
    with with_whole_weights(SHIPPED_READER, tmp_path) as folder:
        weights = load_file(folder / "model.safetensors")
    assert {name for name in stored if not name.endswith(".scale")} == weights.keys()
    name = "encoder.layer.0.attention.self.query.weight"
    assert np.allclose(weights[name], stored[name] * stored[f"{name}.scale"][:, None], rtol=1e-3)
