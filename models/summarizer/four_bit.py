"""Weights kept in 4-bit blocks, the form in which some encoders are published, and unpacked when a model is made ready to serve.

``model.q4_0.safetensors`` stands in a Hugging Face folder in the place of ``model.safetensors``, at a third of its size. A matrix in it
is bytes of shape (rows, columns / 32, 18): GGML's Q4_0, 32 weights a block as one half-precision scale and 16 bytes, weight *j* in the low
and weight *j + 16* in the high half of byte *j*, each stored with 8 added. Any other tensor is what it is.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError

PACKED = "model.q4_0.safetensors"
BLOCK = 32  # weights
_STORED = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
BLOCK_BYTES = _STORED.itemsize

Blocks = npt.NDArray[np.uint8]


def unpack(blocks: Blocks) -> npt.NDArray[np.float32]:
    """The weights of blocks (…, count, 18), shape (…, 32 · count)."""
    stored = np.ascontiguousarray(blocks).view(_STORED)[..., 0]
    numbers = np.concatenate([stored["halves"] & 15, stored["halves"] >> 4], axis=-1).astype(np.float32) - 8
    weights = numbers * stored["scale"].astype(np.float32)[..., None]
    return np.asarray(weights, dtype=np.float32).reshape(*blocks.shape[:-2], -1)


def weights_of(stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A stored tensor's weights: those of blocks, or itself."""
    return unpack(stored) if stored.dtype == np.uint8 else stored


@contextmanager
def with_whole_weights(model_dir: Path, scratch: Path) -> Iterator[Path]:
    """The folder as transformers loads it: itself, or for a while a copy below ``scratch`` with its blocks as float16.

    Raises ConfigurationError where the packed file is damaged.
    """
    if not (model_dir / PACKED).is_file():
        yield model_dir
        return
    with tempfile.TemporaryDirectory(dir=scratch, prefix="unpacked-") as folder:
        whole = Path(folder) / model_dir.name
        shutil.copytree(model_dir, whole, ignore=shutil.ignore_patterns(PACKED))
        _write_unpacked(model_dir / PACKED, whole / "model.safetensors")
        yield whole


def _write_unpacked(packed: Path, target: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file, save_file

    try:
        stored = load_file(packed)
    except SafetensorError as error:
        raise ConfigurationError(f"{packed} is damaged: {error}", remedy="Restore the model's folder") from error
    save_file({name: weights_of(values).astype(np.float16) for name, values in stored.items()}, target, metadata={"format": "pt"})
