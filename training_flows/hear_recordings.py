"""One vendor hears the recordings of a comparison: a run of its own, on the pool where that vendor is asked."""

import asyncio

from prefect import flow

import wiring
from stores.hearings import Hearings
from tasks.hearing.hear import hear_recording
from tasks.retrying import NO_RESULT
from wiring.configuration import SpeechProvider


@flow(name="hear-recordings", flow_run_name="{provider}", **NO_RESULT)
async def hear_recordings(provider: SpeechProvider, plan_key: str, question: str, at_once: int = 2, pay_again: bool = False) -> int:
    """Have one vendor hear the recordings of a comparison; those that it has heard before are not paid again. Returns how many it heard.

    Args:
        provider: the speech-to-text vendor
        plan_key: key of the comparison's plan, which names the recordings
        question: digest of what the vendor is asked, as the comparison was planned with
        at_once: recordings at once
        pay_again: ask again for recordings that failed, which may be billed again
    """
    recordings = await asyncio.to_thread(Hearings(wiring.object_store()).plan, plan_key)
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> bool:
        async with gate:
            return (await hear_recording(provider, question, plan_key, number, pay_again)).transcription.done

    ended = await asyncio.gather(*(one(number) for number in range(len(recordings))), return_exceptions=True)
    for error in ended:
        if isinstance(error, BaseException):
            raise error
    return sum(1 for done in ended if done is True)
