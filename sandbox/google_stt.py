"""A stand-in for Google Speech-to-Text v2 and the bucket it reads from: the real gRPC protocol, no recognizer behind it.

    python -m sandbox.google_stt --transcripts sandbox/recordings --port 0 --admin-port 0

The first line on stdout is JSON: ``{"endpoint": "127.0.0.1:50051", "url": "http://127.0.0.1:40124"}``, the gRPC endpoint and the address
of Cloud Storage's JSON API (upload, delete), which also has ``GET /sandbox/counters`` and ``GET | POST /sandbox/faults``.

``BatchRecognize`` makes operations, ``GetOperation`` tells how they stand. It knows the words of given recordings by their sound
(``sandbox/known_sounds.py``); an operation over any other sound fails.
"""

import argparse
import asyncio
import contextlib
import io
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import grpc
import soundfile
from google.cloud import speech_v2
from google.longrunning import operations_pb2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.known_sounds import Library, NoSound
from sandbox.noise import Noise
from sandbox.serving import add_ear, parse_with_faults, sandbox_routes, serve

SERVICE, OPERATIONS = "google.cloud.speech.v2.Speech", "google.longrunning.Operations"
MODELS = {"telephony", "telephony_short", "long", "short", "chirp_2", "chirp_3"}
MAX_PHRASES, MAX_PHRASE_CHARACTERS, MAX_ALTERNATIVES = 1_200, 100, 30
_SURE = 0.93
_STATUSES = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED"})
_AT_SUBMIT = _STATUSES | {"silence", "failed_job"}
_AT_POLL = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "nonsense"})
_AT_STORAGE = frozenset({"storage_503", "storage_403"})
KINDS = _AT_SUBMIT | _AT_POLL | _AT_STORAGE
_RECOGNIZER = re.compile(r"projects/[^/]+/locations/[^/]+/recognizers/_")


class BadRequest(ValueError):
    """The request is INVALID_ARGUMENT, for this reason."""


@dataclass(frozen=True)
class Operation:
    """An operation that was begun; ``done_at`` in epoch seconds. ``expected`` are its phrases, ``readings`` how many it tells."""

    name: str
    uri: str
    sha256: str
    channels: int
    by_channel: bool
    done_at: float
    failure: str = ""
    expected: tuple[str, ...] = ()
    readings: int = 1
    confidence: bool = False


@dataclass
class Vendor:
    """The service's books: objects of the bucket, operations and counters. Used from one event loop."""

    library: Library
    faults: Faults
    latency_seconds: float = 3.0
    noise: float = 0.0
    noise_seed: int = 0
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    async def batch_recognize(self, request: speech_v2.BatchRecognizeRequest, context: Any) -> Any:
        """Handle ``BatchRecognize``: begin an operation, which is what costs money."""
        self.requests["submit"] += 1
        fault = self.faults.next(_AT_SUBMIT)
        if fault in _STATUSES:
            await self._refuse(context, fault, "injected by the sandbox")
        try:
            _check(request)
        except BadRequest as problem:
            await self._refuse(context, "INVALID_ARGUMENT", str(problem))
        operation = await asyncio.to_thread(self._begin, request, "injected failure" if fault == "failed_job" else "")
        self.operations[operation.name] = operation
        self.paid[operation.sha256] += 1
        if fault == "silence":
            await asyncio.sleep(self.faults.plan.latency_seconds)
        return operations_pb2.Operation(name=operation.name)

    def _begin(self, request: speech_v2.BatchRecognizeRequest, failure: str) -> Operation:
        uri = request.files[0].uri
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        data, sha256, channels = self.objects.get((bucket, name)), "", 0
        if data is None:
            failure = failure or f"{uri} was not found"
        else:
            try:
                sha256 = self.library.identify(data).sha256
                channels = soundfile.info(io.BytesIO(data)).channels
            except (NoSound, soundfile.LibsndfileError):
                failure = failure or "Audio encoding could not be detected"
            if sha256 and not self.library.knows(sha256):
                failure = failure or f"no transcript known for this audio (sha256 of its samples {sha256})"
        features = request.config.features
        by_channel = features.multi_channel_mode == speech_v2.RecognitionFeatures.MultiChannelMode.SEPARATE_RECOGNITION_PER_CHANNEL
        name = f"{request.recognizer.rpartition('/recognizers/')[0]}/operations/{uuid.uuid4().hex}"
        return Operation(
            name,
            uri,
            sha256,
            channels,
            by_channel,
            time.time() + self.latency_seconds,
            failure,
            expected=tuple(_phrases(request.config)),
            readings=max(1, features.max_alternatives),
            confidence=features.enable_word_confidence,
        )

    async def get_operation(self, request: Any, context: Any) -> Any:
        """Handle ``GetOperation``."""
        self.requests["poll"] += 1
        fault = self.faults.next(_AT_POLL)
        if fault in ("UNAVAILABLE", "RESOURCE_EXHAUSTED"):
            await self._refuse(context, fault, "injected by the sandbox")
        known = self.operations.get(request.name)
        if known is None:
            await self._refuse(context, "NOT_FOUND", "Operation not found")
        answer = operations_pb2.Operation(name=known.name)
        if time.time() >= known.done_at:
            answer.done = True
            answer.response.Pack(speech_v2.BatchRecognizeResponse.pb(self._answer(known, nonsense=fault == "nonsense")))
        return answer

    def _answer(self, operation: Operation, *, nonsense: bool) -> speech_v2.BatchRecognizeResponse:
        if operation.failure:
            error = {"code": grpc.StatusCode.INVALID_ARGUMENT.value[0], "message": operation.failure}
            return speech_v2.BatchRecognizeResponse(results={operation.uri: speech_v2.BatchRecognizeFileResult(error=error)})
        utterances = self.library.utterances(operation.sha256) or []
        if self.noise:
            utterances = Noise(self.noise / 100, self.noise_seed, operation.expected).utterances(utterances, operation.sha256)
        results = transcript_results(
            utterances, by_channel=operation.by_channel, readings=operation.readings, confidence=operation.confidence
        )
        transcript = speech_v2.BatchRecognizeResults(results=results)
        if nonsense:
            words = [speech_v2.WordInfo(word="?", start_offset=timedelta(seconds=9), end_offset=timedelta(seconds=1))]
            transcript.results[0].alternatives[0].words = words
        inline = speech_v2.InlineResult(transcript=transcript)
        return speech_v2.BatchRecognizeResponse(results={operation.uri: speech_v2.BatchRecognizeFileResult(inline_result=inline)})

    async def _refuse(self, context: Any, code: str, why: str) -> NoReturn:
        self.refused[code] += 1
        await context.abort(grpc.StatusCode[code], why)
        raise AssertionError("abort does not return")

    def counters(self) -> dict[str, Any]:
        """The books, for audits. ``paid`` counts operations by the sha256 of the sound, ``objects`` are sounds not deleted yet."""
        return {
            "submits": self.requests["submit"],
            "polls": self.requests["poll"],
            "jobs_accepted": len(self.operations),
            "paid": dict(self.paid),
            "refused": dict(self.refused),
            "faults": self.faults.injected,
            "objects": len(self.objects),
        }


def _check(request: speech_v2.BatchRecognizeRequest) -> None:
    """Hold a request against Google's rules."""
    config, features = request.config, request.config.features
    if not _RECOGNIZER.fullmatch(request.recognizer):
        raise BadRequest("Invalid resource field value in the request: recognizer")
    if list(config.language_codes) != ["ko-KR"] or config.model not in MODELS:
        raise BadRequest(f'The model "{config.model}" is currently not supported in the location for the language')
    if not config._pb.HasField("auto_decoding_config"):
        raise BadRequest("Audio decoding config is not set")
    if len(request.files) != 1 or not re.fullmatch(r"gs://[^/]+/.+", request.files[0].uri):
        raise BadRequest("Inline output takes one file, by its Cloud Storage URI")
    if not request.recognition_output_config._pb.HasField("inline_response_config"):
        raise BadRequest("The sandbox answers inline")
    separate = features.multi_channel_mode == speech_v2.RecognitionFeatures.MultiChannelMode.SEPARATE_RECOGNITION_PER_CHANNEL
    if separate and features._pb.HasField("diarization_config"):
        raise BadRequest("Diarization and separate recognition per channel exclude each other")
    if not 0 <= features.max_alternatives <= MAX_ALTERNATIVES:
        raise BadRequest("Invalid max_alternatives")
    phrases = _phrases(config)
    if len(phrases) > MAX_PHRASES or any(not 0 < len(phrase) <= MAX_PHRASE_CHARACTERS for phrase in phrases):
        raise BadRequest("Too many phrases, or one that is empty or too long")


def _phrases(config: speech_v2.RecognitionConfig) -> list[str]:
    return [phrase.value for one in config.adaptation.phrase_sets for phrase in one.inline_phrase_set.phrases]


def transcript_results(
    utterances: Sequence[Mapping[str, Any]], *, by_channel: bool, readings: int = 1, confidence: bool = False
) -> list[speech_v2.SpeechRecognitionResult]:
    """A result for each utterance, with its words' times; channels count from 1, voices are labelled when channels are not.

    So many ``readings`` are told, the best one included, and how sure each word is where ``confidence`` was asked for.
    """
    results = []
    for utterance in utterances:
        begins, length, side = utterance["start_at"] / 1000, utterance["duration"] / 1000, utterance["spk"] + 1
        texts = utterance["msg"].split()
        sure = utterance.get("sure") or [_SURE] * len(texts)
        words = [
            speech_v2.WordInfo(
                word=text,
                start_offset=timedelta(seconds=begins + length * index / len(texts)),
                end_offset=timedelta(seconds=begins + length * (index + 1) / len(texts)),
                speaker_label="" if by_channel else str(side),
                confidence=sure[index] if confidence else 0.0,
            )
            for index, text in enumerate(texts)
        ]
        best = speech_v2.SpeechRecognitionAlternative(transcript=utterance["msg"], confidence=_SURE, words=words)
        others = [speech_v2.SpeechRecognitionAlternative(transcript=other) for other in utterance.get("readings", ())]
        end = timedelta(seconds=begins + length)
        results.append(
            speech_v2.SpeechRecognitionResult(
                alternatives=[best, *others[: readings - 1]],
                channel_tag=side if by_channel else 0,
                result_end_offset=end,
                language_code="ko-kr",
            )
        )
    return results


def storage_app(vendor: Vendor) -> Starlette:
    """Cloud Storage's JSON API, as far as it is used, and the sandbox's own addresses."""

    def spoiled() -> Response | None:
        fault = vendor.faults.next(_AT_STORAGE)
        return Response(status_code=int(fault.removeprefix("storage_"))) if fault else None

    async def upload(request: Request) -> Response:
        body = await request.body()
        if answer := spoiled():
            return answer
        place = (request.path_params["bucket"], request.query_params.get("name", ""))
        if request.query_params.get("uploadType") != "media" or not place[1]:
            return JSONResponse({"error": {"code": 400}}, 400)
        if request.query_params.get("ifGenerationMatch") == "0" and place in vendor.objects:
            return JSONResponse({"error": {"code": 412}}, 412)
        vendor.objects[place] = body
        return JSONResponse({"kind": "storage#object", "bucket": place[0], "name": place[1], "size": str(len(body))})

    async def delete(request: Request) -> Response:
        if answer := spoiled():
            return answer
        gone = vendor.objects.pop((request.path_params["bucket"], request.path_params["name"]), None)
        return Response(status_code=404 if gone is None else 204)

    return Starlette(
        routes=[
            Route("/upload/storage/v1/b/{bucket}/o", upload, methods=["POST"]),
            Route("/storage/v1/b/{bucket}/o/{name:path}", delete, methods=["DELETE"]),
            *sandbox_routes(vendor.counters, vendor.faults),
        ]
    )


async def run(vendor: Vendor, host: str, port: int, admin_port: int) -> None:
    """Serve gRPC and Cloud Storage until SIGTERM or SIGINT."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    speech = {
        "BatchRecognize": grpc.unary_unary_rpc_method_handler(
            vendor.batch_recognize, speech_v2.BatchRecognizeRequest.deserialize, operations_pb2.Operation.SerializeToString
        )
    }
    operations = {
        "GetOperation": grpc.unary_unary_rpc_method_handler(
            vendor.get_operation, operations_pb2.GetOperationRequest.FromString, operations_pb2.Operation.SerializeToString
        )
    }
    handlers = (grpc.method_handlers_generic_handler(SERVICE, speech), grpc.method_handlers_generic_handler(OPERATIONS, operations))
    server.add_generic_rpc_handlers(handlers)
    chosen = server.add_insecure_port(f"{host}:{port}")
    await server.start()
    try:
        await serve(storage_app(vendor), host, admin_port, {"endpoint": f"{host}:{chosen}"})
    finally:
        await server.stop(grace=1.0)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Google Speech-to-Text v2 and its bucket on localhost, without a recognizer.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="gRPC; 0 chooses a free one")
    parser.add_argument("--admin-port", type=int, default=0, help="HTTP: Cloud Storage; 0 chooses a free one")
    parser.add_argument("--transcripts", type=Path, action="append", default=[], metavar="FOLDER", help="WAVs with their JSON; repeatable")
    parser.add_argument("--latency-seconds", type=float, default=3.0, help="how long an operation takes")
    add_ear(parser)
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_GOOGLE_STT_FAULTS", KINDS)
    vendor = Vendor(Library(options.transcripts, options.spoken), faults, options.latency_seconds, options.noise, options.noise_seed)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(vendor, options.host, options.port, options.admin_port))


if __name__ == "__main__":
    main()
