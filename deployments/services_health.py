"""Whether Prefect's services read what happens: ``python -m deployments.services_health``, the health check of their container (ADR 40).

Prefect tells nobody. Who reads events stands in Redis, as a group of readers. Exit code 1, with the names of those that do not read.
"""

import os
import sys
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError, ResponseError

# Streams and their readers, by the names that Prefect gives them.
READERS = {"events": ("event-persister", "task-run-recorder", "reactive-triggers"), "actions": ("actions",)}
LONGEST_SECONDS = 60.0


def silent(redis: "Redis") -> list[str]:
    """Readers that are not there or read nothing although something waits. RedisError where Redis does not answer."""
    return [name for stream, names in READERS.items() for name in names if not _reads(redis, stream, name)]


def _reads(redis: "Redis", stream: str, group: str) -> bool:
    """Whether what waits for a group is young, or one of its readers took something a short time ago: it may have much to do."""
    try:
        groups = redis.xinfo_groups(stream)
        delivered = {one["name"]: one["last-delivered-id"] for one in groups}[group]
        readers = redis.xinfo_consumers(stream, group)
    except (ResponseError, KeyError):  # no such stream, or no such group
        return False
    waits = cast(list[tuple[str, Any]], redis.xrange(stream, min=f"({delivered}", count=1))
    seconds, microseconds = redis.time()
    now = seconds + microseconds / 1e6
    # The first part of an entry's name is when it came, in milliseconds.
    young = all(now - int(name.partition("-")[0]) / 1000 < LONGEST_SECONDS for name, _ in waits)
    return young or any(reader["idle"] / 1000 < LONGEST_SECONDS for reader in readers)


def main() -> None:
    """Look once; the address is that of Prefect's own variables."""
    redis = Redis(
        host=os.environ["PREFECT_REDIS_MESSAGING_HOST"],
        port=int(os.environ.get("PREFECT_REDIS_MESSAGING_PORT", "6379")),
        ssl=os.environ.get("PREFECT_REDIS_MESSAGING_SSL", "").lower() == "true",
        decode_responses=True,
        socket_timeout=5,
        socket_connect_timeout=5,
    )
    try:
        missing = silent(redis)
    except RedisError as error:
        sys.exit(f"services_health: Redis does not answer: {type(error).__name__}")
    if missing:
        sys.exit(f"services_health: nobody reads for {', '.join(missing)}")


if __name__ == "__main__":
    main()
