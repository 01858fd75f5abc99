"""What the serving form is held against: Hugging Face's ``generate`` on the folder itself, float32 on a CPU."""

from collections.abc import Sequence
from pathlib import Path

from models.summarizer.chat import chat_prompt, terminators
from models.summarizer.encoding import encode, end_of_sequence, load_tokenizer
from models.summarizer.engine import BEAMS, Device, choose_device, input_limit, output_limit
from models.summarizer.folder import model_family, read_config


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
        self._plain = load_tokenizer(model_dir) if self.family == "bart" else None
        self._end = end_of_sequence(model_dir, self._plain) if self._plain else 0

    def count_tokens(self, text: str) -> int:
        """See Engine."""
        return len(self._ids(text))

    def token_upper_bound(self, text: str) -> int:
        """See Engine."""
        return self.count_tokens(text)

    def _ids(self, text: str, limit: int | None = None) -> list[int]:
        if self._plain:
            return encode(self._plain, [text], self._end, limit)[0]
        prompt: list[int] = chat_prompt(self._tokenizer, text)
        return prompt

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        """See Engine."""
        import torch

        rows = [self._ids(text, self.max_input_tokens) for text in texts]
        batch = self._tokenizer.pad({"input_ids": rows}, return_tensors="pt").to(self.device)
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
