"""One sentence of a caller's, and what its ending does: the rules by which it is written anew as a note.

Only the end of a sentence is written anew, from its last stem on, by Kiwi's own conjugation; what stands before it stays as the caller
said it, so a negation stays one and nothing is said that was not. The ending decides the act: a question becomes ``…지 문의`` (``여부``
where it asks whether, ``방법`` where it asks how), what the caller wants done ``… 요청``, what he wants to do himself ``… 희망``, and
what he states ends in ``-음``, as notes are written. The last verb takes the trade's name where its object shows that it has that sense.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any

from models.summarizer import trade_words


class Act(StrEnum):
    """What a sentence does, by its ending."""

    ASK = "문의"
    REQUEST = "요청"
    WISH = "희망"
    STATEMENT = "진술"
    PHRASE = "구"


@dataclass(frozen=True)
class Phrase:
    """A sentence shortened, and what it does; ``unclear`` where only the voice told whether it asks."""

    text: str
    act: Act
    unclear: bool = False

    def set_apart(self) -> "Phrase":
        """A mere piece as a statement: no part of what follows."""
        return replace(self, act=Act.STATEMENT) if self.act is Act.PHRASE else self


def word_set(listed: str) -> frozenset[str]:
    """Words as a table writes them, blanks between."""
    return frozenset(listed.split())


# Said while looking for words; alone before a sentence they tell nothing. Some are words with a sense elsewhere (그 before a noun).
_FILLERS = word_set(
    "어 음 아 저기 저 네 예 그 뭐 아니 막 이제 인제 혹시 좀 한번 그냥 일단 참 글쎄 아이고 에이 아휴 "
    "여보세요 저기요 그래서 근데 그런데 그러니까 "
    "그니까 그럼 그러면 그리고 아무튼 암튼 하여튼 진짜 도대체 대체 솔직히 사실 아유 어휴 하이고 있잖아요"
)
_ADVERBS_OF_MANNER = word_set("좀 그냥 한번 혹시 일단 막 이제 인제 참 진짜 도대체 대체 솔직히 사실 아무튼 암튼")
SIGNS = ("SF", "SP", "SE", "SW", "SS", "SO")
_SOUNDS = word_set("어 음 아 에 그 흠 으음")  # neither 아니, which corrects what was said, nor 저, the caller himself
_CONTRASTS = word_set("말 빼 두 놔두 아니 제외 제하")  # 저 말고, 이제 말고
_PARTICLES_AFTER = ("JKS", "JKO", "JKG", "JKB", "JX", "XSN", "NNG", "NNB", "NNP", "SN", "NR")
_QUESTION_WORD = re.compile(  # neither 누구든, 언제라도 nor 며칠 전, 몇 달째, 어디 멀리
    r"(?:언제|어디|누구)(?!이?든|나(?=\s)|라도| 멀)"
    r"|(?:얼마|뭐|무엇)(?!이?든|라도|라는|고(?=\s)| 안 )|뭘|뭔지|무슨|어떻|어떤|왜|누가|누굴|어느"
    r"|(?:며칠|몇\s?(?:년|해|달|개월|주|번|시간)?)"
    r"(?!\s?(?:(?:전|뒤|후)(?!까지)|째|동안|씩|만|못|안 |년|해|달|개월|주|번|시간))"
)
_ASKED_INDIRECTLY = re.compile(
    rf"(?:{_QUESTION_WORD.pattern})\S*(?:\s\S+)*?[는은인건던을할될갈울난린런]지(?:를|는|도|만)?(?=\s)"
)  # 얼마 나오는지 물어보는 거예요
# Asks for a reason, a time or a way; with a request's ending it is still a question (왜 안 보내 주세요), unless a clause in -지 follows.
_ASKS_WHY = re.compile(
    r"(?:왜|언제(?!든)|어떻게(?! 좀| 해서든))(?!.*(?:지(?:를|는|도|만|나|부터|까지)?,?|[어아해돼]요,?)\s)"
)  # 왜 안 돼 있어요 적용해 주세요
_QUESTION_ENDINGS = word_set(
    "나 까 니 냐 ᆯ까 을까 ᆫ가 은가 는가 ᆫ지 는지 은지 ᆯ지 을지 습니까 ᆸ니까 으려나 려나 노 던가 는감 ᆫ감 "
    "을라나 ᆯ라나 는가요 남 다면서 라면서 는교 능교 냐고 느냐고 으냐고 냐구 느냐구"
)
_OPEN_ENDINGS = word_set("어 아 지 죠 예 에 이에 ᆫ대 대 데 야 ᆯ래 는대")  # a question only beside a question word
_ASKS_A_WAY = re.compile(r"(?:어떻게|어찌|우째|우짜)\s(?!되는지|된|됐|나오).*(?:면|야) (?:되|하)는지$|(?:어떻게|어찌|우째) 하는(?: 건)?지$")
_ONE_OR_OTHER = re.compile(r"(?:나요|까요?|가요|[어아해돼]요|지)[,.?]? 아니면 ")
_ONE_OF_THEM = re.compile(  # 어른 둘 애 하나요, 종신보험 그거 하나요: how many
    r"(?:애|아이|어른|어린이|사람|강아지|고양이|차|방|그거|이거|그것|이것|보험|특약) 하나요?$"
)
_WHO_GIVES = re.compile(r"(?<!\S)누가 (?:\S+ )?(?:줘|주|줍)\S*$")  # 그 돈은 누가 줘요
_PERSON = re.compile(
    "(?:부|자|원|님|분|사람|구|들|딸|엄마|아빠|어머니|아버지|남편|아내|집사람|신랑|사위|며느리|동생|언니|오빠|누나|형|조카|이모|삼촌|애|사장|의사|선생|장)$"
)
_HOW_LONG = re.compile(r"(?:며칠|몇\s?(?:번|일|달|년|회|개월|시간)|얼마|어디)까지(?!\S*지\b)")  # 렌트를 며칠까지 해 줘요
_HALVES = word_set("면 으면 려면 으려면 어서 아서 서 니까 으니까 다가")  # 해지하면? stands for a question that has been asked
_FUTURE_QUESTIONS = word_set("ᆯ까 을까 ᆯ지 을지 려나 으려나 ᆯ라나 을라나")
_ASKED_WORD = re.compile(r"(?<=[지나가])(?:가|를|는|은|도|만|요)?(?:\s(?:그게|그걸|그거|그것|그거를|그것을|이게|이걸)(?:만|도|좀)?)?$")
_COMPENSATES = re.compile(r"물어\s?(?:주|줄|준|줘)\S*\s*$")  # 안 되면 그냥 물어 주려고요
_IS_ASKING = re.compile(
    r"(?<=[지가])\S{0,2}\s(?:그걸\s|그거를?\s|그것을\s)?(?:여쭤보|여쭈어보|여쭙|물어보|묻)는 (?:거|것|건|겁)\S*$"
)  # 진짜인지 여쭤보는 거예요
_SAYS_WHAT_IT_DOES = re.compile(  # 그걸 묻는 거예요, 아들은 몰라도 돼요
    r"(?:싶|묻|물어|여쭤|여쭙|모르|몰라|헷갈|궁금|말하|말씀)\S*(?:\s(?:거|것|건|겁|이거)\S*)?$|(?:몰라|줘|둬|셔)도 (?:돼|되)\S*$"
    r"|야 \S+(?: \S+)?(?:죠|지)(?:요)?$|건(?:이에요|예요)$|야겠(?:어|네|다)\S*$|만 \S+면 (?:돼|되)\S*$"
    r"|(?:전화|연락)(?:를)?\s?(?:했|드렸|한|드린)\S*(?:\s(?:거|것|건|겁)\S*)?$"
    r"|(?:평|명|살|킬로|년|달|개월|미터|장|대|마리|프로|퍼센트|원|번|시간)(?:쯤|정도)?(?:은|는)? (?:돼|되|됩|됐)\S*$"  # 한 열두 평 돼요
)
_IS_TO_ASK = word_set("물어보 여쭤보 여쭈 여쭙 묻")
_YOU_KNOW = re.compile(r"\s*있잖아(?:요|예)?$")  # 납입만 잠깐 멈추는 거 있잖아요: names a thing
_YOU_KNOW_IT = re.compile(
    r"(?:(?<=거)|(?<=[가-힣])(?<![이가은는도을를에]) )\s*(?<!수 )있(?:지|죠)(?:요|예)?$"
)  # 지정대리인인가 그거 있죠, without a question's sign
_HEARSAY_OR_QUESTION = re.compile(r"(?<=[가-힣])다요$")  # 보험에서 내준다요: only the voice tells
_ACT_PLEASE = re.compile(  # 그거 접수 좀요
    r"(?:접수|취소|해지|변경|신청|확인|발송|환급|철회|재심사|심사|청구|정지|연장|처리|교체|삭제|승인|해결|수정|차단|연결|상담|발급|안내|추가|설명|재발급)"
    r"(?:을|를)? (?:좀|부탁)(?:요|이요|만요)?$"
)
_SERVICES = word_set("보내 대 빼 바꾸 넣 고치 전하 말하 보 찍 지우 부치 올리 내리 끊 막 풀 알리 돌려놓 되돌리 살리")
_SERVICE_NAMES = word_set("확인 취소 해지 처리 접수 연결 설명 전화 연락 철회 삭제 환급 발송 변경 수정")
_DEMANDING = re.compile(  # 번호나 대요, 종이로 보내요
    r"(?:^|\s)(?:당장|다시|도로|좀|빨리|얼른|어서|똑바로|싹|꼭|즉시|[나저내]한테|[가-힣]+이?나|(?:종이|문자|메일|팩스|우편|글|서면|카톡|톡)으?로)"
    r"(?=\s|$)|한테 전해"
)
_IS_IT_NOT_OWED = re.compile(r"(?<=야 )(되는|하는|돼는|될|할) (?:거|것|게|건)(?:가)? 아(?:니|녜|닌)\S*$")  # 돌려주셔야 되는 거 아니에요
_BIDS_ON = re.compile(r"면\s|[고구](?:요|예)$")
_ONLY_BEFORE = word_set("라도 어서 아서")
_SOFTLY = word_set("되 좋 감사 고맙 편하")  # 열어 주시면 돼요, 보내 주시면 감사하겠습니다
_BLUNTLY = word_set("야 여 가 냐 제 이가")
_INSISTING = word_set("ᆫ다고 는다고 다고 ᆫ다니까 는다니까 다니까 ᆫ다구 는다구")
_PROMISES = word_set("ᆯ게 을게 ᆯ께 을께")
_INTENTIONS = _PROMISES | word_set(
    "ᆯ라 을라 려고 으려고 려구 으려구 ᆯ래 을래 ᆯ라고 을라고 ᆯ라구 을라구 려는데 으려는데 ᆯ라는데 을라는데 ᆯ라카는데"
)
_REPORTED_IMPERATIVES = word_set("라고 으라고 라니까 으라니까 라구 으라구")  # 날짜를 대라고요
_IMPERATIVES = _REPORTED_IMPERATIVES | word_set("세 으세 시오 으시오 십시오 으십시오 라 으라 어라 아라 ᆸ시오 구려")
_BY_OTHERS = re.compile(  # 전화가 하루에 세 번씩 와요 가입하라고, 나더러 가서 달라고 하라고: what the caller is told to do
    r"(?:전화|문자|연락|편지|우편|메일|톡)(?:가|이|도)?\s(?:\S+\s)*(?:와|왔|오)\S*\s.*라[고구]$|(?:나|저|날|우리|저희)(?:더러|보고)\s.*라[고구]$"
)
_BIDDING = word_set("어 아 여 세 으세 시오 십시오 ᆸ시오 라 라고 ᆯ래 면 으면 고 길 쇼 구려 ᆯ까")  # 해 주세요; 안 해 주시네요 asks for nothing
_STEMS = ("VV", "VA", "VX", "VC", "XSV", "XSA")  # as their tags begin
# By their ending a question, and none: 돌려줘야죠, 따져야 되겠어, 얼만데 해지를 해요, 해 주고 말이야, 누가 제 이름으로 받아 갔어요.
_AS_IT_STANDS = re.compile(
    r"야(?:죠|지)(?:요)?$|야 되겠[가-힣]*$|(?:얼만|얼마인|뭔|누군|누구인|어딘|어디인)데 (?:\S+ )?\S+요$"
    r"|(?:^|\s)(\S{2,})(?:은|는) (?:무슨|뭔) \1\S*$|고 말이(?:야|에요|죠)$|(?<!\S)누가 .*(?:[았었했갔왔났뺐썼냈])\S*$"
)
# Questions by their form that nobody answers: exclamations, rejoinders, quotations.
_EXCLAIMS = re.compile(
    "|".join(
        (
            r"(?:무슨|뭔|웬) 일(?:이래|이야|이에요|이고|이냐|인지)\S*(?: (?:정말|진짜|참))?$",  # 이게 무슨 일이래
            r"왜 이(?:래|럼|런대|라노|카노)(?:요)?$",  # 이거 왜 이래
            r"(?:이게|이거|이건|그게) (?:다 )?뭐(?:예요|에요|야|여|고|냐고|냐|죠)$",  # 전화하면 기계가 받고 이게 뭐예요
            r"(?:놓고|않고|안 \S+고) \S+[이가] (?:다 )?뭐(?:예요|에요|야|여|냐)$",  # 사유도 안 적어 놓고 반려가 뭐예요
            r"(?:거|게|것|일이) (?:뭐|뭐가|어디) 있\S*$",  # 할증 붙을 거 뭐 있어요
            r"말이 (?:됩니까|돼요|되나요|되니|되냐)$",
            r"알아듣(?:습니까|겠어요|겠냐|나요)$",  # 우리 같은 사람이 알아듣습니까
            r"누가 그(?:래|럽니까|러던가)(?:요)?$",
            r"누가 \S+ ?달(?:래|랬)\S*$",  # 누가 돌려 달래
            r"누가 \S+다(?:고)? (?:그랬|그래|했|해)\S*$",  # 누가 해지한다 그랬어
            r"(?:을|를) 왜 (?:해|합니까)(?:요)?$",  # 동의를 왜 해요
            r"(?:은|는) 무슨,? (?:안|못) \S+$",  # 갱신은 무슨, 안 해요
            r"(?:안|못|아직|이미) .*무슨 \S+(?:예요|이에요|이야|입니까)$",  # 치료가 아직 안 끝났는데 무슨 합의예요
            r"내가 (?:\S+ )?모르겠(?:어|습니까|냐|나)(?:요)?$",
            r"(?:내|제|우리) \S+[을를] (?:내가 |제가 )?모르\S+$",  # 제 글씨를 모르겠습니까
            r"냐[고구]$",  # 그걸 왜 바꾸냐고: somebody says
            r"뭐 그(?:래|렇|런 거)\S*$",
            r"(?:내가|제가) 언제 .*(?:했|그랬|달라|댔)\S*$",  # 내가 언제 갱신한다 했어요
            r"무슨 (?:합의|해지|취소|대출|갱신|소리|말)\S*(?:예요|이에요|이야|야)$",
            r"[고다] (?:했었|했|그랬)(?:죠|지요?)$",  # 지난번에 우편으로 보내 달라고 했었죠
        )
    )
)
_HAND_IT_OVER = re.compile(r"(?<!\S)내놔(?:요|라|라고)?(?:요)?$")  # 내 원금 내놔: morphology takes it for 내다
_ENDS_AT_A_COMMA = re.compile(r"(?:[가-힣]요|거야|니까|느냐|나),\s")
_SAYING = word_set("다고 ᆫ다고 는다고 자고")
_OTHERS_WANT = re.compile(r"(?:싶어\s?|달라고 )하\S*$")  # 보호자가 치료비를 달라고 하세요
_PURPOSES = word_set("게 도록 게끔")
_REPORTED_ENDING = re.compile(r"(?:ᆫ|는|으)?[다라자냐](?:는데|던데)|(?:ᆫ|는)대|자[고구]$|재$")  # 합의하자고
_HAD_ASKED_FOR = re.compile(r"달라고 (?:한|하는|했던|말한|부탁한|그런) (?:거|것|건|겁)\S*$")  # 그걸 알려 달라고 한 거예요
_STATES = word_set("되 있 없 아프 계시 편찮 힘들 돌아가 모르 싫 좋 괜찮 같")
_KNOW_OF_IT = re.compile(r"알고(?:나|만)?\s(?:계시|있으)\S*$")  # 그냥 알고나 계시라고요: nothing has to be done
_DUNNED = re.compile(r"(?:저|나|우리|저희)(?:한테|보고|더러|에게)\s.*(?:내|갚으|물어내|토해내)라[고구]$")  # 저한테 천이백만 원을 내라고요
_SPEECH = word_set("말 얘기 이야기 말씀 일 대답 소리")
_TELLING = word_set("알리 가르치 가르쳐주 갈치 갈키")
_LOOSE_PARTICLE = re.compile(r"(?<=[가-힣])(?<!는지)(?<!은지)(?<!인지)(?:을|를|이|가|은|는|도|만|좀)$|(?<=지)(?:는|은|를|도)$")
_EXPLAINS = re.compile(  # 바꿔야 된다는 거지, 같이 가자는 거죠, 부담돼서 그런 거지
    r"(?:(?<=[다자])(?:는|ᆫ)|(?<=(?<!달)라)는|(?<=[다란단잔])|(?<=[그이]런)) (?:거|것|말|얘기)(?:이)?지(?:요)?$"
    r"|자는 (?:거|것|말|얘기)(?:이)?죠$"
)
_MAY_HE = re.compile(  # 팩스로 보내도 돼요: nobody allows it to us, as he does 몰라도 돼요, 안 와도 돼요
    r"(?<!안 )(?<!못 )(?<!\S)(?!\S*(?:셔|줘|몰라|둬)도 )\S+도 (?:돼|되)\S*$"
)
_MEANS_TO = re.compile(r"겠다는 (?:거|것|말|얘기)(?:이)?(?:지|죠)(?:요)?$")  # 70세로 미루겠다는 거죠: nobody asks whether he means to
_THING_QUESTION = re.compile(r"(?:건|거|것|겁)(?:인가|인지|지|가|니까|예|에|이에|죠|야|이야|냐|니|래)?(?:요|가요)?$")


@dataclass(frozen=True)
class _Predicate:
    """The end of a sentence: where its last stem stands, the stem that it helps (주다, 싶다, 수 있다), and the ending."""

    stem: int
    helped: int
    ending: str
    past: bool
    ability: bool = False
    giving: bool = False
    wishing: bool = False


class Sentence:
    """One tokenized sentence, and the ways to end it."""

    def __init__(
        self, text: str, tokens: list[Any], asked: bool, join: Callable[[Sequence[tuple[str, str]]], str], ended_by_sign: bool = False
    ) -> None:
        self.text, self.tokens, self.asked, self.join, self.ended_by_sign = text, tokens, asked, join, ended_by_sign
        self.cuts = _fillers(tokens)

    def phrase(self) -> Phrase:
        """The sentence as a phrase: the first form that fits its ending."""
        last = self.tokens[-1]
        if last.tag not in ("EF", "EC") or self.repeats_a_name() or _ONE_OF_THEM.search(self.text):
            told = self.as_said()
            return Phrase(f"{told} 요청", Act.REQUEST) if _ACT_PLEASE.search(self.text) else Phrase(told, Act.PHRASE)
        if (not self.asked and _AS_IT_STANDS.search(self.text)) or _EXCLAIMS.search(self.text):
            return Phrase(self.as_said(), Act.STATEMENT)
        if not self.asked and (handed := _HAND_IT_OVER.search(self.text)):
            return Phrase(f"{self.upto(handed.start())} 내놓으라는 요청".strip(), Act.REQUEST)
        if _HEARSAY_OR_QUESTION.search(self.text):
            return Phrase(self.upto(len(self.text)), Act.STATEMENT)
        if thing := _YOU_KNOW.search(self.text) or _YOU_KNOW_IT.search(self.text):
            return Phrase(self.upto(thing.start()), Act.PHRASE)
        predicate = self.predicate()
        if predicate is None:
            return Phrase(self.as_said(), Act.PHRASE)
        for form in (
            self.wanted_to_know,
            self.told_to_say,
            self.softly_asked,
            self.given,
            self.wished,
            self.wished_thing,
            self.thing_asked,
            self.intended,
            self.commanded,
            self.tried_for_me,
            self.bidden,
            self.begged,
            self.proposed,
            self.asked_for,
        ):
            if phrase := form(predicate):
                return phrase
        return self.stated(predicate)

    def repeats_a_name(self) -> bool:
        """Whether the last word is a noun said before, which morphology took for a verb: 상해보험을 해지해요 상해."""
        word = self.text.rsplit(maxsplit=1)[-1]
        name = word.removesuffix("요")
        began = len(self.text) - len(word)
        named = any(token.tag.startswith("N") and token.form == name for token in self.tokens if token.start < began)
        return named and any(token.start == began and token.tag.startswith("V") for token in self.tokens)

    def predicate(self) -> _Predicate | None:
        """What the sentence ends in; None where that is no predicate."""
        tokens = self.tokens
        ending = tokens[-1].form
        ending = ending[:-1] if len(ending) > 1 and ending.endswith(("요", "유")) else ending
        stem, past = self.before_tense(len(tokens) - 2)
        bare = ending == "고" and tokens[stem].form in ("말", "가지")  # 그거 말고요, 이름이 바뀌어 가지고요
        if stem < 0 or not tokens[stem].tag.startswith(_STEMS) or bare:
            return None
        if (
            ending in ("습니다", "ᆸ니다")
            and any(token.form == "겠" for token in tokens[stem + 1 : -1])
            and not _QUESTION_WORD.search(self.text)
        ):
            ending = "겠습니다"  # 해지하겠습니다; 또 받치겠어요 tells no intention
        helped, ability = stem, False
        if tokens[stem].form in ("있", "없") and (way := self.way_before(stem)) is not None:
            ability = True
            helped, _ = self.before_tense(way - 1)
        giving = helped > 0 and tokens[helped].tag.startswith("VX") and tokens[helped].form in ("주", "달", "드리")
        # 통원으로라도 주시면: what is given stands before it; 세 시 넘어서 주시면: when
        giving = giving and tokens[helped - 1].form not in _ONLY_BEFORE
        wishing = tokens[helped].form == "싶" and helped > 1 and tokens[helped - 1].form in ("고", "구")  # not 되나 싶다
        if giving or wishing:
            helped, _ = self.before_tense(helped - 1)
        return _Predicate(stem, helped, ending, past, ability, giving, wishing) if helped >= 0 else None

    def before_tense(self, index: int) -> tuple[int, bool]:
        """Go back over endings inside a predicate to the stem; whether one of them is of the past."""
        past = False
        while index >= 0 and (self.tokens[index].tag in ("EP", "ETM", "EC") or self.stressed(index)):
            past |= self.tokens[index].form in ("었", "았", "였")
            index -= 1
        return index, past

    def stressed(self, index: int) -> bool:
        """Whether a particle stands between two verbs: 옮겨만 주세요."""
        return self.tokens[index].tag == "JX" and index > 1 and self.tokens[index - 1].tag == "EC"

    def way_before(self, stem: int) -> int | None:
        """Where the 수 of 할 수 있다 stands, a particle or two before the stem."""
        places = range(stem - 1, max(-1, stem - 4), -1)
        return next((i for i in places if self.tokens[i].tag == "NNB" and self.tokens[i].form == "수"), None)

    def upto(self, end: int) -> str:
        """The text before a place, without fillers."""
        pieces, done = [], 0
        for start, stop in self.cuts:
            if start >= end:
                break
            pieces.append(self.text[done:start])
            done = max(done, stop)
        kept = "".join(pieces) + self.text[done:end]
        return re.sub(r"\s+", " ", re.sub(r"\s*,(?:\s*,)+", ",", kept)).strip(" ,")

    def as_said(self) -> str:
        """The sentence without fillers and politeness, its ending as it was; 봐 준다요 asks as well and keeps it."""
        return self.upto(len(self.text) if _HEARSAY_OR_QUESTION.search(self.text) else self.tokens[-1].end)

    def before(self, index: int) -> str:
        """The text before a token, without fillers."""
        return self.upto(self.tokens[index].start)

    def named(self, copula: int) -> str:
        """The text before a copula, of a noun that is written together with it (두 가진데요) its whole form."""
        noun = self.tokens[copula - 1]
        if noun.tag in ("NR", "SN"):
            return self.as_said()  # 번길 십이고요: twelve, or ten and a copula
        together = copula > 0 and noun.end > self.tokens[copula].start
        return f"{self.before(copula - 1)} {noun.form}".strip() if together else self.before(copula)

    def ended(self, index: int, morphemes: Sequence[tuple[str, str]], word: str) -> str:
        """The text before a stem, the stem with other endings, and a word."""
        first = index
        while first and self.tokens[first - 1].end > self.tokens[first].start:  # 뭔지, 소린지: contracted into one syllable
            first -= 1
        token, stem = self.tokens[first], [(one.form, one.tag) for one in self.tokens[first : index + 1]]
        head, tail = self.before(first), self.join([*stem, *morphemes])
        space = " " if head and self.text[token.start - 1 : token.start].isspace() else ""
        return f"{head}{space}{tail} {word}".strip()

    def noun_of(self, index: int, *, names: bool = True) -> str | None:
        """The text up to a noun that a verb is made of (해지 of 해지하다), or None."""
        token, tokens = self.tokens[index], self.tokens
        if token.form == "하" and index and token.tag[:2] in ("XS", "VV"):
            noun = index - 1
            while noun > 0 and (tokens[noun].tag == "JKO" or (tokens[noun].tag == "MAG" and tokens[noun].form in _ADVERBS_OF_MANNER)):
                noun -= 1  # 설명을 좀 해 주세요
            if tokens[noun].tag in ("NNG", "NNP", "XR") and tokens[noun].form not in _SPEECH | {"보고"}:  # 잔액 보고 해 주세요
                object_before = noun and tokens[noun - 1].tag == "JKO"  # 절차를 안내하다: 절차 안내
                return f"{self.before(noun - 1)} {tokens[noun].form}" if object_before else self.upto(tokens[noun].end)
        return self.named_by_trade(index) if names else None

    def named_by_trade(self, index: int) -> str | None:
        """The text up to a verb that the trade has a noun for (변경 of 바꾸다), and that noun; None where it may mean something else."""
        token = self.tokens[index]
        return trade_words.named(token.form, self.before(index)) if token.tag.startswith("VV") else None

    def considered(self) -> Phrase | None:
        """해지할까 해서요: what the caller may do, not what he asks."""
        stem = len(self.tokens) - 2
        if stem <= 0 or self.tokens[-1].form not in ("ᆯ까", "을까") or self.tokens[stem].tag.startswith(("VA", "VC")):
            return None
        noun = self.noun_of(stem)
        if noun is None and (
            self.tokens[stem].tag.startswith("VX") or self.tokens[stem].form in ("되", "있", "없") or _asks_openly(self.text)
        ):
            return None  # 될까 해서요, 어디로 갈까 해서요
        return Phrase(f"{noun or self.ended(stem, [('기', 'ETN')], '')} 고려", Act.WISH)

    def wanted_to_know(self, p: _Predicate) -> Phrase | None:
        """알고 싶다, 궁금하다, 문의드리다: what is asked stands before it."""
        stem = self.tokens[p.helped]
        wanted = p.wishing or p.ending in _INTENTIONS or p.ending == "겠습니다"
        to_ask = stem.form in _IS_TO_ASK and not _COMPENSATES.search(self.text)
        if (p.wishing and stem.form == "알") or (wanted and to_ask):
            return self.asked_before(p.helped)
        noun = p.stem - 1 if stem.tag.startswith("XS") else p.stem
        unknown = stem.form == "모르" and not self.before(noun).endswith("지도") and _ASKED_WORD.sub("", self.before(noun)).endswith("지")
        if noun >= 0 and (unknown or self.tokens[noun].form.startswith("궁금")):
            return self.asked_before(noun)
        return None

    def asked_before(self, index: int) -> Phrase:
        """What is asked stands before a stem: …되는지 그걸 알고 싶어요."""
        said = self.before(index)
        asked = _ASKED_WORD.sub("", said)
        return asked_phrase(asked if asked.endswith("지") else _LOOSE_PARTICLE.sub("", said))

    def told_to_say(self, p: _Predicate) -> Phrase | None:
        """어떻게 하는 건지나 말해: what is asked stands before it."""
        noun = p.stem - 1 if self.tokens[p.stem - 1].tag != "JKO" else p.stem - 2
        if self.tokens[p.stem].form != "하" or p.ending not in _BIDDING or p.past or noun < 1 or self.tokens[noun].form not in _SPEECH:
            return None
        asked = re.sub(r"(?<=지)(?:나|만|를|는|도)?$", "", self.before(noun))
        return Phrase(f"{asked} 안내 요청", Act.REQUEST) if asked.endswith("지") else None

    def softly_asked(self, p: _Predicate) -> Phrase | None:
        """…해 주시면 돼요, …해 주면 감사하겠습니다; and …했으면 좋겠어요, …했으면 해서요."""
        if (pleaded := self.pleaded(p)) is not None:
            return pleaded
        condition = p.stem - 1 if self.tokens[p.stem].tag[:2] != "XS" else p.stem - 2
        if self.asked or p.ending in _QUESTION_ENDINGS or condition < 1 or self.tokens[condition].form not in ("면", "으면"):
            return None
        done, past = self.before_tense(condition)
        if done < 1:
            return None
        honoured = self.tokens[condition - 1].form == "시" and self.tokens[p.stem].form == "되"
        if honoured and self.tokens[done].tag != "VX" and not p.past:  # 엄마 거는 그대로 두시면 돼요: said of us alone
            return self.ordered(done)
        way = self.way_before(done) if self.tokens[done].form == "있" else None
        if way is not None and self.tokens[p.stem].form in ("좋", "하", "싶"):  # 종이로 받아 볼 수 있으면 해서요
            return self.own_doing(self.before_tense(way - 1)[0])
        softly = self.tokens[p.stem].form in _SOFTLY or self.tokens[p.stem - 1].form in _SOFTLY
        if softly and self.tokens[done].form in ("주", "달") and self.tokens[done].tag == "VX":
            helped, _ = self.before_tense(done - 1)
            return self.done_for_me(helped) if helped >= 0 else None
        if past and self.tokens[p.stem].form in ("좋", "하", "싶"):
            return self.own_doing(done) if self.tokens[done].tag[:2] in ("VV", "XS") else None
        return None

    def pleaded(self, p: _Predicate) -> Phrase | None:
        """…해 주시면 안 될까요: of us, since a caller does not honour himself. Without a question's sign or ending it forbids."""
        before = [token.form for token in self.tokens[max(0, p.stem - 4) : p.stem]]
        asked = self.asked or p.ending in _QUESTION_ENDINGS
        if self.tokens[p.stem].form != "되" or before != ["주", "시", "면", "안"] or p.past or not asked:
            return None
        giving = p.stem - 4
        if self.tokens[giving - 1].form in _ONLY_BEFORE:
            return None
        if self.tokens[giving].tag != "VX":
            return Phrase(f"{self.before(giving)} 달라는 요청", Act.REQUEST)
        helped, _ = self.before_tense(giving - 1)
        return self.done_for_me(helped) if helped >= 0 else None

    def ordered(self, index: int) -> Phrase:
        """What we are told to do: 심사 요청, 보내라는 요청."""
        noun = self.noun_of(index)
        return Phrase(f"{noun} 요청" if noun else self.ended(index, [("라는", "ETM")], "요청"), Act.REQUEST)

    def done_for_me(self, index: int) -> Phrase:
        """What we are to do."""
        if (noun_phrase := self.noun_of(index)) is not None:
            return Phrase(f"{noun_phrase} 요청", Act.REQUEST)
        if self.tokens[index].form == "말":  # Kiwi contracts 말아 to 마
            return Phrase(f"{self.before(index)} 말아 달라는 요청", Act.REQUEST)
        return Phrase(self.ended(index, [("어", "EC"), ("달", "VX"), ("라는", "ETM")], "요청"), Act.REQUEST)

    def given(self, p: _Predicate) -> Phrase | None:
        """…해 주세요, …해 달라고, …해 주실 수 있나요: something that we are to do."""
        if self.tokens[p.stem].form == "드리" or self.tokens[p.stem - 1].form in ("안", "못"):
            return None  # 어떻게 돌려 드려요: what the caller does; 번호를 안 줘요: a complaint
        if p.ending in _OPEN_ENDINGS and (_ONE_OR_OTHER.search(self.text) or _WHO_GIVES.search(self.text)):
            return None  # 직접 가야 되나요 아니면 통장으로 보내 줘요
        honoured = p.stem + 1 < len(self.tokens) and self.tokens[p.stem + 1].form == "시"
        how_long = p.ending in ("어", "아") and not honoured and _HOW_LONG.search(self.last_clauses())
        wondering = (how_long or _ASKS_WHY.search(self.text)) and self.tokens[p.stem].form == "주" and not p.past
        if wondering and p.ending in _BIDDING and self.tokens[p.stem].tag[:2] in ("VX", "VV"):
            return asked_phrase(self.ended(p.stem, [("는지", "EC")], ""))
        if p.ending in ("어", "아") and not honoured and not self.asked and self.has_a_doer(p.stem):
            return None  # 그리 보내면 우체부가 알아서 갖다줘요
        giving = self.tokens[p.stem]  # 돌려주다 is one word
        urging = honoured and p.ending in ("죠", "지") and not self.asked and not p.past  # 알려 주시죠
        wonders = not p.ability and (p.ending in _QUESTION_ENDINGS or p.ending in ("죠", "지") or (self.asked and p.past)) and not urging
        offered = p.ending in ("어", "라", "세", "ᆯ래") or (honoured and p.ending in ("면", "으면"))
        handing = not p.giving and giving.form in ("주", "달") and (offered or urging)
        if handing and not self.asked and not p.past:
            return Phrase(f"{self.before(p.stem)} 달라는 요청", Act.REQUEST)
        bidding = p.ending in ("어", "세", "라") or (honoured and p.ending in ("고", "길", "면"))
        if giving.tag == "VV" and len(giving.form) > 1 and giving.form.endswith("주") and bidding and not self.asked and not p.past:
            named = self.named_by_trade(p.stem) or f"{self.before(p.stem)} {giving.form[:-1]} 달라는".strip()
            return Phrase(f"{named} 요청", Act.REQUEST)
        telling = p.ending == "고" and not honoured and giving.form == "주" and not _BIDS_ON.search(self.text)  # 문자 하나 보내주고
        bids = (p.ending in _BIDDING and not telling) or urging or p.ability or (self.asked and not p.past) or giving.form == "달"
        if not p.giving or wonders or p.past or not bids or (p.ability and not self.asked and self.has_a_doer(p.helped)):
            return None  # 친구가 보내 줄 수 있어요
        stem = self.tokens[p.helped]
        if self.asked and not honoured and self.tokens[p.helped - 1].form in ("어도", "아도"):
            return None  # 며느리가 물어봐도 알려 줘요?
        refused = self.tokens[p.helped - 1 - (stem.form == "하" and self.tokens[p.helped - 1].tag == "NNG")]
        if p.helped > 1 and refused.form in ("안", "못") and not honoured and p.ending in ("어", "고"):
            return None  # 회사에서 승선을 안 시켜 줘요
        speaking = stem.form == "하" and self.tokens[p.helped - 1].form in _SPEECH
        if stem.form in _TELLING or speaking:
            noun = p.helped if stem.form in _TELLING else p.helped - 1
            if self.tokens[noun - 1].tag.startswith(("J", "E")) and (
                told := trade_words.without_object_particle(_LOOSE_PARTICLE.sub("", self.before(noun)))
            ):
                return Phrase(f"{told} 안내 요청", Act.REQUEST)
        return self.done_for_me(p.helped)

    def has_a_doer(self, stem: int) -> bool:
        """Whether somebody else than we does it, in the clause of a verb: 친구가 …; a thing that somebody does without is none."""
        clause = max((i for i in range(stem - 1) if self.tokens[i].tag == "EC" and self.tokens[i].form not in _ONLY_BEFORE), default=-1) + 1
        doers = [i for i in range(clause + 1, stem) if self.tokens[i].tag == "JKS" and self.tokens[i].form in ("가", "이")]
        return any(_PERSON.search(self.tokens[i - 1].form) for i in doers)

    def wished(self, p: _Predicate) -> Phrase | None:
        """…하고 싶어요."""
        if not p.wishing:
            return None
        return self.own_doing(p.helped)

    def wished_thing(self, p: _Predicate) -> Phrase | None:
        """내역서를 받아 보고 싶은 거예요."""
        if self.asked or p.stem < 4 or self.tokens[p.stem].tag != "VCP":
            return None
        wish, thing = self.tokens[p.stem - 3], self.tokens[p.stem - 1]
        if wish.form != "싶" or thing.form not in ("거", "것"):
            return None
        done, _ = self.before_tense(p.stem - 4)
        return self.asked_before(done) if self.tokens[done].form == "알" else self.own_doing(done)

    def intended(self, p: _Predicate) -> Phrase | None:
        """…하려고요, …할게요: something that the caller is about to do."""
        following = [token.form for token in self.tokens[p.stem + 1 : p.stem + 3]]
        if following in (["어야", "겠"], ["아야", "겠"]) and not _QUESTION_WORD.search(self.text):
            return self.own_doing(p.stem)
        if self.tokens[p.stem].form == "말" and p.ending.endswith("래"):
            return Phrase(self.as_said(), Act.STATEMENT)  # 하지 말래요: somebody said so
        if p.ending in _PROMISES and not p.past:
            return Phrase(self.ended(p.stem, [("겠", "EP"), ("음", "ETN")], ""), Act.WISH)  # 그건 의사 선생님하고 상의할게요: no wish of us
        if p.stem and self.tokens[p.stem - 1].form == "못":
            return None  # 보험료가 너무 비싸서 못 내겠습니다
        if p.ending not in _INTENTIONS and not (p.ending == "겠습니다" and self.tokens[p.stem].tag[:2] in ("VV", "XS", "VX")):
            return None
        return self.own_doing(p.stem)

    def own_doing(self, index: int) -> Phrase:
        """What the caller himself wants to do: 해지 희망, 받아 보기 희망."""
        noun = self.noun_of(index)
        return Phrase(f"{noun} 희망" if noun else self.ended(index, [("기", "ETN")], "희망"), Act.WISH)

    def thing_asked(self, p: _Predicate) -> Phrase | None:
        """…한 건가요, …하는 겁니까."""
        if had_asked := _HAD_ASKED_FOR.search(self.text):
            return Phrase(f"{self.upto(had_asked.start())} 달라는 요청", Act.REQUEST)
        if asking := _IS_ASKING.search(self.text):
            return asked_phrase(_ASKED_WORD.sub("", self.upto(asking.start())))
        found = _THING_QUESTION.search(self.text)
        if (not self.asked and _EXPLAINS.search(self.text)) or _MEANS_TO.search(self.text):
            return Phrase(self.as_said(), Act.STATEMENT)
        asked = self.asked or _asks_openly(self.text) or re.search(r"(?:건지|건가요?|겁니까|거죠|거지)$", self.text)
        if found and asked and self.tokens[p.stem].tag == "VCP" and found.start():
            wish = None if found[0].endswith(("가", "가요", "까")) else self.reported_wish()
            return wish or asked_phrase(f"{self.upto(found.start())} 건지")
        return None

    def commanded(self, p: _Predicate) -> Phrase | None:
        """보내세요, 빼라고요: an order, unless somebody else gives it."""
        ordered = self.tokens[-1].tag == "EF" or p.ending in _REPORTED_IMPERATIVES
        if p.ending not in _IMPERATIVES or self.asked or p.past or not ordered or self.tokens[p.stem].tag in ("VCP", "VCN"):
            return None
        of_others = self.tokens[p.stem - 1].form in _SAYING or self.tokens[p.stem].form in _STATES or _OTHERS_WANT.search(self.text)
        honouring = p.ending in ("세", "으세") and of_others
        if honouring or any(token.form in ("안", "못") for token in self.tokens[max(0, p.stem - 2) : p.stem]):
            return Phrase(self.as_said(), Act.STATEMENT)  # 그쪽은 괜찮다고 하세요, 본인 통화가 안 되세요, 사십 분째 안 와라
        ends_up = self.tokens[p.stem].form == "말" and self.tokens[p.stem - 1].form == "고"  # 제 돈으로 물어 주고 말라고요
        if ends_up or _KNOW_OF_IT.search(self.text):
            return Phrase(self.as_said(), Act.STATEMENT)
        forbidden = p.ending == "라고" and self.tokens[p.stem].form == "말" and not self.text.rstrip(".").endswith("요")
        said = self.as_said()
        if p.ending in _REPORTED_IMPERATIVES and (forbidden or _BY_OTHERS.search(said) or _DUNNED.search(said.removesuffix("요"))):
            return Phrase(self.as_said(), Act.STATEMENT)
        return self.ordered(p.stem)

    def bidden(self, p: _Predicate) -> Phrase | None:
        """안내장 다시 보내요, 나한테 보내, 도로 빼: by its ending a statement as well, by verb and manner a demand."""
        helping = self.tokens[p.stem].tag == "VX" and self.tokens[p.stem].form in ("보", "놓", "두")  # 사람 좀 보내 봐요, 도로 넣어 놔요
        verb = self.before_tense(p.stem - 1)[0] if helping else p.stem
        stem = self.tokens[verb]
        named = verb > 0 and stem.form == "하" and self.tokens[verb - 1].form in _SERVICE_NAMES
        served = named or ((stem.form in _SERVICES or (helping and stem.form == "하")) and stem.tag.startswith("VV"))
        if self.asked or p.past or p.ending not in ("어", "아") or not served:
            return None
        clause = max((i for i in range(verb) if self.tokens[i].tag == "EC"), default=-1) + 1
        of_somebody = any(
            token.tag == "JKS" or token.form in ("우리", "저희") or (token.form in ("저", "나") and following.tag == "JX")
            for token, following in pairwise(self.tokens[clause : verb + 1])
        )
        denied = any(token.tag == "MAG" and token.form in ("안", "못") for token in self.tokens[clause:verb])
        pressing = (helping and self.tokens[p.stem].form != "보") or _DEMANDING.search(self.text)
        if of_somebody or denied or not pressing:
            return None
        return self.ordered(verb)

    def tried_for_me(self, p: _Predicate) -> Phrase | None:
        """그것도 알려 줘 봐요."""
        giving, _ = self.before_tense(p.stem - 1)
        if self.asked or p.past or self.tokens[p.stem].form != "보" or p.ending not in ("어", "아") or giving < 1:
            return None
        if self.tokens[giving].tag != "VX" or self.tokens[giving].form != "주":
            return None
        done, _ = self.before_tense(giving - 1)
        return self.done_for_me(done) if done >= 0 else None

    def proposed(self, p: _Predicate) -> Phrase | None:
        """기록을 좀 봅시다, 사람하고 말 좀 합시다."""
        if self.asked or p.ending not in ("ᆸ시다", "읍시다") or self.tokens[p.stem].tag == "VX":
            return None
        return self.own_doing(p.stem)

    def begged(self, p: _Predicate) -> Phrase | None:
        """수정 부탁드려요, 메일로 부탁합니다."""
        place = next((i for i in (p.stem - 1, p.stem - 2) if i > 0 and self.tokens[i].form == "부탁"), 0)
        if not place or self.tokens[p.stem].form not in ("드리", "하") or p.past:
            return None
        said = _LOOSE_PARTICLE.sub("", self.before(place))
        return Phrase(f"{said} 요청", Act.REQUEST) if said else None

    def asked_for(self, p: _Predicate) -> Phrase | None:
        """A question by its sign, its ending, or a question word beside an open ending."""
        unknown = self.tokens[p.stem].form == "모르"  # 뭐가 있는지 아무도 몰라요
        open_question = p.ending in _OPEN_ENDINGS and _asks_openly(self.last_clauses()) and not unknown
        sure = p.ending in ("죠", "지", "잖아") and p.ability and self.tokens[p.stem].form != "없"
        if not (self.asked or p.ending in _QUESTION_ENDINGS or open_question or sure):
            return None
        if p.ending in _HALVES:
            return Phrase(self.as_said(), Act.STATEMENT)
        return self.question(p)

    def last_clauses(self) -> str:
        """The text after the last sentence that ends inside it: 왜 안 와요 서류는 다 냈는데; 누가 계산한 거야, 담당자 바꿔요."""
        ends = [token.end for token in self.tokens[:-1] if token.tag == "EF" and token.end < self.tokens[-2].start]
        ends += [found.end() for found in _ENDS_AT_A_COMMA.finditer(self.text)]
        begin = max(ends, default=0)
        said = [token for token in self.tokens if token.start >= begin and not (token.tag == "IC" and token.form == "뭐")]
        return "".join(self.text[one.start : max(one.end, after.start)] for one, after in pairwise([*said, said[-1]])) if said else ""

    def as_question(self) -> Phrase | None:
        """The sentence as what is asked, whatever its ending says; None where it has no predicate."""
        predicate = self.predicate()
        return self.question(predicate) if predicate else None

    def question(self, p: _Predicate) -> Phrase:
        """The sentence as what is asked."""
        stem = self.tokens[p.stem]
        if p.ending in _FUTURE_QUESTIONS and not p.past:
            ending = ("ᆯ지", "EC")
        elif p.past or stem.tag[:2] in ("VV", "VX") or stem.tag == "XSV" or stem.form in ("있", "없", "계시"):
            ending = ("는지", "EC")
        else:
            ending = ("ᆫ지", "EC")
        return asked_phrase(self.ended(p.stem, [*self.tense(p), ending], ""))

    def stated(self, p: _Predicate) -> Phrase:
        """What is left: a statement, or what only the voice tells apart."""
        if self.tokens[p.stem].tag == "VCN" and not p.past and (owed := _IS_IT_NOT_OWED.search(self.as_said())):
            return asked_phrase(f"{owed.string[: owed.start()]}{owed[1]} 거 아닌지")
        if self.tokens[p.stem].tag == "VCN" and p.ending in _BLUNTLY:
            return Phrase(self.as_said(), Act.STATEMENT)  # 사기 아니여: it is one
        if self.tokens[p.stem].tag == "VCP" and self.tokens[p.stem - 1].form == "터":
            return Phrase(self.as_said(), Act.STATEMENT)  # 사진은 보낼 테니까
        if self.tokens[p.stem].tag == "VCP":
            return self.reported_wish() or Phrase(self.as_said() if self.is_open(p) else self.named(p.stem), Act.STATEMENT)
        if needed := self.needed(p):
            return needed
        if self.said_with_a_wink(p.stem):
            done, past = self.before_tense(p.stem - 1)
            return self.stated(_Predicate(done, done, "잖아", past or p.past))  # an ending that leaves nothing open
        left_so = self.tokens[p.stem].tag == "VX" and self.tokens[p.stem].form in ("놓", "두")
        if left_so and p.ending in ("어", "아") and not p.past:
            return Phrase(self.as_said(), Act.STATEMENT)  # 도로 살려 놔요: an order, or what is so
        if self.is_open(p):
            return self.question(p) if _MAY_HE.search(self.as_said()) else Phrase(self.as_said(), Act.STATEMENT)
        if p.ending == "고" and not p.past and self.tokens[p.stem].tag.startswith(("VV", "VX", "XSV")):
            return Phrase(self.as_said(), Act.STATEMENT)  # 주소도 바꾸고요, 견인차도 보내 주고: a wish of several, or a fact
        if p.ending in _PURPOSES or p.ending == "다가":
            return Phrase(self.as_said(), Act.STATEMENT)  # 할증 안 붙게, 자차 처리하려다가요
        if self.is_hearsay(p) or p.ending == "래" or (self.tokens[p.stem].tag == "VCN" and p.ending == "라고"):  # 치료 목적이 아니라고
            return Phrase(self.as_said(), Act.STATEMENT)
        if p.ending in _INSISTING and not self.text.endswith("요"):
            return Phrase(self.as_said(), Act.STATEMENT)  # 죽여 버린다고: what somebody else says
        if p.ending in _INSISTING and not p.past:
            noun = self.named_by_trade(p.stem)
            has_to = p.stem > 0 and self.tokens[p.stem - 1].form in ("어야", "아야")  # 옮겨야 된다고요: insisting, or told by somebody
            if noun or has_to:
                return Phrase(noun or self.as_said(), Act.STATEMENT)
        return Phrase(self.ended(p.stem, [*self.honour(p), *self.tense(p), ("음", "ETN")], ""), Act.STATEMENT)

    def reported_wish(self) -> Phrase | None:
        """…해 달라는 거예요, …해 달라는 말이죠: what we are to do."""
        wanted = re.search(r"라는 (?:거|것|겁|건|말|얘기|뜻)[가-힣]*$", self.as_said())
        given = next((i for i, token in reversed(list(enumerate(self.tokens))) if token.tag == "VX" and token.form == "달"), 0)
        if wanted is None:
            return None
        said = wanted.string[: wanted.start()]
        if not given and said.endswith("달"):
            return Phrase(f"{said}라는 요청", Act.REQUEST)
        if not said.endswith("달"):  # what was asked for is not this: 빼 달라는 소리가 아니라 설명을 해 보라는 말이여
            return Phrase(self.as_said(), Act.STATEMENT)  # 돈을 내라는 거예요: the caller's order, or one that he asks about
        helped, _ = self.before_tense(given - 1)
        return self.done_for_me(helped)

    def needed(self, p: _Predicate) -> Phrase | None:
        """…해 주셔야 돼요: what we are to do; 바꿔야 돼요: what has to be done; without a sign at its end it may be a question."""
        has_to = self.tokens[p.stem].form in ("되", "하") and self.tokens[p.stem - 1].form in ("어야", "아야")
        if not has_to or p.stem < 2 or p.past or not self.ended_by_sign:
            return None
        done, past = self.before_tense(p.stem - 2)
        if past or done < 1 or not self.tokens[done].tag.startswith(("VV", "VX", "XSV")):
            return None
        if self.tokens[done].tag == "VX" and self.tokens[done].form in ("주", "달"):
            helped, _ = self.before_tense(done - 1)
            return self.done_for_me(helped) if helped >= 0 else None
        named = self.noun_of(done)
        return Phrase(f"{named} 필요", Act.STATEMENT) if named else None

    def is_open(self, p: _Predicate) -> bool:
        """Whether only the voice tells if a sentence states or asks: 실비 돼요, 전액 나오죠, 정지할 수 있대요, and no sign at its end."""
        confirming = p.ending in ("죠", "지", "지요")
        if (self.ended_by_sign or p.past) and not confirming:
            return False
        allowing = "".join(token.form for token in self.tokens[max(0, p.stem - 2) : p.stem]) == "시어도"  # 안 해 주셔도 돼요
        return (confirming or p.ending in _OPEN_ENDINGS) and not allowing

    def is_hearsay(self, p: _Predicate) -> bool:
        """오늘 갚으면 반으로 깎아준다고, 권리가 있다던데요: what somebody else says is no fact."""
        if _REPORTED_ENDING.match(p.ending):
            return True  # 백이십을 주겠다는데요, 돈을 옮겨 놔야 된대요
        told = p.ending.startswith("던데") and self.tokens[p.stem - 1].form in ("다고", "ᆫ다고", "는다고", "라고")
        stem = self.tokens[p.stem]
        contracted = stem.start in (stem.end, self.tokens[p.stem - 1].end - 1)
        told |= stem.form == "하" and self.tokens[p.stem - 1].form in _SAYING and contracted  # 쓰였대요
        told |= p.past and p.ending == "대"  # 벌금이 나왔대요
        offered = p.ending in ("ᆫ다고", "는다고") and not self.ended_by_sign and self.tokens[p.stem].form.endswith("주")
        return told or offered

    def said_with_a_wink(self, stem: int) -> bool:
        """Whether a predicate ends in -잖아, which morphology takes for -지 않아."""
        token = self.tokens[stem]
        return stem > 1 and token.form == "않" and "잖" in self.text[self.tokens[stem - 1].start : token.end]

    def honour(self, p: _Predicate) -> list[tuple[str, str]]:
        """The morpheme by which whom the predicate is about is honoured: 아버님이 돌아가셨음."""
        return [("시", "EP")] if any(token.form in ("시", "으시") and token.tag == "EP" for token in self.tokens[p.stem + 1 :]) else []

    def tense(self, p: _Predicate) -> list[tuple[str, str]]:
        """The predicate's morpheme of the past, where it has one."""
        return [("었", "EP")] if p.past else []


def may_ask(text: str, tokens: Sequence[Any]) -> bool:
    """Whether an ending leaves it open that a sentence asks, no question word tells, nor the sentence itself (그걸 묻는 거예요)."""
    ending = tokens[-1].form.removesuffix("요") if tokens and tokens[-1].tag == "EF" else ""
    return ending in _OPEN_ENDINGS and not _SAYS_WHAT_IT_DOES.search(text) and not _asks_openly(text)


def has_to(text: str) -> bool:
    """Whether a sentence ends in what has to be, which callers say of themselves and ask alike: 등기로 와야 돼요."""
    return re.search(r"야 (?:돼|되|해|하)\S*$", text) is not None and _ONE_OR_OTHER.search(text) is None


def _asks_openly(text: str) -> bool:
    """Whether a question word stands in a text outside what is asked indirectly (얼마 나오는지 물어보는 거예요)."""
    return _QUESTION_WORD.search(_ASKED_INDIRECTLY.sub("", text)) is not None


def asked_phrase(said: str) -> Phrase:
    """What is asked (…는지), and in the trade's words what of it: whether it is so (여부), or how it is done (방법)."""
    if not said.endswith("지"):
        return Phrase(f"{said} 문의".strip(), Act.ASK)
    if _ASKS_A_WAY.search(said):
        return Phrase(f"{said} 방법 문의", Act.ASK)
    return Phrase(f"{said} 문의" if _QUESTION_WORD.search(said) else f"{said} 여부 문의", Act.ASK)


def _fillers(tokens: Sequence[Any]) -> list[tuple[int, int]]:
    """Where words stand that only fill: all before the sentence begins, and a few adverbs and sounds anywhere."""
    cuts: list[tuple[int, int]] = []
    begun = False
    for place, (token, following) in enumerate(zip(tokens, [*tokens[1:], None], strict=True)):
        alone = following is None or following.start > token.end or following.tag in SIGNS
        after_filler = bool(cuts) and cuts[-1][1] == token.start and token.tag in ("JX", "EF") and token.form in ("요", "은", "는")
        filler = after_filler or (_begins_with_filler(token, following, alone) and not _asks_what(tokens[place : place + 3]))
        begun = begun or not filler  # 그래서요, 일단은
        # 이제 막내가 서른다섯이니: neither now nor just
        apart = alone or following.tag in ("JX", "EF")  # 확인 좀요
        inside = apart and ((token.tag == "IC" and token.form in _SOUNDS) or (token.tag == "MAG" and token.form in _ADVERBS_OF_MANNER))
        contrasted = following is not None and following.form in _CONTRASTS
        if not begun or (inside and not contrasted):
            cuts.append((token.start, token.end))
    return cuts


def _asks_what(tokens: Sequence[Any]) -> bool:
    """뭐 내면 돼요, 뭐 준비해 가면 돼요, 뭐 뭐 필요해요: the object of what follows, and no filler."""
    if tokens[0].form != "뭐" or len(tokens) < 2:
        return False
    doing = tokens[1].tag == "NNG" and len(tokens) > 2 and tokens[2].tag in ("XSV", "XSA")
    return doing or tokens[1].tag.startswith("VV") or tokens[1].form == "뭐"


def _begins_with_filler(token: Any, following: Any, alone: bool) -> bool:
    if following is not None and following.form in _CONTRASTS:
        return False
    if token.form == "저" and following is not None and following.tag not in SIGNS and following.form not in _FILLERS:
        return False  # the caller himself
    if token.form == "오":
        return False  # 오 일에 빠지는데
    if token.tag in ("IC", *SIGNS):
        return alone
    if token.form == "막" and not alone:
        return False
    bound = token.tag in ("NP", "MM", "NNG") and following is not None and following.tag.startswith(_PARTICLES_AFTER)
    return token.form in _FILLERS and token.tag in ("MAG", "MAJ", "NP", "MM", "NNG") and not bound
