"""How the listener does: what it has taken since it began, and whom it cannot reach."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from models.call.korea import in_korea

# A turn of the listener's loop takes five seconds, and as long as AWS's timeouts and its own pauses allow when all goes wrong.
STANDS_STILL = timedelta(seconds=120)


class Peer(StrEnum):
    """Who the listener depends on."""

    QUEUE = "SQS"
    BUCKET = "S3"
    SERVER = "Prefect"


@dataclass(frozen=True)
class Trouble:
    """Why a peer did not answer, and since when it has not."""

    since: datetime
    why: str


@dataclass
class Pulse:
    """What one listener has done since it began. ``set_aside`` counts unreadable messages and .wav that are no recordings."""

    began: datetime
    taken: int = 0
    started: int = 0
    set_aside: int = 0
    erased: int = 0
    last_taken: datetime | None = None
    _turned: datetime = field(init=False)
    _troubles: dict[Peer, Trouble] = field(init=False)

    def __post_init__(self) -> None:
        """A listener that has just begun has not stood still, and has not read its queue either."""
        self._turned = self.began
        self._troubles = {Peer.QUEUE: Trouble(self.began, "its queue was not read yet")}

    def turn(self, now: datetime) -> None:
        """The loop comes by once more, whatever it finds."""
        self._turned = now

    def took(self, seen: Counter[str], now: datetime) -> None:
        """A batch of messages was dealt with."""
        self.last_taken = now
        self.taken += seen["messages"]
        self.started += seen["recordings"]
        self.set_aside += seen["unreadable"] + seen["strays"]
        self.erased += seen["erased"]

    def reached(self, *peers: Peer) -> None:
        """These have answered."""
        for peer in peers:
            self._troubles.pop(peer, None)

    def missed(self, peer: Peer, why: str, now: datetime) -> None:
        """This one has not."""
        known = self._troubles.get(peer)
        self._troubles[peer] = Trouble(known.since if known else now, why)

    def trouble(self, now: datetime, *, without: Collection[Peer] = ()) -> str:
        """Why the listener does not do its work; empty when it does."""
        found = [
            f"cannot reach {peer} since {in_korea(trouble.since)} KST: {trouble.why}"
            for peer, trouble in sorted(self._troubles.items())
            if peer not in without
        ]
        if now - self._turned > STANDS_STILL:
            found.append(f"has stood still since {in_korea(self._turned)} KST")
        return "; ".join(found)

    def line(self, now: datetime) -> str:
        """The minute's line of the log."""
        counts = f"took {self.taken} messages, started {self.started} calls, set aside {self.set_aside}, left out {self.erased} erased"
        waited = now - (self.last_taken or self.began)
        waits = f"nothing new for {waited.total_seconds() / 60:.0f} min (since {in_korea(self.last_taken or self.began)} KST)"
        return f"{counts} since {in_korea(self.began)} KST; {waits}"
