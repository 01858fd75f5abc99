"""From an encoder's marks to what is told: which sentences of the caller, cut and shortened how, led by which subject.

An encoder marks every token of the caller's (``Mark``): how likely it belongs to the request, and how likely it names what the request
is about. From these marks sentences are chosen, cut and shortened (``own_words``), so every word of a statement was said and its place
is known. A subject that was named elsewhere ("강아지 슬개골 수술했어요. … 뭘 내면 돼요?") is put before the request.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from models.summarizer.called_off import begins_otherwise, calls_off, last_word, still_wanted, turns_round
from models.summarizer.conversation import Conversation, Turn, others_before, sentences, texts_of
from models.summarizer.marks import Mark, Passage, Reading
from models.summarizer.outcome import Evidence
from models.summarizer.own_words import Act, Phrase, Shortener, joined
from models.summarizer.speech_acts import Around
from models.summarizer.turned_down import TurnedDown, is_rejoinder

STRONGEST = 6  # tokens by whose mean a sentence is chosen
HOT = 0.3  # a token counts as part of the request
NAMED = 0.9  # a subject
PRODUCT_NAMED = 0.7  # a product as the subject
_PRODUCTS = ("보험", "연금", "종신", "실손", "실비", "상조", "저축", "대출")
_MATTER = re.compile(  # what a request may be about beside a product; 현금 and 진단서 only come up in one
    "수익자|계약자|부활|실효|간병|진단비|보험금|보험료|납입|사고|환급|특약|담보|면책|만기|갱신|배당|증권|개명|주소|계좌|이체|한도|보상|장해|입원|수술|치매|암$|골절|대물|대인|친정|시댁|처가|엄마|어머니|아버지|남편|아내|아들|딸|직원|가게|공장"
)
_PAPERS = ("서", "증", "서류", "지", "본", "내역")
_AND_OTHERS = re.compile(r"(?:하고|이랑|랑|과|와)(?![가-힣])")
_NOT_OURS = ("국민연금", "기초연금", "고용보험", "산재보험", "국민건강보험")  # named as a measure of something else
NEAR = 0.5  # sentences this close to the best one are told as well
MOST_SENTENCES = 3
WHOLE_FROM = 30  # characters before the first marked word that are kept, since they are mostly its clause
MOST_SUBJECTS = 3
# A first word that may have lost its object or its negation.
_PREDICATE = re.compile(r"\S*(?:요|니다|거든|는데|니까)[.,]?(?:\s|$)")
_ENDS_A_CLAUSE = re.compile(r"(?:요|다|고|서|면|까|데|거든|지만|죠|라|음|네)[.,?!…]?$")
_WORDS_OF_A_CLAUSE = 4
_NAMES_A_PRODUCT = re.compile(r"[가-힣](?:보험|연금|저축)(?!료|금|사|회사|증)|실손|실비|종신|상조")
_QUESTION = re.compile(r"(?:\?|(?:까요|나요|가요|니까|으세요|셨어요|시죠|맞으시죠))\s*[?.]?\s*$")
_MAY_I_HELP = re.compile("도와|무엇을|말씀")
OPENING_TURNS = 2
LETTERS_OF_A_PURPOSE = 7
SURELY_WANTED = 0.85  # likelihood that a sentence wants something
WANTED_WARM = 0.1  # how much it has to be marked then
WANTED_LITTLE = 0.02  # where it is wanted instead of something: what a call comes to (깨지 말고 대출로 할라요)
_INSTEAD = re.compile(r"(?:지\s)?말고|대신")
ALSO_WANTED = 2
_BIDS_SO = re.compile(r"(?<!\S)(?:그래|그렇게|그리|그대로|이대로|그걸로|그거로|이걸로)\s?(?:좀\s)?(?:해|할|줘|주|달)")
_ASSENTS = re.compile(rf"(?:(?:네|예|응|그래요?|좋아요|아)[,.]?\s)*(?:그럼\s)?{_BIDS_SO.pattern}\S*\s?(?:주|줘|달)?\S*[.!]?")
WARM = 0.12  # what a call begins with is seldom marked as its request
_ASKS_TO_ASK = re.compile(r"(?:뭐|하나|좀) (?:\S+ )?(?:여쭤|물어|문의)")  # 뭐 하나 여쭤볼게요
LONGEST_CONTEXT = 70  # characters of a sentence that another one points back at
_MENDS = re.compile(r"(?:아,? )?아니(?:다|요)?[,.]?\s(?:\S+\s)?\S+(?:로|으로|요|만|부터|까지|에|한테)[.!]?")  # 아니 카톡으로.
_POINTS_BACK = re.compile(
    r"(?<!\S)(?:그거|그게|그걸|그것|그건|그때|그날|그분|그쪽|그대로|그렇게|그만큼|이거|이게|이걸|이것|이건|이분|이런|그런|거기|대신에|그\s(?!때)[가-힣]+|이\s(?!번)[가-힣]+)"
)
LONGEST_REJOINDER = 30  # characters; what is longer says something of its own
_WHAT_HE_NAMED = re.compile(r"(?:아니(?:요|에요)?,?\s|네,?\s)?그(?:건|거는|것은)\s")
_OF_A_REQUEST = (Act.ASK, Act.REQUEST, Act.WISH)
LONGEST_PHRASE = 160  # characters of a passage; half a minute of speech


def passages(conversation: Conversation, reading: Reading, shortener: Shortener) -> list[Passage]:
    """The caller's sentences that hold the request, in the order said; empty where the caller said nothing.

    Those that are marked most, and those marked a little that surely want something (접수해 주세요, 25일이면 좋겠어요): in calls they are
    what things come to, and the reader marks what is said first.
    """
    by_turn: dict[int, list[Mark]] = {}
    for mark in reading.marks:
        by_turn.setdefault(mark.turn, []).append(mark)
    before = others_before(conversation)
    found = [
        passage
        for turn in conversation
        if turn.by_caller and turn.number in by_turn
        for start, end in sentences(turn.text)
        if not is_rejoinder(turn.text[start:end], before.get(turn.number, ""))
        if (passage := _passage(turn, start, end, by_turn[turn.number])) is not None
    ]
    if not found:
        return []
    best = max(passage.score for passage in found)
    told = [passage for passage in found if passage.marked and passage.score >= max(HOT, best - NEAR)]
    told = sorted(told or [max(found, key=lambda passage: passage.score)], key=lambda passage: -passage.score)[:MOST_SENTENCES]
    told += _also_wanted(conversation, [passage for passage in found if passage not in told], shortener)
    told = _without_mere_assent(conversation, told)
    told = still_wanted(conversation, sorted(told, key=lambda passage: (passage.turn, passage.start)), shortener)
    told = _with_what_they_point_at(conversation, _with_what_mends_them(conversation, told))
    return [*told, *last_word(conversation, told[-1])]


def _also_wanted(conversation: Conversation, others: Sequence[Passage], shortener: Shortener) -> list[Passage]:
    """Of the passages that are not told the likeliest that want something of us, other than what they point back at (그렇게 해 주세요)."""
    texts = texts_of(conversation)
    wanted = []
    for passage in others:
        said = texts[passage.turn][passage.start : passage.end]
        tells = len(re.sub(r"\W", "", said)) >= LETTERS_OF_A_PURPOSE and not _BIDS_SO.search(said) and not calls_off(said)
        enough = WANTED_LITTLE if _INSTEAD.search(said) else WANTED_WARM
        if passage.score >= enough and tells and shortener.wants(said) >= SURELY_WANTED:
            wanted.append(passage)
    return sorted(wanted, key=lambda passage: -passage.score)[:ALSO_WANTED]


def _without_mere_assent(conversation: Conversation, told: list[Passage]) -> list[Passage]:
    """The passages but turns that only say yes to an offer (네, 그렇게 해 주세요): it would fall on what is told before it."""
    texts, offered = texts_of(conversation), others_before(conversation)
    kept = [one for one in told if not (one.turn in offered and _ASSENTS.fullmatch(texts[one.turn][: one.end].strip()))]
    return kept or told


def _with_what_mends_them(conversation: Conversation, told: Sequence[Passage]) -> list[Passage]:
    """The passages, behind one the few words by which the caller mends it at once (종이로 보내 주소. 아니 카톡으로.)."""
    texts = texts_of(conversation)
    mended: list[Passage] = []
    for passage in told:
        mended.append(passage)
        spans = [span for span in sentences(texts[passage.turn]) if span[0] >= passage.end]
        there = any(one.turn == passage.turn and spans and spans[0][0] <= one.start < spans[0][1] for one in told)
        if spans and not there and _MENDS.match(texts[passage.turn][spans[0][0] : spans[0][1]].strip()):
            mended.append(Passage(passage.turn, *spans[0], passage.score, marked=True))
    return mended


def _with_what_they_point_at(conversation: Conversation, told: Sequence[Passage]) -> list[Passage]:
    """The passages, before one that points back (그걸로, 그분한테) the sentence before it: alone it would hang in the air."""
    texts = texts_of(conversation)
    whole: list[Passage] = []
    for passage in told:
        text = texts[passage.turn]
        spans = list(sentences(text))
        place = next((i for i, (start, end) in enumerate(spans) if start <= passage.start < end), 0)
        points = _POINTS_BACK.search(text[passage.start : passage.end]) is not None
        if points and place and not any(p.turn == passage.turn and spans[place - 1][0] <= p.start < spans[place - 1][1] for p in told):
            start, end = spans[place - 1]
            whole += [Passage(passage.turn, start, end, passage.score, marked=True)] if end - start <= LONGEST_CONTEXT else []
        whole.append(passage)
    return whole


def _passage(turn: Turn, start: int, end: int, marks: Sequence[Mark]) -> Passage | None:
    inside = [mark for mark in marks if start <= mark.start < end]
    if not inside:
        return None
    strongest = sorted((mark.request for mark in inside), reverse=True)[:STRONGEST]
    hot = [mark for mark in inside if mark.request >= HOT]
    marked = len(hot) > 1
    first = hot[0].start if marked else start
    begin = start if first - start <= WHOLE_FROM else _word_start(turn.text, first)
    return Passage(turn.number, begin, end, sum(strongest) / len(strongest), marked)


def _word_start(text: str, place: int) -> int:
    while place and not text[place - 1].isspace():
        place -= 1
    return place


def _clause_start(text: str, place: int) -> int:
    """Where the clause of a word begins, if that is a few words before it."""
    start = place
    for _ in range(_WORDS_OF_A_CLAUSE):
        before = text[:start].rstrip()
        if not before or _ENDS_A_CLAUSE.search(before):
            return start
        start = _word_start(text, len(before))
    return place


def subjects(conversation: Conversation, reading: Reading, told: Sequence[Passage], own: str, shortener: Shortener) -> list[Evidence]:
    """Nouns outside the passages (as ``own`` tells them) that name what the request is about: the likeliest, in the order said.

    Of nouns that are marked from 0.5 up two fifths are what writers name, of products from 0.7 up four fifths, of others only from 0.9 up
    (five weeks, `benchmarks/LOG.md`). What somebody else names counts where the caller says yes to it. A passage that names a product needs
    no other. What the caller denies at once is no subject, nor is what is said before he speaks (한빛손해보험입니다).
    """
    begun = next((turn.number for turn in conversation if turn.by_caller), 0)
    turned_down = TurnedDown.of(conversation, shortener)
    texts = {turn.number: turn for turn in conversation if turn.number >= begun and turn.number not in turned_down.turns}
    said = re.sub(r"\s+", "", own)
    names_product = _NAMES_A_PRODUCT.search(said) is not None
    found: dict[str, tuple[float, int]] = {}
    for turn, marks in groupby(reading.marks, key=lambda mark: mark.turn):
        if turn not in texts:
            continue
        likely = [
            mark
            for mark in marks
            if mark.subject >= PRODUCT_NAMED and not any(p.turn == turn and p.start <= mark.start < p.end for p in told)
        ]
        for start, end in shortener.nouns(texts[turn].text) if likely else ():
            likelihood = max((mark.subject for mark in likely if mark.start < end and mark.end > start), default=0.0)
            start = _word_start(texts[turn].text, start)  # 근재보험: morphology knows 재보험
            word = texts[turn].text[start:end]
            product = word.endswith(_PRODUCTS)
            if likelihood < (PRODUCT_NAMED if product else NAMED) or (product and names_product) or not (product or _MATTER.search(word)):
                continue
            # 진단서와 판독지를 내 주세요, 연금보험하고 보장성 세 건이 있는데 모두 보내 드릴까요
            listed = not texts[turn].by_caller and (word.endswith(_PAPERS) or _AND_OTHERS.match(texts[turn].text[end:]))
            if turned_down.holds(word, texts[turn].text[end:]) or word in _NOT_OURS or listed:
                continue
            if len(word) > 1 and word not in said and likelihood > found.get(word, (0.0, 0))[0]:
                found[word] = (likelihood, turn)
    names = [word for word in found if not any(word != other and word in other for other in found)]
    likeliest = sorted(names, key=lambda word: -found[word][0])
    best = likeliest[:MOST_SUBJECTS]
    return [Evidence(word, found[word][1]) for word in sorted(best, key=lambda word: found[word][1])]


def opening(conversation: Conversation, reading: Reading, told: Sequence[Passage], shortener: Shortener) -> list[Passage]:
    """What a caller begins with where only later sentences are told: it says in his own words what it is about.

    Left out where he takes it back later.
    """
    if not told or turns_round(conversation):
        return []
    first = (told[0].turn, told[0].start)
    own = [turn for turn in conversation if turn.by_caller and turn.number <= told[0].turn][:OPENING_TURNS]
    for turn in own:
        for start, end in shortener.sentence_spans(turn.text):
            begins = Passage(turn.number, start, end, told[0].score, marked=True)
            early = (turn.number, end) <= first and end - start <= LONGEST_CONTEXT
            if early and _names_a_purpose(turn, start, end, reading.marks) and not begins_otherwise(conversation, begins, told, shortener):
                return [begins]
    return []


def _names_a_purpose(turn: Turn, start: int, end: int, marks: Sequence[Mark]) -> bool:
    inside = [mark for mark in marks if mark.turn == turn.number and start <= mark.start < end]
    likely = max((max(mark.request, mark.subject) for mark in inside), default=0.0)
    said = turn.text[start:end]
    if len(re.sub(r"\W", "", said)) < LETTERS_OF_A_PURPOSE:
        return False  # 계약자요?
    return likely >= WARM and (_ASKS_TO_ASK.search(said) is None or _NAMES_A_PRODUCT.search(said) is not None)


def tell(conversation: Conversation, told: Sequence[Passage], shortener: Shortener) -> tuple[str, list[Evidence]]:
    """Each passage as a phrase: the text, and the evidence of each piece as it stands in the text."""
    texts = texts_of(conversation)
    before = others_before(conversation)
    answers = {number for number, others in before.items() if _is_asked(others)}
    said: list[tuple[Phrase, int]] = []
    for p in told:
        words = _cut(texts[p.turn], p, shortener)
        phrases = shortener.phrases(words, p.turn in answers, _around(conversation, p.turn, words, shortener))
        first = p.turn in before and not any(one.turn == p.turn and one.start < p.start for one in told)
        said += [(replace(phrase, unclear=True) if first and _hangs(phrase) else phrase, p.turn) for phrase in _bounded(phrases)]
    said = _without_unclear(said)
    parts = joined(
        [
            phrase if after == turn else phrase.set_apart()
            for (phrase, turn), after in zip(said, [turn for _, turn in said[1:]] + [-1], strict=True)
        ]
    )
    return "".join(parts), [Evidence(part.strip(" ,"), turn) for part, (_, turn) in zip(parts, said, strict=True)]


def _hangs(phrase: Phrase) -> bool:
    """Whether a statement begins with what somebody else named just before (그건 나중에 내가 손해라고 들었어요)."""
    return phrase.act is Act.STATEMENT and len(phrase.text) <= LONGEST_REJOINDER and _WHAT_HE_NAMED.match(phrase.text) is not None


def _without_unclear(said: list[tuple[Phrase, int]]) -> list[tuple[Phrase, int]]:
    """The phrases without those that only the voice would tell, where others are left.

    A statement that may ask stays where hardly anything else is told and nothing is wanted by that: it may be what the call is about.
    """
    clear = [(phrase, turn) for phrase, turn in said if not phrase.unclear]
    if len(clear) > 1 or any(phrase.act in _OF_A_REQUEST for phrase, _ in clear):
        return clear
    return [(phrase, turn) for phrase, turn in said if not phrase.unclear or phrase.act is Act.STATEMENT] or said


def _around(conversation: Conversation, number: int, words: str, shortener: Shortener) -> Around:
    """What is said before and after some words of a turn: by the caller in the same turn, or by somebody else in the one next to it."""
    place = next(i for i, turn in enumerate(conversation) if turn.number == number)
    begin = conversation[place].text.find(words)
    head, tail = conversation[place].text[:begin], conversation[place].text[begin + len(words) :]
    before = conversation[place - 1].text if place and not conversation[place - 1].by_caller else ""
    after = conversation[place + 1].text if place + 1 < len(conversation) and not conversation[place + 1].by_caller else ""
    own_before, own_after = shortener.signed_sentences(head)[-1:], shortener.signed_sentences(tail)[:1]
    return Around(
        before=own_before[0] if own_before else before,
        after=own_after[0] if own_after else after,
        other_before=not own_before and bool(before),
        other_after=not own_after and bool(after),
    )


def _is_asked(text: str) -> bool:
    """Whether somebody else's turn ends with a question, other than how he may help."""
    return _QUESTION.search(text) is not None and _MAY_I_HELP.search(text) is None


def _cut(text: str, told: Passage, shortener: Shortener) -> str:
    """A passage's words from the beginning of its sentence; of one that is too long, from its first clause on that is whole."""
    words = text[told.start : told.end]
    start = shortener.sentence_start(text, told.start)
    if told.end - start <= LONGEST_PHRASE or start == told.start:
        return text[start : told.end]
    whole = shortener.from_whole_clause(words)
    cut_off = whole == words and _PREDICATE.match(words)
    return text[_clause_start(text, told.start) : told.end] if cut_off else whole


def _bounded(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Phrases of one passage that can still be listened to: of more, the last ones, where the request stands."""
    kept: list[Phrase] = []
    room = LONGEST_PHRASE
    for phrase in reversed(phrases):
        if len(phrase.text) > room:
            end = phrase.text[-room:]
            kept += [] if kept else [Phrase(end.partition(" ")[2] or end, phrase.act)]
            break
        kept.append(phrase)
        room -= len(phrase.text)
    return kept[::-1]


def led_by(named: Sequence[Evidence], text: str) -> str:
    """A text with its subjects before it."""
    lead = ", ".join(item.phrase for item in named)
    return f"{lead} 관련, {text}" if lead and text else text or lead
