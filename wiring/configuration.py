"""Every setting of the product in one typed table, read from the environment (prefix ``READBACK_``) when asked for.

``docs/configuration.md`` is generated from these descriptions. Secrets are ``SecretStr``: they never print.
"""

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.answers import SHIPPED_ENCODER
from models.call.prices import PRICES
from models.call.routing import parse_routes
from models.errors import ConfigurationError
from models.retention import kinds
from models.signals.labels import read_groups
from models.summarizer import SHIPPED_READER

# As records and `stt_provider` name them; `<vendor>/<model>` is another model of the same vendor.
SpeechProvider = Literal["returnzero", "returnzero/whisper", "google", "transcribe", "whisper"]


class Settings(BaseSettings):
    """How this process reaches the world. Nothing is read before the class is instantiated."""

    model_config = SettingsConfigDict(env_prefix="READBACK_", extra="ignore", frozen=True)

    bucket: str = Field("aicc-all", description="Bucket of the storage contract")
    recordings_prefix: str = Field(
        "connect/", description="Folder under which Amazon Connect writes recordings: `[<instance>/][CallRecordings/]YYYY/MM/DD/` follow"
    )
    aws_endpoint_url: str | None = Field(None, description="Endpoint for S3, SQS and Connect; empty for AWS itself")
    aws_region: str = Field("ap-northeast-2", description="AWS region")
    queue_url: str = Field("", description="SQS queue that receives the bucket's notifications")

    contact_records_prefix: str = Field(
        "",
        description="Folder into which Firehose writes Amazon Connect's contact records, such as `ctr/`; the listener puts what they "
        "tell into the calls' records; empty: contact records are not read",
    )
    number_key: SecretStr = Field(SecretStr(""), description="Secret of the keyed hashes of callers' numbers; empty: no hash is kept")

    stt_provider: SpeechProvider = Field("returnzero", description="Speech-to-text vendor that new jobs are given to")
    stt_routes: str = Field(
        "",
        description="Other vendors for some calls, such as `instance:acme=google,queue:backfill=whisper` (alias of a Connect instance, or "
        "work queue); the first that fits counts",
    )
    stt_fallback: SpeechProvider | Literal[""] = Field(
        "", description="Vendor for new jobs while the chosen one takes none (away, quota, credentials); empty: calls wait"
    )
    stt_fallback_seconds: float = Field(600.0, ge=0, description="So long the chosen vendor must have been away before that")
    returnzero_url: str = Field("https://openapi.vito.ai", description="Base address of the ReturnZero API")
    returnzero_client_id: str = Field("", description="ReturnZero client id")
    returnzero_client_secret: SecretStr = Field(SecretStr(""), description="ReturnZero client secret")
    stt_poll_seconds: float = Field(5.0, gt=0, description="Seconds between two polls of one job (vendor's advice: 5)")
    stt_deadline_seconds: float = Field(5400.0, gt=0, description="Longest wait for one job; busy hours delay a start by 30 minutes")
    stt_concurrency: int = Field(10, ge=1, description="Jobs in flight over all workers (free plan 10, Basic 20)")
    stt_domain: Literal["GENERAL", "CALL"] = Field("CALL", description="ReturnZero's acoustic domain")
    google_stt_project: str = Field("", description="Google Cloud project that hears by Speech-to-Text v2")
    google_stt_bucket: str = Field(
        "", description="Bucket of Cloud Storage where sounds lie while Google hears them; give it a rule that deletes after a day"
    )
    google_stt_location: str = Field("asia-northeast1", description="Region of Google's recognizer; not all have every model in Korean")
    google_stt_model: str = Field("telephony", description="Google's model")
    google_stt_endpoint: str = Field("", description="host:port of a plaintext gRPC endpoint; empty for Google Cloud itself")
    google_storage_url: str = Field("https://storage.googleapis.com", description="Base address of Cloud Storage")
    transcribe_endpoint_url: str | None = Field(None, description="Endpoint for Amazon Transcribe; empty for AWS itself")
    transcribe_vocabulary: str = Field(
        "", description="Custom vocabulary of the AWS account that Amazon Transcribe hears with; empty: none"
    )
    whisper_model: str = Field(
        "", description="Whisper that this process hears with: a folder with weights in CTranslate2's format, or their name on the hub"
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where it runs")
    whisper_concurrency: int = Field(1, ge=1, description="Recordings that Whisper hears at once over all workers, one for each of them")

    correct_transcripts: bool = Field(
        True, description="Correct what speech-to-text heard by the term list before it is summarized; the transcript stays as heard"
    )
    learn_from_corrections: bool = Field(
        False, description="Keep lines that people corrected, masked, for the next fine-tuning; callers must have consented to that"
    )
    correction_model_url: str = Field(
        "",
        description="Language model that reads masked doubtful lines once more, one of READBACK_LANGUAGE_MODEL_URLS; empty: none",
    )
    correction_model: str = Field("", description="The name of that model, as the address has it")

    tts_endpoint: str = Field("", description="host:port of a plaintext gRPC endpoint; empty for Google Cloud itself")
    tts_voice: str = Field("ko-KR-Wavenet-A", description="Google voice")
    tts_timeout_seconds: float = Field(30.0, gt=0, description="Deadline of one synthesis request")
    tts_speaking_rate: float = Field(1.0, ge=0.25, le=2.0, description="Speaking rate of the prompt")
    tts_per_minute: int = Field(1000, ge=1, description="Requests a minute over all workers (Google's project quota: 1,000)")

    prompt_ear: SpeechProvider | Literal[""] = Field(
        "", description="Speech-to-text vendor that listens to a share of the prompts, which it is paid for; empty: none"
    )
    prompt_ear_percent: float = Field(2.0, ge=0, le=100, description="Share of the calls whose prompts are listened to")
    prompt_ear_most_percent: float = Field(
        20.0, ge=0, le=100, description="People are told of a prompt of which more characters were heard otherwise than they should be said"
    )

    prices_file: Path = Field(PRICES, description="What vendors ask, by day, with sources; staff edit it")
    summarizer_machine: str = Field("g4dn.xlarge", description="Machine that summaries are written on, as the price file names it")
    daily_budgets: str = Field(
        "",
        description="Won a day (Korea) for vendors, such as `returnzero=200000,google-tts=20000`; new calls wait while one is spent; "
        "empty: none",
    )

    kept_days: str = Field(
        "",
        description="How many days kinds of data are kept where that is not the default, such as `raw-words=90,recordings=365`; "
        "docs/retention.md has the kinds",
    )

    model_dir: Path = Field(SHIPPED_READER, description="Summarizer used while the registry names no champion")
    model_device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the summarizer runs")
    model_cache: Path = Field(
        default_factory=lambda: Path.home() / ".cache" / "readback" / "models", description="Where promoted models are kept on this machine"
    )
    truth_set: str = Field(
        "", description="Folder, or prefix of the bucket, with the inquiries that tell how true a candidate is; empty: the bundled ones"
    )
    emotion_groups: str = Field(
        "", description="The centre's own groups of emotions, as `불만=분노|짜증내는; 걱정=불안|초조한`; empty: AI-Hub's six"
    )
    dataset_folder: str = Field(
        "", description="Folder of this machine whose files a training may name as data, by absolute path; empty: the bucket alone"
    )
    tracking_url: str = Field("", description="MLflow's tracking server, where trainings are followed and compared; empty: none")
    training_won_per_hour: float = Field(
        0.0, ge=0, description="What an hour of this machine costs in won, for the reports of trainings; 0: they tell no cost"
    )
    acceptance_floor_percent: float = Field(
        0.0, ge=0, lt=100, description="A summarizer whose callers surely press 1 less often is rolled back by `guard-champion`; 0: none is"
    )
    smoke_seconds: float = Field(
        60.0,
        gt=0,
        description="How long a candidate may take over its line's smoke texts; more where the machine is slower than those that serve",
    )
    model_refresh_seconds: float = Field(5.0, gt=0, description="How often a running summarizer asks for a new champion at most")

    language_model_urls: str = Field(
        "", description="Addresses, separated by commas, that masked conversations may be sent to for a summary; empty: none"
    )
    language_model_key: SecretStr = Field(SecretStr(""), description="Key that these addresses want; empty: none is sent")

    reply_model_url: str = Field(
        "", description="One of these addresses, which drafts replies for agents; empty: drafts are approved openings alone"
    )
    reply_model: str = Field("", description="Name of the model there")
    action_model_url: str = Field(
        "", description="One of these addresses, which proposes what has to be done after a call; empty: what morphology finds alone"
    )
    action_model: str = Field("", description="Name of the model there")
    speak_openings: bool = Field(
        False, description="Speak an approved opening, chosen by the caller's emotion and request, before the read-back"
    )

    suggest_answers: bool = Field(
        False,
        description="Look the request of each call up in the company's documents (`index-documents`), and offer the console's `/answers`",
    )
    answers_encoder: Path = Field(
        SHIPPED_ENCODER, description="Encoder that passages are found by: the one that ships, or a folder of sentence-transformers"
    )
    answers_in_postgres: bool = Field(
        False, description="Search passages by sense in the database of READBACK_INDEX_URL (pgvector); pays from some 50,000 passages on"
    )
    answers_refresh_seconds: float = Field(10.0, gt=0, description="How often a running process asks for a new index at most")
    answers_patience_seconds: float = Field(2.0, gt=0, description="A call does not wait longer for an answer from the documents")

    http_timeout_seconds: float = Field(20.0, gt=0, description="Timeout of one request to a vendor over HTTP")
    s3_timeout_seconds: float = Field(5.0, gt=0, description="How long S3 may be silent; then a call waits in its queue and says so")
    max_recording_bytes: int = Field(512 * 1024 * 1024, ge=1, description="Larger objects are quarantined unread")
    connect_instance_id: str = Field("", description="Amazon Connect instance; empty: no contact attributes are written")
    mask_personal_data: bool = Field(True, description="Mask personal numbers before artifacts and speech")
    show_transcripts: bool = Field(True, description="Put the (masked) transcript into the run's artifact")
    embed_audio: Literal["none", "prompt", "both"] = Field(
        "prompt",
        description="Sound copied into the run's artifact (8 kB a second in Prefect's database); the recording with numbers silenced",
    )
    link_minutes: int = Field(15, ge=0, le=60, description="How long links to sounds in artifacts open; 0: no links")
    summary_patience_seconds: float = Field(
        30.0, gt=0, description="A summary that runs longer counts as lost and is made by another run (doubled with each attempt)"
    )
    summarize_in_call: bool | Literal["auto"] = Field(
        "auto",
        description="Workers of calls hold the model and summarize in the run of the call (`true`), or a linked run on pool `g4dn` does "
        "(`false`). `auto`: in the run of the call where what a model needs is installed, as in the image `gpu`",
    )
    dead_after_seconds: int = Field(
        90, ge=1, description="A run without heartbeat for so long is marked Crashed; three heartbeats (PREFECT_FLOWS_HEARTBEAT_FREQUENCY)"
    )
    crashed_pause_seconds: float = Field(60.0, ge=0, description="How long a crashed run rests before the reaper runs it again")
    crashed_reruns: int = Field(3, ge=1, description="A run that has run so often and crashed is left to reconcile")
    pending_seconds: float = Field(300.0, gt=0, description="A run that its worker took and did not begin for so long is run again")
    reconcile_grace_seconds: float = Field(300.0, ge=0, description="How old a recording without a record must be to count as forgotten")
    outage_calls: int = Field(5, ge=1, description="So many calls waiting for a vendor, and none finished meanwhile, pause the queues")
    probe_seconds: float = Field(900.0, gt=0, description="How long the queues stay paused before the next call tries the vendor again")
    give_up_attempts: int = Field(
        100, ge=1, description="A call that has waited for a vendor so often is quarantined (100: about a day of 15-minute waits)"
    )
    listener_health_port: int = Field(
        8089, ge=0, le=65535, description="Port on 127.0.0.1 where the listener answers `/healthz`; 503 says what is wrong; 0: a free one"
    )
    training_on_ecs: str = Field(
        "",
        description="`<cluster>,<task definition>,<capacity provider>` of ECS: `deployments.register` then gives trainings to work pool "
        "`training`, which starts a task for each; empty: they run on pool `g4dn`",
    )
    notification_block: str = Field(
        "",
        description="Prefect block that tells people, `<type>/<name>` such as `slack-webhook/operations`; read by "
        "`deployments.register`; empty: nobody is told",
    )
    quarantine_alarm_calls: int = Field(5, ge=1, description="So many calls quarantined lately, and the share below, are told to people")
    quarantine_alarm_percent: float = Field(
        20.0, gt=0, le=100, description="Share of the calls that ended lately; at half of it all is well"
    )
    quarantine_alarm_minutes: int = Field(60, ge=1, description="What lately is")
    process_silent_seconds: int = Field(
        300, ge=10, description="The listener or the reaper without a sign of life (one a minute) for so long is told to people"
    )
    index_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL that holds the console's list of calls, `postgresql://user:password@host/database`; empty: no list is kept",
    )
    index_timeout_seconds: float = Field(2.0, gt=0, description="How long that database may be silent; a call does not wait for more")
    console_users_file: Path = Field(
        Path("console-users.json"), description="Who may sign on to the console, made by `python -m console.users`"
    )
    console_secret: SecretStr = Field(SecretStr(""), description="What the console signs its sessions with: 32 characters or more")
    console_port: int = Field(8088, ge=0, le=65535, description="Port of the console")
    console_secure_cookies: bool = Field(True, description="Cookies go over TLS alone; off for a console on one machine without it")
    console_prefect_url: str = Field("", description="Address of Prefect's UI as people reach it, for links to runs; empty: no links")
    console_sample_percent: float = Field(
        5.0, ge=0, le=100, description="Share of the sure calls that the review queue asks people to judge, for the true error rate"
    )
    console_address: str = Field(
        "", description="The console's own address as people's browsers have it, such as `https://calls.example.com`; for sign-on by OIDC"
    )
    console_oidc_issuer: str = Field(
        "", description="OpenID Connect provider that people sign on to the console with, by its issuer; empty: the users' file"
    )
    console_oidc_client_id: str = Field("", description="The console's client there; its redirect URI is `<address>/login/back`")
    console_oidc_client_secret: SecretStr = Field(SecretStr(""), description="That client's secret")
    console_oidc_scope: str = Field("openid profile", description="What is asked for; some providers tell groups for a scope of their own")
    console_oidc_name_claim: str = Field(
        "preferred_username", description="Claim of the id token that names people in histories; it must be theirs alone"
    )
    console_oidc_roles_claim: str = Field(
        "roles", description="Claim of the id token with people's groups; one within another as Keycloak's `realm_access.roles`"
    )
    console_oidc_roles: str = Field(
        "", description="What groups may do, such as `cc-agents=agent,cc-leads=lead` (agent, lead, compliance, ml, admin)"
    )
    console_oidc_minutes: float = Field(
        60.0, gt=0, le=720, description="After so long the provider is asked again who somebody is and in which groups"
    )
    ask_model_url: str = Field(
        "",
        description="Language model that answers questions over many calls, one of READBACK_LANGUAGE_MODEL_URLS; empty: answers are the "
        "words said, grouped",
    )
    ask_model: str = Field("", description="The name of that model, as the address has it")
    ask_won_per_1k_prompt_tokens: float = Field(0.0, ge=0, description="Its price, told before it is asked; 0: told as not known")
    ask_won_per_1k_completion_tokens: float = Field(0.0, ge=0, description="Its price for what it writes")
    ask_most_calls: int = Field(300, ge=1, le=5000, description="So many calls one question reads at most, the latest ones")
    drain_seconds: float = Field(20.0, ge=0, description="How long a resident worker lets its runs finish after SIGTERM")

    @field_validator("emotion_groups")
    @classmethod
    def _are_groups(cls, groups: str) -> str:
        try:
            read_groups(groups)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return groups

    @field_validator("stt_routes")
    @classmethod
    def _readable(cls, routes: str) -> str:
        parse_routes(routes, get_args(SpeechProvider))
        return routes

    @field_validator("kept_days")
    @classmethod
    def _are_terms(cls, terms: str) -> str:
        try:
            kinds(terms)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return terms

    @field_validator("recordings_prefix", "contact_records_prefix")
    @classmethod
    def _as_folder(cls, prefix: str) -> str:
        return f"{prefix.strip('/')}/" if prefix.strip("/") else ""


def load_settings() -> Settings:
    """Read the environment now; ConfigurationError names the variable that cannot be used, and not its value, which may be a secret."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"READBACK_{str(found['loc'][0]).upper()}: {found['msg']}" for found in error.errors()]
        raise ConfigurationError("; ".join(wrong), remedy="docs/configuration.md says what each setting takes") from None


def settings_table() -> str:
    """Every setting as a markdown table: ``python -m wiring.configuration`` prints what stands in ``docs/configuration.md``."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = _shown(field.get_default(call_default_factory=True))
        rows.append(f"| `READBACK_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(rows) + "\n"


def _shown(default: object) -> str:
    if isinstance(default, SecretStr) or default in (None, ""):
        return "–"
    if isinstance(default, Path):
        for root, name in ((Path(__file__).parent.parent, ""), (Path.home(), "~/")):
            if default.is_relative_to(root):
                return f"`{name}{default.relative_to(root)}`"
    return f"`{default}`"


if __name__ == "__main__":
    print(settings_table(), end="")
