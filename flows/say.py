"""Hear a voice before callers do: a sentence as a prompt, spoken by any of Google's voices. ``python -m flows.say`` (a command, no flow).

python -m flows.say --voice ko-KR-Neural2-B --out sample.wav "자동차 사고 보험 여부 확인 요청"
"""

import argparse
from pathlib import Path

import wiring
from clients.text_to_speech import TextToSpeech
from models.call.read_back import read_back_sentence
from models.errors import in_one_sentence
from models.sound.prompt import check_prompt, join_wavs, to_prompt

EXAMPLE = "자동차 사고 보험 여부 확인 요청"


def say(voice: TextToSpeech, summary: str) -> bytes:
    """The prompt of a summary, as Amazon Connect would play it; ConfigurationError for a voice that the vendor does not have."""
    voice.check_voice()
    prompt = to_prompt(join_wavs([voice.synthesize(part) for part in voice.split(read_back_sentence(summary))]))
    check_prompt(prompt)
    return prompt


@in_one_sentence()
def main() -> None:
    """Read the command line, speak, and say where the sound lies."""
    parser = argparse.ArgumentParser(prog="python -m flows.say", description="Speak a read-back with any voice, into a file.")
    parser.add_argument("summary", nargs="?", default=EXAMPLE, help=f"what the caller wanted (default: {EXAMPLE})")
    parser.add_argument("--voice", default="", help="name of the voice (default: READBACK_TTS_VOICE)")
    parser.add_argument("--out", type=Path, default=Path("sample.wav"), help="file to write (default: sample.wav)")
    given = parser.parse_args()
    voice = wiring.google_voice(given.voice or wiring.settings().tts_voice)
    given.out.write_bytes(say(voice, given.summary))
    print(f"{given.out}: {read_back_sentence(given.summary)} ({voice.voice})")


if __name__ == "__main__":
    main()
