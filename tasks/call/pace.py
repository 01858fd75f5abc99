"""How fast we ask for speech: the vendor's limit of requests a minute, over all workers, kept by Prefect's server.

Each question for a slot is one of a call's ten requests. A process asks for a twentieth of what may be sent in a burst, five slots at most,
and uses them within seconds; those that are left over come back at the limit's own pace.
"""

import time

from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, rate_limit

import wiring

RATE_LIMIT = "google-tts"
MOST_TOGETHER = 5
# A slot that is used later than this would be one too many in its minute.
GOOD_SECONDS = 5.0


def burst(per_minute: int) -> int:
    """How much of a minute's quota may be used at once: a tenth of it, then it comes back at the quota's own pace.

    >>> burst(1000), burst(5)
    (100, 1)
    """
    return max(1, per_minute // 10)


class Pace:
    """The slots that this process was given and has not used."""

    def __init__(self) -> None:
        """Begin with none."""
        self._left = 0
        self._good_until = 0.0

    async def take_slot(self) -> None:
        """Return when one more request may be sent."""
        if self._left_now():
            self._left -= 1
            return
        together = min(MOST_TOGETHER, max(1, burst(wiring.settings().tts_per_minute) // 20))
        try:
            await rate_limit(RATE_LIMIT, occupy=together, strict=True)
        except ConcurrencySlotAcquisitionError:
            if together == 1:
                raise
            together = 1  # somebody made the limit smaller than the settings say
            await rate_limit(RATE_LIMIT, occupy=together, strict=True)
        self._left = self._left_now() + together - 1
        self._good_until = time.monotonic() + GOOD_SECONDS

    def _left_now(self) -> int:
        return self._left if time.monotonic() < self._good_until else 0


_of_this_process = Pace()
take_slot = _of_this_process.take_slot
