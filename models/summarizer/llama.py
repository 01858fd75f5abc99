"""A causal model with a chat template, such as Llama 3.2, in CTranslate2. The template needs transformers' tokenizer, not torch."""

from collections.abc import Sequence
from pathlib import Path

from models.summarizer.chat import chat_prompt, terminators
from models.summarizer.conversion import converted_form
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, first_beams, input_limit, output_limit, parallelism
from models.summarizer.folder import read_config


class LlamaEngine:
    """Serves Llama. Implements Engine."""

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
            str(folder), device=self.device, compute_type=compute_type(self.device), **parallelism(folder, self.device, threads)
        )

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(self._prompt(text))

    def token_upper_bound(self, text: str) -> int:
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
