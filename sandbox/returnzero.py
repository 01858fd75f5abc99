"""A stand-in for ReturnZero's batch API: its protocol, limits, errors and waiting times, with no recognizer behind it.

    python -m sandbox.returnzero --transcripts sandbox/recordings --port 0

The first line on stdout is JSON with the address: ``{"url": "http://127.0.0.1:40123"}``.

It cannot recognize speech. It knows the transcripts of given recordings by what they sound like (``sandbox/known_sounds.py``); with
``--by-likeness`` also where one of them came through a microphone. A job for any other audio fails and says so.

Beside the vendor's three addresses there are two for whoever runs it:

- ``GET /sandbox/counters``: what was asked, accepted (paid) and injected, by audio, for audits;
- ``GET | POST /sandbox/faults``: the fault plan in force, or a new one.

With ``--state FILE`` accepted jobs are appended to a file before they are answered, so that a killed stand-in knows them again.
"""

import argparse
import asyncio
import contextlib
import hashlib
import heapq
import hmac
import json
import re
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from werkzeug.sansio.multipart import Data, Epilogue, File, MultipartDecoder, NeedData
from werkzeug.sansio.multipart import Field as FormField

from sandbox.faults import Faults
from sandbox.known_sounds import Audio, Library, NoSound
from sandbox.noise import DOUBTS, Noise
from sandbox.serving import CutShort, add_ear, parse_with_faults, sandbox_routes, serve

TOKEN_SECONDS = 6 * 3600
DEFAULT_CLIENT = "sandbox:sandbox-secret"

_ANYWHERE = frozenset({"latency", "reset_before", "reset_after", "500", "503", "truncated", "malformed"})
FAULTS_AT_AUTHENTICATE = _ANYWHERE
FAULTS_AT_SUBMIT = _ANYWHERE | {"A0001", "A0002", "expired_token", "failed_job"}
FAULTS_AT_POLL = _ANYWHERE | {"A0003", "expired_token"}
KINDS = FAULTS_AT_SUBMIT | FAULTS_AT_POLL

_ERRORS: dict[str, tuple[int, str]] = {
    "H0001": (400, "invalid parameter"),
    "H0002": (401, "invalid credential"),
    "H0003": (403, "permission denied"),
    "H0004": (404, "not found"),
    "H0005": (413, "file size is too large"),
    "H0006": (413, "file duration is too long"),
    "H0007": (410, "expired"),
    "H0010": (400, "not supported file format"),
    "A0001": (429, "usage limit exceeded"),
    "A0002": (429, "Too many concurrent requests"),
    "A0003": (429, "Too many requests"),
    "E500": (500, "internal server error"),
}


class Refused(Exception):
    """The answer is one of the vendor's errors."""

    def __init__(self, code: str, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code, self.detail, self.retry_after = code, detail, retry_after

    def response(self) -> JSONResponse:
        """The vendor's error body, ``{"code", "msg"}``."""
        status, message = _ERRORS[self.code]
        headers = {"retry-after": str(self.retry_after)} if self.retry_after is not None else None
        return JSONResponse({"code": self.code, "msg": f"{message}: {self.detail}" if self.detail else message}, status, headers)


class Diarization(BaseModel):
    """``diarization`` of the config."""

    model_config = ConfigDict(extra="forbid", strict=True)
    spk_count: int = Field(0, ge=0)


class ParagraphSplitter(BaseModel):
    """``paragraph_splitter`` of the config."""

    model_config = ConfigDict(extra="forbid", strict=True)
    max: int = Field(50, ge=1)


class JobConfig(BaseModel):
    """The config as the vendor documents it; anything else is H0001."""

    model_config = ConfigDict(extra="forbid", strict=True)
    model_name: Literal["sommers", "whisper"] = "sommers"
    language: str = "ko"
    use_diarization: bool = False
    diarization: Diarization | None = None
    use_itn: bool = True
    use_disfluency_filter: bool = True
    use_profanity_filter: bool = False
    use_paragraph_splitter: bool = True
    paragraph_splitter: ParagraphSplitter | None = None
    domain: Literal["GENERAL", "CALL"] = "GENERAL"
    use_word_timestamp: bool = False
    keywords: list[str] = Field(default_factory=list, max_length=500)

    @model_validator(mode="after")
    def _check(self) -> "JobConfig":
        if self.diarization is not None and not self.use_diarization:
            raise ValueError("diarization needs use_diarization")
        if self.model_name == "sommers" and self.language not in ("ko", "ja"):
            raise ValueError("sommers knows the languages ko and ja")
        if any(not 0 < len(keyword) <= 20 for keyword in self.keywords):
            raise ValueError("a keyword has 1 to 20 characters")
        return self


@dataclass(frozen=True)
class Limits:
    """How the vendor behaves. 0 means no limit for ``concurrency``, ``quota_jobs`` and ``poll_seconds``; ``noise`` is in percent."""

    latency_seconds: float = 3.0
    concurrency: int = 10
    poll_seconds: float = 0.0
    quota_jobs: int = 0
    keep_seconds: float = 3 * 86400.0
    max_bytes: int = 2 * 1024**3
    max_seconds: float = 4 * 3600.0
    noise: float = 0.0
    noise_seed: int = 0
    by_likeness: bool = False


@dataclass(frozen=True)
class StoredJob:
    """An accepted job, one line of the state file. Times are epoch seconds."""

    id: str
    client: str
    audio: str
    accepted_at: float
    done_at: float
    config: dict[str, Any]
    failure: str = ""


@dataclass
class Vendor:
    """The vendor's books: credentials, jobs, limits and counters. Used from one event loop."""

    clients: dict[str, str]
    library: Library
    limits: Limits
    faults: Faults
    state_file: Path | None = None
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    last_poll: dict[str, float] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    peak_active: int = 0
    _active: list[float] = field(default_factory=list)
    _state: TextIO | None = None

    def __post_init__(self) -> None:
        if self.state_file is None:
            return
        if self.state_file.exists():
            for line in self.state_file.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(json.JSONDecodeError):  # the line being written when the process was killed
                    self._enter(StoredJob(**json.loads(line)))
            if not self.state_file.read_bytes().endswith(b"\n"):
                with self.state_file.open("a", encoding="utf-8") as state:
                    state.write("\n")
        self.state_file.parent.mkdir(parents=True, exist_ok=True)
        self._state = self.state_file.open("a", encoding="utf-8")

    def issue_token(self, client: str, now: float) -> tuple[str, int]:
        """A token that proves itself, so that it outlives a restart of the stand-in."""
        expire_at = int(now + TOKEN_SECONDS)
        unsigned = f"{client}.{expire_at}.{uuid.uuid4().hex}"
        return f"{unsigned}.{self._sign(client, unsigned)}", expire_at

    def client_of(self, authorization: str, now: float) -> str:
        """Check a bearer token; any flaw is H0002."""
        token = authorization.removeprefix("Bearer ")
        parts = token.split(".")
        if len(parts) != 4 or parts[0] not in self.clients or token in self.revoked or authorization == token:
            raise Refused("H0002")
        client, expire_at, _, signature = parts
        if not hmac.compare_digest(signature, self._sign(client, ".".join(parts[:3]))) or int(expire_at) <= now:
            raise Refused("H0002")
        return client

    def active(self, now: float) -> int:
        """Jobs that are not finished."""
        while self._active and self._active[0] <= now:
            heapq.heappop(self._active)
        return len(self._active)

    def accept(self, client: str, audio: Audio, config: JobConfig, now: float, *, doomed: bool = False) -> StoredJob:
        """Take a job on, which is what costs money. Raises A0001 or A0002 at the limits."""
        if self.limits.quota_jobs and len(self.jobs) >= self.limits.quota_jobs:
            raise Refused("A0001")
        if self.limits.concurrency and self.active(now) >= self.limits.concurrency:
            raise Refused("A0002")
        failure = "injected failure" if doomed else ""
        if not failure and not self.library.knows(audio.sha256):
            failure = f"no transcript known for this audio (sha256 of its samples {audio.sha256})"
        job = StoredJob(
            uuid.uuid4().hex, client, audio.sha256, now, now + self.limits.latency_seconds, config.model_dump(exclude_unset=True), failure
        )
        self._enter(job)
        self.peak_active = max(self.peak_active, self.active(now))
        if self._state is not None:
            self._state.write(json.dumps(asdict(job), ensure_ascii=False) + "\n")
            self._state.flush()
        return job

    def result(self, client: str, job_id: str, now: float) -> dict[str, Any]:
        """Answer one poll. Raises H0004, H0003, H0007 or A0003."""
        job = self.jobs.get(job_id)
        if job is None:
            raise Refused("H0004")
        if job.client != client:
            raise Refused("H0003")
        if now > job.done_at + self.limits.keep_seconds:
            raise Refused("H0007")
        early = self.limits.poll_seconds and now - self.last_poll.get(job_id, 0.0) < self.limits.poll_seconds
        self.last_poll[job_id] = now
        if early:
            raise Refused("A0003", retry_after=max(1, round(self.limits.poll_seconds)))
        if now < job.done_at:
            return {"id": job_id, "status": "transcribing"}
        utterances = None if job.failure else self.library.utterances(job.audio)
        if utterances is None:
            reason = job.failure or "the transcript of this audio was removed"
            return {"id": job_id, "status": "failed", "error": {"code": "E500", "message": reason}}
        if self.limits.noise:
            expected = tuple(job.config.get("keywords", ()))
            utterances = Noise(self.limits.noise / 100, self.limits.noise_seed, expected).utterances(utterances, job.audio)
        diarized = job.config.get("use_diarization", False)
        shown = [told_to_customers(u) | ({} if diarized else {"spk": 0}) for u in utterances]
        return {"id": job_id, "status": "completed", "results": {"utterances": shown, "verified": False}}

    def counters(self, now: float) -> dict[str, Any]:
        """The books, for audits. ``paid`` counts accepted jobs by the sha256 of the sound."""
        return {
            "auths": self.requests["authenticate"],
            "submits": self.requests["submit"],
            "polls": self.requests["poll"],
            "jobs_accepted": len(self.jobs),
            "jobs_active": self.active(now),
            "jobs_active_peak": self.peak_active,
            "paid": dict(self.paid),
            "names": {sha: self.library.names[sha] for sha in self.paid if sha in self.library.names},
            "refused": dict(self.refused),
            "faults": self.faults.injected,
        }

    def _enter(self, job: StoredJob) -> None:
        self.jobs[job.id] = job
        self.paid[job.audio] += 1
        heapq.heappush(self._active, job.done_at)

    def _sign(self, client: str, unsigned: str) -> str:
        return hmac.new(self.clients[client].encode(), unsigned.encode(), hashlib.sha256).hexdigest()[:32]


def told_to_customers(utterance: dict[str, Any]) -> dict[str, Any]:
    """An utterance without what this vendor tells nobody: other readings, and how sure it is of words."""
    return {key: value for key, value in utterance.items() if key not in DOUBTS}


def build_app(vendor: Vendor) -> Starlette:
    """The vendor's API and the two addresses of the sandbox."""

    async def authenticate(request: Request) -> Response:
        vendor.requests["authenticate"] += 1
        fault = await _before(vendor, request, FAULTS_AT_AUTHENTICATE)
        if isinstance(fault, Response):
            return fault
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        client, secret = form.get("client_id", [""])[0], form.get("client_secret", [""])[0]
        if not client or not secret:
            raise Refused("H0001", "client_id and client_secret are required")
        if not hmac.compare_digest(vendor.clients.get(client, "").encode(), secret.encode()):
            raise Refused("H0002")
        token, expire_at = vendor.issue_token(client, time.time())
        return _after(fault, JSONResponse({"access_token": token, "expire_at": expire_at}))

    async def submit(request: Request) -> Response:
        vendor.requests["submit"] += 1
        fault = await _before(vendor, request, FAULTS_AT_SUBMIT)
        if isinstance(fault, Response):
            return fault
        form = await _read_form(request, vendor.limits.max_bytes)
        client = vendor.client_of(request.headers.get("authorization", ""), time.time())
        upload, config = _check_form(form)
        try:
            audio = await asyncio.to_thread(vendor.library.identify, upload)
        except NoSound as problem:
            raise Refused("H0010", str(problem)) from None
        if audio.seconds > vendor.limits.max_seconds:
            raise Refused("H0006")
        if vendor.limits.by_likeness:
            await asyncio.to_thread(vendor.library.by_likeness, upload, audio)
        job = vendor.accept(client, audio, config, time.time(), doomed=fault == "failed_job")
        return _after(fault, JSONResponse({"id": job.id}))

    async def poll(request: Request) -> Response:
        vendor.requests["poll"] += 1
        fault = await _before(vendor, request, FAULTS_AT_POLL)
        if isinstance(fault, Response):
            return fault
        client = vendor.client_of(request.headers.get("authorization", ""), time.time())
        return _after(fault, JSONResponse(vendor.result(client, request.path_params["job_id"], time.time())))

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        vendor.refused[error.code] += 1
        return error.response()

    return Starlette(
        routes=[
            Route("/v1/authenticate", authenticate, methods=["POST"]),
            Route("/v1/transcribe", submit, methods=["POST"]),
            Route("/v1/transcribe/{job_id:path}", poll, methods=["GET"]),
            *sandbox_routes(lambda: vendor.counters(time.time()), vendor.faults),
        ],
        exception_handlers={Refused: refuse},
    )


async def _before(vendor: Vendor, request: Request, possible: frozenset[str]) -> Response | str | None:
    """Draw the request's fault. Those that hit before anything is accepted come back as the answer, the others by name."""
    fault = vendor.faults.next(possible)
    if fault is None:
        return None
    if fault == "latency":
        await asyncio.sleep(vendor.faults.plan.latency_seconds)
        return None
    if fault == "expired_token":
        vendor.revoked.add(request.headers.get("authorization", "").removeprefix("Bearer "))
        return None
    answer: Response
    if fault == "reset_before":
        return CutShort()
    if fault in ("A0001", "A0002", "A0003"):
        answer = Refused(fault, retry_after=None if fault == "A0001" else 1).response()
    elif fault == "500":
        answer = Refused("E500").response()
    elif fault == "503":
        answer = Response("upstream connect error", 503, media_type="text/plain")
    else:
        return fault
    await request.body()  # a server that refuses reads the request first; closing early would reset the client
    return answer


def _after(fault: str | None, whole: Response) -> Response:
    """Spoil an answer whose request has been carried out."""
    if fault == "reset_after":
        return CutShort()
    if fault == "truncated":
        return CutShort(whole)
    if fault == "malformed":
        return Response(bytes(whole.body)[:-1] + b",", 200, media_type="application/json")
    return whole


@dataclass
class _Form:
    """What arrived of a multipart form, and why it is refused, if it is."""

    parts: defaultdict[str, bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    refusal: Refused | None = None


async def _read_form(request: Request, max_bytes: int) -> _Form:
    """Read a multipart form to its end, refused or not: answering earlier would reset a client that is still sending."""
    form = _Form(refusal=Refused("H0001", "the form is not complete"))
    boundary = re.search(r'multipart/form-data;.*boundary="?([^";]+)', request.headers.get("content-type", ""))
    decoder = MultipartDecoder((boundary[1] if boundary else "none").encode(), max_form_memory_size=None)
    name, reading = "", True
    async for chunk in request.stream():
        if not reading:
            continue
        try:
            decoder.receive_data(chunk or None)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, File | FormField):
                    name = event.name
                    form.parts[name] = bytearray()
                elif isinstance(event, Data):
                    form.parts[name] += event.data
        except ValueError:
            form.refusal, reading = Refused("H0001", "the form cannot be read"), False
        else:
            if isinstance(event, Epilogue):
                form.refusal = None
            if len(form.parts["file"]) > max_bytes:
                form.parts.clear()
                form.refusal, reading = Refused("H0005"), False
    return form


def _check_form(form: _Form) -> tuple[bytes, JobConfig]:
    """Take the file and the config out of a form, or refuse it."""
    if form.refusal is not None:
        raise form.refusal
    if "config" not in form.parts or not form.parts["file"]:
        raise Refused("H0001", "file and config are required")
    try:
        config = JobConfig.model_validate_json(bytes(form.parts["config"]))
    except ValidationError as problem:
        first = problem.errors()[0]
        raise Refused("H0001", f"{'.'.join(str(p) for p in first['loc'])} {first['msg']}".strip()) from None
    return bytes(form.parts["file"]), config


def _parser() -> argparse.ArgumentParser:
    defaults = Limits()
    parser = argparse.ArgumentParser(description="ReturnZero's batch API on localhost, without a recognizer.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--transcripts", type=Path, action="append", default=[], metavar="FOLDER", help="WAVs with their JSON; repeatable")
    parser.add_argument("--client", action="append", default=[], metavar="ID:SECRET", help=f"a customer; default {DEFAULT_CLIENT}")
    parser.add_argument("--latency-seconds", type=float, default=defaults.latency_seconds, help="how long a job takes")
    parser.add_argument("--concurrency", type=int, default=defaults.concurrency, help="jobs at once, then A0002; 0: any")
    parser.add_argument("--poll-seconds", type=float, default=defaults.poll_seconds, help="faster polls of one job get A0003; 0: never")
    parser.add_argument("--quota-jobs", type=int, default=defaults.quota_jobs, help="jobs until A0001; 0: any")
    parser.add_argument("--keep-seconds", type=float, default=defaults.keep_seconds, help="results are H0007 afterwards")
    parser.add_argument("--max-bytes", type=int, default=defaults.max_bytes, help="larger files are H0005")
    parser.add_argument("--max-seconds", type=float, default=defaults.max_seconds, help="longer recordings are H0006")
    add_ear(parser)
    parser.add_argument("--by-likeness", action="store_true", help="know a recording also by what it sounds like, through a microphone")
    parser.add_argument("--state", type=Path, default=None, metavar="FILE", help="remember accepted jobs over a restart")
    return parser


def main() -> None:
    """Parse the command line and serve."""
    parser = _parser()
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_FAULTS", KINDS)
    limits = Limits(**{name: getattr(options, name) for name in Limits.__dataclass_fields__})
    clients = dict(pair.split(":", 1) for pair in options.client or [DEFAULT_CLIENT])
    vendor = Vendor(clients, Library(options.transcripts, options.spoken), limits, faults, options.state)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(vendor), options.host, options.port, {}))


if __name__ == "__main__":
    main()
