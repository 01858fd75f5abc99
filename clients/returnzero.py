"""ReturnZero's batch speech-to-text: submit a recording, poll the job, read the utterances.

Submitting costs money and the API has no idempotency key, so this client is exact about one question: may the vendor have
accepted the job? A failure before the last byte of the request left is ``VendorUnavailable`` and safe to repeat. After
that, a missing or unreadable answer is ``AnswerLost``. Everything else maps one documented code to one error class.

A failed poll costs nothing. One that says "completed" is final: what of it cannot be read is ``BadTranscript`` at once, for asking again
would bring the same answer.

Repeating is the caller's decision; the one thing repeated here is a request refused for its token, once, with a new token.
"""

import copy
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from clients.speech_to_text import Job, JobStatus, Offer
from models.call.record import Utterance
from models.errors import (
    AccessRefused,
    AnswerLost,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    QuotaExhausted,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
)

VENDOR = "ReturnZero"
PROVIDER = "returnzero"
WHISPER = "returnzero/whisper"
MAX_KEYWORDS = 500
MAX_KEYWORD_CHARACTERS = 20
OFFER = Offer(
    languages=("ko", "ja"),
    formats=("wav", "mp3", "mp4", "m4a", "amr", "flac"),
    diarization=True,
    channels=False,  # by arrangement with the vendor alone
    keywords=MAX_KEYWORDS,
    keyword_characters=MAX_KEYWORD_CHARACTERS,
    max_bytes=2 * 1024**3,
    max_seconds=4 * 3600.0,
    kept_days=3.0,
    repeatable=False,  # no idempotency key: a second request is a second job
    reads_bucket=False,
    forgets=False,
)
# Keywords are a matter of the vendor's own model; its Whisper knows many more languages.
WHISPER_OFFER = replace(OFFER, languages=("ko", "ja", "en", "zh", "detect", "multi"), keywords=0, keyword_characters=0)

_POOL_SIZE = 64  # one connection for each thread of a busy worker
_TOKEN_MARGIN_SECONDS = 600.0  # a token lives 6 h: renew it while the old one still works
_SHORTEST_TOKEN_SECONDS = 60.0  # with a wrong clock every token looks expired; do not authenticate for every request
_CHUNK_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 64 * 1024 * 1024  # the longest call allowed, 4 h with word times, is an order of magnitude below
_MAX_MESSAGE_CHARACTERS = 200
_LATEST_MS = 24 * 3600 * 1000  # the longest call allowed takes a sixth of this

_CHECK_CREDENTIALS = "Check READBACK_RETURNZERO_URL, READBACK_RETURNZERO_CLIENT_ID and READBACK_RETURNZERO_CLIENT_SECRET"
_CHECK_RECORDING = "Listen to the recording; if it is sound, redrive it"
_ASK_SUPPORT = "Ask ReturnZero's support with the job id; redrive the call with pay_again to transcribe it anew, which is billed again"
_GATEWAY_STATUSES = (502, 504)

# Every documented error code of the vendor: code → class. Codes that the vendor adds later go by their status.
_CLASS_OF_CODE: Mapping[str, type[ReadbackError]] = {
    "H0001": VendorRefused,
    "H0002": AccessRefused,
    "H0003": ConfigurationError,
    "H0004": JobGone,
    "H0005": BadRecording,
    "H0006": BadRecording,
    "H0007": JobGone,
    "H0010": BadRecording,
    "A0001": QuotaExhausted,
    "A0002": TooManyRequests,
    "A0003": TooManyRequests,
    "E500": VendorUnavailable,
}
_CLASS_OF_STATUS: Mapping[int, type[ReadbackError]] = {
    401: AccessRefused,
    403: AccessRefused,
    404: ConfigurationError,  # without the vendor's H0004 the address is wrong, and nothing is known of the job
    408: VendorUnavailable,
    410: JobGone,
    413: BadRecording,
    429: TooManyRequests,
}
_REMEDY_OF_CLASS: Mapping[type[ReadbackError], str] = {
    VendorRefused: "Compare the request with the vendor's documentation",
    AccessRefused: _CHECK_CREDENTIALS,
    ConfigurationError: _CHECK_CREDENTIALS,
    JobGone: "Results are kept for 3 days; redrive the recording to transcribe it again, which is billed again",
    BadRecording: _CHECK_RECORDING,
    QuotaExhausted: "Buy quota or wait for the next billing period, then resume the step",
    TooManyRequests: "Wait, and lower READBACK_STT_CONCURRENCY if this goes on",
    VendorUnavailable: "It is repeated by itself; see the vendor's status page if it goes on",
}


@dataclass(frozen=True)
class TranscribeConfig:
    """What to ask for. The defaults suit a two-party call on a telephone line; the vendor's own defaults differ.

    ``spk_count`` is the number of speakers for diarization, 0 lets the vendor guess; ``keywords`` are written as they are
    pronounced, in Hangul, at most 500 of at most 20 characters.
    """

    domain: Literal["GENERAL", "CALL"] = "CALL"
    use_diarization: bool = True
    spk_count: int = 2
    use_itn: bool = True
    use_disfluency_filter: bool = True
    use_profanity_filter: bool = False
    use_paragraph_splitter: bool = True
    use_word_timestamp: bool = False
    keywords: tuple[str, ...] = ()
    model_name: Literal["sommers", "whisper"] = "sommers"
    language: str = "ko"

    def __post_init__(self) -> None:
        if len(self.keywords) > MAX_KEYWORDS:
            raise ConfigurationError(
                f"{len(self.keywords)} keywords, the vendor takes {MAX_KEYWORDS}", remedy="Shorten the term list (edit-terms)"
            )
        for keyword in self.keywords:
            if not 0 < len(keyword) <= MAX_KEYWORD_CHARACTERS:
                raise ConfigurationError(
                    f"The keyword {keyword!r} has {len(keyword)} characters, the vendor takes 1 to {MAX_KEYWORD_CHARACTERS}",
                    remedy="Shorten it in the term list (edit-terms)",
                )

    def to_json(self) -> str:
        """The ``config`` field of the request. ``diarization`` is sent only with ``use_diarization``: alone it is refused."""
        config: dict[str, Any] = {
            "model_name": self.model_name,
            "language": self.language,
            "use_diarization": self.use_diarization,
            "use_itn": self.use_itn,
            "use_disfluency_filter": self.use_disfluency_filter,
            "use_profanity_filter": self.use_profanity_filter,
            "use_paragraph_splitter": self.use_paragraph_splitter,
            "domain": self.domain,
            "use_word_timestamp": self.use_word_timestamp,
        }
        if self.use_diarization:
            config["diarization"] = {"spk_count": self.spk_count}
        if self.keywords:
            config["keywords"] = list(self.keywords)
        return json.dumps(config, ensure_ascii=False)


class ReturnZero:
    """The API with one organisation's credentials. Safe to share between threads; all calls block.

    ``config`` is asked for with every job, with the ``keywords`` of the moment where they are given; ``timeout`` is in seconds and bounds
    connecting and every wait for bytes.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        config: TranscribeConfig | None = None,
        keywords: Callable[[], Sequence[str]] | None = None,
        timeout: float = 20.0,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ConfigurationError(
                f"{base_url!r} is no web address", remedy="Set READBACK_RETURNZERO_URL, such as https://openapi.vito.ai"
            )
        if not client_id or not client_secret:
            raise AccessRefused("The ReturnZero client id or secret is empty", remedy=_CHECK_CREDENTIALS, case="returnzero")
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._client_secret = client_secret
        self._config, self._keywords = config or TranscribeConfig(), keywords
        self.provider, self.offer = (WHISPER, WHISPER_OFFER) if self._config.model_name == "whisper" else (PROVIDER, OFFER)
        self._timeout = timeout
        self._session = _new_session(_POOL_SIZE)
        self._token_lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._refusal: ReadbackError | None = None
        self._refused_at = 0.0

    @property
    def asks(self) -> str:
        """The ``config`` field of a request of this moment."""
        config = self._config if self._keywords is None else replace(self._config, keywords=tuple(self._keywords()))
        return config.to_json()

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        """Start a paid job and return its id; store the id before anything else is done. The sound is sent, so ``location`` is not read.

        Raises ``AnswerLost`` where the job may exist although no id arrived, and the classes of the module's tables.
        """
        asks = self.asks
        answer = self._authorized(lambda token: self._post_recording(token, audio, filename, asks))
        self._check(answer, paid=True)
        try:
            job_id = _object(answer.body).get("id")
        except _Malformed:
            job_id = None
        if not isinstance(job_id, str) or not job_id:
            raise _answer_lost("its answer holds no job id", answer.reply())
        return job_id

    def poll(self, job_id: str) -> Job:
        """Ask how a job stands.

        Raises ``JobFailed`` with the vendor's reason, ``JobGone`` where it is unknown or older than 3 days, ``BadTranscript`` where an
        utterance of a completed job cannot be read.
        """
        url = f"{self._base_url}/v1/transcribe/{quote(job_id, safe='')}"
        answer = self._authorized(lambda token: self._ask("GET", url, token=token))
        self._check(answer)
        try:
            return _read_job(job_id, _object(answer.body))
        except _Malformed as problem:
            raise VendorUnavailable(
                f"ReturnZero's answer about job {job_id} cannot be read: {problem}",
                remedy=_REMEDY_OF_CLASS[VendorUnavailable],
                reply=answer.reply(),
            ) from None

    def forget(self, job_id: str) -> None:
        """The vendor has no such request: what it keeps goes after three days."""

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _authorized(self, ask: "Callable[[str], _Answer]") -> "_Answer":
        """Ask with the token; where the vendor refuses the token, once more with a new one."""
        token = self._valid_token()
        answer = ask(token)
        if answer.status == 401:
            answer = ask(self._valid_token(refused=token))
        return answer

    def _valid_token(self, refused: str = "") -> str:
        """Return a token that is neither near its end nor the refused one.

        One thread authenticates, the others wait for it and share its result, an error too: 64 threads that each wait for
        a silent vendor in turn would hang for 64 timeouts.
        """
        asked_at = time.monotonic()
        with self._token_lock:
            if self._token and self._token != refused and time.monotonic() < self._renew_at:
                return self._token
            if self._refusal is not None and self._refused_at >= asked_at:
                raise copy.copy(self._refusal)
            try:
                self._token, life_seconds = self._authenticate()
            except ReadbackError as error:
                self._refusal, self._refused_at = error, time.monotonic()
                raise
            kept_seconds = max(life_seconds - _TOKEN_MARGIN_SECONDS, life_seconds / 2, _SHORTEST_TOKEN_SECONDS)
            self._renew_at = time.monotonic() + kept_seconds
            return self._token

    def _authenticate(self) -> tuple[str, float]:
        """Fetch a token and the seconds it lives."""
        form = {"client_id": self._client_id, "client_secret": self._client_secret}
        answer = self._ask("POST", f"{self._base_url}/v1/authenticate", data=form)
        if 400 <= answer.status < 500 and answer.status not in (408, 429):
            said = f"ReturnZero does not accept the credentials: {self._message(answer)}"
            raise AccessRefused(said, remedy=_CHECK_CREDENTIALS, reply=answer.reply(), case="returnzero")
        self._check(answer)
        try:
            body = _object(answer.body)
            token, expire_at = body.get("access_token"), body.get("expire_at")
            if not isinstance(token, str) or not token or not isinstance(expire_at, int | float):
                raise _Malformed("access_token or expire_at is missing")
        except _Malformed as problem:
            raise VendorUnavailable(f"ReturnZero's token cannot be read: {problem}", reply=answer.reply()) from None
        return token, float(expire_at) - time.time()

    def _post_recording(self, token: str, audio: bytes, filename: str, config: str) -> "_Answer":
        """Send the paid request over a connection of its own.

        A kept connection may have been closed by the vendor a moment ago, and then nobody could tell whether the request
        was read. A fresh one costs a handshake and never fails in that way.
        """
        body = _Upload(audio, filename, config)
        with _new_session(1) as session:
            try:
                return self._ask("POST", f"{self._base_url}/v1/transcribe", token=token, data=body, form=body.content_type, session=session)
            except VendorUnavailable as error:
                if body.sent:
                    raise _answer_lost(error.message, error.reply) from None
                raise

    def _ask(
        self, method: str, url: str, *, token: str = "", data: Any = None, form: str = "", session: requests.Session | None = None
    ) -> "_Answer":
        """Send one request and read the whole answer, at most 64 MiB. No answer is ``VendorUnavailable``."""
        headers = {"Accept": "application/json"} | ({"Content-Type": form} if form else {})
        try:
            with (session or self._session).request(
                method, url, data=data, headers=headers, auth=_Bearer(token), timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                return _Answer(response.status_code, response.headers, _read(response))
        except requests.RequestException as error:
            # The cause is cut off: its request object carries the token and the recording.
            raise VendorUnavailable(
                f"No answer from {method} {url}: {_name_of(error)}",
                remedy=_REMEDY_OF_CLASS[VendorUnavailable],
                reply=VendorReply(VENDOR),
            ) from None

    def _check(self, answer: "_Answer", *, paid: bool = False) -> None:
        """Raise the one error class that a refusal maps to."""
        if answer.status == 200:
            return
        reply = answer.reply()
        if paid and answer.status < 400:
            raise _answer_lost(f"it answered with the unknown status {answer.status}", reply)
        if paid and answer.status in _GATEWAY_STATUSES and not reply.code:
            # A gateway between us and the vendor gave up waiting; the vendor may have gone on.
            raise _answer_lost("a gateway answered in its place", reply)
        kind = _CLASS_OF_CODE.get(reply.code) or _CLASS_OF_STATUS.get(answer.status)
        if kind is None:
            kind = VendorRefused if 400 <= answer.status < 500 else VendorUnavailable
        message, remedy = f"ReturnZero refused: {self._message(answer)}", _REMEDY_OF_CLASS[kind]
        if kind is TooManyRequests:
            raise TooManyRequests(message, remedy=remedy, reply=reply, retry_after_seconds=answer.retry_after_seconds())
        if kind is AccessRefused:
            raise AccessRefused(message, remedy=remedy, reply=reply, case="returnzero")
        raise kind(message, remedy=remedy, reply=reply)

    def _message(self, answer: "_Answer") -> str:
        """The vendor's words, short, printable, and free of our secrets should they be echoed."""
        text = _clean(answer.error().get("msg") or f"HTTP {answer.status} without a reason")
        for secret in (self._client_secret, self._token):
            text = text.replace(secret, "***") if secret else text
        return text


class _Malformed(ValueError):
    """An answer that does not have the documented shape."""


class _Bearer(AuthBase):
    """Sets the token, and keeps requests from replacing it by an entry of ``~/.netrc``."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _Upload:
    """The multipart body of a submit, without a copy of the audio. ``sent`` is True once its last piece was handed out."""

    def __init__(self, audio: bytes, filename: str, config: str) -> None:
        boundary = secrets.token_hex(16)
        name = "".join(c if c.isprintable() and c not in '"\\' else "_" for c in filename)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="config"\r\n\r\n{config}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = head.encode("utf-8", "replace")
        self._audio = memoryview(audio)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.sent = False

    def __len__(self) -> int:
        return len(self._head) + len(self._audio) + len(self._tail)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        yield self._head
        for start in range(0, len(self._audio), _CHUNK_BYTES):
            yield self._audio[start : start + _CHUNK_BYTES]
        self.sent = True
        yield self._tail


@dataclass(frozen=True)
class _Answer:
    """What came back: status, headers and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self) -> dict[str, Any]:
        """The error object of a refusal, ``{"code", "msg"}``; empty where the body is something else."""
        try:
            return _object(self.body)
        except _Malformed:
            return {}

    def reply(self) -> VendorReply:
        """The vendor's reply for the error and the quarantine note."""
        code = self.error().get("code") if self.status != 200 else ""
        request_id = self.headers.get("x-request-id", "")
        return VendorReply(VENDOR, self.status, _clean(code)[:32] if isinstance(code, str) else "", _clean(request_id)[:128])

    def retry_after_seconds(self) -> float | None:
        """The wait the vendor asks for; the date form of the header is not used by it and counts as none."""
        value = self.headers.get("retry-after", "").strip()
        return float(value) if value.isascii() and value.isdigit() else None


def _new_session(connections: int) -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _read(response: requests.Response) -> bytes:
    """Read a body piece by piece, so that a small compressed one cannot unfold into gigabytes."""
    body = bytearray()
    for piece in response.iter_content(_CHUNK_BYTES):
        body += piece
        if len(body) > _MAX_ANSWER_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
    return bytes(body)


def _object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object. A body nested too deeply is as malformed as one cut short."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise _Malformed(f"{len(body)} bytes that are no JSON") from None
    if not isinstance(value, dict):
        raise _Malformed("the JSON is no object")
    return value


def _read_job(job_id: str, body: dict[str, Any]) -> Job:
    """Read one poll's answer, or raise what it reports. An answer about another job is none: it would be another caller's words."""
    if body.get("id", job_id) != job_id:
        raise _Malformed("it is about another job")
    status = body.get("status")
    if status == "failed":
        error = body.get("error")
        error = error if isinstance(error, dict) else {}
        raise JobFailed(
            f"ReturnZero could not transcribe the recording (job {job_id}): {_clean(error.get('message') or 'no reason given')}",
            remedy=_CHECK_RECORDING,
            reply=VendorReply(VENDOR, 200, _clean(error.get("code") or "")[:32]),
        )
    if status == "transcribing":
        return Job(job_id, JobStatus.IN_PROGRESS)
    if status != "completed":
        raise _Malformed("it names no known status")
    results = body.get("results")
    utterances = results.get("utterances") if isinstance(results, dict) else None
    if not isinstance(utterances, list):
        raise _Malformed("it is completed and holds no list of utterances")
    try:
        return Job(job_id, JobStatus.COMPLETED, tuple(_read_utterance(index, value) for index, value in enumerate(utterances)))
    except _Malformed as problem:
        raise BadTranscript(
            f"ReturnZero's transcript of job {job_id} cannot be read: {problem}", remedy=_ASK_SUPPORT, reply=VendorReply(VENDOR, 200)
        ) from None


def _read_utterance(index: int, value: object) -> Utterance:
    """Read one of ``results.utterances``: ``{"start_at", "duration", "msg", "spk", "lang"}``, times in milliseconds.

    ``spk`` only helps to tell the speakers apart: one that is missing (no diarization) or no whole number says nothing, and the words
    count all the same. What is wrong elsewhere is named by index and field, never by its words.
    """
    if not isinstance(value, dict):
        raise _Malformed(f"utterance {index} is {type(value).__name__}, not an object")
    text = value.get("msg")
    if not isinstance(text, str):
        raise _Malformed(f"utterance {index} has no text in msg")
    label = value.get("spk")
    return Utterance(
        label=label if isinstance(label, int) and not isinstance(label, bool) else None,
        start_ms=_milliseconds(value, index, "start_at"),
        duration_ms=_milliseconds(value, index, "duration"),
        text=text,
    )


def _milliseconds(utterance: dict[str, Any], index: int, key: str) -> int:
    """A number of milliseconds from 0 to a day; ``480.0`` is one as well."""
    value = utterance.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST_MS:
        shown = repr(value)[:40] if isinstance(value, int | float) and abs(value) < 1e18 else type(value).__name__
        raise _Malformed(f"utterance {index} has {key} = {shown}, not a whole number up to a day")
    return value


def _clean(text: object) -> str:
    """Make a vendor's words safe for a log line: printable and short."""
    return "".join(c if c.isprintable() else " " for c in str(text))[:_MAX_MESSAGE_CHARACTERS].strip()


def _name_of(error: requests.RequestException) -> str:
    """Name a network failure by its innermost reason, such as ``NewConnectionError``."""
    inner: object = error.args[0] if error.args else None
    inner = getattr(inner, "reason", inner)
    names = [type(error).__name__]
    if isinstance(inner, Exception):
        names.append(type(inner).__name__)
    return ", ".join(dict.fromkeys(names))


def _answer_lost(what: str, reply: VendorReply | None) -> AnswerLost:
    return AnswerLost(
        f"ReturnZero may have accepted the recording, but {what[:1].lower()}{what[1:]}",
        remedy="Ask the vendor whether the job exists; redriving submits it again and may be billed twice",
        reply=reply,
    )
