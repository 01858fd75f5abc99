"""Speech-to-text vendors side by side over the bundled recordings: ``python -m benchmarks.comparison``.

Every recording is heard clean, with noise at 10 dB and with the speakers talking into each other, through each vendor's real client at its
stand-in. Stand-ins cannot recognize speech. Each answers with what the model of a recognizer's errors (``sandbox/noise.py``) makes of
the reference, at the vendor's published rate (counselling for clean lines, poor line for others). So the figures tell whether the
comparison measures what was put in, and nothing of the vendors. The second run must find everything heard and pay for nothing.
"""

import argparse
import asyncio
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import requests
import soundfile
from numpy.typing import NDArray

import wiring
from models.hearing.comparison import Comparison, Condition, compare
from sandbox.make_recordings import RECORDINGS
from sandbox.noise import Noise
from sandbox.stand_in import stand_in
from stores.hearings import Hearings
from tasks.hearing.compare import estimate, score
from tasks.hearing.hear import hear

BUCKET, REGION, FOLDER = "aicc-comparison", "ap-northeast-2", "speech/sets/bundled/"
NOISE_DB, AT_ONCE_SECONDS = 10.0, 1.2
# Character error rates, percent, that are put in: on clean lines and on poor ones (counselling, poor telephone line; April 2025). Amazon
# publishes none by line: 12.34 is the Korean rate that the first system's requirements name.
PUT_IN: Mapping[str, tuple[float, float]] = {
    "returnzero": (3.51, 4.40),
    "returnzero/whisper": (4.1, 4.26),
    "google": (8.37, 14.11),
    "transcribe": (12.34, 12.34),
}


def variants(wav: Path, folder: Path, seed: int) -> list[str]:
    """Write a recording clean, noisy and with overlapping speakers, each with its reference; returns their names."""
    sound, rate = soundfile.read(wav, dtype="float64", always_2d=True)
    said: list[dict[str, Any]] = json.loads(wav.with_suffix(".json").read_text("utf-8"))["utterances"]
    name = wav.name[:8]
    chance = np.random.default_rng(seed)
    noise = chance.normal(0, np.sqrt(np.mean(np.square(sound)) / 10 ** (NOISE_DB / 10)), sound.shape)
    earlier, at_once = overlapping(sound, rate, said)
    made = {f"{name}-clean": (sound, said), f"{name}-noise": (sound + noise, said), f"{name}-overlap": (earlier, at_once)}
    for each, (samples, utterances) in made.items():
        soundfile.write(folder / f"{each}.wav", np.clip(samples, -1, 1), rate, subtype="ULAW")
        (folder / f"{each}.json").write_text(json.dumps({"utterances": utterances}, ensure_ascii=False), "utf-8")
    return list(made)


def overlapping(
    sound: NDArray[np.float64], rate: int, said: Sequence[Mapping[str, Any]]
) -> tuple[NDArray[np.float64], list[dict[str, Any]]]:
    """The second speaker's channel drawn to the front, so that answers begin before the other has ended."""
    second = next((u["spk"] for u in said if u["spk"] != said[0]["spk"]), said[0]["spk"])
    first_of_second = next(u for u in said if u["spk"] == second)
    begins = round(first_of_second["start_at"] * rate / 1000)
    ends = begins + round(first_of_second["duration"] * rate / 1000)
    channel = int(np.square(sound[begins:ends]).mean(axis=0).argmax())
    shift = min(AT_ONCE_SECONDS, first_of_second["start_at"] / 1000)
    frames, moved = round(shift * rate), sound.copy()
    moved[:, channel] = np.concatenate([sound[frames:, channel], np.zeros(frames)])
    utterances = [{**u, "start_at": u["start_at"] - (round(1000 * shift) if u["spk"] == second else 0)} for u in said]
    return moved, sorted(utterances, key=lambda u: u["start_at"])


def misheard(source: Path, folder: Path, provider: str) -> None:
    """A vendor's own library: the same sounds, and what it makes of them."""
    for path in sorted(source.glob("*.wav")):
        (folder / path.name).symlink_to(path)
        percent = PUT_IN[provider][0 if path.stem.endswith("-clean") else 1]
        said = json.loads(path.with_suffix(".json").read_text("utf-8"))["utterances"]
        utterances = Noise(percent / 100, zlib.crc32(provider.encode())).utterances(said, path.stem)
        (folder / path.with_suffix(".json").name).write_text(json.dumps({"utterances": utterances}, ensure_ascii=False), "utf-8")


@contextmanager
def vendors(libraries: Mapping[str, Path], s3: str) -> Iterator[dict[str, str]]:
    """Every vendor's stand-in, and settings that lead to them; gives the addresses of their books."""
    quick = ("--latency-seconds", "0")
    with ExitStack() as open_ones:
        at = {}
        for provider in ("returnzero", "returnzero/whisper"):
            arguments = ("--transcripts", str(libraries[provider]), "--client", "ours:secret", "--concurrency", "0", *quick)
            at[provider] = open_ones.enter_context(stand_in("sandbox.returnzero", *arguments))[0]
        at["google"] = open_ones.enter_context(stand_in("sandbox.google_stt", "--transcripts", str(libraries["google"]), *quick))[0]
        from_s3 = ("--transcripts", str(libraries["transcribe"]), "--s3", s3, *quick)
        at["transcribe"] = open_ones.enter_context(stand_in("sandbox.amazon_transcribe", *from_s3))[0]
        os.environ |= {
            "READBACK_RETURNZERO_CLIENT_ID": "ours",
            "READBACK_RETURNZERO_CLIENT_SECRET": "secret",
            "READBACK_GOOGLE_STT_PROJECT": "project",
            "READBACK_GOOGLE_STT_BUCKET": "sounds",
            "READBACK_GOOGLE_STT_ENDPOINT": at["google"]["endpoint"],
            "READBACK_GOOGLE_STORAGE_URL": at["google"]["url"],
            "READBACK_TRANSCRIBE_ENDPOINT_URL": at["transcribe"]["url"],
            "READBACK_STT_POLL_SECONDS": "0.01",
        }
        yield {provider: address["url"] for provider, address in at.items()}


def compare_all(addresses: Mapping[str, str], hearings: Hearings, at_once: int) -> tuple[Comparison, float, int]:
    """One comparison as the flow makes it; returns it with its estimate in won and the jobs that it paid for."""
    before = jobs(addresses)
    recordings = hearings.read_set(FOLDER, 1000)
    terms, scores, won = wiring.speech_terms(), {}, 0.0
    for provider in addresses:
        os.environ["READBACK_RETURNZERO_URL"] = addresses.get(provider, addresses["returnzero"])
        wiring.forget_clients()
        vendor = wiring.speech_to_text(provider)
        won += estimate(hearings, recordings, provider, None, False).won

        async def heard(vendor: Any = vendor) -> list[Any]:
            gate = asyncio.Semaphore(at_once)

            async def one(recording: Any) -> Any:
                async with gate:
                    return await hear(vendor, recording, hearings, warn=print)

            return await asyncio.gather(*map(one, recordings))

        kept = asyncio.run(heard())
        scores[provider] = [score(r, hearing, terms, "", hearing.won) for r, hearing in zip(recordings, kept, strict=True)]
    return compare(FOLDER, recordings, scores), won, jobs(addresses) - before


def jobs(addresses: Mapping[str, str]) -> int:
    """Jobs that the vendors were paid for so far."""
    return sum(int(requests.get(f"{url}/sandbox/counters", timeout=10).json()["jobs_accepted"]) for url in addresses.values())


def rounded(value: float | None) -> float | None:
    """A share with four decimals."""
    return None if value is None else round(value, 4)


def main() -> None:
    """Hear everything twice, print the leaderboard and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=12, help="bundled recordings, each in three conditions (default 12, all)")
    parser.add_argument("--at-once", type=int, default=4, help="recordings that a vendor hears at once (default 4)")
    options = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox", "READBACK_BUCKET": BUCKET}
    with tempfile.TemporaryDirectory() as made, stand_in("sandbox.s3") as (s3, _):
        os.environ["READBACK_AWS_ENDPOINT_URL"] = s3["url"]
        wiring.forget_clients()
        references = Path(made) / "references"
        references.mkdir()
        for seed, wav in enumerate(sorted(RECORDINGS.glob("*.wav"))[: options.recordings]):
            variants(wav, references, seed)
        libraries = {provider: Path(made) / provider.replace("/", "-") for provider in PUT_IN}
        for provider, folder in libraries.items():
            folder.mkdir()
            misheard(references, folder, provider)
        store = wiring.object_store()
        store._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for path in sorted(references.iterdir()):
            store.put(f"{FOLDER}{path.name}", path.read_bytes())
        with vendors(libraries, s3["url"]) as addresses:
            found, won, paid = compare_all(addresses, Hearings(store), options.at_once)
            again, won_again, paid_again = compare_all(addresses, Hearings(store), options.at_once)
    rows = {
        row.provider: {
            "put_in": [round(percent / 100, 4) for percent in PUT_IN[row.provider]],
            "cer": rounded(row.errors.cer),
            "term_accuracy": rounded(row.errors.term_accuracy),
            "speaker_errors": rounded(row.errors.speaker_errors),
            "by_condition": {kind.value: rounded(errors.cer) for kind, errors in row.by_condition.items() if kind is not Condition.NARROW},
            "seconds": round(row.seconds, 2),
            "won_per_minute": round(row.won_per_minute, 1),
        }
        for row in found.standings
    }
    for provider, row in rows.items():
        shares = f"CER {row['cer']:.2%}  terms {row['term_accuracy']:.2%}  speakers {row['speaker_errors']:.2%}"
        print(f"{provider:20} {shares}  {row['by_condition']}")
    print(f"{found.recordings} recordings, {found.minutes:.1f} min: {paid} jobs, {won:,.0f} won by list")
    print(f"again: {paid_again} jobs, {won_again:,.0f} won")
    same = again.standings == found.standings
    print(
        json.dumps(
            {
                "benchmark": "comparison",
                "recordings": found.recordings,
                "minutes": round(found.minutes, 2),
                "vendors": rows,
                "jobs": paid,
                "won": round(won),
                "again": {"jobs": paid_again, "won": round(won_again), "same_leaderboard": same},
            }
        )
    )


if __name__ == "__main__":
    main()
