"""What went since its term was over, what lies too long, and how much lies there: counts, days and keys without contacts."""

from collections.abc import Sequence
from datetime import datetime

from models.call.korea import in_korea
from models.retention import EVENTS, By, Kind
from models.sweep import OLD_VERSIONS, UNKNOWN, Overdue, Removed, Sweep
from reports.markdown import facts, table

_BY = {By.LIFECYCLE: "S3 수명 주기", By.RETAIN: "`retain`", By.PREFECT: "Prefect"}
_MORE = {OLD_VERSIONS: "이전 버전", UNKNOWN: "기간을 정하지 않은 것", "artifacts": "지운 실행의 아티팩트", "list": "콘솔의 통화 목록"}
# What is to be done, by kind; for whatever lies in the bucket the same.
_REMEDIES = {
    UNKNOWN: "얼마나 둘지 `models/retention.py`에 적거나, 필요 없으면 지우세요.",
    EVENTS: "Prefect 서버의 `PREFECT_SERVER_EVENTS_RETENTION_PERIOD`를 확인하고, 이벤트 정리(`…_DB_VACUUM_ENABLED`)가 켜져 있는지 보세요.",
    "artifacts": "Prefect 서버에 `PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,orphans`를 설정하세요.",
    "list": "`index-calls`를 `recent_days` 0으로 실행하세요.",
}
_RULES = "`python -m deployments.retention`으로 버킷에 규칙을 넣으세요. 규칙이 있다면 S3가 왜 따르지 않는지 보세요."


def retention_title(removed: Sequence[Removed], overdue: Sequence[Overdue]) -> str:
    """The artifact's description."""
    late = f", **기간이 지난 것 {sum(one.count for one in overdue):,}건**" if overdue else ""
    return f"보관 기간이 끝나 지운 것 {sum(one.count for one in removed):,}건{late}".replace("**", "")


def retention_report(
    now: datetime, kinds: Sequence[Kind], removed: Sequence[Removed], overdue: Sequence[Overdue], sweep: Sweep, key: str
) -> str:
    """The artifact ``retention``; ``key`` is the receipt's, empty where none was left."""
    labels = {kind.name: kind.label for kind in kinds} | _MORE
    about = facts([("시각", f"{in_korea(now)} (한국 시간)"), ("영수증", f"`{key}`" if key else "남기지 않음 (`dry_run`)")])
    parts = [f"# {retention_title(removed, overdue)}", about]
    if overdue:
        parts += ["## 기간이 지났는데 남아 있는 것", *(_overdue(one, labels) for one in overdue)]
    else:
        parts.append("기간이 지났는데 남아 있는 것은 없습니다.")
    if removed:
        rows = [
            (
                labels.get(one.kind, one.kind),
                f"{one.count:,}",
                _size(one.size) if one.size else "–",
                f"{one.since} – {one.until}",
                f"{one.days:,}일",
                _BY[one.by],
            )
            for one in removed
        ]
        parts += ["## 지운 것", table(("종류", "건수", "크기", "언제 것", "보관 기간", "지운 규칙"), rows)]
    return "\n\n".join(
        [*parts, "## 지금 있는 것", table(("종류", "건수", "크기", "가장 오래된 날", "보관 기간"), _lying(kinds, sweep, labels))]
    )


def _overdue(one: Overdue, labels: dict[str, str]) -> str:
    rows = [
        ("건수", f"{one.count:,}"),
        ("가장 오래된 날", str(one.oldest)),
        ("예", f"`{one.example}`"),
        ("조치", _REMEDIES.get(one.kind, _RULES)),
    ]
    return f"### {labels.get(one.kind, one.kind)}\n\n{facts(rows)}"


def _lying(kinds: Sequence[Kind], sweep: Sweep, labels: dict[str, str]) -> list[tuple[str, str, str, str, str]]:
    terms = {kind.name: f"{kind.days:,}일" if kind.days else "회사가 정함" for kind in kinds}
    order = [*(kind.name for kind in kinds), OLD_VERSIONS, UNKNOWN]
    rows = []
    for name in order:
        if days := sweep.seen.get(name):
            objects, size = sum(seen.objects for seen in days.values()), sum(seen.size for seen in days.values())
            rows.append((labels[name], f"{objects:,}", _size(size), str(min(days)), terms.get(name, "–")))
    return rows


def _size(size: int) -> str:
    """Bytes as people read them.

    >>> _size(1_500_000), _size(300), _size(0)
    ('1.5 MB', '1 kB', '0 kB')
    """
    return f"{size / 1_000_000:,.1f} MB" if size >= 1_000_000 else f"{-(-size // 1000):,} kB"
