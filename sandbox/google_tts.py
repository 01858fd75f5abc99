"""A stand-in for Google Cloud Text-to-Speech: the real gRPC protocol, a real Korean voice (espeak-ng), no cloud.

    python -m sandbox.google_tts --port 0 --admin-port 0

The first line on stdout is JSON: ``{"endpoint": "127.0.0.1:50051", "url": "http://127.0.0.1:40124"}``, the gRPC endpoint
and the address of the admin side, which has ``GET /sandbox/counters`` and ``GET | POST /sandbox/faults``.

It refuses what Google refuses: more than 5,000 bytes, malformed SSML, unknown voices, SSML or a pitch for a Chirp3-HD voice.
"""

import argparse
import asyncio
import contextlib
import hashlib
import io
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.etree import ElementTree

import grpc
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from google.cloud.texttospeech_v1 import (
    AudioEncoding,
    ListVoicesRequest,
    ListVoicesResponse,
    SynthesizeSpeechRequest,
    SynthesizeSpeechResponse,
)
from google.cloud.texttospeech_v1 import Voice as ListedVoice
from starlette.applications import Starlette

from sandbox.espeak import Espeak, Voice
from sandbox.faults import Faults
from sandbox.serving import parse_with_faults, sandbox_routes, serve

SERVICE = "google.cloud.texttospeech.v1.TextToSpeech"
MAX_INPUT_BYTES = 5_000
NATURAL_RATE = 24_000
KINDS = frozenset({"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE", "empty"})

_VOICE = re.compile(r"ko-KR-(?:(?:Standard|Wavenet)-(?P<letter>[A-D])|Neural2-(?P<neural>[A-C])|(?P<chirp>Chirp3-HD)-[A-Z][a-z]+)")
VOICE_OF_LETTER = {
    "A": Voice("f2", pitch=55),
    "B": Voice("f3", pitch=60),
    "C": Voice("m3", pitch=45),
    "D": Voice("m7", pitch=38),
}
VOICE_NAMES = (
    *(f"ko-KR-{kind}-{letter}" for kind, letters in (("Neural2", "ABC"), ("Standard", "ABCD"), ("Wavenet", "ABCD")) for letter in letters),
    *(f"ko-KR-Chirp3-HD-{name}" for name in ("Aoede", "Charon", "Fenrir", "Kore", "Leda", "Orus", "Puck", "Zephyr")),
)
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.8, "x-strong": 1.2}
_SUBTYPES = {AudioEncoding.LINEAR16: "PCM_16", AudioEncoding.MULAW: "ULAW", AudioEncoding.ALAW: "ALAW"}

Signal = npt.NDArray[np.float64]


class BadRequest(ValueError):
    """The request is INVALID_ARGUMENT, for this reason."""


@dataclass(frozen=True)
class Pause:
    """Silence, in seconds."""

    seconds: float


def read_ssml(ssml: str) -> list[str | Pause]:
    """Turn SSML into what is said and where it is silent.

    ``<sub>`` is said as its alias; a ``<phoneme>``'s own text is said, as Hangul is pronounced as written; ``<p>`` and ``<s>``
    end in a short pause. Other elements of SSML change nothing but their text is said.

    >>> read_ssml('<speak>고객 <sub alias="무늬">문의</sub> &amp; <break time="500ms"/>끝</speak>')
    ['고객 무늬 & ', Pause(seconds=0.5), '끝']
    """
    if "<!DOCTYPE" in ssml or "<!ENTITY" in ssml:
        raise BadRequest("Invalid SSML: declarations are not allowed")  # entities would unfold without bounds
    try:
        root = ElementTree.fromstring(ssml)
    except ElementTree.ParseError as problem:
        raise BadRequest(f"Invalid SSML: {problem}") from None
    if _tag(root) != "speak":
        raise BadRequest("Invalid SSML: the root element must be speak")
    spoken: list[str | Pause] = []
    _read_element(root, spoken)
    joined: list[str | Pause] = []
    for part in spoken:
        last = joined[-1] if joined else None
        if isinstance(part, str) and isinstance(last, str):
            joined[-1] = last + part
        elif part:
            joined.append(part)
    return joined


def _read_element(element: ElementTree.Element, spoken: list[str | Pause]) -> None:
    tag = _tag(element)
    if tag == "sub":
        spoken.append(element.get("alias") or element.text or "")
    elif tag == "break":
        spoken.append(Pause(_break_seconds(element)))
    else:
        spoken.append(element.text or "")
        for child in element:
            _read_element(child, spoken)
            spoken.append(child.tail or "")
        if tag in ("p", "s"):
            spoken.append(Pause(_BREAKS["weak"]))


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _break_seconds(element: ElementTree.Element) -> float:
    time = element.get("time")
    if time is None:
        strength = element.get("strength", "medium")
        if strength not in _BREAKS:
            raise BadRequest(f"Invalid SSML: break strength {strength}")
        return _BREAKS[strength]
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s)", time)
    if match is None:
        raise BadRequest(f"Invalid SSML: break time {time}")
    return min(10.0, float(match[1]) / (1000 if match[2] == "ms" else 1))


def synthesize(request: SynthesizeSpeechRequest) -> bytes:
    """Answer a request as Google would, with espeak's voice. Raises ``BadRequest``."""
    script, voice = _check(request)
    config = request.audio_config
    rate = config.sample_rate_hertz or NATURAL_RATE
    signal = _speak(script, voice) * 10 ** (config.volume_gain_db / 20)
    signal = np.clip(soxr.resample(signal, Espeak().sample_rate, rate), -1.0, 1.0)
    wav = io.BytesIO()
    if config.audio_encoding == AudioEncoding.PCM:
        soundfile.write(wav, signal, rate, format="RAW", subtype="PCM_16", endian="LITTLE")
    else:
        soundfile.write(wav, signal, rate, format="WAV", subtype=_SUBTYPES[AudioEncoding(config.audio_encoding)])
    return wav.getvalue()


def _check(request: SynthesizeSpeechRequest) -> tuple[list[str | Pause], Voice]:
    """Hold a request against Google's rules; returns what to say and in which voice."""
    ssml, text = request.input.ssml, request.input.text
    if not ssml and not text:
        raise BadRequest("Neither text nor ssml is set")
    if len((ssml or text).encode()) > MAX_INPUT_BYTES:
        raise BadRequest(f"Either `input.text` or `input.ssml` is longer than the limit of {MAX_INPUT_BYTES} bytes")
    config, name = request.audio_config, request.voice.name or "ko-KR-Standard-A"
    match = _VOICE.fullmatch(name)
    if match is None or name not in VOICE_NAMES:
        raise BadRequest("Voice does not exist. Is it misspelled?")
    if request.voice.language_code != "ko-KR":
        raise BadRequest("Requested language code does not match the voice")
    if match["chirp"] and (ssml or config.pitch):
        raise BadRequest("This voice does not support SSML or pitch")
    if config.audio_encoding != AudioEncoding.PCM and config.audio_encoding not in _SUBTYPES:
        raise BadRequest("The sandbox speaks LINEAR16, MULAW, ALAW and PCM")
    if config.speaking_rate and not 0.25 <= config.speaking_rate <= 2.0:
        raise BadRequest("Speaking rate must be in [0.25, 2.0]")
    if not -20.0 <= config.pitch <= 20.0:
        raise BadRequest("Pitch must be in [-20.0, 20.0]")
    base = VOICE_OF_LETTER[match["letter"] or match["neural"] or "A"]
    pitch = min(99, max(0, round(base.pitch + 2 * config.pitch)))
    return read_ssml(ssml) if ssml else [text], Voice(base.variant, pitch, base.pitch_range, config.speaking_rate or 1.0)


def _speak(script: list[str | Pause], voice: Voice) -> Signal:
    espeak = Espeak()
    pieces = [
        np.zeros(round(part.seconds * espeak.sample_rate)) if isinstance(part, Pause) else espeak.say(part, voice) / 32768.0
        for part in script
    ]
    return np.concatenate([np.zeros(0), *pieces])


def _keep(folder: Path, request: SynthesizeSpeechRequest, audio: bytes) -> None:
    """Write down what was spoken, as it was read, for stand-ins that listen."""
    script, _ = _check(request)
    name = hashlib.sha256(audio).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.wav").write_bytes(audio)
    (folder / f"{name}.txt").write_text(" ".join(part for part in script if isinstance(part, str)), "utf-8")


@dataclass
class Speaker:
    """The service: counts, injects faults, and speaks in a thread."""

    faults: Faults
    latency_seconds: float = 0.0
    spoken_folder: Path | None = None
    requests: int = 0
    seconds: float = 0.0
    spoken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: SynthesizeSpeechRequest, context: Any) -> SynthesizeSpeechResponse:
        """Handle ``SynthesizeSpeech``."""
        self.requests += 1
        begun = time.perf_counter()
        fault = self.faults.next(KINDS)
        await asyncio.sleep(self.latency_seconds + (self.faults.plan.latency_seconds if fault == "DEADLINE" else 0.0))
        if fault in ("UNAVAILABLE", "RESOURCE_EXHAUSTED"):
            await context.abort(grpc.StatusCode[fault], "injected by the sandbox")
        if fault == "empty":
            return SynthesizeSpeechResponse()
        try:
            audio = await asyncio.to_thread(synthesize, request)
            if self.spoken_folder is not None:
                await asyncio.to_thread(_keep, self.spoken_folder, request, audio)
        except BadRequest as problem:
            await self._refuse(context, str(problem))
        self.spoken[request.input.ssml or request.input.text] += 1
        self.seconds += time.perf_counter() - begun
        return SynthesizeSpeechResponse(audio_content=audio)

    async def list_voices(self, request: ListVoicesRequest, context: Any) -> ListVoicesResponse:
        """Handle ``ListVoices``: every voice for no language or Korean's, none for others."""
        names = VOICE_NAMES if request.language_code in ("", "ko", "ko-KR") else ()
        return ListVoicesResponse(voices=[ListedVoice(name=name, language_codes=["ko-KR"]) for name in names])

    async def _refuse(self, context: Any, why: str) -> NoReturn:
        self.refused["INVALID_ARGUMENT"] += 1
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, why)
        raise AssertionError("abort does not return")

    def counters(self) -> dict[str, Any]:
        """The books, for audits. ``most_often_spoken`` is how often the same input was paid for at most, ``seconds`` what speaking took."""
        return {
            "requests": self.requests,
            "seconds": self.seconds,
            "spoken": self.spoken.total(),
            "spoken_inputs": len(self.spoken),
            "most_often_spoken": max(self.spoken.values(), default=0),
            "refused": dict(self.refused),
            "faults": self.faults.injected,
        }


def admin_app(speaker: Speaker) -> Starlette:
    """The sandbox's own addresses."""

    return Starlette(routes=sandbox_routes(speaker.counters, speaker.faults))


async def run(speaker: Speaker, host: str, port: int, admin_port: int) -> None:
    """Serve gRPC and the admin side until SIGTERM or SIGINT."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    methods = {
        "SynthesizeSpeech": grpc.unary_unary_rpc_method_handler(
            speaker.answer, SynthesizeSpeechRequest.deserialize, SynthesizeSpeechResponse.serialize
        ),
        "ListVoices": grpc.unary_unary_rpc_method_handler(speaker.list_voices, ListVoicesRequest.deserialize, ListVoicesResponse.serialize),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
    chosen = server.add_insecure_port(f"{host}:{port}")
    await server.start()
    try:
        await serve(admin_app(speaker), host, admin_port, {"endpoint": f"{host}:{chosen}"})
    finally:
        await server.stop(grace=1.0)


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="Google Cloud Text-to-Speech on localhost, with espeak-ng's Korean voice.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="gRPC; 0 chooses a free one")
    parser.add_argument("--admin-port", type=int, default=0, help="HTTP; 0 chooses a free one")
    parser.add_argument("--latency-seconds", type=float, default=0.2, help="how long a synthesis takes")
    parser.add_argument("--spoken", type=Path, metavar="FOLDER", help="write every sound and its text there, for stand-ins that listen")
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_TTS_FAULTS", KINDS)
    Espeak()  # a missing voice is told now, not in the first call
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(Speaker(faults, options.latency_seconds, options.spoken), options.host, options.port, options.admin_port))


if __name__ == "__main__":
    main()
