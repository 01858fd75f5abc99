"""How long each kind of data lies in the bucket: S3 deletes by these rules, whether anybody thinks of it or not."""

from dataclasses import dataclass

from models.keys import StorageKeys


@dataclass(frozen=True)
class Kind:
    """One kind of data under one prefix; ``days`` until it is deleted, None where the company decides, ``cold_days`` until it is moved."""

    name: str
    prefix: str
    days: int | None
    why: str
    cold_days: int | None = None


KINDS = (
    Kind("copies to hear", StorageKeys.TO_HEAR, 1, "Made again when somebody asks"),
    Kind("announcements", StorageKeys.LANDED, 30, "Which recording an event is about; a run needs it within days"),
    Kind("contact records as delivered", "ctr/", 30, "Read when they land; they hold callers' numbers as they are"),
    Kind("contact records that could not be delivered", "ctr-errors/", 30, "For whoever looks why; they hold numbers too"),
    Kind("what is known of contacts", StorageKeys.CONTACT_RECORDS, 365, "Answers may be late; it is in the calls' records as well"),
    Kind("spending of processes", StorageKeys.SPENDING, 40, "For one day's budget"),
    Kind("places of backfills", StorageKeys.CURSORS, 30, "A backfill that was not taken up for a month begins anew"),
    Kind("questions over many calls", StorageKeys.ASKED, 90, "Asked anew they are answered anew; they hold masked words of calls"),
    Kind("marks of questions", StorageKeys.ASKED_OF, 120, "Which answers hold a call's words; they outlast the answers"),
    Kind("copies to be told", StorageKeys.CONTACTS, 365, "From which contacts' attributes are made"),
    Kind("chats", StorageKeys.CHATS, 30, "What the staff asked the documents, masked; each may erase their own before"),
    Kind("recordings", "connect/", None, "The company's own term; moved to cheaper storage", cold_days=30),
    Kind("raw words", "stt/", None, "The company's own term", cold_days=30),
    Kind("summaries", "nlp/", None, "The company's own term"),
    Kind("prompts", StorageKeys.PROMPTS, None, "The company's own term"),
    Kind("records", StorageKeys.CALLS, None, "The company's own term"),
    Kind("receipts of erasures", StorageKeys.ERASURES, None, "They keep an erased call from being processed again"),
    Kind("days", StorageKeys.DAYS, None, "No caller's data: counts and money"),
    Kind("answers", StorageKeys.ANSWERS, None, "No caller's data: call, version, 1 or 2"),
    Kind("services of the chat", StorageKeys.SERVICES, None, "Every version of a table that staff edit"),
    Kind("models", StorageKeys.MODELS, None, "Former versions stay available"),
)
# What an erasure leaves behind until then is old versions alone, which it deletes itself; this is for everything else.
OLD_VERSIONS_DAYS = 7
UNFINISHED_UPLOADS_DAYS = 2


def retention_table() -> str:
    """The table of docs/aws.md."""
    rows = ["| kind | prefix | deleted after | why |", "| --- | --- | --- | --- |"]
    for kind in KINDS:
        term = f"{kind.days} days" if kind.days else "the company decides"
        cold = f", cheaper storage after {kind.cold_days}" if kind.cold_days else ""
        rows.append(f"| {kind.name} | `{kind.prefix}` | {term}{cold} | {kind.why} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(retention_table(), end="")
