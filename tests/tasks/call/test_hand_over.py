"""The contact's attributes however two calls of it come together."""

from models.call.record import CallRecord, Prompt, Recording, Summary
from models.errors import VendorRefused
from stores.contacts import ContactCalls
from tasks.call.hand_over import HandOver, tell_contact, write_attributes
from tests.in_memory import FakeContacts, InMemoryStore

AGENT = "connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav"
IVR = "connect/acme/CallRecordings/ivr/2026/11/21/c-1_20261121T01:29_UTC.wav"


def finished(key: str, number: int) -> tuple[CallRecord, HandOver]:
    record = CallRecord.begin(Recording(bucket="b", key=key, etag=f"e{number}"), "run")
    prompt = Prompt(key=f"tts/tts_{number}.wav", seconds=2.0, spoken_text="", voice="")
    return record, HandOver(Summary(text=f"요청 {number}", model="m", version="1"), None, prompt, {})


def calls_of(store: InMemoryStore) -> ContactCalls:
    return ContactCalls(store)  # type: ignore[arg-type]


def test_a_call_that_ends_while_another_one_is_told_is_not_lost() -> None:
    store = InMemoryStore()
    calls, (ivr, its_end), (agent, agents_end) = calls_of(store), finished(IVR, 1), finished(AGENT, 2)

    class Slow(FakeContacts):
        """While the IVR's call is being written, the agent's call is filed and written."""

        def update_attributes(self, contact_id: str, attributes: dict[str, str]) -> None:
            if not self.attributes:
                self.attributes[contact_id] = {}
                tell_contact(contacts, calls, agent, agents_end)
            super().update_attributes(contact_id, attributes)

    contacts = Slow()
    assert tell_contact(contacts, calls, ivr, its_end) == ""
    assert contacts.attributes["c-1"]["readback_summary"] == "요청 2"


def test_erasing_one_call_of_a_contact_leaves_what_the_other_has_told() -> None:
    store, contacts = InMemoryStore(), FakeContacts()
    calls, (ivr, its_end), (agent, agents_end) = calls_of(store), finished(IVR, 1), finished(AGENT, 2)
    tell_contact(contacts, calls, ivr, its_end)
    tell_contact(contacts, calls, agent, agents_end)
    assert calls.erase("c-1", agent.call_id) == 1
    write_attributes(contacts, calls, "c-1")
    assert contacts.attributes["c-1"] == {
        "readback_kind": "summary",
        "readback_summary": "요청 1",
        "readback_prompt": "s3://b/tts/tts_1.wav",
    }
    calls.erase("c-1", ivr.call_id)
    write_attributes(contacts, calls, "c-1")
    assert contacts.attributes["c-1"] == {"readback_kind": "", "readback_summary": "", "readback_prompt": ""}


def test_contacts_do_not_mix() -> None:
    store, contacts = InMemoryStore(), FakeContacts()
    for contact, number in (("c-1", 1), ("c-10", 2)):
        tell_contact(contacts, calls_of(store), *finished(AGENT.replace("c-1", contact), number))
    assert {contact: told["readback_summary"] for contact, told in contacts.attributes.items()} == {"c-1": "요청 1", "c-10": "요청 2"}


def test_a_refusal_is_told_and_stops_nobody() -> None:
    contacts = FakeContacts(refusal=VendorRefused("Connect does not know it"))
    assert "does not know it" in tell_contact(contacts, calls_of(InMemoryStore()), *finished(AGENT, 1))
