"""What a contact is told of its calls, by one rule however many recordings it has.

Amazon Connect makes up to two recordings of a contact: what the IVR heard and the conversation with the agent. Each is a call of its own
with a summary and a prompt, while the contact has one attribute for either. The rule: **the conversation with the agent speaks for
the contact, whichever of the two was finished first; the IVR's recording speaks where there is no other; of two of a kind the one
that began later does.** All attributes come from the same call.
"""

from collections.abc import Iterable

from pydantic import BaseModel

from models.call.record import CallRecord, Prompt, Summary
from models.keys import parse_recording_key
from models.summarizer.outcome import Kind


class ContactCall(BaseModel):
    """One call of a contact, as far as the contact is told of it."""

    call_id: str
    ivr: bool
    started_at: str
    summary: str
    prompt: str
    kind: Kind = Kind.SUMMARY

    @classmethod
    def of(cls, record: CallRecord, summary: Summary, prompt: Prompt | None) -> "ContactCall":
        """What a call that was read back has to tell."""
        name = parse_recording_key(record.recording.key)
        return cls(
            call_id=record.call_id,
            ivr=name.ivr if name else False,
            started_at=name.started_at if name else "",
            summary=summary.text,
            prompt=f"s3://{record.recording.bucket}/{prompt.key}" if prompt else "",
            kind=summary.kind,
        )


def contact_attributes(calls: Iterable[ContactCall]) -> dict[str, str]:
    """The contact's attributes, made from all its calls; empty values, which clear them, when there is none."""
    leading = max(calls, key=lambda call: (not call.ivr, call.started_at, call.call_id), default=None)
    return {
        "readback_kind": leading.kind.value if leading else "",
        "readback_summary": leading.summary if leading else "",
        "readback_prompt": leading.prompt if leading else "",
    }
