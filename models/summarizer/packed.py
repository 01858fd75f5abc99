"""Weights kept smaller than transformers keeps them, and made whole when a model is made ready to serve.

In the place of ``model.safetensors`` stands in a Hugging Face folder

    model.q4_0.safetensors   a third of its size, the form in which some encoders are published. A matrix is bytes of shape
                             (rows, columns / 32, 18): GGML's Q4_0, 32 weights a block as one half-precision scale and 16 bytes, weight
                             *j* in the low and weight *j + 16* in the high half of byte *j*, each stored with 8 added.
    model.int8.safetensors   half of its size, the form in which CTranslate2 serves. A matrix is int8 of shape (rows, columns), and
                             ``<name>.scale`` float32 of shape (rows,): CTranslate2 rounds these weights to the same numbers again, so that
                             nothing is lost that would have been served.

Any other tensor is what it is. What was learnt on top of packed weights may lie beside them in ``adapter.safetensors`` (LoRA): for a matrix
``<name>.up`` of shape (rows, rank) and ``<name>.down`` (rank, columns), whose product is added to it.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError

FOUR_BIT, EIGHT_BIT = "model.q4_0.safetensors", "model.int8.safetensors"
BLOCK = 32  # weights
_STORED = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])
BLOCK_BYTES = _STORED.itemsize
_SCALE = ".scale"
ADAPTER, UP, DOWN = "adapter.safetensors", ".up", ".down"

Blocks = npt.NDArray[np.uint8]
Weights = npt.NDArray[np.float32]


def unpack(blocks: Blocks) -> Weights:
    """The weights of 4-bit blocks (…, count, 18), shape (…, 32 · count)."""
    stored = np.ascontiguousarray(blocks).view(_STORED)[..., 0]
    numbers = np.concatenate([stored["halves"] & 15, stored["halves"] >> 4], axis=-1).astype(np.float32) - 8
    weights = numbers * stored["scale"].astype(np.float32)[..., None]
    return np.asarray(weights, dtype=np.float32).reshape(*blocks.shape[:-2], -1)


def weights_of(stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A stored tensor's weights: those of blocks, or itself."""
    return unpack(stored) if stored.dtype == np.uint8 else stored


def in_eight_bits(tensors: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Each matrix as rows of int8 beside their scales, all else as float16."""
    packed: dict[str, npt.NDArray[Any]] = {}
    for name, values in tensors.items():
        if values.ndim != 2:
            packed[name] = values.astype(np.float16)
            continue
        rows = values.astype(np.float32)
        scale = np.abs(rows).max(axis=1) / 127  # CTranslate2's own: the largest weight of a row is 127
        packed[name] = np.rint(rows / np.maximum(scale, np.finfo(np.float32).tiny)[:, None]).astype(np.int8)
        packed[name + _SCALE] = scale
    return packed


def whole_weights(packed: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The tensors of a packed file as transformers has them, those that were packed in float32."""
    return {
        name: values.astype(np.float32) * packed[name + _SCALE][:, None] if name + _SCALE in packed else weights_of(values)
        for name, values in packed.items()
        if not name.endswith(_SCALE)
    }


def adapted(tensors: Mapping[str, npt.NDArray[Any]], adapter: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """Tensors with what was learnt on top of them added; KeyError or ValueError where the adapter is another model's."""
    whole = dict(tensors)
    for name in (name.removesuffix(UP) for name in adapter if name.endswith(UP)):
        whole[name] = whole[name] + adapter[name + UP].astype(np.float32) @ adapter[name + DOWN].astype(np.float32)
    return whole


def packed_file(model_dir: Path) -> Path | None:
    """The packed weights of a folder, None where they lie there whole."""
    return next((model_dir / name for name in (FOUR_BIT, EIGHT_BIT) if (model_dir / name).is_file()), None)


@contextmanager
def with_whole_weights(model_dir: Path, scratch: Path | None = None, *, learnt: bool = True, adapter: Path | None = None) -> Iterator[Path]:
    """The folder as transformers loads it: itself, or for a while a copy (below ``scratch``) with its weights as float16.

    ``learnt`` adds what was learnt on top of them, if there is something: ``adapter``, by default the one that lies there.

    Raises ConfigurationError where the packed file is damaged.
    """
    packed = packed_file(model_dir)
    if packed is None:
        yield model_dir
        return
    with tempfile.TemporaryDirectory(dir=scratch, prefix="unpacked-") as folder:
        whole = Path(folder) / model_dir.name
        shutil.copytree(model_dir, whole, ignore=shutil.ignore_patterns(packed.name, ADAPTER))
        on_top = adapter or model_dir / ADAPTER
        _write_unpacked(packed, whole / "model.safetensors", on_top if learnt and on_top.is_file() else None)
        yield whole


def _write_unpacked(packed: Path, target: Path, adapter: Path | None) -> None:
    from safetensors.numpy import save_file

    weights = whole_weights(_tensors(packed))
    if adapter is not None:
        try:
            weights = adapted(weights, _tensors(adapter))
        except (KeyError, ValueError) as error:
            raise ConfigurationError(f"{adapter} is no adapter of {packed.name}: {error}", remedy="Restore the model's folder") from error
    save_file({name: values.astype(np.float16) for name, values in weights.items()}, target, metadata={"format": "pt"})


def _tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ConfigurationError(f"{path} is damaged: {error}", remedy="Restore the model's folder") from error
