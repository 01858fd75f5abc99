"""How fast this machine is at the moment: shared ones change by half within the hour, and seconds mean little without it."""

import json
import time
from statistics import median

_PIECE = {"rows": [{"name": f"row {number}", "values": list(range(20))} for number in range(500)]}


def host_ms() -> float:
    """Milliseconds that a fixed piece of work in Python takes, median of a hundred: 500 small records to JSON and back, five times."""
    return round(median(_once() for _ in range(100)), 1)


def _once() -> float:
    begun = time.perf_counter()
    for _ in range(5):
        json.loads(json.dumps(_PIECE))
    return 1000 * (time.perf_counter() - begun)
