"""The form in which a model serves: CTranslate2 with 8-bit weights, derived once from the Hugging Face folder and cached by its hash."""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from models.errors import ConfigurationError
from models.summarizer.folder import CONVERTED, content_hash
from models.summarizer.packed import with_whole_weights

SOURCE_HASH = "source.sha256"


def default_cache() -> Path:
    """Where derived models are kept when nobody says otherwise: ``$XDG_CACHE_HOME/readback`` or ``~/.cache/readback``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "readback"


def converted_form(model_dir: Path, cache_dir: Path | None = None, adapter: Path | None = None) -> Path:
    """The folder with the CTranslate2 form of a model, derived now if it is nowhere yet (which needs torch and transformers).

    ``adapter`` is what was learnt on top of its packed weights, in the place of what lies in the folder.

    A form beside the model (``ctranslate2/``) counts only while it was derived from the very files that lie there. Several
    processes may ask at once: each writes its own temporary folder, the first rename wins.
    """
    source = content_hash(model_dir) if adapter is None else _hash_with(model_dir, adapter)
    beside = model_dir / CONVERTED
    if (beside / "model.bin").is_file() and _source_of(beside) == source:
        return beside
    import ctranslate2

    target = (cache_dir or default_cache()) / f"{source[:32]}-int8-{ctranslate2.__version__}"
    if not (target / "model.bin").is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="converting-") as scratch:
            made = Path(scratch) / "model"
            convert(model_dir, made, source, adapter)
            try:
                made.rename(target)
            except OSError:
                if not (target / "model.bin").is_file():
                    raise
    return target


def _source_of(converted: Path) -> str:
    path = converted / SOURCE_HASH
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _hash_with(model_dir: Path, adapter: Path) -> str:
    return hashlib.sha256(content_hash(model_dir).encode() + adapter.read_bytes()).hexdigest()


def convert(model_dir: Path, target: Path, source: str = "", adapter: Path | None = None) -> None:
    """Write the int8 CTranslate2 form of a Hugging Face folder, or of one with packed weights.

    The one stored form serves CPU (int8) and GPU (int8 with float16).
    """
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        """The stock converter reads attributes that transformers 5 no longer sets; every BART and BERT has these values."""

        def load_model(self, model_class: Any, path: str, **kwargs: Any) -> Any:
            model = super().load_model(model_class, path, **kwargs)
            if model.config.model_type == "bert":
                model.config.position_embedding_type = "absolute"
            if model.config.model_type == "bart":
                model.config.normalize_before = False
                model.config.normalize_embedding = True
            return model

    try:
        with with_whole_weights(model_dir, target.parent, adapter=adapter) as whole:
            Converter(str(whole)).convert(str(target), quantization="int8")
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"The model in {model_dir} cannot be converted for serving: {error}", remedy="Check that its folder is complete"
        ) from error
    (target / SOURCE_HASH).write_text(source or content_hash(model_dir), encoding="utf-8")
