"""Where everything lies in the bucket: the one place that builds or parses an S3 key."""

import hashlib
import re
from dataclasses import dataclass

RECORDINGS_FOLDER = "CallRecordings"

# connect/<alias>/CallRecordings/[ivr/]YYYY/MM/DD/<contactId>_YYYYMMDDTHH:MM_UTC.wav; some instances file by 월/일, such as 11월/21일.
_RECORDING = re.compile(
    r"^(?P<prefix>.+/)?CallRecordings/(?P<ivr>ivr/)?(?:\d{4}/\d{2}/\d{2}|(?:\d{4}년?/)?\d{1,2}월/\d{1,2}일)/"
    r"(?P<contact>[^/_]+)_(?P<stamp>\d{8}T\d{2}[:_]\d{2})_UTC\.wav$"
)


@dataclass(frozen=True)
class RecordingName:
    """What a recording's key says: the contact, when the call began (``YYYYMMDDTHH:MM``, UTC) and whether the IVR recorded it."""

    contact_id: str
    started_at: str
    ivr: bool


def parse_recording_key(key: str) -> RecordingName | None:
    """Read a recording's key as Amazon Connect lays it out, or return None when the object is no call recording.

    >>> parse_recording_key("connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav")
    RecordingName(contact_id='c-1', started_at='20261121T01:30', ivr=False)
    >>> parse_recording_key("connect/acme/CallRecordings/2026/11/21/readme.txt") is None
    True
    """
    match = _RECORDING.match(key)
    if match is None:
        return None
    stamp = match["stamp"].replace("_", ":")
    return RecordingName(contact_id=match["contact"], started_at=stamp, ivr=match["ivr"] is not None)


def call_id(bucket: str, key: str, etag: str) -> str:
    """Name one recording for ever: the same object always gives the same 32 hexadecimal digits, another upload never does."""
    digest = hashlib.sha256("\0".join((bucket, key, etag.strip('"'))).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


class StorageKeys:
    """Keys of what we write. ``n`` is the recording's number, the same for its three files."""

    NUMBER_COUNTER = "calls/number.json"
    CALLS = "calls/records/"
    QUARANTINE = "quarantine/"
    MODELS = "models/"

    @staticmethod
    def transcript(n: int) -> str:
        """The transcript, one utterance a line."""
        return f"stt/stt_{n}.txt"

    @staticmethod
    def summary(n: int) -> str:
        """The summary, one short Korean phrase."""
        return f"nlp/nlp_{n}.txt"

    @staticmethod
    def prompt(n: int) -> str:
        """The prompt that Amazon Connect plays."""
        return f"tts/tts_{n}.wav"

    @classmethod
    def call_record(cls, call: str) -> str:
        """The machine-readable record of one call; two leading digits spread the calls over S3's partitions."""
        return f"{cls.CALLS}{call[:2]}/{call}.json"

    @classmethod
    def quarantine_note(cls, call: str) -> str:
        """Why a call was set aside."""
        return f"{cls.QUARANTINE}{call}.json"
