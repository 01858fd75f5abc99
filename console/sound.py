"""What of a call is heard in the console: a copy with personal numbers silenced and the peaks of both speakers, made when asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from clients.s3 import ObjectStore
from models.call.privacy import personal_spans, seconds_of
from models.call.record import CallRecord
from models.errors import ObjectGone
from models.sound.recording import inspect_recording
from reports.sound import browser_wav, waveform
from stores.recordings import read_recording

WIDTH, BAND = 960, 64  # of the drawing of one speaker
BUCKETS = 480
_KEPT = 8  # copies: people seek, and each seek is a request


@dataclass(frozen=True)
class Wave:
    """A speaker's peaks as the strokes of an SVG path, and what the band is called."""

    name: str
    path: str


@dataclass
class Sounds:
    """The sounds of one bucket, the last few kept."""

    store: ObjectStore
    _copies: dict[tuple[str, str, bool], bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def recording(self, record: CallRecord, *, raw: bool) -> bytes:
        """The recording as every browser plays it. ObjectGone where nothing tells what is to be silenced."""
        if not raw and not record.transcription.done:
            raise ObjectGone(f"call {record.call_id} has no transcript that tells what is to be silenced", remedy="Redrive it")
        which = (record.call_id, record.updated_at.isoformat(), raw)
        with self._lock:
            known = self._copies.get(which)
        if known is None:
            known = browser_wav(read_recording(self.store, record.recording), float("inf"), silent=() if raw else silenced(record))
            with self._lock:
                self._copies = {**dict(list(self._copies.items())[1 - _KEPT :]), which: known}
        return known

    def prompt(self, record: CallRecord) -> bytes:
        """The prompt as every browser plays it; what it speaks is masked."""
        if record.prompt is None:
            raise ObjectGone(f"call {record.call_id} has no prompt", remedy="It was not read back")
        return browser_wav(self.store.get(record.prompt.key).body, 300.0)

    def waves(self, record: CallRecord) -> list[Wave]:
        """The peaks of the customer and the agent, or of the only channel."""
        return list(_waves(read_recording(self.store, record.recording)))


def silenced(record: CallRecord) -> list[tuple[float, float]]:
    """From when to when personal numbers are said: by what was heard, and by what it was corrected to."""
    heard = record.transcription.utterances
    spans = personal_spans([utterance.text for utterance in heard])
    said = record.said
    return [*seconds_of(spans, heard), *seconds_of(personal_spans([one.text for one in said]), said)]


@lru_cache(maxsize=16)
def _waves(data: bytes) -> tuple[Wave, ...]:
    audio = inspect_recording(data)
    bands = waveform(audio, BUCKETS)
    loudest = max(max(band) for band in bands) or 1.0
    names = ("고객", "상담원") if len(bands) > 1 else ("통화",)
    named = enumerate(zip(names, bands, strict=False))
    return tuple(Wave(name, _strokes(band, loudest, BAND * at)) for at, (name, band) in named)


def _strokes(band: list[float], loudest: float, top: int) -> str:
    step, middle = WIDTH / len(band), top + BAND // 2
    halves = [max(1, round((BAND / 2 - 4) * peak / loudest)) for peak in band]
    return "".join(f"M{(at + 0.5) * step:.1f} {middle - half}v{2 * half}" for at, half in enumerate(halves))


def byte_range(asked: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that a Range header asks for; None for one that is not understood, which is answered with everything.

    >>> byte_range("bytes=10-", 100), byte_range("bytes=0-1", 100), byte_range("bytes=-5", 100), byte_range("bytes=200-", 100)
    ((10, 99), (0, 1), (95, 99), None)
    """
    unit, _, span = asked.partition("=")
    first, dash, last = span.partition("-")
    if unit.strip() != "bytes" or not dash or not (first or last).isdecimal() or (last and not last.isdecimal()):
        return None
    begin, end = (int(first), min(int(last), size - 1) if last else size - 1) if first else (max(0, size - int(last)), size - 1)
    return (begin, end) if begin <= end < size else None


def headers_of(body: bytes, asked: str) -> tuple[int, bytes, Mapping[str, str]]:
    """Status, bytes and headers of an answer to who asks for a part of a sound."""
    part = byte_range(asked, len(body)) if asked else None
    common = {"Accept-Ranges": "bytes"}
    if part is None:
        return 200, body, common
    return 206, body[part[0] : part[1] + 1], {**common, "Content-Range": f"bytes {part[0]}-{part[1]}/{len(body)}"}
