"""How long each kind of data is kept, who removes it, and whether anything lies longer than that.

One table for the bucket's lifecycle rules, the flow that removes what these cannot, and the check. Whoever writes under a new prefix adds a
row: what has none is told as a finding.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from models.errors import ConfigurationError
from models.keys import DatasetKeys, HearingKeys, StorageKeys, TermKeys


class By(StrEnum):
    """Who removes a kind of data; the value is how receipts name it."""

    LIFECYCLE = "S3 lifecycle"
    RETAIN = "retain"
    PREFECT = "Prefect"


@dataclass(frozen=True)
class Kind:
    """One kind of data. ``days`` until it is removed, None where the company decides; ``cold_days`` until it is moved to cheaper storage.

    ``name`` stands in READBACK_KEPT_DAYS, ``label`` on pages. ``prefix`` is where it lies in the bucket, empty for what lies elsewhere.
    """

    name: str
    label: str
    prefix: str
    days: int | None
    why: str
    cold_days: int | None = None
    by: By = By.LIFECYCLE

    @property
    def ends(self) -> bool:
        """Whether a rule removes it."""
        return self.days is not None


RECORDINGS, CONTACT_FILES = "connect/", "ctr/"  # where the settings say nothing else
RAW_WORDS, CALL_RUNS, OPERATIONS_RUNS, TRAINING_RUNS, EVENTS = "raw-words", "call-runs", "operations-runs", "training-runs", "events"
RECORDS = "records"
_COMPANY = "The company's own term"
_NO_CALLER = "No caller's data: call, version, "

KINDS = (
    Kind("recordings", "녹취", RECORDINGS, None, f"{_COMPANY}; moved to cheaper storage", cold_days=30),
    Kind(
        RAW_WORDS,
        "원문",
        "stt/",
        None,
        f"{_COMPANY}; the words in the records, and what is found by them, go on the same day",
        cold_days=30,
    ),
    Kind("corrected-words", "교정한 원문", StorageKeys.CORRECTED, None, "As raw words, whose term it has where none is given"),
    Kind("masked-words", "가린 원문 (학습용)", StorageKeys.CORRECTED_PAIRS, None, "Lines kept for training, which callers consented to"),
    Kind("summaries", "요약", "nlp/", None, _COMPANY),
    Kind("prompts", "안내 음성", StorageKeys.PROMPTS, None, _COMPANY),
    Kind(RECORDS, "통화 기록", StorageKeys.CALLS, None, f"{_COMPANY}; not before the recordings', which would be called again"),
    Kind("edits", "사람의 수정", StorageKeys.EDITS, None, "As records, whose term it has where none is given"),
    Kind("second-looks", "다시 한 요약", StorageKeys.REVIEWS, 90, "For a person to compare; made again when somebody asks"),
    Kind("lists-anew", "다시 요약한 목록", StorageKeys.ANEW, 365, f"{_NO_CALLER}what differs"),
    Kind("signals", "감정·위험 신호", StorageKeys.SIGNALS, 30, "Until the record holds them, which takes seconds"),
    Kind("drafts", "답변 초안", StorageKeys.DRAFTS, 30, "Made again when somebody asks"),
    Kind("copies-to-hear", "들은 사본", StorageKeys.TO_HEAR, 1, "Made again when somebody asks"),
    Kind("announcements", "도착 알림", StorageKeys.LANDED, 30, "Which recording an event is about; a run needs it within days"),
    Kind("contact-files", "받은 상담 기록", CONTACT_FILES, 30, "Read when they land; they hold callers' numbers as they are"),
    Kind("contact-files-failed", "받지 못한 상담 기록", "ctr-errors/", 30, "For whoever looks why; they hold numbers too"),
    Kind("contacts-known", "알게 된 상담", StorageKeys.CONTACT_RECORDS, 365, "Answers may be late; it is in the calls' records as well"),
    Kind("contacts-told", "알린 상담", StorageKeys.CONTACTS, 365, "From which contacts' attributes are made"),
    Kind("quarantine", "격리 메모", StorageKeys.QUARANTINE, None, "Until the call is redriven or erased"),
    Kind("spending", "프로세스별 지출", StorageKeys.SPENDING, 40, "For one day's budget"),
    Kind(
        "questions-asked",
        "여러 통화에 한 질문",
        StorageKeys.ASKED,
        90,
        "Answered anew when asked again; they hold masked words of calls",
    ),
    Kind("questions-of", "질문에 쓰인 통화", StorageKeys.ASKED_OF, 120, "Which answers hold a call's words; they outlast the answers"),
    Kind("prompts-heard", "들어 본 안내 음성", StorageKeys.PROMPTS_HEARD, None, "No caller's data: counts a day"),
    Kind("cursors", "이어 하기 표시", StorageKeys.CURSORS, 30, "A backfill that was not taken up for a month begins anew"),
    Kind("audit", "열람 기록", StorageKeys.LOOKS, 730, "Two years, which is assumed: ask compliance"),
    Kind("erasures", "삭제 영수증", StorageKeys.ERASURES, None, "They keep an erased call from being processed again"),
    Kind("receipts", "보관 영수증", StorageKeys.RETENTION, None, "No caller's data: counts and days"),
    Kind("days", "하루 목록", StorageKeys.DAYS, None, "No caller's data: counts and money"),
    Kind("later-charges", "나중의 요금", StorageKeys.LATER, None, "No caller's data: money"),
    Kind("money", "하루 요금", StorageKeys.MONEY, None, "No caller's data: money"),
    Kind("answers", "고객의 응답", StorageKeys.ANSWERS, None, f"{_NO_CALLER}1 or 2"),
    Kind("verdicts", "사람의 판정", StorageKeys.VERDICTS, None, f"{_NO_CALLER}right or wrong"),
    Kind("openings", "인사말", StorageKeys.OPENINGS, None, "What may be said first, by version"),
    Kind("vendors-away", "업체 상태", StorageKeys.AWAY, None, "Since when a vendor is away"),
    Kind("number", "마지막 번호", StorageKeys.NUMBER_COUNTER, None, "The last number that was given"),
    Kind("chats", "문서 대화", StorageKeys.CHATS, 30, "What the staff asked the documents, masked; each may erase their own before"),
    Kind("chat-services", "대화 서비스", StorageKeys.SERVICES, None, "Every version of a table that staff edit"),
    Kind("documents", "회사 문서", "documents/", None, "What people upload for answers"),
    Kind("document-indexes", "문서 색인", "document-index/", None, "Former ones stay available"),
    Kind("terms", "용어", TermKeys.ROOT, None, "What staff maintain, by version"),
    Kind("datasets", "학습 자료", DatasetKeys.UPLOADS, None, _COMPANY),
    Kind("models", "모델", StorageKeys.MODELS, None, "Former versions stay available"),
    Kind("speech", "음성 인식 비교", HearingKeys.ROOT, None, "Sets of recordings that a comparison may name, which are no calls"),
    Kind("trainings", "학습 기록 (MLflow)", "mlflow/", None, "Curves and files of trainings"),
    Kind(CALL_RUNS, "통화 실행", "", 30, "Runs about one call, with their logs, artifacts and the contact's digits", by=By.RETAIN),
    Kind(OPERATIONS_RUNS, "운영 실행", "", 365, "Digests and reports, with counts and ids", by=By.RETAIN),
    Kind(TRAINING_RUNS, "학습 실행", "", None, "Leaderboards, votes and moves of models", by=By.RETAIN),
    Kind(EVENTS, "Prefect 이벤트", "", 2, "Yesterday's digest counts them; they name runs, and so the contact's digits", by=By.PREFECT),
)
# Terms of kinds that hold the same words: whoever shortens the second means the first.
_AS = {"corrected-words": RAW_WORDS, "edits": RECORDS}
# What an erasure leaves behind until then is old versions alone, which it deletes itself; this is for everything else.
OLD_VERSIONS_DAYS = 7
UNFINISHED_UPLOADS_DAYS = 2
# S3 looks once a day and may take another; Prefect's vacuum looks every hour.
GRACE_DAYS = 3


def kinds(kept_days: str = "", *, recordings_prefix: str = RECORDINGS, contact_files_prefix: str = CONTACT_FILES) -> tuple[Kind, ...]:
    """The table with the terms of ``READBACK_KEPT_DAYS`` and the prefixes of a site.

    >>> {kind.name: kind.days for kind in kinds("raw-words=90, recordings=365, records=365")}["corrected-words"]
    90
    """
    terms = parse_terms(kept_days)
    terms |= {name: terms[other] for name, other in _AS.items() if other in terms and name not in terms}
    places = {RECORDINGS: recordings_prefix, CONTACT_FILES: contact_files_prefix or CONTACT_FILES}
    found = tuple(
        replace(kind, days=terms.get(kind.name, kind.days), prefix=places.get(kind.prefix, kind.prefix), cold_days=_cold(kind, terms))
        for kind in KINDS
    )
    recordings, records = (next(kind.days for kind in found if kind.name == name) for name in ("recordings", RECORDS))
    if records is not None and (recordings is None or records < recordings):
        raise ConfigurationError(
            f"READBACK_KEPT_DAYS: records for {records} days and recordings for {recordings or 'ever'}: those left would be called again",
            remedy="Keep records at least as long as recordings",
        )
    return found


def _cold(kind: Kind, terms: Mapping[str, int]) -> int | None:
    """Nothing is moved to storage that asks for thirty days and deleted before they are over."""
    days = terms.get(kind.name, kind.days)
    return None if kind.cold_days and days is not None and days < kind.cold_days + 30 else kind.cold_days


def parse_terms(text: str) -> dict[str, int]:
    """Read the setting ``READBACK_KEPT_DAYS``: ``raw-words=90,recordings=365``."""
    names, terms = {kind.name for kind in KINDS}, dict[str, int]()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, days = (piece.strip() for piece in part.partition("="))
        if name not in names or not days.isdigit() or int(days) < 1:
            remedy = f"Write it as kind=days, such as raw-words=90; kinds are {', '.join(sorted(names))}"
            raise ConfigurationError(f"READBACK_KEPT_DAYS: {part!r} is no term", remedy=remedy)
        terms[name] = int(days)
    return terms


def lifecycle(table: Sequence[Kind]) -> dict[str, Any]:
    """The rules as S3's ``PutBucketLifecycleConfiguration`` takes them."""
    rules: list[dict[str, Any]] = []
    for kind in table:
        if kind.prefix and (kind.days or kind.cold_days):
            rule: dict[str, Any] = {"ID": kind.name, "Status": "Enabled", "Filter": {"Prefix": kind.prefix}}
            rule |= {"Expiration": {"Days": kind.days}} if kind.days else {}
            rule |= {"Transitions": [{"Days": kind.cold_days, "StorageClass": "STANDARD_IA"}]} if kind.cold_days else {}
            rules.append(rule)
    rules.append(
        {
            "ID": "old-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": OLD_VERSIONS_DAYS},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UNFINISHED_UPLOADS_DAYS},
        }
    )
    return {"Rules": rules}


def kind_of(key: str, table: Iterable[Kind]) -> Kind | None:
    """Whose object it is: the kind of the longest prefix; None where no kind has it.

    >>> [kind.name if (kind := kind_of(key, KINDS)) else None for key in ("calls/records/0f/x.json", "datasets/corrections/x", "lost/x")]
    ['records', 'masked-words', None]
    """
    found = [kind for kind in table if kind.prefix and key.startswith(kind.prefix)]
    return max(found, key=lambda kind: len(kind.prefix), default=None)


def last_kept(today: date, days: int, *, grace: int = 0) -> date:
    """The oldest day whose data may still lie there: what is older has passed its term (and the grace of who removes it).

    >>> last_kept(date(2026, 11, 29), 1)
    datetime.date(2026, 11, 28)
    """
    return today - timedelta(days=days + grace)


def retention_table() -> str:
    """The table of the documents."""
    rows = ["| kind | where | removed after | by | why |", "| --- | --- | --- | --- | --- |"]
    for kind in KINDS:
        term = f"{kind.days} days" if kind.days else "the company decides"
        cold = f", cheaper storage after {kind.cold_days}" if kind.cold_days else ""
        where = f"`{kind.prefix}`" if kind.prefix else "Prefect's database"
        rows.append(f"| {kind.name} | {where} | {term}{cold} | {kind.by} | {kind.why} |")
    return "\n".join(rows) + "\n"
