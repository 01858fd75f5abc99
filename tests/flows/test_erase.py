"""An erased call is nowhere any more, and stays away."""

import json
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate, LogCreate
from prefect.states import Completed, Running

import wiring
from clients.s3 import ObjectStore
from flows.erase import erase
from models.call.caller_said import Answer, CallersAnswer, ContactFacts, Known
from models.call.ended import EndedCall
from models.call.record import CallRecord, Outcome, Prompt, Recording, Summary, Transcription, Utterance
from models.errors import ObjectGone, VendorRefused
from models.keys import StorageKeys
from stores.contact_records import ContactRecords, tell_calls
from stores.contacts import ContactCalls
from stores.days import file_end
from stores.landed import announce
from tasks.call.claim import claim_call
from tasks.call.hand_over import HandOver, tell_contact
from tasks.operations.erase import Receipt
from tests.flows.conftest import a_call_run, put_record, put_recording, recording_key
from tests.in_memory import FakeContacts, FakeSpeechToText
from tests.server_database import everything_the_server_keeps

WORDS = "암 진단비를 청구하고 싶어요"


def everything_in(store: ObjectStore) -> str:
    """All that any version of any object says, and its name."""
    said = []
    for page in store._s3.get_paginator("list_object_versions").paginate(Bucket=store.bucket):
        for version in page.get("Versions", []):
            body = store._s3.get_object(Bucket=store.bucket, Key=version["Key"], VersionId=version["VersionId"])
            said.append(version["Key"] + " " + body["Body"].read().decode("utf-8") + json.dumps(body["Metadata"]))
        said += [marker["Key"] for marker in page.get("DeleteMarkers", [])]
    return "\n".join(said)


async def a_finished_call(store: ObjectStore, client: PrefectClient, contact: str, number: int) -> CallRecord:
    recording = put_recording(store, contact)
    announce(store, recording)
    run = await a_call_run(client, recording, Completed())
    said = Transcription(done=True, utterances=[Utterance(start_ms=0, duration_ms=10, text=WORDS)])
    prompt = Prompt(key=StorageKeys.prompt(number), seconds=1, spoken_text=WORDS, voice="")
    record = put_record(store, recording, str(run.id), number=number, outcome=Outcome.READ_BACK, transcription=said, prompt=prompt)
    for key in (StorageKeys.transcript(number), StorageKeys.summary(number), StorageKeys.prompt(number)):
        store.put(key, WORDS.encode(), metadata={"call-id": record.call_id, "contact-id": contact})
    beside = (
        StorageKeys.to_hear,
        StorageKeys.signals,
        StorageKeys.drafts,
        StorageKeys.review,
        StorageKeys.corrected,
        StorageKeys.corrections,
    )
    for key in beside:
        store.put(key(record.call_id), contact.encode())
    ContactRecords(store).mark(contact, record.call_id)
    answer = CallersAnswer(answer=Answer.WRONG, at=record.updated_at)
    known = Known(facts=ContactFacts(agent=f"agent of {contact}"), answers={"": answer})
    tell_calls(store, contact, ContactRecords(store).learn(contact, known))
    file_end(store, EndedCall.of(record, outcome=Outcome.READ_BACK, at=record.updated_at, step_seconds={}))
    summary = await client.read_deployment_by_name("summarize-call/summarize-call")
    child = await client.create_flow_run_from_deployment(
        summary.id, parameters={"call_id": record.call_id}, name=f"요약 {recording.run_name}"
    )
    await client.set_flow_run_state(child.id, Completed(), force=True)
    await client.create_logs([LogCreate(name="x", level=20, message=f"about {contact}", timestamp=datetime.now(UTC), flow_run_id=run.id)])
    await client.create_artifact(ArtifactCreate(type="markdown", data=f"{WORDS} {contact}", flow_run_id=run.id))
    return record


async def test_the_vendor_that_keeps_a_transcript_is_asked_to_forget_it(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = put_recording(store, "contact-1")
    amazon = FakeSpeechToText(provider="transcribe")
    monkeypatch.setattr(wiring, "speech_to_text", lambda provider="": amazon)
    heard = Transcription(provider="transcribe", job_id="readback-1", done=True)
    await erase(put_record(store, recording, "a run that is gone", transcription=heard).call_id)
    assert amazon.forgotten == ["readback-1"]


async def test_nothing_is_left_of_an_erased_call_but_a_receipt(store: ObjectStore, client: PrefectClient) -> None:
    call = await a_finished_call(store, client, "contact-of-the-erased", 1)
    other = await a_finished_call(store, client, "contact-of-another", 2)
    store.put(StorageKeys.summary(1), b"newer", metadata={"call-id": call.call_id})
    store.delete(StorageKeys.transcript(2))
    store.put(StorageKeys.transcript(2), WORDS.encode(), metadata={"call-id": other.call_id})

    receipt = await erase(call.call_id, requested_by="이준법")
    assert receipt.requested_by == "이준법"

    left = everything_in(store)
    assert "contact-of-the-erased" not in left
    assert [line.split()[0] for line in left.splitlines() if call.call_id in line.split()[0]] == [
        StorageKeys.erasure_receipt(call.call_id)
    ] * 2
    assert "contact-of-another" in left
    stored = store.get(StorageKeys.erasure_receipt(call.call_id)).body.decode()
    assert WORDS not in stored
    assert (receipt.flow_runs, receipt.artifacts) == (2, 1)
    assert receipt.finished_at is not None
    kept = await everything_the_server_keeps()
    assert "contact-of-the-erased" not in kept
    assert "contact-of-another" in kept  # or the test would look into the wrong place


async def test_an_artifact_of_an_earlier_release_is_emptied_before_its_deletion_is_told(store: ObjectStore, client: PrefectClient) -> None:
    call = await a_finished_call(store, client, "c-1", 1)
    await client.create_artifact(ArtifactCreate(type="markdown", key=f"call-{call.call_id}", data="written before"))
    receipt = await erase(call.call_id)
    assert receipt.artifacts == 2
    deleted = [row for row in (await everything_the_server_keeps()).splitlines() if "artifact-collection.deleted" in row]
    assert deleted
    assert not any("written before" in row for row in deleted)


async def test_an_erased_call_is_not_processed_again_by_a_late_event(store: ObjectStore, client: PrefectClient) -> None:
    call = await a_finished_call(store, client, "c-1", 1)
    await erase(call.call_id, erase_recording=False)
    assert store.head(call.recording.key) is not None
    claim, _ = await claim_call(call.recording, "0e4fdf1c-0000-4000-8000-000000000001")
    assert claim.verdict == "erased"
    assert store.head(StorageKeys.call_record(call.call_id)) is None


async def test_a_run_that_works_on_the_call_is_stopped_first(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.operations.erase._STOP_SECONDS", 0.0)
    recording: Recording = put_recording(store, "c-1")
    run = await a_call_run(client, recording, Running())
    queued = await a_call_run(client, recording)
    record = put_record(store, recording, str(run.id))
    receipt = await erase(record.call_id)
    assert receipt.flow_runs == 2
    assert {run.id, queued.id}.isdisjoint({left.id for left in await client.read_flow_runs()})


async def test_another_calls_file_under_the_same_number_is_not_touched(store: ObjectStore, client: PrefectClient) -> None:
    call = put_record(store, put_recording(store, "c-1"), "", number=7)
    store.put(StorageKeys.prompt(7), b"somebody else's", metadata={"call-id": "another"})
    await erase(call.call_id)
    assert store.get(StorageKeys.prompt(7)).body == b"somebody else's"


async def test_another_upload_under_the_same_key_keeps_its_recording(store: ObjectStore, client: PrefectClient) -> None:
    bad = put_record(store, put_recording(store, "c-1", body=b"unheard"), "", outcome=Outcome.QUARANTINED)  # no hexadecimal word
    good = put_record(store, put_recording(store, "c-1", body=b"good"), "", outcome=Outcome.READ_BACK)
    receipt = await erase(bad.call_id)
    assert receipt.objects == 2  # the bad version and the record
    assert store.get(good.recording.key).body == b"good"
    assert wiring.call_records().find(good.call_id) is not None
    assert "unheard" not in everything_in(store)


async def test_a_later_upload_is_erased_without_the_earlier_calls_recording(store: ObjectStore, client: PrefectClient) -> None:
    earlier = put_record(store, put_recording(store, "c-1", body=b"earlier"), "", outcome=Outcome.READ_BACK)
    later = put_record(store, put_recording(store, "c-1", body=b"later"), "", outcome=Outcome.READ_BACK)
    await erase(later.call_id)
    assert store.get(earlier.recording.key).body == b"earlier"


async def test_without_versions_the_upload_that_replaced_an_erased_calls_recording_stays(
    unversioned_store: ObjectStore, client: PrefectClient
) -> None:
    bad = put_record(unversioned_store, put_recording(unversioned_store, "c-1", body=b"bad"), "", outcome=Outcome.QUARANTINED)
    good = put_record(unversioned_store, put_recording(unversioned_store, "c-1", body=b"good"), "", outcome=Outcome.READ_BACK)
    await erase(bad.call_id)
    assert unversioned_store.get(good.recording.key).body == b"good"
    await erase(good.call_id)
    assert unversioned_store.head(good.recording.key) is None


async def test_an_erasure_that_was_cut_off_before_its_receipt_is_finished_by_running_it_again(
    store: ObjectStore, client: PrefectClient
) -> None:
    call = await a_finished_call(store, client, "c-1", 1)
    await erase(call.call_id)
    key = StorageKeys.erasure_receipt(call.call_id)
    whole = Receipt.model_validate_json(store.get(key).body)
    store.put(key, whole.model_copy(update={"finished_at": None}).model_dump_json().encode())
    again = await erase(call.call_id)
    assert again.finished_at is not None
    assert Receipt.model_validate_json(store.get(key).body) == again
    assert await erase(call.call_id) == again


async def test_erasing_one_call_of_a_contact_leaves_what_its_other_call_has_told(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts, calls = FakeContacts(), []
    prompt = Prompt(key="tts/tts_1.wav", seconds=1.0, spoken_text="", voice="")
    for key in (recording_key("c-1"), recording_key("c-1").replace("CallRecordings/", "CallRecordings/ivr/")):
        recording = Recording(bucket=store.bucket, key=key, etag=store.put(key, key.encode()))
        calls.append(put_record(store, recording, "", outcome=Outcome.READ_BACK))
        result = HandOver(Summary(text=f"{WORDS} {len(calls)}", model="m", version="1"), None, prompt, {})
        tell_contact(contacts, ContactCalls(store), calls[-1], result)  # type: ignore[arg-type]
    assert contacts.attributes["c-1"]["readback_summary"] == f"{WORDS} 1"
    with monkeypatch.context() as patched:
        patched.setattr(wiring, "connect_contacts", lambda: contacts)
        await erase(calls[0].call_id)
        assert contacts.attributes["c-1"]["readback_summary"] == f"{WORDS} 2"
        contacts.refusal = VendorRefused("the contact is too old")
        await erase(calls[1].call_id)
    assert store.head(StorageKeys.contact_call("c-1", calls[1].call_id)) is None
    assert WORDS not in everything_in(store)


async def test_an_unknown_call_is_refused(store: ObjectStore, client: PrefectClient) -> None:
    with pytest.raises(ObjectGone, match="has no record"):
        await erase("0" * 32)
