"""How fast somebody may ask for pages: no person is slowed by it, a script that tries them all is."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """A bucket of ``most`` requests for each asker that fills again within ``seconds``. Safe between threads."""

    most: int = 300
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, asker: str) -> int:
        """Seconds until this asker may ask again; 0 where this request is taken.

        >>> pace = Pace(most=1, clock=lambda: 0.0)
        >>> pace.wait("one"), pace.wait("one"), pace.wait("other")
        (0, 60, 0)
        """
        now, each = self.clock(), self.seconds / self.most
        with self._lock:
            if len(self._left) > 10_000:  # names and addresses that somebody makes up take no memory for ever
                self._left.clear()
            left, at = self._left.get(asker, (float(self.most), now))
            left = min(self.most, left + (now - at) / each)
            taken = left >= 1.0
            self._left[asker] = (left - 1.0 if taken else left, now)
        return 0 if taken else max(1, round((1.0 - left) * each))
