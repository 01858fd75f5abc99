"""The design that Readback replaces, written as fairly as it allows: three scripts, each polling S3 once a second, one file at a time.

    python -m benchmarks.polling {stt,nlp,tts}

In their favour: they answer only new files (kept in memory), reuse connections and a loaded
model, poll the speech-to-text job as often as we do, and convert in memory rather than by an FFmpeg process. What is left is the
design: the wait for the next look, and the work one by one. The bucket, the vendors and the model come from Readback's settings.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import boto3

import wiring
from benchmarks.statements import naive_loop
from models.call.read_back import read_back_sentence
from models.sound.prompt import to_prompt
from models.summarizer.conversation import read

LOOK_SECONDS = 1.0


def main() -> None:
    """Run one of the scripts until it is killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__.partition("\n")[0])
    parser.add_argument("script", choices=("stt", "nlp", "tts"))
    chosen = parser.parse_args()
    settings = wiring.settings()
    s3 = boto3.client("s3", endpoint_url=settings.aws_endpoint_url, region_name=settings.aws_region)
    prefix, answer = {"stt": _stt, "nlp": _nlp, "tts": _tts}[chosen.script](s3, settings.bucket)
    answered: set[str] = set()
    print("ready", flush=True)
    while True:
        listing = s3.list_objects_v2(Bucket=settings.bucket, Prefix=prefix).get("Contents", [])
        for key in sorted(entry["Key"] for entry in listing if entry["Key"] not in answered):
            answer(key)
            answered.add(key)
        time.sleep(LOOK_SECONDS)


def next_number(s3: Any, bucket: str) -> int:
    """The scripts' numbering: one more than the files that one listing shows, which is a thousand at most."""
    return 1 + len(s3.list_objects_v2(Bucket=bucket, Prefix="stt/").get("Contents", []))


def _stt(s3: Any, bucket: str) -> tuple[str, Callable[[str], None]]:
    vendor, pause = wiring.speech_to_text(), wiring.settings().stt_poll_seconds

    def answer(key: str) -> None:
        wav = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        job = vendor.submit(wav, key.rpartition("/")[2])
        while not (found := vendor.poll(job)).completed:
            time.sleep(pause)
        number = next_number(s3, bucket)
        text = "\n".join(utterance.text for utterance in found.utterances)
        s3.put_object(Bucket=bucket, Key=f"stt/stt_{number}.txt", Body=text.encode(), Metadata={"source": key})

    return "connect/", answer


def _nlp(s3: Any, bucket: str) -> tuple[str, Callable[[str], None]]:
    tell = naive_loop(wiring.settings().model_dir)

    def answer(key: str) -> None:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        s3.put_object(Bucket=bucket, Key=key.replace("stt", "nlp"), Body=tell(read(text)).encode())

    return "stt/", answer


def _tts(s3: Any, bucket: str) -> tuple[str, Callable[[str], None]]:
    vendor = wiring.text_to_speech()

    def answer(key: str) -> None:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        wav = vendor.synthesize(read_back_sentence(text))
        number = key.removeprefix("nlp/nlp_").removesuffix(".txt")
        s3.put_object(Bucket=bucket, Key=f"tts/tts_{number}.wav", Body=to_prompt(wav))

    return "nlp/", answer


if __name__ == "__main__":
    main()
