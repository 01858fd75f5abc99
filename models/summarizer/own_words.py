"""The caller's own words as a short phrase: fillers and politeness out, the ending nominal, the sense untouched.

    Shortener().phrase("저기 그 주소를 좀 바꾸고 싶은데요")    → "주소 변경 희망"
    Shortener().phrase("해약 말고 보험료만 낮출 수 있나요?")   → "해약 말고 보험료만 낮출 수 있는지 여부 문의"
    Shortener().phrase("접수됐는지만 봐 주세요")              → "접수됐는지 확인 요청"

How a sentence ends as a note is ``sentence``'s; here stands what is done to the text before, and to several sentences together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from typing import Any

from models.summarizer import SHIPPED_SIGNS, SHIPPED_SPEECH_ACTS, trade_words
from models.summarizer.conversation import SENTENCE_END, is_backchannel
from models.summarizer.dialect import standard
from models.summarizer.sentence import SIGNS, Act, Phrase, Sentence, asked_phrase, has_to, may_ask, word_set
from models.summarizer.signs import SignWriter
from models.summarizer.speech_acts import Around, SpeechAct, SpeechActs

__all__ = ["Act", "Phrase", "Shortener", "joined", "morphology", "without_politeness", "word_set"]

_WHAT_IS_ASKED = re.compile(r"(?<=지)(?: 여부| 방법)? 문의$")
_WONDERING = word_set("나 ᆯ까 을까 ᆫ가 은가 는가 려나 으려나 ᆯ라나 을라나 ᆫ지 는지 은지 ᆯ지 을지 던가")  # 되나 해서요, 됐나 싶어서 전화했어요
_AFTER_WONDERING = re.compile(r"(?:하|싶)(?:어서?|은데|는데|ᆫ데|고|네|었)(?:요)?(?:(?:전화|연락|문의|질문)(?:하|드리|주)\S*)?")
_WHY_HE_CALLED = re.compile(
    r"(?<=달라)고 (?:전화|연락)(?:를 )?\s?"
    r"(?:(?:한|드린) (?:거|것|건|겁)(?:예요|에요|이에요|니다|데요|든요|죠|지요?|야)?"
    r"|(?:했|드렸|드려|해)(?:어요|습니다|는데요|거든요|요)?)[.]?$"
)
_CALLED_TO_ASK = re.compile(
    r"(?:궁금해서|알고 싶어서|물어보려고|여쭤보려고|여쭤볼려고|물어볼려고|물어볼라고|문의하려고|확인하려고)(?:요)?\s(?:전화|연락)\S*[.]?$"
)
_THAT_IS_ASKED = re.compile(
    r"(?<=[냐까]) (?:이거|이 말|그 말|그 얘기|이 얘기)(?:예요|에요|이에요|이여|야|유|요|죠|지)(?:요)?[.]?$"
)  # 왜 올랐느냐 이거예요
_WHAT_IS_IT_CALLED = re.compile(  # 그 뭐냐 중도인출인가
    r"(?<!\S)(?:(?:그|저|거기) (?:뭐냐|뭐꼬|누고)|(?:(?:그|저|거기) )?(?:뭐더라|뭐시냐|머시기|거시기))(?:면)?[,\s]+"
)
_FAREWELL = re.compile(
    r"(?:(?<=\s)|^)(?:네\s)?(?:그럼\s)?(?:수고|고생)\s?(?:좀\s)?하(?:세요|십시오|이소|쇼|시고|시고요)[.!~]*\s*$"
)  # no order
_GREETING = re.compile(
    r"^\s*(?:(?:네|예|아|저|저기|여보세요)[.,]?\s)*(?:안녕하(?:세요|십니까|십니꺼|신교)|수고\s?(?:하십|많으십)니다)[.,!?…]?(?=\s|$)"
)
_SENTENCE_SIGN = re.compile(r"[.?!…]+(?=\s|$)")
_INDIRECT_QUESTION = re.compile(r"(?<=[는은인건던을할될갈울])지(?:만|도|는|를|가|부터)?(?:요)?$")  # …되는지만요
_OF_A_NAME = ("N", "M", "J", "XSN", "XPN", "SN")
_NOUN_TAGS = frozenset(("NNG", "NNP", "XR", "SL", "SN", "XPN", "XSN"))
_EMPTY_NOUNS = word_set(
    "것 사람 고객 고객님 상담원 상담 회사 때 거기 여기 지금 오늘 어제 내일 이번 다음 저번 지난번 아까 "
    "계속 전화 말 말씀 얘기 문자 님 씨 분 네 예 뭐 모양 "
    "정도 생각 본인 확인 성함 생년월일 선생님 경우 이유 때문 처음 마지막 우리 저희 나 너 그쪽 저쪽 이쪽 안 밖 위 아래 앞 뒤 옆"
)
# Names of two words, said with a space or without, that callers give their illnesses.
_ILLNESSES = ("손목터널 증후군", "조혈모세포 이식", "신경내분비 종양", "망막 박리", "메니에르 병", "접촉 피부염", "족저 근막염", "루 게릭")
_ACTS = word_set("해지 해약 취소 철회 가입 환급 청구 접수 신청 지급 견인 출동")
# The last word of a clause that was cut off before it: a verb that says nothing by itself, with an ending that goes on.
_LIGHT = word_set("하 되 있 없 오 가 보 받 주 달 그러 이 아니 카 같 나 알 가지")
_CLAUSE_ENDS = word_set("고 고요 어서 아서 서 는데 은데 ᆫ데 는데요 은데요 ᆫ데요 라는데 니까 으니까 거든요 요 어요 아요 에요 예요 세요 네요")
_BIEUP_FINAL = "".join(chr(0xAC00 + 28 * number + 17) for number in range(399))  # syllables that end in ㅂ
_FORMALLY_ASKED = re.compile(rf"(?<=[{_BIEUP_FINAL}]니까)(?=\s)")  # 갑니까 주소는 돌려놔 줘요
_FORMALLY_STATED = re.compile(rf"[{_BIEUP_FINAL}]니다[.…!\s]*$")  # 옮기는 겁니다
_ASKED_IN_A_ROW = re.compile(r"([가-힣]{3})…(?=\s[^.?!…]*\1\?)")  # 백 프로 나오는 거예요… 오십 프로 나오는 거예요?
_NAMED_ALOUD = re.compile(r"(분|사람|선생님|님)이요$")  # 그 남자분이요: whom what follows is about, and no subject
_DENIED_BEFORE = re.compile(r"(?:게|것이|거|건|것도|거는)\s아(?:니|닌|녜|녀)\S*\s")  # 게 아니고 왜 부지급인지
# What is done, or to what, stands in the question that it answers alone: 우리 딸한테 해 주세요, 그건 그대로 두세요.
_OF_THE_QUESTION = re.compile(
    r"(?:한테|에게|께) 해 ?(?:주|줘)\S*$|^(?:(?:네|예|아니요?)[,.]? )?그(?:건|거는|것은) (?:\S+ )*(?:그대로|놔|두)\S*(?: \S+)?$"
)
# Markup and signs that a transcript may hold and nobody says: they reach neither a voice nor a page.
_NEVER_SAID = re.compile(r"<[^<>]*>|[^\w\s.,?!%~·'’()&+\-:…]|_")

_OPEN, _ENDED = ("", "…"), (".", "!")
SURELY_STATED, SURELY_ASKED = 0.3, 0.95  # likelihood of asking between which a sentence without a sign of its own may do either
HAS_TO_ASKED = 0.985  # where it says what has to be: 회사 다녀야 돼요, 위임장 내야 돼요
SURELY_NO_REQUEST = 0.7  # likelihood of asking from which a question in a request's form is one
MAY_WANT = 0.25  # from which on it may as well want something, and is no side matter
NOTHING_AROUND = Around()
# Which acts bear a note out, and how likely they have to be together (by sentences of writers held out, `shipped_speech_acts/README.md`).
_BORNE_OUT_BY: Mapping[Act, tuple[Sequence[SpeechAct], float]] = {
    Act.ASK: ((SpeechAct.ASKS, SpeechAct.WANTS_OF_US), 0.9),
    Act.REQUEST: ((SpeechAct.WANTS_OF_US, SpeechAct.ASKS, SpeechAct.MEANS_TO), 0.8),
    Act.WISH: ((SpeechAct.MEANS_TO, SpeechAct.WILL, SpeechAct.WANTS_OF_US), 0.85),
    Act.STATEMENT: ((SpeechAct.TELLS, SpeechAct.WILL, SpeechAct.REPORTS, SpeechAct.NAMES), 0.8),
}


@cache
def morphology() -> Any:
    """Kiwi, loaded: one for the whole process, since that takes 1.2 s of a processor, most of them at the first sentence.

    Without its 250,000 names of two words and more (Wikipedia's titles): 1.8 s and 190 MiB for what three of 52,869 texts hold.
    """
    from kiwipiepy import Kiwi

    kiwi = Kiwi(load_multi_dict=False)
    for name in _ILLNESSES:
        kiwi.add_user_word(name, "NNP")
    kiwi.tokenize("안녕하세요")
    return kiwi


@cache
def sign_writer() -> SignWriter:
    """What puts missing signs back: one for the whole process."""
    return SignWriter.load(SHIPPED_SIGNS)


@cache
def speech_acts() -> SpeechActs:
    """What tells what sentences do: one for the whole process."""
    return SpeechActs.load(SHIPPED_SPEECH_ACTS)


class Shortener:
    """Shortens sentences by morphology."""

    @property
    def _kiwi(self) -> Any:
        return morphology()

    def phrases(self, text: str, answers: bool = False, around: Around = NOTHING_AROUND) -> list[Phrase]:
        """Each sentence of a text as a phrase, in order; sentences that say nothing are left out.

        Missing signs are put back first, with fewer questions where the text ``answers`` one. A sentence of which only the voice told
        whether it asks is marked unclear: either sense might be wrong.
        """
        sentences = self.signed_sentences(text, answers)
        befores = [(around.before, around.other_before), *((said, False) for said in sentences[:-1])]
        afters = [*((said, False) for said in sentences[1:]), (around.after, around.other_after)]
        phrases = []
        for said, (before, other_before), (after, other_after) in zip(sentences, befores, afters, strict=True):
            if is_backchannel(said):
                continue
            signed = said in text
            phrase = self.phrase(said, Around(before, after, other_before, other_after), answers=answers, signed=signed)
            # 진단받으셨어요. 지난주에요. 간병보험 드신 게 …: no piece of what follows
            phrases.append(phrase.set_apart() if signed and said.endswith(_ENDED) else phrase)
        phrases = [phrase for phrase in phrases if phrase.text]
        return [phrase for phrase in phrases if len(phrase.text) > 1] or phrases  # 해요, cut off from what it ends, is no statement

    def signed_sentences(self, text: str, answers: bool = False) -> list[str]:
        """The sentences of a text, missing signs put back."""
        signed = _FORMALLY_ASKED.sub("?", sign_writer().with_signs(text.strip(), answers))
        return SENTENCE_END.split(_ASKED_IN_A_ROW.sub(r"\1?", signed)) if signed else []

    def phrase(self, sentence: str, around: Around = NOTHING_AROUND, *, answers: bool = False, signed: bool = True) -> Phrase:
        """One sentence as a phrase: a note where its ending and what was learnt of sentences agree, else as it was said.

        Where it ``answers`` a question an ending that may ask or state states. A question's sign is told unless it was put back
        (``signed`` is False).
        """
        text, tokens, sign = self.heard(sentence)
        done = speech_acts().shares(tokens, sign, around)
        tokens = without_politeness(tokens)
        asks, wants = done[SpeechAct.ASKS], done[SpeechAct.WANTS_OF_US] + done[SpeechAct.MEANS_TO]
        open_ended = not answers and sign in _OPEN and may_ask(text, tokens) and _FORMALLY_STATED.search(sentence) is None
        sure = HAS_TO_ASKED if has_to(text) else SURELY_ASKED
        unclear = open_ended and SURELY_STATED <= asks < sure and wants < MAY_WANT
        unclear |= answers and _OF_THE_QUESTION.search(text) is not None
        phrase, whole = self._noted(text, tokens, sign, asked=sign == "?" or (open_ended and asks >= sure))
        if whole is not None and phrase.act is Act.REQUEST and sign == "?" and asks >= SURELY_NO_REQUEST:
            phrase = whole.as_question() or phrase  # 화장실 고치는 것도 보험에서 해 줘요?
        needed = phrase.text.endswith(" 필요") and asks < SURELY_STATED  # 주소 변경 필요: true whether he tells it or wants it
        if whole is None or needed or _is_borne_out(phrase.act, done):
            return replace(phrase, unclear=unclear and (answers or phrase.act is Act.STATEMENT))
        return Phrase(whole.as_said() + "?" * (sign == "?" and signed), Act.STATEMENT, unclear)

    def wants(self, text: str) -> float:
        """How likely a sentence of a text wants something done, or says what the caller means to have done: the likeliest of them."""
        return self._likeliest(text, (SpeechAct.WANTS_OF_US, SpeechAct.MEANS_TO))

    def wants_or_asks(self, text: str) -> float:
        """How likely a sentence of a text does the one, or the other: the likelier of both, of the likeliest sentence."""
        return self._likeliest(text, (SpeechAct.WANTS_OF_US, SpeechAct.MEANS_TO), (SpeechAct.ASKS,))

    def means(self, text: str) -> float:
        """How likely a sentence of a text says what the caller means to do: the likeliest of them."""
        return self._likeliest(text, (SpeechAct.MEANS_TO,))

    def _likeliest(self, text: str, *several: Sequence[SpeechAct]) -> float:
        heard = [self.heard(sentence) for sentence in self.signed_sentences(text)]
        done = [speech_acts().shares(tokens, sign, NOTHING_AROUND) for _, tokens, sign in heard if tokens]
        return max((sum(one[act] for act in acts) for one in done for acts in several), default=0.0)

    def noted(self, sentence: str) -> Phrase:
        """One sentence as a note by its ending alone; what has no predicate stays as it is."""
        text, tokens, sign = self.heard(sentence)
        return self._noted(text, without_politeness(tokens), sign, asked=sign == "?")[0]

    def _noted(self, text: str, tokens: list[Any], sign: str, *, asked: bool) -> tuple[Phrase, Sentence | None]:
        """The note, and the sentence whose ending decided alone; None where more of it says what it does."""
        if not tokens:
            return Phrase("", Act.PHRASE), None
        if (question := _wondered(tokens)) is not None:
            tokens, asked, text = tokens[:question], True, text[: tokens[question - 1].end]
            if considered := Sentence(text, tokens, asked, self._join).considered():
                return considered, None
            return Sentence(text, tokens, asked, self._join).phrase(), None
        if (main := _postposed(tokens)) is not None:
            told = self.noted(text[: tokens[main].end] + "?" * asked)
            return Phrase(f"{text[tokens[main + 1].start :]} {told.text}", told.act), Sentence(text, tokens, asked, self._join)
        if found := _INDIRECT_QUESTION.search(text):
            return asked_phrase(Sentence(text, tokens, asked, self._join).upto(found.start() + 1)), None
        whole = Sentence(text, tokens, asked, self._join, sign in _ENDED)
        return whole.phrase(), whole

    def heard(self, sentence: str) -> tuple[str, list[Any], str]:
        """A sentence without greetings and in standard words: its text, that text's morphemes, and the sign at its end."""
        sentence = standard(_GREETING.sub("", _NEVER_SAID.sub(" ", sentence)))
        sentence = re.sub(r"얼만(?=[데지가])", "얼마인", sentence)  # morphology takes 얼만 for a noun and 만
        sentence = re.sub(r"바로\s?잡아", "정정해", sentence)  # and 바로 for an adverb
        sentence = re.sub(r"계세요", "계셔요", sentence)  # and 계세 for a noun
        sentence = _WHAT_IS_IT_CALLED.sub("", _FAREWELL.sub("", sentence))
        sentence = _THAT_IS_ASKED.sub("?", sentence)
        sentence = _CALLED_TO_ASK.sub("궁금해요.", _WHY_HE_CALLED.sub("고요.", sentence)).strip()
        text = _NAMED_ALOUD.sub(r"\1", re.sub(r"[\s.?!…~,]+$", "", sentence))
        return text, self.tokens(text), sentence[-1:] if sentence != text else ""

    def sentence_spans(self, text: str) -> list[tuple[int, int]]:
        """Where each sentence stands, from and to, by signs that are there or missing."""
        ends = sorted(
            {sign.end() for sign in _SENTENCE_SIGN.finditer(text)} | {end for end, _ in sign_writer().missing(text)} | {len(text)}
        )
        starts = [start + len(text[start:]) - len(text[start:].lstrip()) for start in [0, *ends[:-1]]]
        return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]

    def sentence_start(self, text: str, place: int) -> int:
        """Where the sentence begins in which a place stands."""
        return max((start for start, _ in self.sentence_spans(text) if start <= place), default=0)

    def nouns(self, text: str) -> list[tuple[int, int]]:
        """Where a text names things: runs of nouns without a space between them, from and to.

        Empty words (것, 사람, 고객님) name nothing, and what may be done to a contract (해지, 청구) is an act and no thing.
        """
        runs: list[tuple[int, int]] = []
        for token in self._kiwi.tokenize(text):
            if token.tag not in _NOUN_TAGS or token.form in _EMPTY_NOUNS:
                continue
            if runs and runs[-1][1] == token.start:
                runs[-1] = (runs[-1][0], token.end)
            else:
                runs.append((token.start, token.end))
        return [(start, end) for start, end in runs if text[start:end].removesuffix("하") not in _ACTS]  # it takes 해지하라는데 for 해지하

    def from_whole_clause(self, text: str) -> str:
        """A text that begins inside a sentence, without a first word that only ends what stands before it (하셔서, 있고요, 왔는데)."""
        if denied := _DENIED_BEFORE.match(text):
            return self.from_whole_clause(text[denied.end() :])
        word, _, rest = text.partition(" ")
        tokens = [token for token in self._kiwi.tokenize(text) if token.start < len(word)]
        ends = (
            all(token.tag.startswith(("V", "XS", "E", "JX", "NNB")) or token.form == "거" for token in tokens)
            and tokens[-1].form in _CLAUSE_ENDS
        )
        light = ends and any(token.form in _LIGHT for token in tokens)
        return self.from_whole_clause(rest) if light and rest else text

    def tokens(self, text: str) -> list[Any]:
        """A text's morphemes, as Kiwi tells them apart."""
        return list(self._kiwi.tokenize(text))

    def deed(self, text: str, tokens: Sequence[Any], verb: int) -> str:
        """What is done, as a list of things to do has it: the text up to the verb, and that verb as a noun (서류를 문자로 발송)."""
        said = Sentence(text, list(tokens), False, self._join)
        token, noun = tokens[verb], tokens[verb - 1] if verb else None
        made = token.tag == "XSV" or (token.form == "드리" and noun is not None and noun.end == token.start)
        if made and token.form in ("되", "드리") and noun is not None and noun.tag in ("NNG", "XR"):
            return said.upto(noun.end)  # 환급금은 카드로 처리, 다시 전화
        named = said.noun_of(verb) or (trade_words.named_deed(token.form, said.before(verb)) if token.tag.startswith("VV") else None)
        return named or said.ended(verb, [("기", "ETN")], "")

    def upto(self, text: str, tokens: Sequence[Any], end: int) -> str:
        """The text before a place, without what only fills."""
        return Sentence(text, list(tokens), False, self._join).upto(end)

    def joined(self, morphemes: Sequence[tuple[str, str]]) -> str:
        """Morphemes as they are written together."""
        return self._join(morphemes)

    def _join(self, morphemes: Sequence[tuple[str, str]]) -> str:
        return str(self._kiwi.join(list(morphemes)))


def joined(phrases: Sequence[Phrase]) -> list[str]:
    """Phrases in the order said, with what stands between them; of several questions in a row the last one names the act for all.

    >>> "".join(joined([Phrase("얼마인지 문의", Act.ASK), Phrase("언제 들어오는지 문의", Act.ASK)]))
    '얼마인지, 언제 들어오는지 문의'
    """
    parts = []
    for phrase, following in zip_longest(phrases, phrases[1:]):
        text = phrase.text
        if following is not None:
            if phrase.act is following.act is Act.ASK:
                text = _WHAT_IS_ASKED.sub("", text)
            text += " " if phrase.act is Act.PHRASE or text.endswith("?") else ", "
        parts.append(text)
    return parts


def _is_borne_out(act: Act, done: Mapping[SpeechAct, float]) -> bool:
    """Whether what was learnt of sentences agrees that one does what its note says; a mere piece needs no agreement."""
    agreeing, sure = _BORNE_OUT_BY.get(act, ((), 0.0))
    return sum(done[one] for one in agreeing) >= sure


def without_politeness(tokens: Sequence[Any]) -> list[Any]:
    """Tokens without final signs and the polite 요."""
    kept = list(tokens)
    while kept and (kept[-1].tag in SIGNS or (len(kept) > 1 and kept[-1].tag in ("JX", "EF") and kept[-1].form in ("요", "이요"))):
        kept.pop()
    return kept


def _wondered(tokens: Sequence[Any]) -> int | None:
    """Where a question ends that only a "해서요" or "싶어서 전화했어요" follows; None where a sentence is not made so."""
    for place in range(len(tokens) - 2, 0, -1):
        if tokens[place].tag in ("EC", "EF") and tokens[place].form in _WONDERING:
            after = "".join(token.form for token in tokens[place + 1 :] if token.tag not in SIGNS)
            return place + 1 if _AFTER_WONDERING.fullmatch(after) else None
    return None


def _postposed(tokens: Sequence[Any]) -> int | None:
    """The end of a predicate after which a word or two are added (해지해 주세요 그거); None where a sentence ends as it should."""
    for place in range(len(tokens) - 2, max(0, len(tokens) - 6), -1):
        token = tokens[place]
        if token.tag == "EF" or (token.tag == "JX" and token.form == "요" and tokens[place - 1].tag == "EC"):
            reported = tokens[place + 1].tag == "MAJ"  # 오늘까지 내라 그래서요: somebody said so
            return place if tokens[place + 1].start > token.end and not reported else None
        if not token.tag.startswith(_OF_A_NAME):
            return None
    return None
