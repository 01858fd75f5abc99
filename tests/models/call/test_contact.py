"""The rule by which a contact's attributes are made from all its calls."""

import itertools

from models.call.contact import ContactCall, contact_attributes
from models.call.record import CallRecord, Prompt, Recording, Summary

AGENT = "connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav"
IVR = "connect/acme/CallRecordings/ivr/2026/11/21/c-1_20261121T01:29_UTC.wav"


def told(key: str, number: int) -> ContactCall:
    record = CallRecord.begin(Recording(bucket="aicc-all", key=key, etag=f"e{number}"), "run")
    prompt = Prompt(key=f"tts/tts_{number}.wav", seconds=2.0, spoken_text="", voice="")
    return ContactCall.of(record, Summary(text=f"요청 {number}", model="m", version="1"), prompt)


def leading(*calls: ContactCall) -> set[tuple[str, str]]:
    """The attributes, whichever order the calls come in."""
    made = [contact_attributes(order) for order in itertools.permutations(calls)]
    return {(attributes["readback_summary"], attributes["readback_prompt"]) for attributes in made}


def test_a_single_call_speaks_for_its_contact() -> None:
    assert leading(told(IVR, 1)) == {("요청 1", "s3://aicc-all/tts/tts_1.wav")}


def test_the_conversation_with_the_agent_goes_before_what_the_ivr_recorded() -> None:
    later_ivr = told(IVR.replace("T01:29", "T01:59"), 3)
    assert leading(told(IVR, 1), told(AGENT, 2), later_ivr) == {("요청 2", "s3://aicc-all/tts/tts_2.wav")}


def test_of_two_of_a_kind_the_later_one_speaks() -> None:
    assert leading(told(AGENT, 1), told(AGENT.replace("T01:30", "T02:00"), 2)) == {("요청 2", "s3://aicc-all/tts/tts_2.wav")}


def test_two_uploads_of_the_same_minute_have_one_order() -> None:
    assert len(leading(told(AGENT, 1), told(AGENT, 2))) == 1


def test_no_call_empties_the_attributes() -> None:
    assert contact_attributes([]) == {"readback_kind": "", "readback_summary": "", "readback_prompt": ""}
