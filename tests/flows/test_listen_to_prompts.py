"""Prompts are heard by a vendor, each paid once, and people are told of one that does not say what it should."""

import io
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest
import soundfile
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from flows.listen_to_prompts import listen_to_prompts
from models.call.alarms import Alarm
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Payment, Unit
from models.call.record import CallRecord, Outcome, Prompt, Summary, Utterance
from models.keys import StorageKeys
from models.sound.prompt import to_prompt
from stores.days import file_end
from tasks.operations.alarms import standing_alarm
from tasks.operations.listen import find_prompts_heard
from tests.flows.conftest import put_record, put_recording
from tests.in_memory import FakeSpeechToText

NOW = datetime.now(UTC)
DAY = day_in_korea(NOW)
SAYS = "문의하신 내용이 MRI 비용 120만 원 청구"


def sound(pitch: int) -> bytes:
    wav = io.BytesIO()
    soundfile.write(wav, 0.3 * np.sin(2 * np.pi * pitch * np.arange(24_000) / 24_000), 24_000, format="WAV", subtype="PCM_16")
    return to_prompt(wav.getvalue())


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> FakeSpeechToText:
    vendor = FakeSpeechToText(provider="google")
    monkeypatch.setenv("READBACK_PROMPT_EAR", "google")
    monkeypatch.setenv("READBACK_PROMPT_EAR_PERCENT", "100")
    monkeypatch.setenv("READBACK_STT_POLL_SECONDS", "0.01")
    monkeypatch.setattr(wiring, "speech_to_text", cache(lambda provider="": vendor))
    wiring.settings.cache_clear()
    return vendor


def a_call(store: ObjectStore, ears: FakeSpeechToText, contact: str, number: int, heard: str) -> CallRecord:
    wav = sound(200 + number)
    told = Summary(text="MRI 비용 120만 원 청구", model="reader", version="1")
    prompt = Prompt(key=StorageKeys.prompt(number), seconds=1, spoken_text=SAYS, voice="v")
    changes: dict[str, Any] = {"number": number, "outcome": Outcome.READ_BACK, "summary": told, "prompt": prompt}
    record = put_record(store, put_recording(store, contact), "run", **changes)
    store.put(prompt.key, wav, metadata={"call-id": record.call_id})
    file_end(store, EndedCall.of(record, outcome=Outcome.READ_BACK, at=NOW, step_seconds={}))
    ears.words[wav] = [Utterance(start_ms=0, duration_ms=900, text=heard)]
    return record


async def test_prompts_are_heard_once_and_one_that_says_something_else_is_told(
    store: ObjectStore, client: PrefectClient, ears: FakeSpeechToText
) -> None:
    right = a_call(store, ears, "c-1", 1, "문의하신 내용이 엠알아이 비용 백이십만원 청구")
    wrong = a_call(store, ears, "c-2", 2, "문의하신 내용이 엔진 오일 교환")
    for _ in range(2):
        await listen_to_prompts(DAY)
    assert len(ears.paid) == 2
    records = [wiring.call_records().read(record.call_id).record for record in (right, wrong)]
    checks = [record.prompt_check for record in records]
    assert [check and check.cer == 0.0 for check in checks] == [True, False]
    assert checks[1]
    assert checks[1].heard == "문의하신 내용이 엔진 오일 교환"
    (charge,) = records[0].ledger
    assert (charge.provider, charge.unit, charge.amount, charge.model, charge.payment) == (
        "google",
        Unit.STT_SECONDS,
        1,
        "prompt",
        Payment.ORDINARY,
    )
    found = find_prompts_heard(DAY)
    assert found
    assert (found.heard, found.differing, found.failed) == (2, 1, 0)
    assert await standing_alarm(client, Alarm.PROMPTS)


async def test_a_prompt_that_could_not_be_heard_is_counted_and_not_paid_again(
    store: ObjectStore, client: PrefectClient, ears: FakeSpeechToText
) -> None:
    record = a_call(store, ears, "c-1", 1, "")
    ears.words.clear()  # its job fails
    for _ in range(2):
        await listen_to_prompts(DAY)
    check = wiring.call_records().read(record.call_id).record.prompt_check
    assert check
    assert (check.failure, check.cer, len(ears.paid)) == ("job_failed", None, 1)


async def test_nobody_listens_where_no_vendor_is_set(
    store: ObjectStore, client: PrefectClient, ears: FakeSpeechToText, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_call(store, ears, "c-1", 1, SAYS)
    monkeypatch.setenv("READBACK_PROMPT_EAR", "")
    wiring.settings.cache_clear()
    await listen_to_prompts(DAY)
    assert (ears.paid, find_prompts_heard(DAY)) == ([], None)
