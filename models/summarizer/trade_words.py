"""What the trade calls a deed: 변경 for 바꾸다, 확인 for 봐 주다, 발급 for 떼다.

A stem that means something else with other things (차를 고치다, 상담원을 바꾸다, 한 번만 봐주다) is named only where what stands before it
shows the sense; elsewhere the caller's verb stays.
"""

import re

_PAPERS = "증권|증명서|확인서|서류|내역서|영수증|사본|약관|계산서"
_ENTRIES = "주소|번호|이름|성함|철자|영문|스펠링|생년월일|날짜|직업|명의|연락처|이메일"
_DATES_AND_ACCOUNTS = "통장|계좌|카드|날|날짜|출금일|이체일|납입일|결제일|수익자|계약자|주소|번호|명의|연락처"
# 바꿔 주세요: put me through to
_STAFF = (
    "전화|담당|담당자|상담원|상담사|사람|분|[가-힣]*팀|[가-힣]*팀장|[사실부과]장|대리|선생"
    "|책임자|관리자|직원|기사|[가-힣]+부서|(?:보상|심사|민원|대출)과"
)
_LENIENCE = "사정|편의|형편|이번|사람|아이|애"  # 이번 것만 봐 주세요: let it pass; 아이를 봐 주세요: look after
_PARTICLE = "(?:만|도|을|를|은|는)?"
_NAMES = tuple(
    (stem, re.compile(f"(?:{before})$"), name)
    for stem, before, name in (
        ("바꾸", rf"^(?!.*(?:{_STAFF})(?:님)?(?:을|를|으?로|이나|이든|한테)?(?: [좀만])?$).*", "변경"),
        ("고치", rf"(?:{_ENTRIES}){_PARTICLE}", "정정"),
        ("고치", rf"^(?=.*(?:{_ENTRIES})).*으?로", "정정"),
        ("없애", ".*", "삭제"),
        ("미루", ".*", "연기"),
        ("보", rf"^(?!.*(?:{_LENIENCE})\S*$).*(?:[가-힣][지나](?:만|부터|도|를|는)?|[을를거것건걸](?:만|부터)?|여부|내역)", "확인"),
        *((stem, ".+", "확인") for stem in ("알아보", "찾아보", "살펴보", "들여다보")),
        ("막", ".*(?:대출|출금|결제|이체|문자|전화|광고|연락|접속|로그인|게)(?:만|도|을|를|은|는|부터)?(?: 아예)?", "차단"),
        ("걸", "전화(?:를|도|만)?|(?:번호|전화|폰|데|쪽|거기|여기|회사|집)(?:으?로)", "전화"),
        ("쏘", "(?:문자|팩스|메일|카톡|톡|우편|등기)로", "발송"),
        ("보내", "(?:문자|팩스|메일|카톡|톡|우편|등기)로", "발송"),
        ("넣", "문자로", "발송"),
        ("넣", "(?:통장|계좌|은행)(?:으로|로)", "입금"),
        *((stem, rf"(?:{_PAPERS}){_PARTICLE}(?: (?:다시|새로|한 장|한 부|한 통))?", "발급") for stem in ("뽑", "떼", "끊")),
        *(
            (stem, rf"(?:돈|보험료|원금|이자|차액|대금|금액|낸 [거것]){_PARTICLE}(?: (?:다|전부|바로))?", "환급")
            for stem in ("돌려주", "돌리")
        ),
        ("늘리", "(?:기간|만기|기한|까지)(?:을|를|으?로|까지)?", "연장"),
        ("늘리", "(?:한도|가입금액|보장)(?:을|를|도|만)?", "증액"),
        ("줄이", "(?:가입금액|보장)(?:을|를|도|만)?", "감액"),
        ("하", rf"(?:{_DATES_AND_ACCOUNTS})(?:만|도|을|를|은|는)\s.*으?로", "변경"),
        ("하", "없[던는] (?:걸|일|것으)로", "취소"),
    )
)
# What is left to be done after a call has more names: there no caller is heard, so nothing else may be meant.
_WAYS = "(?:문자|메일|팩스|톡|우편|등기|택배|퀵|서면|주소|댁|집)"
_ADVERBS = "(?: (?:바로|다시|한번|꼭|먼저|새로|직접|곧바로|지금|함께|같이))*"
_DEEDS = tuple(
    (stem, re.compile(f"(?:{before}){_ADVERBS}$"), name)
    for stem, before, name in (
        *((stem, rf"{_WAYS}(?:으)?로", "발송") for stem in ("보내", "부치", "쏘", "넣", "주", "드리", "보내주", "보내드리")),
        *((stem, r"(?:전화|통화)(?:를|도|로)?", "전화") for stem in ("걸", "주", "드리", "넣")),
        ("걸", "[가-힣0-9]에(?:다가?)?", "전화"),
        *((stem, r"연락(?:을|도)?", "연락") for stem in ("주", "드리", "넣")),
        *((stem, r"(?:답|답변|회신|회답)(?:을|도)?", "회신") for stem in ("주", "드리", "보내", "하")),
        *((stem, r"안내(?:를|도)?", "안내") for stem in ("주", "드리")),
        *((stem, r"(?:앱|어플|홈페이지|사이트|누리집|게시판|란|메뉴)에(?:다가?)?", "등록") for stem in ("올리", "넣")),
        ("부치", "(?:통장|계좌)(?:으로|로)", "송금"),
    )
)
_WITHOUT_ITS_NOUN = re.compile(r"(?:전화|통화|연락|답|답변|회신|회답|안내)(?:를|을|도|로)?(?=(?: [가-힣]+)*$)")
_AS_IF_NOTHING = re.compile(r"\s*없[던는] (?:걸|일|것으)로$")
_OBJECT = re.compile(r"(?<=지)(?:만|부터|도|를|는)$|(?<=지) [그이](?:거|걸|것)(?:만|을|를)?$|(?<=[가-힣])(?:을|를)$")


def named(stem: str, before: str) -> str | None:
    """What stands before a verb and the trade's noun for it; None where it may mean something else.

    >>> named("바꾸", "주소를"), named("고치", "차를")
    ('주소 변경', None)
    """
    for verb, wanted, name in _NAMES:
        if before and verb == stem and wanted.search(before):
            return f"{without_object_particle(_AS_IF_NOTHING.sub('', before))} {name}".strip()
    return None


def named_deed(stem: str, before: str) -> str | None:
    """The same for a verb of a thing to do; a noun that the deed is made of (전화 주다) is told once.

    >>> named_deed("보내", "서류 목록을 이메일로"), named_deed("주", "다시 전화"), named_deed("보내", "서류를")
    ('서류 목록을 이메일로 발송', '다시 전화', None)
    """
    for verb, wanted, name in _DEEDS:
        if verb == stem and wanted.search(before):
            told = before if name in ("발송", "등록", "송금") else _WITHOUT_ITS_NOUN.sub("", before)
            return re.sub(r"\s+", " ", f"{told} {name}").strip()
    return None


def without_object_particle(text: str) -> str:
    """A text without the particle of an object at its end, nor the 그걸 that takes up a question (되는지 그걸)."""
    return _OBJECT.sub("", text)
