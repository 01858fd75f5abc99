"""Where everything lies in the bucket: the one place that builds or parses an S3 key."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

RECORDINGS_FOLDER = "CallRecordings"

# <folder>[ivr/]YYYY/MM/DD/<contactId>_YYYYMMDDTHH:MM_UTC.wav; some instances file by 월/일, such as 11월/21일.
_RECORDING = re.compile(
    r"^(?P<folder>(?:.+?/)?)(?P<ivr>ivr/)?(?:\d{4}/\d{2}/\d{2}|(?:\d{4}년?/)?\d{1,2}월/\d{1,2}일)/"
    r"(?P<contact>[^/_]+)_(?P<stamp>\d{8}T\d{2}[:_]\d{2})_UTC\.wav$"
)
# What the folder of a day begins with, and what stands between it and the folder of the recordings.
_BEGINS_A_DAY = re.compile(r"(?:^|/)(?:\d{4}년?|\d{1,2}월|ivr)/$")


@dataclass(frozen=True)
class RecordingName:
    """What a recording's key says: the folder above the days, the contact, when the call began and whether the IVR recorded it.

    ``started_at`` is ``YYYYMMDDTHH:MM``, UTC.
    """

    folder: str
    contact_id: str
    started_at: str
    ivr: bool


def parse_recording_key(key: str) -> RecordingName | None:
    """Read a recording's key as Amazon Connect lays it out under whatever folder, or return None when no call is named so.

    >>> parse_recording_key("connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav")
    RecordingName(folder='connect/acme/CallRecordings/', contact_id='c-1', started_at='20261121T01:30', ivr=False)
    >>> parse_recording_key("connect/acme/CallRecordings/2026/11/21/readme.txt") is None
    True
    """
    match = _RECORDING.match(key)
    if match is None:
        return None
    stamp = match["stamp"].replace("_", ":")
    return RecordingName(folder=match["folder"], contact_id=match["contact"], started_at=stamp, ivr=match["ivr"] is not None)


class Place(StrEnum):
    """What an object is to us, by its key and the prefix under which Amazon Connect writes recordings."""

    RECORDING = "recording"
    STRAY = "a .wav that is no recording, or a recording elsewhere"
    OTHER = "something else"


def place_of(key: str, prefix: str) -> Place:
    """Tell recordings from what only looks like one: the prefix is the folder above the days, or above the instances' folders.

    >>> [place_of(f"{folder}2026/11/21/c-1_20261121T01:30_UTC.wav", "rec/").name for folder in ("rec/", "rec/acme/", "connect/")]
    ['RECORDING', 'RECORDING', 'STRAY']
    >>> place_of("rec/2026/11/21/hello.wav", "rec/").name, place_of("tts/tts_1.wav", "rec/").name
    ('STRAY', 'OTHER')
    """
    name = parse_recording_key(key)
    if name is not None and name.folder.startswith(prefix):
        below = name.folder.removeprefix(prefix)
        if below.count("/") <= 1 or below.endswith(f"/{RECORDINGS_FOLDER}/"):
            return Place.RECORDING
    return Place.STRAY if name is not None or (key.startswith(prefix) and key.lower().endswith(".wav")) else Place.OTHER


_UUID = re.compile(r"[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)", re.IGNORECASE)


def short_contact(contact: str) -> str:
    """As much of a contact's id as names of runs and messages may tell: the first eight digits of Connect's own; of any other, which
    may be a phone number, nothing.

    >>> short_contact("0fd1826c-a94e-4b35-b2d7-c3589e6f7b11"), short_contact("010-1234-5678")
    ('0fd1826c', '')
    """
    match = _UUID.match(contact)
    return match[0] if match else ""


def shown_key(key: str) -> str:
    """A key as errors, states and logs tell it: ours as it is, a recording's without its contact, which the states of runs keep for days.

    >>> shown_key("connect/acme/CallRecordings/2026/11/21/0fd1826c-a94e-4b35-b2d7-c3589e6f7b11_20261121T01:30_UTC.wav")
    'connect/acme/CallRecordings/2026/11/21/0fd1826c…_20261121T01:30_UTC.wav'
    >>> shown_key("connect/010-1234-5678.wav"), shown_key("tts/tts_12.wav")
    ('connect/….wav', 'tts/tts_12.wav')
    """
    match = _RECORDING.match(key)
    if match:
        return f"{key[: match.start('contact')]}{short_contact(match['contact'])}…{key[match.end('contact') :]}"
    if key.endswith(".wav") and not key.startswith(StorageKeys.PROMPTS):
        folder, slash, _ = key.rpartition("/")
        return f"{folder}{slash}….wav"
    return key


def instance_of(key: str, prefix: str) -> str:
    """The Connect instance that a recording's key names, empty where it names none.

    >>> instance_of("connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav", "connect/")
    'acme'
    >>> instance_of("connect/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav", "connect/")
    ''
    """
    name = parse_recording_key(key)
    first = name.folder.removeprefix(prefix).partition("/")[0] if name else ""
    return "" if first == RECORDINGS_FOLDER else first


def recorded_on(key: str) -> date | None:
    """The day (UTC) on which a recording began, or None when the key names no call recording.

    >>> recorded_on("connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav")
    datetime.date(2026, 11, 21)
    """
    name = parse_recording_key(key)
    if name is None:
        return None
    try:
        return datetime.strptime(name.started_at, "%Y%m%dT%H:%M").date()
    except ValueError:
        return None


def recording_folders(prefix: str, below: Sequence[str]) -> list[str]:
    """Every folder that may hold folders of days: the prefix itself, or each instance's below it, with Connect's own folder or without.

    >>> recording_folders("connect/", ["connect/acme/"])
    ['connect/acme/', 'connect/acme/CallRecordings/']
    >>> recording_folders("rec/", ["rec/2026/", "rec/ivr/"])
    ['rec/']
    """
    dated = [folder for folder in below if _BEGINS_A_DAY.search(folder)]
    instances = [folder for folder in below if folder not in dated]
    own = [f"{folder}{RECORDINGS_FOLDER}/" for folder in instances if not folder.endswith(f"{RECORDINGS_FOLDER}/")]
    return [*([prefix] if dated else []), *instances, *own]


def day_folders(folder: str, day: date) -> list[str]:
    """Every folder below a folder of recordings that may hold a day's, however it names days.

    >>> day_folders("connect/acme/CallRecordings/", date(2026, 1, 2))[:2]
    ['connect/acme/CallRecordings/2026/01/02/', 'connect/acme/CallRecordings/1월/2일/']
    """
    korean = list(dict.fromkeys((f"{day.month}월/{day.day}일/", f"{day:%m}월/{day:%d}일/")))
    names = [f"{day:%Y/%m/%d}/", *korean, *(f"{day.year}{year}/{name}" for year in ("", "년") for name in korean)]
    return [f"{folder}{ivr}{name}" for ivr in ("", "ivr/") for name in names]


def call_id(bucket: str, key: str, etag: str) -> str:
    """Name one recording for ever: the same object always gives the same 32 hexadecimal digits, another upload never does."""
    digest = hashlib.sha256("\0".join((bucket, key, etag.strip('"'))).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class StorageKeys:
    """Keys of what we write. ``n`` is the recording's number, the same for its three files."""

    PROMPTS = "tts/"
    NUMBER_COUNTER = "calls/number.json"
    CALLS = "calls/records/"
    LANDED = "calls/landed/"
    TO_HEAR = "calls/to-hear/"
    SIGNALS = "calls/signals/"
    OPENINGS = "calls/openings/"
    DRAFTS = "calls/drafts/"
    REVIEWS = "calls/reviews/"
    CORRECTED = "calls/corrected/"
    CORRECTED_PAIRS = "datasets/corrections/"
    EDITS = "calls/edits/"
    ASKED = "calls/asked/"
    ASKED_OF = "calls/asked-of/"
    LOOKS = "audit/"
    CHATS = "chats/"
    SERVICES = "services/"
    QUARANTINE = "quarantine/"
    DAYS = "calls/days/"
    CONTACTS = "calls/contacts/"
    SPENDING = "calls/spending/"
    PROMPTS_HEARD = "calls/prompts-heard/"
    CONTACT_RECORDS = "calls/contact-records/"
    ANSWERS = "calls/answers/"
    VERDICTS = "calls/verdicts/"
    LATER = "calls/later/"
    MONEY = "calls/money/"
    ANEW = "calls/anew/"
    ERASURES = "erasures/"
    AWAY = "calls/away/"
    CURSORS = "reconcile/"
    MODELS = "models/"
    RETENTION = "retention/"
    LAST_SWEEP = f"{RETENTION}last.json"

    @staticmethod
    def transcript(n: int) -> str:
        """The transcript, one utterance a line."""
        return f"stt/stt_{n}.txt"

    @staticmethod
    def summary(n: int) -> str:
        """The summary, one short Korean phrase."""
        return f"nlp/nlp_{n}.txt"

    @staticmethod
    def prompt(n: int) -> str:
        """The prompt that Amazon Connect plays."""
        return f"{StorageKeys.PROMPTS}tts_{n}.wav"

    @classmethod
    def call_record(cls, call: str) -> str:
        """The machine-readable record of one call; two leading digits spread the calls over S3's partitions."""
        return f"{cls.CALLS}{call[:2]}/{call}.json"

    @classmethod
    def landed(cls, call: str) -> str:
        """Which recording an event is about: events name the call alone, since Prefect keeps them for days and cannot delete one."""
        return f"{cls.LANDED}{call[:2]}/{call}.json"

    @classmethod
    def to_hear(cls, call: str) -> str:
        """The recording with personal numbers silenced, made when somebody asks to hear it."""
        return f"{cls.TO_HEAR}{call}.wav"

    @classmethod
    def signals(cls, call: str) -> str:
        """What the call's summarizer told beside the summary: emotion and danger, until the record holds them."""
        return f"{cls.SIGNALS}{call[:2]}/{call}.json"

    @classmethod
    def openings(cls, version: int) -> str:
        """A version of the approved openings; eight digits keep a listing in order."""
        return f"{cls.OPENINGS}{version:08d}.json"

    @classmethod
    def drafts(cls, call: str) -> str:
        """Replies that were proposed to agents for a call."""
        return f"{cls.DRAFTS}{call[:2]}/{call}.json"

    @classmethod
    def review(cls, call: str) -> str:
        """What the model in service says of a call that another model spoke."""
        return f"{cls.REVIEWS}{call}.json"

    @classmethod
    def corrected(cls, call: str) -> str:
        """The transcript as it was corrected, one utterance a line; by the call, so that what reads ``stt/`` finds what was heard alone."""
        return f"{cls.CORRECTED}{call}.txt"

    @classmethod
    def corrections(cls, call: str) -> str:
        """What the corrected transcript has that the heard one has not: every change, by which rule."""
        return f"{cls.CORRECTED}{call}.json"

    @classmethod
    def corrected_pairs(cls, call: str) -> str:
        """Lines of a call before and after people's corrections, for the next fine-tuning; by the call, so that an erasure finds them."""
        return f"{cls.CORRECTED_PAIRS}{call}.json"

    @classmethod
    def edits(cls, call: str) -> str:
        """Folder of what people corrected in a call."""
        return f"{cls.EDITS}{call}/"

    @classmethod
    def edit(cls, call: str, number: int) -> str:
        """One edit of a call, created once; six digits keep a listing in order."""
        return f"{cls.edits(call)}{number:06d}.json"

    @classmethod
    def day_of_questions(cls, day: date) -> str:
        """Folder of the questions over many calls of a day (Korean time), with what was found."""
        return f"{cls.ASKED}{day:%Y/%m/%d}/"

    @classmethod
    def question(cls, ask: str) -> str:
        """A question that was asked of many calls; its name begins with the day."""
        return f"{cls.ASKED}{ask[:4]}/{ask[4:6]}/{ask[6:8]}/{ask}/question.json"

    @classmethod
    def findings(cls, ask: str) -> str:
        """What was found: it holds words of calls, masked."""
        return cls.question(ask).removesuffix("question.json") + "findings.json"

    @classmethod
    def asked_of(cls, call: str) -> str:
        """Folder of the marks of a call: which findings hold its words, so that an erasure finds them."""
        return f"{cls.ASKED_OF}{call}/"

    @classmethod
    def mark_of_findings(cls, call: str, ask: str) -> str:
        """That findings hold words of a call."""
        return f"{cls.asked_of(call)}{ask}"

    @classmethod
    def looks(cls, day: date) -> str:
        """Folder of who looked at unmasked words or sound on a day (Korean time)."""
        return f"{cls.LOOKS}{day:%Y/%m/%d}/"

    @classmethod
    def chats(cls, person: str) -> str:
        """Folder of one person's conversations with the documents; its name does not tell the person's, which may be anything."""
        return f"{cls.CHATS}{_hashed(person)}/"

    @classmethod
    def chat(cls, person: str, chat: str) -> str:
        """One conversation; its id begins with its time, which keeps a listing in order."""
        return f"{cls.chats(person)}{chat}.json"

    @classmethod
    def services(cls, version: int) -> str:
        """A version of the services that a chat begins with; eight digits keep a listing in order."""
        return f"{cls.SERVICES}{version:08d}.json"

    @classmethod
    def quarantine_note(cls, call: str) -> str:
        """Why a call was set aside."""
        return f"{cls.QUARANTINE}{call}.json"

    @classmethod
    def day_of_calls(cls, day: date) -> str:
        """Folder of the calls that ended on a day (Korean time)."""
        return f"{cls.DAYS}{day:%Y/%m/%d}/"

    @classmethod
    def ended_call(cls, day: date, call: str) -> str:
        """How a call ended, filed by day so that a daily digest need not look at other days' calls."""
        return f"{cls.day_of_calls(day)}{call}.json"

    @classmethod
    def day_of_spending(cls, day: date) -> str:
        """Folder of what was spent on a day (Korean time)."""
        return f"{cls.SPENDING}{day:%Y/%m/%d}/"

    @classmethod
    def prompts_heard(cls, day: date) -> str:
        """What listening to the prompts of a day (Korean time) came to."""
        return f"{cls.PROMPTS_HEARD}{day:%Y/%m/%d}.json"

    @classmethod
    def spending(cls, day: date, process: str) -> str:
        """What one process has spent on a day."""
        return f"{cls.day_of_spending(day)}{process}.json"

    @classmethod
    def contact_record(cls, contact: str) -> str:
        """What is known of a contact, by the hash of its id."""
        return f"{cls.CONTACT_RECORDS}{_hashed(contact)}/known.json"

    @classmethod
    def marks_of_contact(cls, contact: str) -> str:
        """Folder of the marks of a contact's calls."""
        return f"{cls.CONTACT_RECORDS}{_hashed(contact)}/calls/"

    @classmethod
    def mark_of_call(cls, contact: str, call: str) -> str:
        """That a call of a contact has a record."""
        return f"{cls.marks_of_contact(contact)}{call}"

    @classmethod
    def day_of_answers(cls, day: date) -> str:
        """Folder of the callers' answers of a day (Korean time)."""
        return f"{cls.ANSWERS}{day:%Y/%m/%d}/"

    @classmethod
    def answer(cls, day: date, call: str) -> str:
        """What the caller answered about one call."""
        return f"{cls.day_of_answers(day)}{call}.json"

    @classmethod
    def day_of_verdicts(cls, day: date) -> str:
        """Folder of what people found of the calls that ended on a day (Korean time)."""
        return f"{cls.VERDICTS}{day:%Y/%m/%d}/"

    @classmethod
    def verdict(cls, day: date, call: str) -> str:
        """What a person found of one call's summary."""
        return f"{cls.day_of_verdicts(day)}{call}.json"

    @classmethod
    def day_of_later_charges(cls, day: date) -> str:
        """Folder of what was paid on a day (Korean time) for calls that had ended before."""
        return f"{cls.LATER}{day:%Y/%m/%d}/"

    @classmethod
    def later_charges(cls, day: date, payer: str) -> str:
        """What one run has paid on a day for calls that had ended; all calls together, so an erasure need not find it."""
        return f"{cls.day_of_later_charges(day)}{payer}.json"

    @classmethod
    def money(cls, day: date) -> str:
        """What a day cost, as its digest reckoned it."""
        return f"{cls.MONEY}{day:%Y/%m/%d}.json"

    @classmethod
    def day_anew(cls, champion: str, day: date) -> str:
        """What became of the calls of a day when they were summarized anew by a version."""
        return f"{cls.ANEW}{champion}/{day:%Y/%m/%d}.json"

    @classmethod
    def contact_calls(cls, contact: str) -> str:
        """Folder of the calls of one contact; its name does not tell the contact's id, which may be anything."""
        return f"{cls.CONTACTS}{_hashed(contact)}/"

    @classmethod
    def contact_call(cls, contact: str, call: str) -> str:
        """What one call has to tell its contact."""
        return f"{cls.contact_calls(contact)}{call}.json"

    @classmethod
    def erasure_receipt(cls, call: str) -> str:
        """That a call was erased; it keeps the call from being processed again."""
        return f"{cls.ERASURES}{call}.json"

    @classmethod
    def away(cls, provider: str) -> str:
        """Since when a speech-to-text vendor takes no jobs."""
        return f"{cls.AWAY}{provider}.json"

    @classmethod
    def erased_contact(cls, contact: str) -> str:
        """That all calls of a contact were erased: what is told of it later is not kept."""
        return f"{cls.ERASURES}contacts/{_hashed(contact)}.json"

    @classmethod
    def retention_receipt(cls, at: datetime) -> str:
        """What went on a day since its term was over."""
        return f"{cls.RETENTION}receipts/{at:%Y/%m/%d}/{at:%H%M%S-%f}.json"

    @classmethod
    def cursor(cls, scope: str) -> str:
        """How far a backfill has come; ``scope`` describes what it goes through."""
        return f"{cls.CURSORS}{hashlib.sha256(scope.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.json"


class TermKeys:
    """Keys of the term list: what is in use, every version there was, what awaits approval, and tables to be read in."""

    ROOT = "terms/"
    LIST = f"{ROOT}list.json"
    HISTORY = f"{ROOT}history/"
    PROPOSALS = f"{ROOT}proposals/"

    @classmethod
    def version(cls, version: int) -> str:
        """One version; eight digits keep a listing in order."""
        return f"{cls.HISTORY}{version:08d}.json"

    @classmethod
    def proposal(cls, proposal: str) -> str:
        """A term that a person's correction of a call proposes."""
        return f"{cls.PROPOSALS}{proposal}.json"


def line_root(line: str) -> str:
    """Folder of a line of models. The summarizer was the only line once and keeps the keys of that time.

    >>> line_root("summarizer"), line_root("request-classifier")
    ('models/', 'models/request-classifier/')
    """
    return StorageKeys.MODELS if line == "summarizer" else f"{StorageKeys.MODELS}{line}/"


class DatasetKeys:
    """Keys of the data sets: what people upload, and what of it was read, which is never overwritten."""

    UPLOADS = "datasets/"
    READABLE = (UPLOADS, StorageKeys.MODELS)  # a run's test rows are a data set too
    ROOT = f"{StorageKeys.MODELS}datasets/"

    @classmethod
    def content(cls, sha256: str) -> str:
        """A content, by its hash."""
        return f"{cls.ROOT}content/{sha256}"

    @classmethod
    def rows(cls, sha256: str) -> str:
        """Which rows of what people corrected a content consisted of: their names alone, so that an erased call is in no version."""
        return f"{cls.ROOT}rows/{sha256}"

    @classmethod
    def versions(cls, source: str) -> str:
        """Folder of a data set's versions; a file of a worker has an absolute path for a name."""
        return f"{cls.ROOT}versions/{source.lstrip('/')}/"

    @classmethod
    def version(cls, source: str, number: int) -> str:
        """Which content a version is; four digits keep a listing in order."""
        return f"{cls.versions(source)}{number:04d}.json"


class RunKeys:
    """Keys of one training run of a line."""

    def __init__(self, line: str, family: str, run: str) -> None:
        self.prefix = f"{self.family_root(line, family)}{run}/"
        self.finished = f"{self.prefix}finished.json"
        self.checkpoints = f"{self.prefix}checkpoints/"
        self.test_rows = f"{self.prefix}test.csv"
        self.split = f"{self.prefix}split.json"
        self.data = f"{self.prefix}data.json"
        self.datasets = f"{self.prefix}datasets.json"
        self.claim = f"{self.prefix}claim.json"

    @staticmethod
    def family_root(line: str, family: str) -> str:
        """Folder of all runs of a family."""
        return f"{line_root(line)}{family}/"


class RegistryKeys:
    """Keys of a line's registry."""

    def __init__(self, line: str) -> None:
        self.root = f"{line_root(line)}registry/"
        self.aliases = f"{self.root}aliases.json"
        self.canary = f"{self.root}canary.json"
        self.versions = f"{self.root}versions/"

    def version(self, version: str) -> str:
        """What a version is."""
        return f"{self.versions}{version}.json"

    def artefacts(self, version: str) -> str:
        """Prefix of a version's files."""
        return f"{self.root}artefacts/{version}/"

    def history(self, revision: int) -> str:
        """One move; eight digits keep a listing in order."""
        return f"{self.root}history/{revision:08d}.json"


class SelectionKeys:
    """Keys of what a line's selections keep."""

    def __init__(self, line: str) -> None:
        self.root = f"{line_root(line)}selections/"

    def test_set(self, digest: str) -> str:
        """A test set, by its content."""
        return f"{self.root}test-sets/{digest}.json"

    def truth_set(self, digest: str) -> str:
        """Rows that tell what would mislead, by their content."""
        return f"{self.root}truth-sets/{digest}.json"

    def score(self, name: str) -> str:
        """One candidate's scores, by everything they depend on."""
        return f"{self.root}scores/{name}.json"

    def board(self, selection: str) -> str:
        """A selection's leaderboard."""
        return f"{self.root}{selection}/board.json"


class VoteKeys:
    """Keys of one vote of a line."""

    def __init__(self, line: str, vote: str) -> None:
        self.root = f"{line_root(line)}votes/{vote}/"
        self.plan = f"{self.root}plan.json"
        self.votes = f"{self.root}votes/"

    def vote(self, voter: str, inquiry_id: str) -> str:
        """One voter's points for one inquiry, created once, so that the first counts; ``voter`` is a ``voting.voter_key``."""
        return f"{self.votes}{voter}/{inquiry_id}.json"

    def submission(self, number: int) -> str:
        """One hand-in as it came, with the answer it got, whether it counts or not."""
        return f"{self.root}submissions/{number:05d}.json"


class HearingKeys:
    """Keys of what comparisons of speech-to-text vendors keep. Their recordings are no calls: sets of them lie under ``SETS``."""

    ROOT = "speech/"
    SETS = "speech/sets/"

    @classmethod
    def heard(cls, etag: str, provider: str, question: str) -> str:
        """What a vendor made of a recording when it was asked a question, which is a digest."""
        return f"{cls.ROOT}heard/{etag}/{provider}/{question}.json"

    @classmethod
    def plan(cls, digest: str) -> str:
        """The recordings of a comparison with their references, by their content."""
        return f"{cls.ROOT}plans/{digest}.json"

    @classmethod
    def comparison(cls, comparison: str) -> str:
        """A leaderboard."""
        return f"{cls.ROOT}comparisons/{comparison}.json"


class DocumentKeys:
    """Keys of the company's documents, which people upload, and of the indexes that were made of them, which are never overwritten."""

    UPLOADS = "documents/"
    ROOT = "document-index/"
    VERSIONS = f"{ROOT}versions/"

    @classmethod
    def content(cls, digest: str, name: str) -> str:
        """A file of an index, by the digest of the whole."""
        return f"{cls.ROOT}content/{digest}/{name}"

    @classmethod
    def version(cls, version: int) -> str:
        """Which index a version is; eight digits keep a listing in order."""
        return f"{cls.VERSIONS}{version:08d}.json"
