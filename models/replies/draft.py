"""A reply for an agent to say or change: an approved opening and, where a language model is there, a sentence that takes the request up.

The sentence passes the guard that a summary passes (``models/summarizer/spoken_evidence.py``): every content word was said by the caller,
in the utterance that it names, with the same sense. Beside those words it may use the words of courtesy (``_COURTESY``), and no others, so
it promises nothing that nobody promised. A caller never hears it.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.errors import ReadbackError
from models.replies.drafts import Draft, Drafts
from models.replies.openings import OpeningTable, choose
from models.summarizer.conversation import Conversation
from models.summarizer.language_model import Completions, Endpoint, Mask, read_answer, request_body
from models.summarizer.outcome import Kind
from models.summarizer.own_words import Shortener, word_set
from models.summarizer.spoken_evidence import Claim, EvidenceCheck

PROMPT = Path(__file__).with_name("prompt.txt")
REPLY_NAME = "reply"
# Said by whoever serves: verbs and nouns that promise nothing but to look and to listen.
_COURTESY = word_set(
    "고객님 말씀 확인 안내 설명 도움 도와드리 돕 드리 죄송 죄송하 사과 불편 마음 걱정 속상 답답 놀라 놀랍 다행 감사 고맙 "
    "기다리 힘들 힘드 이해 공감 상황 내용 부분 경우 건 바로 먼저 지금 함께 충분히 많이 얼마나 정말 잘 다시 자세히 차근차근 "
    "알 살펴보 보 듣 주 주시 하시 그러 이렇 오래 크 되 들 여쭙 여쭈 말 원하 때문 점"
)

_FREE = ("J", "E", "XS", "VCP", "S", "VX", "NP", "MAJ", "IC")  # particles, endings, signs


class ReplyWriter:
    """A language model with the guard. Safe between threads."""

    def __init__(self, endpoint: Endpoint, completions: Completions, mask: Mask, check: EvidenceCheck, shortener: Shortener) -> None:
        self._endpoint, self._completions, self._mask = endpoint, completions, mask
        self._check, self._shortener = check, shortener
        self._prompt = PROMPT.read_text("utf-8")

    def sentence(self, conversation: Conversation, opening: str, emotion: str, before: Sequence[Draft]) -> tuple[str, str]:
        """A sentence after an opening, unlike those before, and why there is none: one of the two is empty."""
        texts = self._mask([turn.text for turn in conversation])
        masked = [replace(turn, text=text) for turn, text in zip(conversation, texts, strict=True)]
        if sum(map(len, texts)) > self._endpoint.most_characters:
            return "", "too_long"
        try:
            completion = self._completions.complete(
                self._body(masked, opening, emotion, before), until=self._completions.deadline_in(self._endpoint.deadline_seconds)
            )
        except ReadbackError as error:
            return "", str(error.code)
        claim = read_answer(completion.text) if completion.finished else None
        if claim is None:
            return "", "not_json" if completion.finished else "cut_off"
        fault = self.fault(claim, masked)
        if fault is None and any(claim.text == draft.sentence for draft in before):
            fault = "said_before"
        return ("", fault) if fault else (claim.text, "")

    def fault(self, claim: Claim, conversation: Conversation) -> str | None:
        """What is wrong with a sentence; its words of courtesy need no evidence."""
        if claim.kind is Kind.NO_REQUEST:
            return "form"
        fault = self._check.fault(Claim(Kind.SUMMARY, self._without_courtesy(claim), claim.evidence), conversation)
        return None if fault is None else fault.value

    def _without_courtesy(self, claim: Claim) -> str:
        """The sentence with whole words of courtesy blanked, so that places stay; what a phrase touches stands."""
        text = claim.text
        phrases = [match.span() for one in claim.evidence for match in re.finditer(re.escape(one.phrase), text)]
        tokens = self._shortener.tokens(text)
        for word in re.finditer(r"\S+", text):
            inside = [token for token in tokens if word.start() <= token.start < word.end() and not token.tag.startswith(_FREE)]
            touched = any(start < word.end() and word.start() < end for start, end in phrases)
            if not touched and all(token.form in _COURTESY for token in inside):
                text = f"{text[: word.start()]}{' ' * len(word[0])}{text[word.end() :]}"
        return text

    def _body(self, conversation: Conversation, opening: str, emotion: str, before: Sequence[Draft]) -> dict[str, Any]:
        prompt = self._prompt.replace("{감정}", emotion).replace("{첫마디}", opening)
        body = request_body(self._endpoint, prompt, conversation, name=REPLY_NAME)
        earlier = [{"role": "assistant", "content": draft.sentence} for draft in before if draft.sentence]
        body["messages"][1:1] = earlier
        return body


def draft_reply(
    table: OpeningTable, drafts: Drafts, conversation: Conversation, *, emotion: str, request: str, writer: ReplyWriter | None
) -> Draft:
    """The next reply for a call: another opening than before, and a sentence where there is a language model."""
    opening = choose(table, emotion, request, again=len(drafts.drafts)).text
    if writer is None:
        return Draft(opening=opening)
    sentence, refused = writer.sentence(conversation, opening, emotion, drafts.drafts)
    return Draft(opening=opening, sentence=sentence, refused=refused)
