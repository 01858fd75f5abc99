"""The one artifact of a call's run: what the caller wanted, heard and read in the Prefect UI.

Staff read it, so it is in Korean. Markdown tables, data-URI pictures and ``<audio>`` show in Prefect's UI; sound that is not
embedded is linked for seven days, the longest that S3 signs.
"""

import asyncio
import html

from prefect import task
from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.record import CallRecord, Failure, Speaker, Summary, Utterance
from models.call.steps import step_label
from models.keys import StorageKeys
from models.sound.recording import RecordingAudio
from models.summarizer.statement import Kind
from reports.embedding import data_uri
from reports.sound import browser_wav, waveform_svg
from tasks.markdown import named, shown, table
from tasks.privacy import masked
from tasks.retrying import RETRY_TRANSIENT

SEVEN_DAYS = 7 * 24 * 3600
SPEAKER_NAMES = {Speaker.CUSTOMER: "고객", Speaker.AGENT: "상담원", Speaker.UNKNOWN: "화자 미상"}


@task(name="report", **RETRY_TRANSIENT)
async def report(record: CallRecord, audio: RecordingAudio | None) -> None:
    """Write the run's artifact."""
    markdown = await asyncio.to_thread(call_report, record, audio)
    title = record.failure.error if record.failure else (record.summary.text if record.summary else record.contact_id)
    await acreate_markdown_artifact(markdown, key=f"call-{record.call_id}", description=masked(title))


def call_report(record: CallRecord, audio: RecordingAudio | None) -> str:
    """The artifact's markdown."""
    parts = [_failure(record.failure)] if record.failure else [_request(record)]
    parts += [_recording(record, audio), _conversation(record), _steps(record), _facts(record)]
    return "\n\n".join(part for part in parts if part)


def _request(record: CallRecord) -> str:
    if record.summary is not None and record.summary.kind is Kind.NO_REQUEST:
        return "# 요청 없음\n\n되읽어 줄 요청이 없는 통화입니다."
    if record.summary is None or record.prompt is None:
        return ""
    lines = [f"# {shown(record.summary.text)}", f"> {shown(record.prompt.spoken_text)}", *_basis(record, record.summary)]
    return "\n\n".join([*lines, _player(record.prompt.key, embedded=wiring.settings().embed_audio != "none")])


KIND_NAMES = {Kind.SUMMARY: "요약", Kind.OWN_WORDS: "고객의 말", Kind.NO_REQUEST: "요청 없음"}


def _basis(record: CallRecord, summary: Summary) -> list[str]:
    """How sure the statement is, and where each of its phrases was said."""
    sure = "" if summary.confidence is None else f", 확신도 {summary.confidence:.0%}"
    said = dict(enumerate(record.transcription.utterances))
    rows = [(shown(one.phrase), _line(said[one.utterance])[0]) for one in summary.evidence if one.utterance in said]
    return [f"{KIND_NAMES[summary.kind]}{sure}", *([table(("근거", "시각"), rows)] if rows else [])]


def _failure(failure: Failure) -> str:
    vendor = " ".join(filter(None, [failure.vendor, failure.vendor_code, failure.request_id]))
    rows = {
        "단계": step_label(failure.step),
        "사유": shown(failure.reason),
        "조치": shown(failure.remedy),
        "업체 응답": shown(vendor),
        "시각": f"{failure.at:%Y-%m-%d %H:%M:%S} UTC",
    }
    return f"# 격리됨: {failure.error}\n\n" + table(("항목", "내용"), [(name, value) for name, value in rows.items() if value])


def _recording(record: CallRecord, audio: RecordingAudio | None) -> str:
    if audio is None:
        return ""
    picture = f"![파형]({data_uri(waveform_svg(audio).encode('utf-8'), 'image/svg+xml')})"
    return f"## 녹취 ({audio.seconds:.0f}초)\n\n{picture}\n\n" + _player(
        record.recording.key, embedded=wiring.settings().embed_audio == "both"
    )


def _conversation(record: CallRecord) -> str:
    utterances = record.transcription.utterances
    if not utterances or not wiring.settings().show_transcripts:
        return ""
    return "## 대화\n\n" + table(("시각", "화자", "말"), [_line(u) for u in utterances])


def _line(utterance: Utterance) -> tuple[str, str, str]:
    seconds = utterance.start_ms // 1000
    name, words = SPEAKER_NAMES[utterance.speaker], shown(utterance.text)
    if utterance.speaker is Speaker.CUSTOMER:
        name, words = f"**{name}**", f"**{words}**"
    return f"{seconds // 60}:{seconds % 60:02d}", name, words


def _steps(record: CallRecord) -> str:
    if not record.step_seconds:
        return ""
    longest = max(record.step_seconds.values()) or 1
    rows = [(step_label(step), f"{took:.2f}", "█" * max(1, round(20 * took / longest))) for step, took in record.step_seconds.items()]
    return "## 단계별 시간\n\n" + table(("단계", "초", ""), rows)


def _facts(record: CallRecord) -> str:
    store, number = wiring.object_store(), record.number
    rows: list[tuple[str, str]] = [("연락 ID", shown(record.contact_id)), ("번호", str(number) if number else "없음")]
    if record.summary:
        rows.append(("요약 모델", f"{record.summary.model} ({record.summary.version})"))
    if record.contact_refusal:
        rows.append(("연락 속성", f"Amazon Connect에 기록하지 못함: {named(record.contact_refusal)}"))
    keys = [("녹취", record.recording.key), ("통화 기록", StorageKeys.call_record(record.call_id))]
    if number and record.transcription.done:
        keys.append(("전사", StorageKeys.transcript(number)))
    if number and record.summary:
        keys.append(("요약", StorageKeys.summary(number)))
    if record.prompt:
        keys.append(("안내 음성", record.prompt.key))
    rows += [(name, f"[{shown(key)}]({store.link(key, seconds=SEVEN_DAYS)})") for name, key in keys]
    return "## 파일\n\n" + table(("항목", "위치"), rows)


def _player(key: str, *, embedded: bool) -> str:
    store = wiring.object_store()
    source = data_uri(browser_wav(store.get(key).body), "audio/wav") if embedded else html.escape(store.link(key, seconds=SEVEN_DAYS))
    return f'<audio controls src="{source}"></audio>'
