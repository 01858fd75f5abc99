"""An encoder-decoder such as KoBART in CTranslate2."""

from collections.abc import Sequence
from pathlib import Path

from models.summarizer.conversion import converted_form
from models.summarizer.encoding import encode, end_of_sequence, load_tokenizer, tokens_a_character
from models.summarizer.engine import BATCH_ROWS, Device, choose_device, compute_type, first_beams, input_limit, output_limit, parallelism
from models.summarizer.folder import read_config


class BartEngine:
    """Serves BART. Implements Engine."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        import ctranslate2

        self.device: str = choose_device(device)
        self.max_input_tokens, self._max_output = input_limit(model_dir), output_limit(read_config(model_dir))
        self.beams = first_beams(model_dir)
        folder = converted_form(model_dir, cache_dir)
        self._tokenizer = load_tokenizer(model_dir)
        self._end = end_of_sequence(model_dir, self._tokenizer)
        self._tokens_a_character = tokens_a_character(self._tokenizer)
        self._ids: dict[str, int] = self._tokenizer.get_vocab()
        self._translator = ctranslate2.Translator(
            str(folder), device=self.device, compute_type=compute_type(self.device), **parallelism(folder, self.device, threads)
        )

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(encode(self._tokenizer, [text], self._end)[0])

    def token_upper_bound(self, text: str) -> int:
        """See Engine. Two more: the mark of a beginning, where the tokenizer puts one, and the end."""
        normalizer = self._tokenizer.normalizer
        whole = normalizer.normalize_str(text) if normalizer else text
        return self._tokens_a_character * len(whole) + 2 + int(self._tokenizer.num_special_tokens_to_add(False))

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """See Engine."""
        rows = [[self._tokenizer.id_to_token(i) for i in ids] for ids in encode(self._tokenizer, texts, self._end, self.max_input_tokens)]
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
