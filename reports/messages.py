"""The Korean of everything that has a code: errors with their remedies, and what becomes of calls. Codes and English stay in the logs.

Keys are an error's code, or its code and case (``models.errors``); a case without words of its own is told as its error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from models.call.reconciling import Action, Reason
from models.call.redriving import Result
from models.errors import stable_code


@dataclass(frozen=True)
class Message:
    """What is wrong, in a few words and in a sentence, and what a person does about it."""

    title: str
    reason: str
    remedy: str


_WAIT = "조치하지 않아도 됩니다. 잠시 뒤 자동으로 다시 시도합니다."
_REUPLOAD = "원본을 확인해 다시 올리세요. 다시 올린 녹취는 새 통화로 자동 처리됩니다."

ERRORS: Final[Mapping[str, Message]] = {
    "error": Message("오류", "처리 중 오류가 발생했습니다.", "실행 로그를 확인하세요."),
    "permanent_error": Message(
        "처리할 수 없음", "다시 시도해도 달라지지 않는 오류입니다.", "실행 로그의 영문 설명을 확인한 뒤 `redrive`로 다시 처리하세요."
    ),
    "permanent_error.foreign_file": Message(
        "다른 시스템의 파일",
        "이 통화 번호의 파일을 다른 시스템이 먼저 썼습니다.",
        "누가 그 파일을 썼는지 확인한 뒤 `redrive`로 다시 처리하세요.",
    ),
    "permanent_error.unreadable_record": Message(
        "통화 기록을 읽을 수 없음",
        "통화 기록 파일의 내용이 손상되었습니다.",
        "S3에서 이전 버전을 되살리거나, 지워서 처음부터 다시 처리하세요.",
    ),
    "permanent_error.unreadable_terms": Message(
        "용어 목록을 읽을 수 없음",
        "용어 목록 파일의 내용이 손상되었습니다. 통화는 마지막으로 읽힌 버전으로 처리됩니다.",
        "S3 `terms/history/`의 최근 버전을 `terms/list.json`에 되살리세요.",
    ),
    "bad_recording": Message("녹취를 쓸 수 없음", "녹취 파일을 통화로 처리할 수 없습니다.", _REUPLOAD),
    "bad_recording.empty": Message("빈 녹취", "녹취 파일에 소리가 들어 있지 않습니다.", _REUPLOAD),
    "bad_recording.no_wav": Message("WAV가 아닌 파일", "녹취 파일이 WAV 형식이 아닙니다.", "WAV로 바꿔 다시 올리세요."),
    "bad_recording.broken_header": Message("손상된 녹취", "WAV 헤더가 손상되어 읽을 수 없습니다.", _REUPLOAD),
    "bad_recording.unknown_format": Message(
        "지원하지 않는 녹취 형식", "이 WAV의 부호화 방식은 읽을 수 없습니다.", "PCM 또는 μ-law WAV로 바꿔 다시 올리세요."
    ),
    "bad_recording.truncated": Message("잘린 녹취", "파일에 든 소리가 헤더에 적힌 길이보다 짧습니다.", _REUPLOAD),
    "bad_recording.several_parts": Message(
        "여러 조각으로 나뉜 녹취", "소리가 여러 조각으로 나뉘어 첫 조각만 읽힐 수 있습니다.", "한 파일로 합쳐 다시 올리세요."
    ),
    "bad_recording.channels": Message(
        "채널이 너무 많은 녹취", "채널이 셋 이상입니다.", "고객은 왼쪽, 상담원은 오른쪽인 스테레오나 모노로 바꿔 다시 올리세요."
    ),
    "bad_recording.too_short": Message(
        "너무 짧은 녹취", "말 한마디가 들어갈 수 없을 만큼 짧습니다.", "조치할 것이 없습니다. 고객이 바로 끊은 통화입니다."
    ),
    "bad_recording.too_long": Message("너무 긴 녹취", "음성 인식이 받는 길이를 넘었습니다.", "녹취를 나누어 각각 다시 올리세요."),
    "bad_recording.too_large": Message(
        "너무 큰 녹취",
        "파일 크기가 한도를 넘어 읽지 않았습니다.",
        "통화가 맞으면 `READBACK_MAX_RECORDING_BYTES`를 올리고 `redrive`로 다시 처리하세요.",
    ),
    "bad_recording.silent": Message(
        "소리가 없는 녹취", "녹취에 들리는 소리가 없습니다.", "Amazon Connect 흐름에서 양쪽 통화가 녹음되도록 설정했는지 확인하세요."
    ),
    "object_gone": Message("파일이 없음", "S3에 있어야 할 파일이 없습니다.", "파일을 되살린 뒤 `redrive`로 다시 처리하세요."),
    "object_gone.no_call": Message(
        "없는 통화입니다", "그런 통화가 없습니다. 지워졌거나 주소가 틀렸습니다.", "통화 목록에서 다시 찾아 보세요."
    ),
    "object_gone.no_chat": Message(
        "없는 대화입니다", "그런 대화가 없습니다. 지워졌거나 보관 기간이 지났거나 주소가 틀렸습니다.", "새 대화를 시작하세요."
    ),
    "object_gone.no_question": Message(
        "없는 질문입니다", "그런 질문이 없습니다. 보관 기간이 지났거나 주소가 틀렸습니다.", "질문 화면에서 다시 물어보세요."
    ),
    "no_speech": Message(
        "말소리 없음", "인식된 말이 없어 읽어 줄 내용이 없습니다.", "녹취를 들어 보세요. 말이 없었다면 조치할 것이 없습니다."
    ),
    "bad_transcript": Message(
        "전사를 쓸 수 없음", "음성 인식 결과를 요약하거나 읽어 줄 수 없습니다.", "녹취를 들어 보고 `redrive`로 다시 처리하세요."
    ),
    "bad_prompt": Message(
        "안내 음성을 쓸 수 없음", "만든 안내 음성이 Amazon Connect의 조건에 맞지 않습니다.", "요약을 확인하고 `redrive`로 다시 처리하세요."
    ),
    "vendor_refused": Message(
        "업체가 거절",
        "업체가 요청을 받아들이지 않았고 다시 보내도 같습니다.",
        "업체 응답 코드를 확인하세요. 고친 뒤 `redrive`로 다시 처리하세요.",
    ),
    "vendor_refused.index": Message(
        "통화 목록 오류",
        "통화 목록의 데이터베이스(PostgreSQL)가 요청을 받아들이지 않았습니다. 통화 처리에는 영향이 없습니다.",
        "관리자에게 알리세요. 목록은 `index-calls` 배포로 통화 기록에서 다시 만들 수 있습니다.",
    ),
    "job_failed": Message(
        "음성 인식 실패", "업체가 음성 인식에 실패했다고 알렸습니다.", "녹취를 들어 보고, 통화가 맞으면 `redrive`로 다시 맡기세요."
    ),
    "job_gone": Message(
        "음성 인식 결과 만료",
        "업체에 맡긴 작업의 보관 기간이 지나 결과를 받을 수 없습니다.",
        "`redrive`를 `pay_again`으로 실행하면 다시 맡깁니다. 요금이 다시 나갑니다.",
    ),
    "answer_lost": Message(
        "유료 요청의 응답 없음",
        "요금이 나가는 요청을 보냈으나 응답을 받지 못해 접수되었는지 알 수 없습니다.",
        "업체에 접수 여부를 확인하세요. `redrive`를 `pay_again`으로 실행하면 다시 보내며 두 번 청구될 수 있습니다.",
    ),
    "training_failed": Message("학습 실패", "학습이 발산했거나 메모리가 부족합니다.", "학습률이나 배치 크기를 줄여 다시 실행하세요."),
    "model_refused": Message(
        "모델을 쓸 수 없음",
        "모델이 없거나 손상되었거나 승격 기준을 넘지 못했습니다. 사용 중인 모델은 그대로입니다.",
        "다른 버전을 고르세요.",
    ),
    "model_refused.gate": Message("승격 기준 미달", "승격 기준을 넘지 못했습니다.", "아래 기준별 조치를 따르세요."),
    "model_refused.smoke": Message(
        "시험 답변 실패", "서빙 엔진에서 짧은 시험 문의에 제대로 답하지 못했습니다.", "학습이 어떻게 끝났는지 보고 다시 학습하세요."
    ),
    "model_refused.unsigned": Message(
        "이름이나 까닭이 없음", "누가 왜 바꾸는지 적혀 있지 않습니다.", "`by`와 `reason`을 채워 다시 실행하세요."
    ),
    "model_refused.unknown_candidate": Message(
        "후보가 없음", "이름을 적은 학습 실행이나 버전이 없거나 서빙할 수 없습니다.", "`<family>/<run>` 이름이나 등록된 버전을 확인하세요."
    ),
    "model_refused.none_before": Message(
        "되돌릴 모델이 없음", "이전에 사용한 모델이 없습니다.", "쓸 버전의 이름을 적어 `promote`를 실행하세요."
    ),
    "model_refused.rolled_back_already": Message(
        "이미 되돌림",
        "마지막 변경이 되돌림이라, 한 번 더 되돌리면 문제가 된 모델이 돌아옵니다.",
        "쓸 버전의 이름을 적어 `promote`를 실행하세요.",
    ),
    "document_refused": Message(
        "문서를 읽을 수 없음",
        "올린 문서를 읽을 수 없어 색인에서 제외했습니다.",
        "`document-index` 아티팩트에서 까닭을 확인해 다시 올리세요.",
    ),
    "document_refused.phrasings": Message(
        "질문 표현 표를 읽을 수 없음",
        "질문 표현 표의 열이 다르거나, 쉼표로 나뉘지 않았거나, 따옴표가 닫히지 않았습니다.",
        "첫 줄에 열 문서, 구절, 질문을 적고, 쉼표로 나누고, 따옴표를 닫아 다시 올리세요.",
    ),
    "document_refused.damaged": Message(
        "문서가 깨짐",
        "파일이 깨졌거나 읽을 수 없는 문자로 저장되어 색인에서 제외했습니다.",
        "원본을 열어 확인하고 UTF-8이나 PDF로 다시 저장해 올리세요.",
    ),
    "document_refused.locked": Message("암호가 걸린 문서", "암호가 걸려 있어 읽을 수 없습니다.", "암호를 풀어 다시 올리세요."),
    "document_refused.table": Message(
        "표를 읽을 수 없음",
        "질문과 답변 표의 열이 맞지 않거나 비어 있습니다.",
        "`id, 질문_1, 질문_2, category, 답변_1 …` 열이 있는 CSV로 다시 올리세요.",
    ),
    "document_refused.large": Message("문서가 너무 큼", "한 문서로 읽기에 너무 큽니다.", "여러 문서로 나누어 올리세요."),
    "document_refused.foreign": Message(
        "한국어 문서가 아님", "한국어로 된 내용이 거의 없어 색인에서 제외했습니다.", "한국어판을 올리세요."
    ),
    "document_refused.format": Message(
        "읽을 수 없는 형식", "Markdown, HTML, PDF, CSV가 아닌 파일입니다.", "이 가운데 한 형식으로 저장해 다시 올리세요."
    ),
    "terms_refused": Message(
        "용어나 교정을 받을 수 없음",
        "지금 있는 용어 목록이나 전사와 맞지 않습니다. 아무것도 바뀌지 않았습니다.",
        "실행 상태에 적힌 까닭대로 고쳐 다시 실행하세요.",
    ),
    "terms_refused.unsigned": Message("이름이 없음", "누가 고치는지 적혀 있지 않습니다.", "`requested_by`를 채워 다시 실행하세요."),
    "terms_refused.empty": Message("고칠 것이 없음", "추가·변경·삭제할 것이 없습니다.", "고칠 용어나 표를 넣어 다시 실행하세요."),
    "configuration_error": Message(
        "설정 오류", "우리 쪽 설정이나 인증 정보가 잘못되었습니다. 녹취의 문제가 아닙니다.", "실행 로그의 영문 설명대로 설정을 고치세요."
    ),
    "configuration_error.no_index": Message(
        "통화 목록이 없음", "통화 목록의 데이터베이스가 설정되지 않았습니다.", "관리자에게 `READBACK_INDEX_URL` 설정을 요청하세요."
    ),
    "configuration_error.no_documents": Message(
        "답할 문서가 없음",
        "이 콘솔이 답할 문서 색인을 쓰지 못합니다.",
        "관리자에게 `READBACK_SUGGEST_ANSWERS` 설정과 `index-documents` 실행을 요청하세요.",
    ),
    "access_refused": Message(
        "인증 거부",
        "업체가 우리 인증 정보를 받아들이지 않습니다. 모든 통화가 같은 이유로 멈추므로 대기시킵니다.",
        "인증 정보를 고친 뒤 `reap` 배포를 `resume_now`로 실행하세요. 대기 중인 통화는 잃지 않습니다.",
    ),
    "access_refused.aws": Message(
        "AWS 인증 거부",
        "AWS(S3)가 인증 정보나 권한을 받아들이지 않습니다. 모든 통화가 같은 이유로 멈추므로 대기시킵니다.",
        "프로세스의 역할이나 `AWS_*` 변수, 역할의 정책, 버킷과 리전, 서버 시계를 확인한 뒤 `reap` 배포를 `resume_now`로 실행하세요.",
    ),
    "access_refused.connect": Message(
        "Amazon Connect 권한 거부",
        "Amazon Connect가 인증 정보나 권한을 받아들이지 않습니다. 모든 통화가 같은 이유로 멈추므로 대기시킵니다.",
        "역할의 Connect 권한과 `READBACK_CONNECT_INSTANCE_ID`를 확인한 뒤 `reap` 배포를 `resume_now`로 실행하세요.",
    ),
    "access_refused.returnzero": Message(
        "ReturnZero 인증 거부",
        "음성 인식 업체(ReturnZero)가 인증 정보를 받아들이지 않습니다. 모든 통화가 같은 이유로 멈추므로 대기시킵니다.",
        "`READBACK_RETURNZERO_CLIENT_ID`와 `READBACK_RETURNZERO_CLIENT_SECRET`을 고친 뒤 `reap` 배포를 `resume_now`로 실행하세요.",
    ),
    "access_refused.google": Message(
        "Google 인증 거부",
        "음성 합성 업체(Google)가 인증 정보를 받아들이지 않습니다. 모든 통화가 같은 이유로 멈추므로 대기시킵니다.",
        "`GOOGLE_APPLICATION_CREDENTIALS`와 프로젝트의 Text-to-Speech API 사용 권한을 확인한 뒤 `reap` 배포를 `resume_now`로 실행하세요.",
    ),
    "access_refused.index": Message(
        "통화 목록 인증 거부",
        "통화 목록의 데이터베이스(PostgreSQL)가 인증 정보를 받아들이지 않습니다. 통화 처리에는 영향이 없습니다.",
        "관리자에게 `READBACK_INDEX_URL`의 사용자와 비밀번호를 확인하게 하세요.",
    ),
    "model_unavailable": Message(
        "요약 모델 없음",
        "요약 모델을 불러올 수 없습니다. 녹취의 문제가 아닙니다.",
        "대기 중인 실행의 영문 설명대로 모델 폴더(`READBACK_MODEL_DIR`)를 되살리거나 `rollback`으로 이전 모델로 되돌린 뒤, "
        "`reap` 배포를 `resume_now`로 실행하세요. 대기 중인 통화는 잃지 않습니다.",
    ),
    "quota_exhausted": Message(
        "한도 소진",
        "업체의 유료 한도를 다 썼습니다.",
        "한도를 늘린 뒤 `reap` 배포를 `resume_now`로 실행하세요. 대기 중인 통화는 잃지 않습니다.",
    ),
    "quota_exhausted.budget": Message(
        "하루 예산 소진",
        "정해 둔 하루 예산을 다 써서 새 통화를 시작하지 않습니다. 이미 시작한 통화는 끝까지 처리합니다.",
        "한국 시간 0시가 지나면 자동으로 이어집니다. 지금 이어 가려면 `READBACK_DAILY_BUDGETS`를 올리고 워커를 다시 시작한 뒤 "
        "`reap` 배포를 `resume_now`로 실행하세요. 대기 중인 통화는 잃지 않습니다.",
    ),
    "call_taken_over": Message("다른 실행이 처리 중", "다른 실행이 이 통화를 맡았습니다.", "조치하지 않아도 됩니다."),
    "superseded": Message("새 녹취로 대체됨", "같은 이름으로 녹취가 다시 올라와 새 통화로 처리됩니다.", "조치하지 않아도 됩니다."),
    "unexpected": Message("예상하지 못한 오류", "프로그램의 결함으로 보입니다.", "실행 로그를 개발팀에 전달하세요."),
    "transient_error": Message("일시적 오류", "일시적인 문제로 끝내지 못했습니다.", _WAIT),
    "vendor_unavailable": Message(
        "업체 응답 없음", "업체가 응답하지 않습니다.", "오래 계속되면 업체의 장애 공지를 확인하고, 복구된 뒤 `redrive`로 다시 처리하세요."
    ),
    "vendor_unreachable": Message(
        "연결할 수 없음",
        "업체에 연결할 수 없습니다.",
        "네트워크와 접속 주소를 확인하세요. 다시 연결되면 대기 중인 통화가 자동으로 이어집니다.",
    ),
    "vendor_unreachable.aws": Message(
        "AWS에 연결할 수 없음",
        "AWS(S3)에 연결할 수 없습니다.",
        "네트워크, `READBACK_AWS_ENDPOINT_URL`, `READBACK_AWS_REGION`, AWS 장애 공지를 확인하세요. 다시 연결되면 자동으로 이어집니다.",
    ),
    "vendor_unreachable.index": Message(
        "통화 목록을 열 수 없음",
        "통화 목록의 데이터베이스(PostgreSQL)가 응답하지 않습니다. 통화 처리에는 영향이 없습니다.",
        "잠시 뒤 다시 열어 보세요. 계속되면 관리자에게 알리세요. 통화 주소를 알면 그 통화는 바로 열 수 있습니다.",
    ),
    "vendor_unreachable.prefect": Message(
        "지금은 시작할 수 없음",
        "Prefect 서버가 응답하지 않아 요청한 일을 시작하지 못했습니다. 통화는 바뀌지 않았습니다.",
        "잠시 뒤 다시 시도하세요. 계속되면 관리자에게 알리세요.",
    ),
    "vendor_unreachable.oidc": Message(
        "회사 로그인을 쓸 수 없음",
        "회사 로그인 서버가 응답하지 않습니다. 이미 로그인한 사람은 계속 쓸 수 있습니다.",
        "잠시 뒤 다시 로그인하세요. 계속되면 관리자에게 알리세요.",
    ),
    "too_many_requests": Message("요청이 너무 많음", "업체가 요청을 늦춰 달라고 했습니다.", _WAIT),
    "storage_conflict": Message("동시에 쓰임", "다른 실행이 같은 파일을 먼저 썼습니다.", _WAIT),
}

REASONS: Final[Mapping[Reason, str]] = {
    Reason.NEVER_BEGUN: "처리된 적 없음",
    Reason.RUN_ENDED: "실행이 끝났으나 미완료",
    Reason.RUN_UNKNOWN: "담당 실행 없음",
    Reason.IS_BACK: "대체됐던 녹취가 다시 올라옴",
    Reason.READ_BACK: "완료",
    Reason.QUARANTINED: "격리됨 (`redrive`로 재처리)",
    Reason.IN_FLIGHT: "처리 중",
    Reason.WAITING: "실행 대기 중",
    Reason.TOO_YOUNG: "방금 도착 (이벤트 대기)",
    Reason.TRIED_RECENTLY: "방금 실패, 잠시 뒤 재시도",
    Reason.CANCELLED: "사람이 취소함 (실행을 Retry하거나 `redrive`로 재처리)",
    Reason.ERASED: "삭제된 통화",
    Reason.NO_RECORDING: "녹취 파일이 아님",
    Reason.STRAY: "녹취 이름이 아닌 .wav (`READBACK_RECORDINGS_PREFIX` 확인)",
    Reason.OUTSIDE: "기간 밖",
    Reason.UNREADABLE: "통화 기록을 읽을 수 없음",
}
ACTIONS: Final[Mapping[Action, str]] = {
    Action.START: "시작",
    Action.RESTART: "다시 시작",
    Action.CLOSE: "취소로 확정",
    Action.LEAVE: "그대로 둠",
}
RESULTS: Final[Mapping[Result, str]] = {
    Result.REDRIVEN: "다시 처리 시작",
    Result.WOULD: "다시 처리 대상 (`dry_run`)",
    Result.PAY: "건너뜀: 다시 결제될 수 있음 (`pay_again` 필요)",
    Result.SUPERSEDED: "건너뜀: 새로 올라온 녹취가 따로 처리됨",
    Result.LEFT: "건너뜀: 이미 격리 해제됨",
    Result.UNKNOWN: "건너뜀: 통화 기록 없음",
}


# Why another model than the language model in service answered: what was wrong with its answer; errors have their titles above.
INSTEAD: Final[Mapping[str, str]] = {
    "not_json": "정해진 형식의 답이 아님",
    "cut_off": "답이 끝까지 오지 않음",
    "too_long": "통화가 너무 김",
    "request_overlooked": "고객의 요청을 없다고 함",
    "form": "읽어 줄 수 없는 모양의 답",
    "unsaid": "통화에 없는 말",
    "added": "말하지 않은 상품·금액·날짜",
    "turned": "고객의 뜻과 반대되는 말",
    "other_object": "다른 대상에 관한 말",
    "not_the_callers": "고객이 하지 않은 말",
    "said_before": "앞서 제안한 것과 같은 말",
}

# Where a row of a sweep stands: our own states, and Prefect's of its run.
STATES: Final[Mapping[str, str]] = {
    "Pending": "대기 중",
    "Known": "이전 스윕에서 완료",
    "Finished": "완료",
    "Unknown": "알 수 없음",
    "Scheduled": "예약됨",
    "Late": "시작이 늦어짐",
    "Submitting": "시작하는 중",
    "AwaitingRetry": "재시도 대기 중",
    "Running": "실행 중",
    "Retrying": "재시도 중",
    "Completed": "완료",
    "WorseThanBase": "완료, 베이스보다 나쁨",
    "Failed": "실패",
    "TimedOut": "시간 초과",
    "Crashed": "실행기가 중단됨",
    "Cancelling": "취소하는 중",
    "Cancelled": "취소됨",
    "Paused": "일시 정지",
    "Suspended": "일시 중단",
}
_ERROR_NAMED = re.compile(r"\b[A-Z][A-Za-z]+\b|\b[a-z]+(?:_[a-z]+)+\b")


def state_name(state: str) -> str:
    """A state in Korean; one that this release does not know is shown as it is."""
    return STATES.get(state, state)


def told_waiting(queue: str, running: Sequence[str], ahead: Sequence[str], *, served: bool) -> str:
    """What a run that has not begun waits for.

    >>> told_waiting("g4dn/training", ["lora-1"], ["lora-2", "lora-3"], served=True)
    '대기 중: 지금 lora-1 실행 중이고, 앞에 2개(lora-2, lora-3)가 있습니다.'
    """
    if not served:
        return f"대기 중: 큐 {queue}에 작업자가 없습니다. 작업자를 시작하면 이어서 실행됩니다."
    now = f"지금 {', '.join(running)} 실행 중이고, " if running else ""
    before = f"앞에 {len(ahead)}개({', '.join(ahead[:3])}{' …' if len(ahead) > 3 else ''})가 있습니다." if ahead else "다음 차례입니다."
    return f"대기 중: {now}{before}"


def why_instead(reason: str) -> str:
    """Why another model answered, in a few words.

    >>> why_instead("turned"), why_instead("vendor_unavailable")
    ('고객의 뜻과 반대되는 말', '업체 응답 없음')
    """
    return INSTEAD.get(reason) or message_of(reason).title


def told_failure(text: str) -> str:
    """What people are told of a run's failure, by the first error that its state's message names; a message that names none is told whole.

    >>> told_failure("Flow run encountered an exception: TrainingFailed: the loss became NaN.")
    '학습이 발산했거나 메모리가 부족합니다. 학습률이나 배치 크기를 줄여 다시 실행하세요.'
    """
    found = next((ERRORS[code] for name in _ERROR_NAMED.findall(text) if (code := stable_code(name)) in ERRORS), None)
    return f"{found.reason} {found.remedy}" if found else text


def message_of(code: str, case: str = "") -> Message:
    """What people are told of an error; one that this release does not know is told by its code.

    >>> message_of("bad_recording", "silent").title, message_of("no_such_error").title
    ('소리가 없는 녹취', 'no_such_error')
    """
    unknown = Message(code, ERRORS["error"].reason, ERRORS["error"].remedy)
    return ERRORS.get(f"{code}.{case}") or ERRORS.get(code) or unknown
