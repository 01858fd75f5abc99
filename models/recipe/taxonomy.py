"""The two things a summary must get right: the line of business and the kind of request.

Every generated and every free-form pair is labelled with one ``LineOfBusiness`` name (or none, when the caller names no
product) and one ``RequestKind`` key. The judge that counts "right product, right request, nothing invented" reads summaries
with the same tables, so a label, a phrase bank and a score can never mean different things by the same word.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class LineOfBusiness:
    """One product line: its name as summaries write it, and what callers say for it.

    A caller who says any of ``aliases`` has named the product; a summary that contains ``name`` or an alias names it too.
    """

    name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class RequestKind:
    """One kind of request: its key, the endings a summary may use for it (the first is the usual one).

    ``markers`` are the substrings that identify the kind in a summary; any one of them suffices. Where a summary carries
    the markers of several kinds, the longest marker decides.
    """

    key: str
    endings: tuple[str, ...]
    markers: tuple[str, ...]


LINES_OF_BUSINESS: tuple[LineOfBusiness, ...] = (
    LineOfBusiness("자동차보험", ("자동차보험", "자동차 보험", "차 보험", "차보험", "자차보험")),
    LineOfBusiness("실손보험", ("실손보험", "실손 보험", "실비보험", "실비 보험", "실손", "실비", "실손의료비", "의료실비", "실삐")),
    LineOfBusiness("운전자보험", ("운전자보험", "운전자 보험")),
    LineOfBusiness("화재보험", ("화재보험", "화재 보험", "주택화재보험", "집 보험")),
    LineOfBusiness("여행자보험", ("여행자보험", "여행자 보험", "여행보험", "여행 보험", "해외여행보험")),
    LineOfBusiness("치아보험", ("치아보험", "치아 보험", "이빨 보험", "치과 보험")),
    LineOfBusiness("암보험", ("암보험", "암 보험")),
    LineOfBusiness("어린이보험", ("어린이보험", "어린이 보험", "자녀보험", "자녀 보험", "아이 보험", "애 보험", "애기 보험")),
    LineOfBusiness("태아보험", ("태아보험", "태아 보험", "뱃속 아기 보험")),
    LineOfBusiness("펫보험", ("펫보험", "펫 보험", "강아지 보험", "고양이 보험", "반려견 보험", "반려동물보험", "반려동물 보험")),
    LineOfBusiness("연금보험", ("연금보험", "연금 보험", "개인연금", "연금저축")),
    LineOfBusiness("종신보험", ("종신보험", "종신 보험")),
    LineOfBusiness("정기보험", ("정기보험", "정기 보험")),
    LineOfBusiness("간병보험", ("간병보험", "간병 보험", "간병인 보험", "장기요양보험")),
    LineOfBusiness("치매보험", ("치매보험", "치매 보험")),
    LineOfBusiness("배상책임보험", ("배상책임보험", "배상책임 보험", "일상생활배상책임", "일배책", "배상 책임 보험", "배상보험")),
    LineOfBusiness("상해보험", ("상해보험", "상해 보험")),
    LineOfBusiness("건강보험", ("건강보험", "건강 보험", "종합건강보험")),
    LineOfBusiness("저축보험", ("저축보험", "저축 보험", "저축성 보험")),
    LineOfBusiness("변액보험", ("변액보험", "변액 보험")),
    LineOfBusiness("유병자보험", ("유병자보험", "유병자 보험", "간편보험", "간편 심사 보험", "간편심사보험")),
    LineOfBusiness("오토바이보험", ("오토바이보험", "오토바이 보험", "이륜차보험", "이륜차 보험", "바이크 보험")),
    LineOfBusiness("골프보험", ("골프보험", "골프 보험", "홀인원 보험")),
    LineOfBusiness("생명보험", ("생명보험", "생명 보험")),
    LineOfBusiness("단체보험", ("단체보험", "단체 보험", "회사 단체보험")),
    LineOfBusiness("보증보험", ("보증보험", "보증 보험", "전세보증보험")),
    LineOfBusiness("풍수해보험", ("풍수해보험", "풍수해 보험")),
    LineOfBusiness("농작물보험", ("농작물보험", "농작물 보험", "농작물재해보험")),
    LineOfBusiness("휴대폰보험", ("휴대폰보험", "휴대폰 보험", "핸드폰 보험", "폰 보험")),
)

REQUEST_KINDS: tuple[RequestKind, ...] = (
    RequestKind("coverage", ("보상 여부 확인 요청", "보험 여부 확인 요청", "적용 여부 확인 요청"), ("보상 여부", "보험 여부", "적용 여부", "보장 여부")),
    RequestKind("amount", ("보상 금액 문의", "보험금 예상 금액 문의", "보상 한도 문의", "자기부담금 문의"), ("보상 금액", "예상 금액", "보상 한도", "보장 한도", "보험금 금액", "보장 금액", "자기부담금", "진단비 금액")),
    RequestKind("documents", ("청구 서류 안내 요청", "필요 서류 안내 요청", "서류 제출 방법 안내 요청"), ("서류",)),
    RequestKind("claim", ("보험금 청구 절차 안내 요청", "보험금 청구 방법 안내 요청"), ("청구 절차", "청구 방법", "청구 접수", "보험금 청구 요청")),
    RequestKind("accident_report", ("사고 접수 요청",), ("사고 접수",)),
    RequestKind("delay", ("보험금 지급 지연 확인 요청", "심사 진행 상황 확인 요청"), ("지급 지연", "진행 상황", "처리 지연", "심사 지연")),
    RequestKind("denial", ("지급 거절 이의 제기", "보험금 삭감 이의 제기"), ("지급 거절", "이의 제기", "삭감", "재심사", "면책 통보")),
    RequestKind("cancel", ("해지 요청", "해지 절차 안내 요청"), ("해지 요청", "해지 절차", "해지 방법", "해약 요청")),
    RequestKind("withdraw", ("청약 철회 요청",), ("청약 철회",)),
    RequestKind("refund", ("해지 환급금 문의", "환급금 조회 요청"), ("환급금", "환급 금액")),
    RequestKind("change", (
            "계약 변경 요청", "수익자 변경 요청", "주소 변경 요청", "연락처 변경 요청", "계약자 변경 요청", "이름 변경 요청", "직업 변경 요청", "차량 변경 요청",
            "운전자 범위 변경 요청", "보장 금액 변경 요청",
        ), ("변경 요청", "변경 방법", "변경 절차", "보장 금액 변경")),
    RequestKind("certificate", ("보험증권 재발급 요청", "가입증명서 발급 요청", "납입증명서 발급 요청", "영문 가입증명서 발급 요청"), ("재발급", "발급 요청", "증명서", "증권")),
    RequestKind("auto_debit", (
            "자동이체 변경 요청", "자동이체 신청 요청", "자동이체 해지 요청", "자동이체 오류 확인 요청", "자동이체 계좌 변경 요청", "자동이체 출금일 변경 요청",
        ), ("자동이체", "출금일", "자동이체 변경", "자동이체 해지", "자동이체 계좌", "자동이체 출금일", "출금일 변경 요청", "카드 변경 요청")),
    RequestKind("reinstate", ("계약 부활 요청", "효력 상실 계약 부활 요청"), ("부활",)),
    RequestKind("loan", ("보험계약대출 문의", "보험계약대출 신청 요청", "보험계약대출 상환 문의"), ("대출",)),
    RequestKind("renewal", ("갱신 보험료 인상 문의", "갱신 절차 안내 요청", "갱신 여부 확인 요청"), ("갱신",)),
    RequestKind("premium", ("보험료 문의", "보험료 납입 내역 확인 요청", "보험료 할인 문의", "보험료 미납 확인 요청", "보험료 납입 방법 문의"), ("보험료 문의", "납입 내역", "보험료 할인", "미납", "납입 방법", "보험료 납입", "보험료 인하")),
    RequestKind("enroll", ("가입 문의", "가입 상담 요청", "가입 가능 여부 문의"), ("가입 문의", "가입 상담", "가입 가능", "가입 절차")),
    RequestKind("terms", ("보장 내용 확인 요청", "약관 설명 요청", "특약 내용 확인 요청"), ("보장 내용", "약관", "특약 내용", "가입 내역")),
    RequestKind("rider", ("특약 추가 요청", "특약 해지 요청"), ("특약 추가", "특약 해지", "특약 해지 요청", "특약 삭제", "특약 가입")),
    RequestKind("waiting_period", ("면책 기간 확인 요청", "보장 개시일 확인 요청"), ("면책 기간", "보장 개시", "감액 기간", "대기 기간")),
    RequestKind("maturity", ("만기 보험금 문의", "만기일 확인 요청", "연금 개시 문의"), ("만기", "연금 개시", "연금 수령")),
    RequestKind("double_cover", ("중복 보상 여부 확인 요청", "중복 가입 확인 요청"), ("중복", "중복 보상 여부", "중복 보장 여부", "중복 가입")),
    RequestKind("roadside", ("긴급출동 요청", "견인 서비스 요청"), ("긴급출동", "긴급 출동", "견인", "견인 서비스")),
    RequestKind("fault_ratio", ("과실 비율 문의", "과실 비율 이의 제기"), ("과실", "과실 비율", "과실 비율 이의")),
    RequestKind("complaint", ("상담 불만 민원 접수", "불완전 판매 민원 접수", "민원 접수 요청"), ("민원", "불만", "민원 접수")),
    RequestKind("contact", ("담당자 연결 요청", "담당자 변경 요청", "상담원 회신 요청"), ("담당자", "담당자 변경 요청", "담당자 변경", "설계사 변경 요청", "회신", "설계사 연결", "상담원 연결")),
    RequestKind("digital", ("앱 로그인 오류 문의", "홈페이지 이용 방법 문의"), ("앱 ", "로그인", "홈페이지", "인증 오류")),
)
