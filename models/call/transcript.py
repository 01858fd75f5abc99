"""From a vendor's utterances to a transcript: cleaned, in order, each with its speaker's name."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence

from models.call.identification import without_identification
from models.call.record import Speaker, Utterance, other_readings
from models.errors import BadTranscript, NoSpeech
from models.sound.recording import RecordingAudio
from models.summarizer.conversation import written

LONGEST_TRANSCRIPT = 1_000_000  # characters; four hours of quick Korean are about 100,000
CLEARLY_LOUDER = 2.0  # power ratio (3 dB) between the channels before an utterance votes on who its label is
CLEARLY_ALONE = 10.0  # and (10 dB) before it lies on one channel, whatever its label: the other side's echo is 20 dB down
FASTEST_LETTERS = 30.0  # a second: hurried Korean has 10 syllables, two speakers at once 20, numbers written as digits are fewer
PAST_THE_END_SECONDS = 5.0  # vendors round, and end an utterance after its sound

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def name_speakers(utterances: Sequence[Utterance], audio: RecordingAudio | None = None) -> list[Utterance]:
    """Clean what speech-to-text returned, leave out what holds no words, and name each speaker, in order of time.

    With the stereo recording in ``audio`` the speakers are the customer (first channel) and the agent (second): see ``_speakers_of``.
    Without it, and for mono recordings, which say nothing on who is who, every speaker stays unknown. Raises BadTranscript for more
    words than a call can hold.
    """
    spoken = [_cleaned(u, text) for u in utterances if (text := clean_text(u.text))]
    if sum(len(u.text) for u in spoken) > LONGEST_TRANSCRIPT:
        raise BadTranscript(f"The transcript has more than {LONGEST_TRANSCRIPT:,} characters", remedy="Listen to the recording")
    spoken.sort(key=lambda u: u.start_ms)
    return [u.model_copy(update={"speaker": speaker}) for u, speaker in zip(spoken, _speakers_of(spoken, audio), strict=True)]


def _cleaned(utterance: Utterance, text: str) -> Utterance:
    readings = other_readings(text, map(clean_text, utterance.alternatives))
    return utterance.model_copy(update={"text": text, "alternatives": readings})


def check_plausible(utterances: Sequence[Utterance], seconds: float) -> None:
    """BadTranscript for what nobody can have said in a recording of so many seconds: speech after its end, or faster than tongues are."""
    latest = max((u.start_ms for u in utterances), default=0) / 1000
    if latest > seconds + PAST_THE_END_SECONDS:
        said = f"The transcript goes on at {latest:.0f} s of a recording of {seconds:.0f} s"
        raise BadTranscript(said, remedy="Listen to the recording, or have another vendor hear it")
    letters = sum(len(_letters(u.text)) for u in utterances)
    if letters > FASTEST_LETTERS * (seconds + PAST_THE_END_SECONDS):
        said = f"The transcript has {letters} letters for {seconds:.0f} s, more than two people can say at once"
        raise BadTranscript(said, remedy="Listen to the recording, or have another vendor hear it")


def transcript_text(utterances: Sequence[Utterance]) -> str:
    """Write the transcript as the storage contract has it: one utterance a line, its words alone, a newline after each.

    Raises NoSpeech when no utterance holds a letter or a digit.
    """
    lines = [line for u in utterances if (line := clean_text(u.text))]
    if not any(_letters(line) for line in lines):
        raise NoSpeech("The recording was transcribed and nobody said anything", remedy="Listen to it; there is nothing to read back")
    return "".join(f"{line}\n" for line in lines)


def summarizer_input(utterances: Sequence[Utterance]) -> str:
    """The conversation as the summarizer reads it, a turn a line, without what only identifies the caller
    (``models/call/identification.py``).

    Every utterance keeps its line, if an empty one, so that a line's number is the utterance's. Where the speakers are unknown,
    everybody's words count as the caller's. Raises NoSpeech when there are none.
    """
    told_apart = any(u.speaker is Speaker.CUSTOMER for u in utterances)
    left = without_identification(utterances)
    turns = [(u.speaker is Speaker.CUSTOMER or not told_apart, clean_text(u.text)) for u in left]
    if not any(_letters(text) for _, text in turns):
        raise NoSpeech(
            "The recording was transcribed and nobody said anything but who they are", remedy="Listen to it; there is nothing to summarize"
        )
    return written(turns)


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


def _speakers_of(spoken: Sequence[Utterance], audio: RecordingAudio | None) -> list[Speaker]:
    """Name every utterance's speaker by the channel it lies on; where both sides are heard, by its diarization label.

    An utterance with at least ten times the power on one channel is that speaker's, whatever label diarization gave it. For the rest
    the utterances of a label vote, by their duration, for the channel with at least twice the power of the other. An utterance without
    a label, or with the only one there is, is named by itself: diarization told nobody apart. A label without a majority stays unknown.
    """
    if audio is None or audio.channels != 2:
        return [Speaker.UNKNOWN] * len(spoken)
    diarized = len({u.label for u in spoken if u.label is not None}) > 1
    groups = [("label", u.label) if diarized and u.label is not None else ("alone", index) for index, u in enumerate(spoken)]
    lead: defaultdict[tuple[str, int], int] = defaultdict(int)
    alone: dict[int, Speaker] = {}
    for index, (group, u) in enumerate(zip(groups, spoken, strict=True)):
        customer, agent = audio.envelope.energy(u.start_ms, u.start_ms + u.duration_ms)
        if max(customer, agent) >= CLEARLY_ALONE * min(customer, agent) and customer != agent:
            alone[index] = Speaker.CUSTOMER if customer > agent else Speaker.AGENT
        if customer >= CLEARLY_LOUDER * agent and customer > 0:
            lead[group] += max(1, u.duration_ms)
        elif agent >= CLEARLY_LOUDER * customer and agent > 0:
            lead[group] -= max(1, u.duration_ms)
    voted = [Speaker.CUSTOMER if lead[g] > 0 else Speaker.AGENT if lead[g] < 0 else Speaker.UNKNOWN for g in groups]
    return [alone.get(index, speaker) for index, speaker in enumerate(voted)]
