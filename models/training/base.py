"""Loading what is to be trained: the base model in the right precision, its tokenizer, the adapter; and merging the adapter afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import ConfigurationError
from models.summarizer.encoding import whole_texts
from models.summarizer.vocabulary import Vocabulary
from models.training.config import FinetuneConfig
from models.training.data.pair import Pair
from models.training.hardware import Precision


def load_tokenizer(config: FinetuneConfig) -> Any:
    """The base's fast tokenizer with a padding token; KoBART's class is PreTrainedTokenizerFast, Llama's is looked up."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    kind = PreTrainedTokenizerFast if config.family == "bart" else AutoTokenizer
    try:
        tokenizer = kind.from_pretrained(config.base_model, local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise _unknown_base(config, error) from error
    if tokenizer.eos_token is None:
        raise ConfigurationError(
            f"The tokenizer of {config.base_model} has no end-of-sequence token", remedy="Set eos_token in its tokenizer_config.json"
        )
    if tokenizer.pad_token is None:
        # Attention masks and ignored labels hide padding, so any token serves.
        tokenizer.pad_token = tokenizer.eos_token
    whole_texts(tokenizer.backend_tokenizer)
    return tokenizer


def load_base(config: FinetuneConfig, precision: Precision, device: str, *, quantized: bool) -> Any:
    """The base model. Every weight that is trained stays fp32 (mixed precision works on copies); a frozen base is kept in 16 bits."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, BitsAndBytesConfig

    kind = AutoModelForSeq2SeqLM if config.family == "bart" else AutoModelForCausalLM
    half = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    options: dict[str, Any] = {"dtype": torch.float32 if config.method == "full" else half}
    if quantized:
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=half
        )
        options["device_map"] = {"": 0 if device == "cuda" else "cpu"}
    try:
        model = kind.from_pretrained(config.base_model, local_files_only=True, **options)
    except (OSError, ValueError, KeyError) as error:
        raise _unknown_base(config, error) from error
    if quantized and device == "cpu":
        _keep_gradients(model)
    if model.config.model_type != config.family:
        raise ConfigurationError(
            f"{config.base_model} is a {model.config.model_type} model and the run is of family {config.family}",
            remedy="Change family or base",
        )
    return model


def _keep_gradients(model: Any) -> None:
    """Keep bitsandbytes from packing 4-bit weights for inference at the first evaluation: its packed kernel has no gradient, so that the
    training that follows would learn nothing through it, with a warning at most.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _unknown_base(config: FinetuneConfig, error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"No {config.family} model could be loaded from {config.base_model!r}: {str(error).splitlines()[0]}",
        remedy="Name a folder with config.json, weights and tokenizer, or a hub model that has been downloaded to this machine",
    )


def add_adapter(config: FinetuneConfig, model: Any) -> Any:
    """Freeze the base and put LoRA adapters on its target layers; their weights are fp32."""
    from peft import LoraConfig, TaskType, get_peft_model, prepare_model_for_kbit_training

    if config.method == "qlora":
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=config.gradient_checkpointing)
    elif config.gradient_checkpointing:
        model.enable_input_require_grads()
    lora = LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        target_modules=list(config.lora_targets),
        task_type=TaskType.SEQ_2_SEQ_LM if config.family == "bart" else TaskType.CAUSAL_LM,
    )
    try:
        return get_peft_model(model, lora)
    except ValueError as error:
        raise ConfigurationError(
            f"LoRA found no layer to adapt among {', '.join(config.lora_targets)}: {str(error).splitlines()[0]}",
            remedy="Set lora_targets to names of this model's linear layers, such as q_proj and v_proj",
        ) from error


def merge_adapter(config: FinetuneConfig, adapter: Path, tokenizer: Any, target: Path, precision: Precision) -> None:
    """Write the base with the adapter added into its weights, so that serving needs neither peft nor the base.

    The base is loaded anew unquantized: adding to 4-bit weights would round the adapter away. A QLoRA adapter was
    trained against the rounded base, so its merged model answers almost, not exactly, as it did in training.
    """
    from peft import PeftModel

    base = load_base(config, precision, "cpu", quantized=False)
    merged = PeftModel.from_pretrained(base, str(adapter)).merge_and_unload()
    merged.save_pretrained(target)
    save_words(config, tokenizer, target)


def base_classifier(config: FinetuneConfig) -> Any:
    """The classifier of requests that a base comes with, such as the shipped model's; None for all others."""
    from models.summarizer.classifier import RequestClassifier

    return RequestClassifier.load(Path(config.base_model)) if config.family == "bart" else None


def as_the_base_reads(config: FinetuneConfig, pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs with their inputs as the base has learnt to read them and as they will be served: with its classifier's mark, if it has one."""
    classifier = base_classifier(config)
    if classifier is None:
        return list(pairs)
    from models.summarizer.classifier import marked

    kinds = classifier.kinds_of([pair.input for pair in pairs])
    return [replace(pair, input=marked(pair.input, kind)) for pair, kind in zip(pairs, kinds, strict=True)]


def save_words(config: FinetuneConfig, tokenizer: Any, target: Path) -> None:
    """Write the tokenizer, the vocabulary and the base's classifier, where it has one, beside the weights.

    The vocabulary is the base's, so that the guard of a fine-tuned model stays as it is until the model is made again; what was learnt
    from other people's summaries may use their words.
    """
    tokenizer.save_pretrained(target)
    if classifier := base_classifier(config):
        classifier.save(target)
    Vocabulary.load(Path(config.base_model)).with_own_words().save(target)
