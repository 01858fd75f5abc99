"""A stand-in for Amazon Transcribe's batch API: its JSON protocol, its rules and its transcript files, with no recognizer behind it.

    python -m sandbox.amazon_transcribe --transcripts sandbox/recordings --s3 http://127.0.0.1:40001 --port 0

The first line on stdout is JSON with the address: ``{"url": "http://127.0.0.1:40123"}``.

It reads the recording from S3, as the service does, and knows its words by its sound (``sandbox/known_sounds.py``); a job for any other
sound fails. A job's name is taken once. ``GET /sandbox/counters`` and ``GET | POST /sandbox/faults`` are for whoever runs it.
"""

import argparse
import asyncio
import contextlib
import io
import json
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
import soundfile
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.known_sounds import Library, NoSound
from sandbox.noise import Noise
from sandbox.processes import free_port
from sandbox.serving import CutShort, add_ear, parse_with_faults, sandbox_routes, serve

CONTENT_TYPE = "application/x-amz-json-1.1"
KINDS = frozenset({"reset_before", "reset_after", "InternalFailureException", "LimitExceededException", "failed_job", "nonsense"})
_AT_START = frozenset({"reset_before", "reset_after", "InternalFailureException", "LimitExceededException", "failed_job"})
_AT_GET = frozenset({"reset_before", "InternalFailureException", "LimitExceededException"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Media(_Strict):
    """Where the recording lies."""

    MediaFileUri: str = Field(pattern=r"^s3://[^/]+/.+")


class JobSettings(_Strict):
    """``Settings`` of a job."""

    VocabularyName: str | None = None
    ShowSpeakerLabels: bool = False
    MaxSpeakerLabels: int | None = Field(None, ge=2, le=30)
    ChannelIdentification: bool = False
    ShowAlternatives: bool = False
    MaxAlternatives: int | None = Field(None, ge=2, le=10)

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "JobSettings":
        if self.ShowSpeakerLabels and self.ChannelIdentification:
            raise ValueError("You can't use both ShowSpeakerLabels and ChannelIdentification")
        if self.ShowSpeakerLabels != (self.MaxSpeakerLabels is not None):
            raise ValueError("ShowSpeakerLabels and MaxSpeakerLabels go together")
        if self.ShowAlternatives != (self.MaxAlternatives is not None):
            raise ValueError("ShowAlternatives and MaxAlternatives go together")
        return self


class StartJob(_Strict):
    """What ``StartTranscriptionJob`` takes, as far as the product uses it; anything else is refused."""

    TranscriptionJobName: str = Field(pattern=r"^[0-9a-zA-Z._-]{1,200}$")
    LanguageCode: Literal["ko-KR", "en-US", "ja-JP"]
    MediaFormat: Literal["mp3", "mp4", "wav", "flac", "ogg", "amr", "webm", "m4a"]
    MediaSampleRateHertz: int | None = Field(None, ge=8000, le=48000)
    Media: Media
    Settings: JobSettings = JobSettings()


class Refused(Exception):
    """The answer is one of the service's errors."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status

    def response(self) -> JSONResponse:
        """The body and the header that the SDK reads the code from."""
        body = {"__type": self.code, "Message": self.message}
        return JSONResponse(body, self.status, {"x-amzn-errortype": self.code}, media_type=CONTENT_TYPE)


@dataclass(frozen=True)
class StoredJob:
    """An accepted job. Times are epoch seconds."""

    request: StartJob
    sha256: str
    channels: int
    accepted_at: float
    done_at: float
    failure: str = ""


@dataclass
class Vendor:
    """The service's books. Used from one event loop; recordings are read in threads."""

    library: Library
    faults: Faults
    s3: Any
    latency_seconds: float = 3.0
    concurrency: int = 0
    vocabularies: frozenset[str] = frozenset()
    noise: float = 0.0
    noise_seed: int = 0
    url: str = ""
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    async def start(self, body: bytes, *, doomed: bool) -> dict[str, Any]:
        """Take a job on, which is what costs money."""
        try:
            request = StartJob.model_validate_json(body)
        except ValidationError as problem:
            first = problem.errors()[0]
            raise Refused("BadRequestException", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        now = time.time()
        self._check(request, now)
        sha256, channels, failure = await asyncio.to_thread(self._read, request)
        if request.TranscriptionJobName in self.jobs:  # another request was quicker while the recording was read
            raise Refused("ConflictException", "The requested job name already exists.")
        if doomed:
            failure = "injected failure"
        job = StoredJob(request, sha256, channels, now, now + self.latency_seconds, failure)
        self.jobs[request.TranscriptionJobName] = job
        self.paid[sha256] += 1
        return {"TranscriptionJob": self._shown(job, now)}

    def _check(self, request: StartJob, now: float) -> None:
        if request.TranscriptionJobName in self.jobs:
            raise Refused("ConflictException", "The requested job name already exists.")
        if self.concurrency and sum(job.done_at > now for job in self.jobs.values()) >= self.concurrency:
            raise Refused("LimitExceededException", "You have reached your maximum number of concurrent jobs.")
        vocabulary = request.Settings.VocabularyName
        if vocabulary is not None and vocabulary not in self.vocabularies:
            raise Refused("BadRequestException", "The specified vocabulary doesn't exist.")

    def _read(self, request: StartJob) -> tuple[str, int, str]:
        """The sound's hash, its channels, and why the job will fail, if it will. An object that cannot be read is refused."""
        place = urlsplit(request.Media.MediaFileUri)
        try:
            data = self.s3.get_object(Bucket=place.netloc, Key=request.Media.MediaFileUri.split(place.netloc + "/", 1)[1])["Body"].read()
        except (ClientError, BotoCoreError):
            message = "The URI that you provided doesn't point to an accessible S3 object."
            raise Refused("BadRequestException", message) from None
        try:
            sha256 = self.library.identify(data).sha256
            channels = soundfile.info(io.BytesIO(data)).channels
        except (NoSound, soundfile.LibsndfileError):
            return "", 0, "The media format provided does not match the detected media format."
        if request.Settings.ChannelIdentification and channels != 2:
            return sha256, channels, "Invalid number of channels: number of channels is not 2."
        if not self.library.knows(sha256):
            return sha256, channels, f"no transcript known for this audio (sha256 of its samples {sha256})"
        return sha256, channels, ""

    def get(self, body: bytes) -> dict[str, Any]:
        """Answer one poll."""
        name = json.loads(body).get("TranscriptionJobName", "")
        if not re.fullmatch(r"[0-9a-zA-Z._-]{1,200}", name):
            raise Refused("BadRequestException", "1 validation error detected: transcriptionJobName")
        if name not in self.jobs:
            raise Refused("BadRequestException", "The requested job couldn't be found. Check the job name and try your request again.")
        return {"TranscriptionJob": self._shown(self.jobs[name], time.time())}

    def delete(self, body: bytes) -> dict[str, Any]:
        """Forget a job with its transcript; what was paid stays paid."""
        if self.jobs.pop(json.loads(body).get("TranscriptionJobName", ""), None) is None:
            raise Refused("BadRequestException", "The requested job couldn't be found. Check the job name and try your request again.")
        return {}

    def _shown(self, job: StoredJob, now: float) -> dict[str, Any]:
        name = job.request.TranscriptionJobName
        shown = {
            "TranscriptionJobName": name,
            "LanguageCode": job.request.LanguageCode,
            "MediaFormat": job.request.MediaFormat,
            "Media": job.request.Media.model_dump(),
            "CreationTime": job.accepted_at,
            "TranscriptionJobStatus": "IN_PROGRESS",
        }
        if now < job.done_at:
            return shown
        shown["CompletionTime"] = job.done_at
        if job.failure:
            return shown | {"TranscriptionJobStatus": "FAILED", "FailureReason": job.failure}
        return shown | {"TranscriptionJobStatus": "COMPLETED", "Transcript": {"TranscriptFileUri": f"{self.url}/transcripts/{name}.json"}}

    def transcript(self, name: str) -> dict[str, Any] | None:
        """The file of a finished job."""
        job = self.jobs.get(name)
        if job is None or job.failure or time.time() < job.done_at:
            return None
        utterances = self.library.utterances(job.sha256) or []
        if self.noise:
            utterances = Noise(self.noise / 100, self.noise_seed).utterances(utterances, job.sha256)
        asked = job.request.Settings
        return transcript_file(name, utterances, by_channel=asked.ChannelIdentification, readings=asked.MaxAlternatives or 1)

    def counters(self) -> dict[str, Any]:
        """The books, for audits. ``paid`` counts accepted jobs by the sha256 of the sound."""
        return {
            "submits": self.requests["StartTranscriptionJob"],
            "polls": self.requests["GetTranscriptionJob"],
            "jobs_accepted": self.paid.total(),
            "paid": dict(self.paid),
            "refused": dict(self.refused),
            "faults": self.faults.injected,
        }


def transcript_file(name: str, utterances: Sequence[Mapping[str, Any]], *, by_channel: bool, readings: int = 1) -> dict[str, Any]:
    """The transcript as the service writes it: words and marks as items with seconds as text, and the segments they make up.

    More than one of the ``readings`` of a segment are told in ``segments``, the best first.
    """
    key, prefix = ("channel_label", "ch") if by_channel else ("speaker_label", "spk")
    items: list[dict[str, Any]] = []
    segments: list[dict[str, Any]] = []
    read: list[dict[str, Any]] = []
    for utterance in utterances:
        label = f"{prefix}_{utterance['spk']}"
        begins, ends = utterance["start_at"] / 1000, (utterance["start_at"] + utterance["duration"]) / 1000
        made = _items(utterance["msg"], begins, ends, {key: label}, len(items), utterance.get("sure"))
        texts = [utterance["msg"], *utterance.get("readings", ())][:readings]
        read.append({"start_time": f"{begins:.3f}", "end_time": f"{ends:.3f}", "alternatives": [{"transcript": text} for text in texts]})
        items += made
        segments.append(
            {
                "id": len(segments),
                "transcript": utterance["msg"],
                "start_time": f"{begins:.3f}",
                "end_time": f"{ends:.3f}",
                key: label,
                "items": [item["id"] for item in made],
            }
        )
    whole = " ".join(utterance["msg"] for utterance in utterances)
    results: dict[str, Any] = {"transcripts": [{"transcript": whole}], "items": items, "audio_segments": segments}
    if readings > 1:
        results["segments"] = read
    return {"jobName": name, "accountId": "000000000000", "status": "COMPLETED", "results": results}


def _items(
    text: str, begins: float, ends: float, label: Mapping[str, str], first: int, sure: Sequence[float] | None
) -> list[dict[str, Any]]:
    pieces = re.findall(r"[^\s.,?!]+|[.,?!]", text)
    words = [piece for piece in pieces if piece not in ".,?!"]
    # A word that stands between spaces may hold a sign, and then it is two pieces as sure as each other.
    confidences = [
        f"{one:.3f}" for one, word in zip(sure or [], text.split() if sure else [], strict=True) for _ in re.findall(r"[^\s.,?!]+", word)
    ]
    made: list[dict[str, Any]] = []
    spoken = 0
    for piece in pieces:
        item: dict[str, Any] = {"id": first + len(made), **label}
        if piece in ".,?!":
            made.append(item | {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": piece}]})
            continue
        step = (ends - begins) / len(words)
        times = {"start_time": f"{begins + spoken * step:.3f}", "end_time": f"{begins + (spoken + 1) * step:.3f}"}
        confidence = confidences[spoken] if confidences else "0.98"
        made.append(item | {"type": "pronunciation", "alternatives": [{"confidence": confidence, "content": piece}], **times})
        spoken += 1
    return made


def build_app(vendor: Vendor) -> Starlette:
    """The service's one address, its transcript files, and the addresses of the sandbox."""

    async def call(request: Request) -> Response:
        target = request.headers.get("x-amz-target", "")
        operation = target.removeprefix("Transcribe.")
        body = await request.body()
        vendor.requests[operation] += 1
        fault = vendor.faults.next(_AT_START if operation == "StartTranscriptionJob" else _AT_GET)
        if fault == "reset_before":
            return CutShort()
        if fault in ("InternalFailureException", "LimitExceededException"):
            raise Refused(fault, "injected by the sandbox", 500 if fault == "InternalFailureException" else 400)
        if not request.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.")
        if request.url.path != "/" or request.headers.get("content-type") != CONTENT_TYPE:
            raise Refused("UnknownOperationException", "")
        if operation == "StartTranscriptionJob":
            answer = await vendor.start(body, doomed=fault == "failed_job")
        elif operation == "GetTranscriptionJob":
            answer = vendor.get(body)
        elif operation == "DeleteTranscriptionJob":
            answer = vendor.delete(body)
        else:
            raise Refused("UnknownOperationException", "")
        return CutShort() if fault == "reset_after" else JSONResponse(answer, media_type=CONTENT_TYPE)

    async def transcript(request: Request) -> Response:
        found = vendor.transcript(request.path_params["name"])
        if found is None:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, media_type="application/xml")
        if vendor.faults.next(frozenset({"nonsense"})) == "nonsense":
            return JSONResponse({"jobName": found["jobName"], "results": {"items": [{"type": "pronunciation"}]}})
        return JSONResponse(found)

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        vendor.refused[error.code] += 1
        return error.response()

    return Starlette(
        routes=[
            Route("/", call, methods=["POST"]),
            Route("/transcripts/{name}.json", transcript, methods=["GET"]),
            *sandbox_routes(vendor.counters, vendor.faults),
        ],
        exception_handlers={Refused: refuse},
    )


async def run(vendor: Vendor, host: str, port: int) -> None:
    """Serve; the links to transcripts need the address, so a port is chosen first."""
    port = port or free_port()
    vendor.url = f"http://{host}:{port}"
    await serve(build_app(vendor), host, port, {})


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Amazon Transcribe's batch API on localhost, without a recognizer.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--s3", required=True, metavar="URL", help="where recordings are read from")
    parser.add_argument("--transcripts", type=Path, action="append", default=[], metavar="FOLDER", help="WAVs with their JSON; repeatable")
    parser.add_argument("--latency-seconds", type=float, default=3.0, help="how long a job takes")
    parser.add_argument("--concurrency", type=int, default=0, help="jobs at once, then LimitExceededException; 0: any")
    parser.add_argument("--vocabulary", action="append", default=[], help="a custom vocabulary that exists; repeatable")
    add_ear(parser)
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_TRANSCRIBE_FAULTS", KINDS)
    s3 = boto3.client(
        "s3",
        endpoint_url=options.s3,
        region_name="ap-northeast-2",
        aws_access_key_id="sandbox",
        aws_secret_access_key="sandbox",
        config=Config(s3={"addressing_style": "path"}),
    )
    vocabularies = frozenset(options.vocabulary)
    vendor = Vendor(
        Library(options.transcripts, options.spoken),
        faults,
        s3,
        options.latency_seconds,
        options.concurrency,
        vocabularies,
        options.noise,
        options.noise_seed,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(vendor, options.host, options.port))


if __name__ == "__main__":
    main()
