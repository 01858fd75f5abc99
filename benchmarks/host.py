"""How fast this machine is at the moment: shared ones change by half within the hour, and seconds mean little without it.

``python -m benchmarks.host`` prints it.
"""

import json
import time
from dataclasses import asdict, dataclass
from statistics import mean, median

_PIECE = {"rows": [{"name": f"row {number}", "values": list(range(20))} for number in range(500)]}


@dataclass(frozen=True)
class Host:
    """Milliseconds that a fixed piece of work in Python takes: 500 small records to JSON and back, five times; of a hundred times.

    ``processor_ms`` is what it takes of a processor, and what a call's processor seconds are held against: where others wait for the same
    processor, or a quota is used up, the wall time grows and this does not.
    """

    median_ms: float
    mean_ms: float
    processor_ms: float


def measured() -> Host:
    """This machine now."""
    used, walls = time.thread_time(), [_once() for _ in range(100)]
    processor_ms = 1000 * (time.thread_time() - used) / len(walls)
    return Host(round(median(walls), 1), round(mean(walls), 1), round(processor_ms, 2))


def host_ms() -> float:
    """The piece's median wall time."""
    return measured().median_ms


def _once() -> float:
    begun = time.perf_counter()
    for _ in range(5):
        json.loads(json.dumps(_PIECE))
    return 1000 * (time.perf_counter() - begun)


if __name__ == "__main__":
    print(json.dumps(asdict(measured())))
