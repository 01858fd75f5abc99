"""What turns texts into candidate summaries: CTranslate2 for service, Hugging Face ``generate`` as the reference.

Both decode with the same beam search and both hand out all finished beams, best first, so that a caller can pass over one
that says what nobody said. A trained model is kept as a Hugging Face folder; its CTranslate2 form is derived from it once,
is named by the hash of what it was derived from, and needs neither torch nor transformers to run.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from models.errors import ConfigurationError
from models.summarizer import classifier as request_classifier
from models.summarizer.chat import chat_prompt, terminators

Device = Literal["auto", "cpu", "cuda"]

BEAMS = 4
MAX_OUTPUT_TOKENS = 128
MAX_INPUT_TOKENS = 1024
# Rows per forward pass: rows of like length pass together, so few of them waste little; a T4 at 1,024 tokens has room for 32.
BATCH_ROWS = {"cpu": 8, "cuda": 32}
CONVERTED = "ctranslate2"
SOURCE_HASH = "source.sha256"
_SMALL_MODEL_BYTES = 64 * 2**20


class Engine(Protocol):
    """Candidate summaries for texts. Implementations may be called from several threads at once."""

    device: str
    max_input_tokens: int
    beams: int  # how wide the model is searched at first

    def count_tokens(self, text: str) -> int:
        """How many tokens the model would read for this text, its special tokens included."""

    def most_tokens(self, text: str) -> int:
        """No fewer than ``count_tokens`` says; an engine that knows a bound saves reading most texts twice."""

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """Up to ``beams`` summaries a text, most likely first."""


def model_family(model_dir: Path) -> str:
    """``bart`` or ``llama``, from the folder's config.json; raise ConfigurationError where it holds no model of ours."""
    config = read_config(model_dir)
    family = str(config.get("model_type", ""))
    if family not in ("bart", "llama"):
        raise ConfigurationError(f"{model_dir / 'config.json'} is of type {family!r}", remedy="Summarizers are of type bart or llama")
    return family


def read_config(model_dir: Path) -> dict[str, Any]:
    """The model's config.json; raise ConfigurationError naming the folder where there is none."""
    path = model_dir / "config.json"
    if not path.is_file():
        raise ConfigurationError(
            f"No summarizer lies in {model_dir}: config.json is missing",
            remedy="Train one (python -m models.recipe.recipe) or point READBACK_MODEL_DIR at a fine-tuned model's folder",
        )
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def content_hash(model_dir: Path) -> str:
    """64 hexadecimal digits over the files that decide what a model answers: weights, configuration, tokenizer, classifier."""
    digest = hashlib.sha256()
    names = [
        *sorted(path.name for path in model_dir.glob("*.safetensors")),
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "chat_template.jinja",
        request_classifier.FILE,
    ]
    for name in names:
        path = model_dir / name
        if path.is_file():
            digest.update(name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def default_cache() -> Path:
    """Where derived models are kept when nobody says otherwise: ``$XDG_CACHE_HOME/readback`` or ``~/.cache/readback``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "readback"


def converted_form(model_dir: Path, cache_dir: Path | None = None) -> Path:
    """The folder with the CTranslate2 form of a model, derived now if it is nowhere yet (which needs torch and transformers).

    A form beside the model (``ctranslate2/``) counts only while it was derived from the very files that lie there. Several
    processes may ask at once: each writes its own temporary folder, the first rename wins.
    """
    source = content_hash(model_dir)
    beside = model_dir / CONVERTED
    if (beside / "model.bin").is_file() and _source_of(beside) == source:
        return beside
    import ctranslate2

    target = (cache_dir or default_cache()) / f"{source[:32]}-int8-{ctranslate2.__version__}"
    if not (target / "model.bin").is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="converting-") as scratch:
            made = Path(scratch) / "model"
            convert(model_dir, made, source)
            try:
                made.rename(target)
            except OSError:
                if not (target / "model.bin").is_file():
                    raise
    return target


def _source_of(converted: Path) -> str:
    path = converted / SOURCE_HASH
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def convert(model_dir: Path, target: Path, source: str = "") -> None:
    """Write the int8 CTranslate2 form of a Hugging Face folder. The one stored form serves CPU (int8) and GPU (int8 with float16)."""
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        """The stock converter reads two BART attributes that transformers 5 no longer sets; every BART has these values."""

        def load_model(self, model_class: Any, path: str, **kwargs: Any) -> Any:
            model = super().load_model(model_class, path, **kwargs)
            if model.config.model_type == "bart":
                model.config.normalize_before = False
                model.config.normalize_embedding = True
            return model

    try:
        Converter(str(model_dir)).convert(str(target), quantization="int8")
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"The model in {model_dir} cannot be converted for serving: {error}", remedy="Check that its folder is complete"
        ) from error
    (target / SOURCE_HASH).write_text(source or content_hash(model_dir), encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        if (model_dir / name).is_file():
            shutil.copy(model_dir / name, target / name)


def choose_device(wanted: Device) -> Literal["cpu", "cuda"]:
    """Resolve ``auto`` without torch; raise ConfigurationError where CUDA is asked for and absent."""
    import ctranslate2

    devices = ctranslate2.get_cuda_device_count()
    if wanted == "cuda" and not devices:
        raise ConfigurationError(
            "The summarizer was told to run on CUDA and this machine has none", remedy="Set READBACK_MODEL_DEVICE to auto or cpu"
        )
    return "cuda" if devices and wanted != "cpu" else "cpu"


def input_limit(model_dir: Path) -> int:
    """Longest input in tokens: 1,024 by the requirements, less where the model has fewer positions or its tokenizer states less.

    A model reads badly beyond what it was trained on, so the small one states the length of its longest training rows.
    """
    positions = int(read_config(model_dir).get("max_position_embeddings", MAX_INPUT_TOKENS))
    path = model_dir / "tokenizer_config.json"
    stated = json.loads(path.read_text(encoding="utf-8")).get("model_max_length") if path.is_file() else None
    return int(min(MAX_INPUT_TOKENS, positions, stated or MAX_INPUT_TOKENS))


def output_limit(config: dict[str, Any]) -> int:
    """Longest summary in tokens: 128 by the requirements, less where the decoder has fewer positions (its start token takes one)."""
    return min(MAX_OUTPUT_TOKENS, int(config.get("max_position_embeddings", MAX_OUTPUT_TOKENS + 1)) - 1)


def first_beams(model_dir: Path) -> int:
    """How wide a model is searched at first: ``num_beams`` of its generation_config.json; 4 by the requirements where it says nothing."""
    path = model_dir / "generation_config.json"
    stated = json.loads(path.read_text(encoding="utf-8")).get("num_beams") if path.is_file() else None
    return int(stated or BEAMS)


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokenizer as it serves: nothing cut, nothing padded, no merges dropped at random."""
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ConfigurationError(f"{folder} has no tokenizer.json", remedy="Save the model with its fast tokenizer beside it")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if hasattr(tokenizer.model, "dropout"):
        tokenizer.model.dropout = None
    return tokenizer


def tokens_a_character(tokenizer: Any) -> int:
    """At most how many tokens a character becomes: one, or those of its four bytes where a tokenizer knows bytes."""
    parts = json.loads(tokenizer.to_str())
    knows_bytes = parts["model"].get("byte_fallback") or "ByteLevel" in json.dumps(parts["pre_tokenizer"])
    return 4 if knows_bytes else 1


def _parallelism(converted: Path, device: str, threads: int) -> dict[str, int]:
    """A small model gains more from several batches side by side than from several threads on one matrix."""
    if device == "cuda":
        return {"inter_threads": 1}
    cores = threads or len(os.sched_getaffinity(0))
    small = (converted / "model.bin").stat().st_size < _SMALL_MODEL_BYTES
    return {"inter_threads": cores, "intra_threads": 1} if small else {"inter_threads": 1, "intra_threads": cores}


def _compute_type(device: str) -> str:
    return "int8_float16" if device == "cuda" else "int8"


class BartEngine:
    """An encoder-decoder in CTranslate2."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        import ctranslate2

        self.device: str = choose_device(device)
        self.max_input_tokens, self._max_output = input_limit(model_dir), output_limit(read_config(model_dir))
        self.beams = first_beams(model_dir)
        folder = converted_form(model_dir, cache_dir)
        self._tokenizer = load_tokenizer(folder)
        self._tokens_a_character = tokens_a_character(self._tokenizer)
        self._ids: dict[str, int] = self._tokenizer.get_vocab()
        self._translator = ctranslate2.Translator(
            str(folder), device=self.device, compute_type=_compute_type(self.device), **_parallelism(folder, self.device, threads)
        )

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(self._tokenizer.encode(text).ids)

    def most_tokens(self, text: str) -> int:
        """See Engine. One more for the mark of a beginning, where the tokenizer puts one."""
        normalizer = self._tokenizer.normalizer
        whole = normalizer.normalize_str(text) if normalizer else text
        return self._tokens_a_character * len(whole) + 1 + int(self._tokenizer.num_special_tokens_to_add(False))

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """See Engine."""
        rows = [encoding.tokens for encoding in self._tokenizer.encode_batch(list(texts))]
        # CTranslate2 sorts the rows by length before it cuts them into batches, and restores their order.
        results = self._translator.translate_batch(
            rows,
            beam_size=beams,
            num_hypotheses=beams,
            max_batch_size=BATCH_ROWS[self.device],
            max_decoding_length=self._max_output,
            max_input_length=0,
        )
        written = [[self._ids[token] for token in tokens] for result in results for tokens in result.hypotheses]
        decoded = iter(self._tokenizer.decode_batch(written, skip_special_tokens=True))
        return [[next(decoded).strip() for _ in result.hypotheses] for result in results]


class LlamaEngine:
    """A causal model with a chat template in CTranslate2. The template needs transformers' tokenizer, not torch."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        import ctranslate2
        from transformers import AutoTokenizer

        self.device: str = choose_device(device)
        self.max_input_tokens, self._max_output = input_limit(model_dir), output_limit(read_config(model_dir))
        self.beams = first_beams(model_dir)
        folder = converted_form(model_dir, cache_dir)
        self._tokenizer = AutoTokenizer.from_pretrained(model_dir)
        self._terminators = terminators(self._tokenizer)
        self._generator = ctranslate2.Generator(
            str(folder), device=self.device, compute_type=_compute_type(self.device), **_parallelism(folder, self.device, threads)
        )

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(self._prompt(text))

    def most_tokens(self, text: str) -> int:
        """See Engine."""
        return self.count_tokens(text)

    def _prompt(self, text: str) -> list[str]:
        tokens: list[str] = self._tokenizer.convert_ids_to_tokens(chat_prompt(self._tokenizer, text))
        return tokens

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """See Engine."""
        results = self._generator.generate_batch(
            [self._prompt(text) for text in texts],
            beam_size=beams,
            num_hypotheses=beams,
            max_batch_size=BATCH_ROWS[self.device],
            max_length=self._max_output,
            include_prompt_in_result=False,
            end_token=self._terminators,
        )
        return [[self._tokenizer.decode(ids, skip_special_tokens=True).strip() for ids in result.sequences_ids] for result in results]


class HuggingFaceEngine:
    """The reference: ``generate`` on the Hugging Face folder, one batch of equal treatment, float32 on a CPU."""

    def __init__(self, model_dir: Path, device: Device = "auto") -> None:
        import torch
        import transformers

        self.family = model_family(model_dir)
        kind = transformers.AutoModelForSeq2SeqLM if self.family == "bart" else transformers.AutoModelForCausalLM
        self.device: str = choose_device(device)
        self.max_input_tokens, self._max_output = input_limit(model_dir), output_limit(read_config(model_dir))
        self.beams = BEAMS
        dtype = torch.float16 if self.device == "cuda" else torch.float32
        self._model = kind.from_pretrained(model_dir, dtype=dtype).to(self.device).eval()
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(model_dir, padding_side="right" if self.family == "bart" else "left")
        self._tokenizer.pad_token = self._tokenizer.pad_token or self._tokenizer.eos_token

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(self._ids(text))

    def most_tokens(self, text: str) -> int:
        """See Engine."""
        return self.count_tokens(text)

    def _ids(self, text: str) -> list[int]:
        if self.family == "bart":
            ids: list[int] = self._tokenizer(text)["input_ids"]
            return ids
        prompt: list[int] = chat_prompt(self._tokenizer, text)
        return prompt

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """See Engine."""
        import torch

        batch = self._tokenizer.pad({"input_ids": [self._ids(text) for text in texts]}, return_tensors="pt").to(self.device)
        ends = None if self.family == "bart" else self._tokenizer.convert_tokens_to_ids(terminators(self._tokenizer))
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                num_beams=beams,
                num_return_sequences=beams,
                max_new_tokens=self._max_output,
                early_stopping=beams > 1,
                do_sample=False,
                pad_token_id=self._tokenizer.pad_token_id,
                **({"eos_token_id": ends} if ends else {}),
            )
        start = 0 if self.family == "bart" else batch["input_ids"].shape[1]
        decoded = [text.strip() for text in self._tokenizer.batch_decode(output[:, start:], skip_special_tokens=True)]
        return [decoded[i * beams : (i + 1) * beams] for i in range(len(texts))]
