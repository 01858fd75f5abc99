"""Classifiers of single utterances: of several labels one (emotion), or any number at once (danger). A folder holds

    signals.json         what it tells apart, and how its scores become likelihoods (``Settings``)
    linear.npz           form ``linear``: weights over character n-grams
    config.json …        form ``encoder``: any BERT-like encoder as Hugging Face has it, and
    head.safetensors     what is read off the mean of its states

The linear form costs next to nothing beside the reader (ADR 21). The encoder form computes a pass of its own over what the caller said, in
CTranslate2 with 8-bit weights.
"""

import json
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import ConfigurationError
from models.summarizer.conversion import converted_form
from models.summarizer.encoding import load_tokenizer
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, parallelism
from models.summarizer.ngrams import WeightedNgrams

SETTINGS, LINEAR, HEAD = "signals.json", "linear.npz", "head.safetensors"
_AGAIN = "Restore the folder, or train the classifier again (train-emotion, train-danger)"
Floats = npt.NDArray[np.float32]


class Settings(BaseModel):
    """What a classifier tells apart, and how sure is sure enough. Where one number is given in place of one a label, it holds for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["linear", "encoder"]
    labels: tuple[str, ...] = Field(min_length=2)
    several: bool = Field(description="Whether an utterance may have several labels, or none; else it has one")
    scale: tuple[float, ...] = Field((1.0,), description="What scores are multiplied by before they become likelihoods")
    offset: tuple[float, ...] = Field((0.0,), description="What is added to them then")
    bounds: tuple[float, ...] = Field((0.0,), description="Likelihood from which a label counts")
    max_length: int = Field(128, ge=8, description="Longest utterance in tokens (form encoder)")

    @model_validator(mode="after")
    def _fits_its_labels(self) -> Self:
        for name in ("scale", "offset", "bounds"):
            if len(getattr(self, name)) not in (1, len(self.labels)):
                raise ValueError(f"{name} has {len(getattr(self, name))} values for {len(self.labels)} labels")
        return self

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The settings of a classifier's folder; ConfigurationError where there are none or they are damaged."""
        path = folder / SETTINGS
        if not path.is_file():
            raise ConfigurationError(f"{folder} holds no {SETTINGS}", remedy=_AGAIN)
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ConfigurationError(f"{path} is damaged: {error.errors()[0]['msg']}", remedy=_AGAIN) from error

    def save(self, folder: Path) -> None:
        """Write ``signals.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / SETTINGS).write_text(json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1), encoding="utf-8")

    def likelihoods(self, scores: Floats) -> Floats:
        """Scores, shape (texts, labels), as likelihoods: of one label among all, or of each label by itself."""
        scaled = scores * np.asarray(self.scale, np.float32) + np.asarray(self.offset, np.float32)
        if self.several:
            return np.asarray(1 / (1 + np.exp(-np.clip(scaled, -60, 60))), dtype=np.float32)
        raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)

    @property
    def bounds_by_label(self) -> tuple[float, ...]:
        """The likelihood from which each label counts."""
        return self.bounds if len(self.bounds) > 1 else self.bounds * len(self.labels)


class Classifier(ABC):
    """A loaded classifier. Safe to call from several threads."""

    device: str = "cpu"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def likelihoods(self, texts: Sequence[str]) -> Floats:
        """How likely each label is, shape (texts, labels)."""
        if not texts:
            return np.zeros((0, len(self.settings.labels)), dtype=np.float32)
        return self.settings.likelihoods(self.scores(texts))

    @abstractmethod
    def scores(self, texts: Sequence[str]) -> Floats:
        """What speaks for each label, shape (texts, labels)."""


class LinearClassifier(Classifier):
    """A linear classifier over character n-grams."""

    def __init__(self, settings: Settings, weighted: WeightedNgrams, bias: Floats) -> None:
        super().__init__(settings)
        self._weighted, self._bias = weighted, bias

    def scores(self, texts: Sequence[str]) -> Floats:
        """See Classifier."""
        return np.array([self._weighted.score(text) + self._bias for text in texts], dtype=np.float32)

    def with_settings(self, settings: Settings) -> Self:
        """The same weights under other settings: calibrated, with bounds."""
        return type(self)(settings, self._weighted, self._bias)

    def save(self, folder: Path) -> None:
        """Write the folder."""
        self.settings.save(folder)
        np.savez_compressed(
            folder / LINEAR,
            allow_pickle=False,
            rarity=self._weighted.rarity.astype(np.float16),
            weights=self._weighted.weights,
            scales=self._weighted.scales,
            bias=self._bias,
        )

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> Self:
        """Read ``linear.npz``; ConfigurationError where it is missing, damaged, or of other labels than the settings."""
        path = folder / LINEAR
        try:
            with np.load(path, allow_pickle=False) as stored:
                weighted = WeightedNgrams(stored["rarity"].astype(np.float32), stored["weights"], stored["scales"])
                bias = stored["bias"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ConfigurationError(f"{path} cannot be read: {error}", remedy=_AGAIN) from error
        if not len(weighted.weights) == len(bias) == len(settings.labels):
            raise ConfigurationError(f"{path} knows {len(bias)} labels, {SETTINGS} {len(settings.labels)}", remedy=_AGAIN)
        return cls(settings, weighted, bias)


class EncoderClassifier(Classifier):
    """A fine-tuned encoder with one linear layer on the mean of its states."""

    def __init__(self, folder: Path, settings: Settings, device: Device = "auto", cache_dir: Path | None = None) -> None:
        """Load the 8-bit form, deriving it first where it is nowhere yet."""
        import ctranslate2
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        super().__init__(settings)
        self.device = choose_device(device)
        converted = converted_form(folder, cache_dir)
        self._encoder = ctranslate2.Encoder(
            str(converted), device=self.device, compute_type=compute_type(self.device), **parallelism(converted, self.device, 0)
        )
        self._tokenizer = load_tokenizer(folder)
        self._tokenizer.enable_truncation(settings.max_length)
        try:
            head = load_file(folder / HEAD)
            self._weight, self._bias = head["weight"].astype(np.float32), head["bias"].astype(np.float32)
        except (OSError, KeyError, SafetensorError) as error:
            raise ConfigurationError(f"{folder / HEAD} cannot be read: {error}", remedy=_AGAIN) from error
        if len(self._bias) != len(settings.labels):
            raise ConfigurationError(f"{folder / HEAD} knows {len(self._bias)} labels, {SETTINGS} {len(settings.labels)}", remedy=_AGAIN)

    def scores(self, texts: Sequence[str]) -> Floats:
        """See Classifier. Texts of like length pass together."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        found = np.empty((len(ids), len(self._bias)), dtype=np.float32)
        rows = BATCH_ROWS[self.device]
        for first in range(0, len(order), rows):
            batch = order[first : first + rows]
            output = np.asarray(self._encoder.forward_batch([ids[i] for i in batch]).last_hidden_state).astype(np.float32, copy=False)
            for row, i in enumerate(batch):
                found[i] = self._weight @ output[row, : len(ids[i])].mean(axis=0) + self._bias
        return found


def load_classifier(folder: Path, device: Device = "auto", cache_dir: Path | None = None) -> Classifier:
    """The classifier of a folder, of either form; ConfigurationError where it is damaged."""
    settings = Settings.load(folder)
    if settings.form == "linear":
        return LinearClassifier.load(folder, settings)
    return EncoderClassifier(folder, settings, device, cache_dir)
