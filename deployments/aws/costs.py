"""What the stacks cost a month at three sizes, by list prices of ap-northeast-2, as docs/aws.md shows it.

AWS alone; speech-to-text and speech are bills of their vendors (docs/money.md). Prices are as known in November 2026 and unconfirmed.
"""

from dataclasses import dataclass

from deployments.aws import processes

HOURS = 730
VCPU, GIB = 0.04656, 0.00511  # Fargate, USD an hour
MONTH = {
    "nat": 0.059 * HOURS,
    "balancer": 0.0225 * HOURS,
    "g4dn.xlarge": 0.647 * HOURS,
    "t4g.medium": 0.102 * HOURS,
    "m7g.xlarge": 0.458 * HOURS,
    "m7g.2xlarge": 0.916 * HOURS,
    "cache.t4g.small": 0.047 * HOURS,
    "cache.m7g.large": 0.231 * HOURS,
}
GB_STORED, GB_OUT_OF_NAT, GB_OF_LOGS, PUT = 0.025, 0.059, 0.76, 0.0000045
SECRET, ZONE = 0.40, 0.50  # a month
SECRETS, ZONES = 15, 2  # of the stacks; a test counts them
WON = 1400


@dataclass(frozen=True)
class Size:
    """A contact centre: calls a month and what its stacks are given; of the other Fargate services there is one task each."""

    name: str
    calls: int
    apis: int
    call_workers: int
    gpus: float
    database: str
    redis: str
    zones: int
    training_hours: float


# One call worker does five calls a second, one core of the server 2.5 (docs/scaling.md).
SIZES = (
    Size("시험 (하루 100통)", 3_000, 2, 1, 1, "t4g.medium", "cache.t4g.small", 1, 10),
    Size("센터 하나 (하루 5,000통)", 110_000, 2, 2, 1, "t4g.medium", "cache.t4g.small", 2, 40),
    Size("큰 센터 (하루 45만 통)", 10_000_000, 10, 8, 2, "m7g.2xlarge", "cache.m7g.large", 2, 80),
)
RECORDING_GB = 180 * 32_000 / 1e9  # three minutes
REQUESTS_A_CALL = 25


def fargate(size: Size) -> float:
    """USD an hour of all Fargate tasks."""
    counts = {processes.API: size.apis, processes.CALL_WORKER: size.call_workers}
    tasks = [(made, counts.get(made, 1)) for made in processes.FARGATE]
    return sum(count * (made.cpu / 1024 * VCPU + made.memory / 1024 * GIB) for made, count in tasks)


def lines(size: Size) -> dict[str, float]:
    """USD a month by part."""
    stored = size.calls * RECORDING_GB * 3  # three months of recordings
    return {
        "Fargate": fargate(size) * HOURS,
        "요약 GPU (g4dn.xlarge)": size.gpus * MONTH["g4dn.xlarge"],
        "학습 GPU": size.training_hours * MONTH["g4dn.xlarge"] / HOURS,
        "RDS PostgreSQL": size.zones * MONTH[size.database] + 50 * 0.131 * size.zones,
        "Redis": size.zones * MONTH[size.redis],
        "네트워크 (NAT, 로드 밸런서)": MONTH["nat"] + MONTH["balancer"] + size.calls * RECORDING_GB * GB_OUT_OF_NAT,
        "S3 (저장 3개월, 요청)": stored * GB_STORED + size.calls * REQUESTS_A_CALL * PUT,
        "비밀과 이름": SECRETS * SECRET + ZONES * ZONE,
        "로그와 지표": 15 + size.calls * 6_000 / 1e9 * GB_OF_LOGS,
    }


def cost_table() -> str:
    """The table of docs/aws.md."""
    columns = [lines(size) for size in SIZES]
    rows = ["| USD 한 달 | " + " | ".join(size.name for size in SIZES) + " |", "| --- |" + " ---: |" * len(SIZES)]
    rows += [f"| {part} | " + " | ".join(f"{column[part]:,.0f}" for column in columns) + " |" for part in columns[0]]
    totals = [sum(column.values()) for column in columns]
    rows.append("| **합계** | " + " | ".join(f"**{total:,.0f}** ({total * WON / 10_000:,.0f}만 원)" for total in totals) + " |")
    a_call = [total * WON / size.calls for total, size in zip(totals, SIZES, strict=True)]
    rows.append("| 통화당 원 | " + " | ".join(f"{won:,.1f}" for won in a_call) + " |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(cost_table(), end="")
