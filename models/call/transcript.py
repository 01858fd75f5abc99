"""From ReturnZero's utterances to a transcript: checked, in order, each with its speaker's name."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from models.call.identification import without_identification
from models.call.record import CallRecord, Speaker, Utterance
from models.errors import BadTranscript, NoSpeech
from models.sound.recording import RecordingAudio

LONGEST_TRANSCRIPT = 1_000_000  # characters; four hours of quick Korean are about 100,000
LATEST_MS = 24 * 3600 * 1000
CLEARLY_LOUDER = 2.0  # power ratio (3 dB) between the channels before an utterance votes on who its label is
CLEARLY_ALONE = 10.0  # and (10 dB) before it lies on one channel, whatever its label: the other side's echo is 20 dB down
ENOUGH_WORDS = 10  # letters and digits by the caller that make a request: "보험금 청구하려고요" has 9

# What callers say while the agent talks. Alone it says nothing, and a summarizer trained on inquiries stumbles over it.
_BACKCHANNEL = re.compile(r"(?:네|예|응|어|음|아|그래요?|그렇죠|맞아요|여보세요|알겠습니다|감사합니다|수고하세요)+")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_VENDOR_REMEDY = "Ask ReturnZero's support with the job id; redrive the call to transcribe it anew, which is billed again"


@dataclass(frozen=True)
class _Spoken:
    """One utterance as the vendor gives it, checked; times in milliseconds."""

    label: int
    start_ms: int
    duration_ms: int
    text: str


def read_utterances(utterances: object, audio: RecordingAudio | None = None) -> list[Utterance]:
    """Check ReturnZero's ``results.utterances`` and name each speaker, in order of time.

    ``utterances`` is the decoded JSON: a list of ``{"start_at", "duration", "msg", "spk", "lang"}``, times in milliseconds. With the
    stereo recording in ``audio`` the speakers are the customer (first channel) and the agent (second): see ``_name_speakers``.
    Without it, and for mono recordings, which say nothing on who is who, every speaker stays unknown. Raises BadTranscript,
    naming the utterance's index and field but never its words.
    """
    if not isinstance(utterances, list):
        raise BadTranscript(f"ReturnZero's utterances are {type(utterances).__name__}, not a list", remedy=_VENDOR_REMEDY)
    spoken = [_check(index, utterance) for index, utterance in enumerate(utterances)]
    if sum(len(s.text) for s in spoken) > LONGEST_TRANSCRIPT:
        raise BadTranscript(f"The transcript has more than {LONGEST_TRANSCRIPT:,} characters", remedy="Listen to the recording")
    spoken = sorted((s for s in spoken if s.text), key=lambda s: s.start_ms)
    speakers = _name_speakers(spoken, audio)
    return [
        Utterance(speaker=speaker, start_ms=s.start_ms, duration_ms=s.duration_ms, text=s.text)
        for s, speaker in zip(spoken, speakers, strict=True)
    ]


def transcript_text(utterances: Sequence[Utterance]) -> str:
    """Write the transcript as the storage contract has it: one utterance a line, its words alone, a newline after each.

    Raises NoSpeech when no utterance holds a letter or a digit.
    """
    lines = [line for u in utterances if (line := clean_text(u.text))]
    if not any(_letters(line) for line in lines):
        raise NoSpeech("The recording was transcribed and nobody said anything", remedy="Listen to it; there is nothing to read back")
    return "".join(f"{line}\n" for line in lines)


def summarizer_input(record: CallRecord) -> str:
    """Join what the summary is made from: the caller's own words, without mere backchannels such as 네 or 음 and without what only
    identifies the caller (``models/call/identification.py``).

    The summarizer learned from inquiries, so the agent's words follow only where the caller hardly said anything
    (fewer than 10 letters: "네 맞아요" answers a request that the agent put into words). Where the speakers are unknown, everybody's
    words count. Raises NoSpeech when there are none.
    """
    told_apart = any(u.speaker is Speaker.CUSTOMER for u in record.transcription.utterances)
    utterances = without_identification(record.transcription.utterances)
    own = _worth_summarizing([u for u in utterances if u.speaker is Speaker.CUSTOMER or not told_apart])
    if told_apart and len(_letters(own)) < ENOUGH_WORDS:
        own = f"{own} {_worth_summarizing([u for u in utterances if u.speaker is not Speaker.CUSTOMER])}".strip()
    if not _letters(own):
        raise NoSpeech(
            "The recording was transcribed and nobody said anything but who they are", remedy="Listen to it; there is nothing to summarize"
        )
    return own


def clean_text(text: str) -> str:
    """Make one printable line: control characters, line breaks and lone surrogates become spaces, runs of spaces one.

    >>> clean_text("차가\\n\\x00 긁혔어요")
    '차가 긁혔어요'
    """
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text)
    return " ".join(text.split())


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _worth_summarizing(utterances: Sequence[Utterance]) -> str:
    texts = [clean_text(u.text) for u in utterances]
    return " ".join([t for t in texts if not _BACKCHANNEL.fullmatch(_letters(t)) and _letters(t)] or [t for t in texts if t])


def _check(index: int, utterance: object) -> _Spoken:
    if not isinstance(utterance, dict):
        raise BadTranscript(f"ReturnZero's utterance {index} is {type(utterance).__name__}, not an object", remedy=_VENDOR_REMEDY)
    text = utterance.get("msg")
    if not isinstance(text, str):
        raise BadTranscript(f"ReturnZero's utterance {index} has no text in msg", remedy=_VENDOR_REMEDY)
    start, duration, label = (_whole(utterance, index, key) for key in ("start_at", "duration", "spk"))
    return _Spoken(label, start, duration, clean_text(text))


def _whole(utterance: dict[str, object], index: int, key: str) -> int:
    """A whole number from 0 to a day's milliseconds; ``spk`` may be missing when there was no diarization."""
    value = utterance.get(key, 0 if key == "spk" else None)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LATEST_MS:
        shown = repr(value)[:40] if isinstance(value, int | float) and abs(value) < 1e18 else type(value).__name__
        raise BadTranscript(f"ReturnZero's utterance {index} has {key} = {shown}, not a whole number up to a day", remedy=_VENDOR_REMEDY)
    return value


def _name_speakers(spoken: Sequence[_Spoken], audio: RecordingAudio | None) -> list[Speaker]:
    """Name every utterance's speaker by the channel it lies on; where both sides are heard, by its diarization label.

    An utterance with at least ten times the power on one channel is that speaker's, whatever label diarization gave it. For the rest
    the utterances of a label vote, by their duration, for the channel with at least twice the power of the other. With a single label
    diarization told nobody apart, and each utterance is named by itself. A label without a majority stays unknown.
    """
    if audio is None or audio.channels != 2:
        return [Speaker.UNKNOWN] * len(spoken)
    diarized = len({s.label for s in spoken}) > 1
    groups = [s.label if diarized else index for index, s in enumerate(spoken)]
    lead: defaultdict[int, int] = defaultdict(int)
    alone: dict[int, Speaker] = {}
    for index, (group, s) in enumerate(zip(groups, spoken, strict=True)):
        customer, agent = audio.envelope.energy(s.start_ms, s.start_ms + s.duration_ms)
        if max(customer, agent) >= CLEARLY_ALONE * min(customer, agent) and customer != agent:
            alone[index] = Speaker.CUSTOMER if customer > agent else Speaker.AGENT
        if customer >= CLEARLY_LOUDER * agent and customer > 0:
            lead[group] += max(1, s.duration_ms)
        elif agent >= CLEARLY_LOUDER * customer and agent > 0:
            lead[group] -= max(1, s.duration_ms)
    voted = [Speaker.CUSTOMER if lead[g] > 0 else Speaker.AGENT if lead[g] < 0 else Speaker.UNKNOWN for g in groups]
    return [alone.get(index, speaker) for index, speaker in enumerate(voted)]
