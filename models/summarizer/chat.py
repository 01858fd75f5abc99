"""How a causal model is asked for a summary: the same conversation in training and in service."""

from typing import Any

from models.errors import ConfigurationError

INSTRUCTION = "보험 고객의 문의를 짧은 한 구절로 요약하세요. 고객이 말하지 않은 보험 종류, 금액, 날짜는 쓰지 마세요."
# Llama 3's template writes today's date into the system message unless it is told one; training and service must read the same.
TEMPLATE_DATE = "26 Jul 2024"


def chat_prompt(tokenizer: Any, text: str) -> list[int]:
    """Token ids of the conversation up to where the summary begins, by the tokenizer's own chat template."""
    if not tokenizer.chat_template:
        raise ConfigurationError(
            "The tokenizer has no chat template", remedy="Use an Instruct model, or put chat_template.jinja beside its tokenizer"
        )
    messages = [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": text}]
    prompt = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True, date_string=TEMPLATE_DATE)
    ids: list[int] = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    return ids


def end_of_turn(tokenizer: Any) -> int:
    """The token that a causal model must write after the summary: Llama 3's ``<|eot_id|>`` where there is one."""
    ends = terminators(tokenizer)
    if not ends:
        raise ConfigurationError("The tokenizer has no token that ends an answer", remedy="Set its eos_token")
    return int(tokenizer.convert_tokens_to_ids("<|eot_id|>" if "<|eot_id|>" in ends else ends[0]))


def terminators(tokenizer: Any) -> list[str]:
    """The tokens that end a Llama answer: the tokenizer's own and, where the vocabulary has them, the two that Llama 3 uses."""
    known = tokenizer.get_vocab()
    return list(dict.fromkeys(token for token in (tokenizer.eos_token, "<|end_of_text|>", "<|eot_id|>") if token in known))
