"""A call's artifact: what the caller wanted, heard and read, or why the call stands in quarantine. Staff read it, so it is in Korean."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models.call.korea import began_in_korea, in_korea
from models.call.privacy import shown_contact
from models.call.record import CallRecord, Failure, Outcome, PromptCheck, Recording, Rule, Speaker, Summary, Transcription
from models.call.steps import step_label
from models.keys import StorageKeys, parse_recording_key
from models.sound.recording import RecordingAudio
from models.summarizer.outcome import Kind
from reports.documents import suggestion_section
from reports.embedding import data_uri
from reports.markdown import facts, link, named, plain, table
from reports.messages import message_of, why_instead
from reports.people import history
from reports.sound import waveform_svg
from reports.told_besides import actions_section, danger_section, emotion_section, judged_by

KINDS = {Kind.SUMMARY: "요약", Kind.OWN_WORDS: "고객의 말", Kind.NO_REQUEST: "요청 없음"}
DIGEST = "/artifacts/key/digest"
RULES = {
    Rule.HEARD: "들린 말",
    Rule.NEAR: "가까운 소리",
    Rule.ALTERNATIVE: "다른 인식",
    Rule.WORD: "없는 말",
    Rule.MODEL: "언어 모델",
    Rule.PERSON: "사람",
}
SPEAKERS = {Speaker.CUSTOMER: "고객", Speaker.AGENT: "상담원", Speaker.UNKNOWN: "화자 미상"}

# What people said, utterance by utterance: a number told over several is one number.
Masking = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True)
class Sound:
    """How a sound is heard: in a player that holds its first ``played`` seconds, by a link that opens for ``minutes``, or both."""

    seconds: float
    player: bytes = b""
    played: float = 0.0
    address: str = ""
    minutes: int = 0


@dataclass(frozen=True)
class Sounds:
    """What of a call can be heard in its artifact."""

    prompt: Sound | None = None
    recording: Sound | None = None


def call_report(record: CallRecord, audio: RecordingAudio | None, sounds: Sounds, mask: Masking, *, show_words: bool) -> str:
    """The artifact of a call that has ended."""
    parts = [_failure(record.failure)] if record.failure else [statement(record, mask), _heard(sounds.prompt, "안내 음성")]
    parts += [
        danger_section(record, mask, show_words=show_words),
        actions_section(record, mask, show_words=show_words),
        suggestion_section(record),
        emotion_section(record),
    ]
    parts += [_recording(record, audio, sounds.recording)]
    parts += [_conversation(record, mask)] if show_words else []
    parts += [_steps(record), _about(record)]
    return "\n\n".join(part for part in parts if part)


def hearing_report(record: CallRecord, sounds: Sounds) -> str:
    """The artifact of somebody's wish to hear a call."""
    parts = [f"# 통화 듣기: {_call_time(record.recording) or record.call_id}", _heard(sounds.prompt, "안내 음성")]
    parts.append(_heard(sounds.recording, "녹취") or "개인정보를 가릴 전사가 없어 녹취는 들려드릴 수 없습니다.")
    return "\n\n".join(part for part in parts if part)


def title(record: CallRecord) -> str:
    """The artifact's description. Prefect keeps it in an event, so it tells how the call ended and nothing of what was said."""
    if record.failure is not None:
        return f"격리됨: {message_of(record.failure.error, record.failure.case).title}"
    return "완료" if record.outcome is Outcome.READ_BACK else "처리 중"


def statement(record: CallRecord, mask: Masking) -> str:
    """What the caller wants, as it is told to the caller and the agent."""
    if record.summary is not None and record.summary.kind is Kind.NO_REQUEST:
        told = "# 요청 없음\n\n되읽어 줄 요청이 없는 통화입니다."
        return f"{told}\n\n{_instead(record.summary)}" if record.summary.instead else told
    if record.summary is None or record.prompt is None:
        return ""
    summary, spoken = (plain(words) for text in (record.summary.text, record.prompt.spoken_text) for words in mask([text]))
    return "\n\n".join([f"# {summary}", f"> {spoken}", *_basis(record, record.summary, mask)])


def _basis(record: CallRecord, summary: Summary, mask: Masking) -> list[str]:
    """How sure the statement is, and where each of its phrases was said."""
    sure = "" if summary.confidence is None else f", 확신도 {summary.confidence:.0%}"
    phrases = mask([one.phrase for one in summary.evidence])
    said = dict(enumerate(record.said))
    heard = [(plain(phrase), said.get(one.utterance)) for phrase, one in zip(phrases, summary.evidence, strict=True)]
    lines = [f"- {phrase} ({u.start_ms // 60_000}:{u.start_ms // 1000 % 60:02d})" for phrase, u in heard if u is not None]
    told = [f"{KINDS[summary.kind]}{sure}. 근거:" if lines else f"{KINDS[summary.kind]}{sure}", *(["\n".join(lines)] if lines else [])]
    return [*told, *([_instead(summary)] if summary.instead else [])]


def _instead(summary: Summary) -> str:
    """That another model answered in the place of the language model in service."""
    return f"언어 모델의 답을 쓰지 않고 `{summary.model}` 모델이 답했습니다: {why_instead(summary.instead)}."


def _failure(failure: Failure) -> str:
    told = message_of(failure.error, failure.case)
    vendor = " ".join(filter(None, [failure.vendor, failure.vendor_code, failure.request_id]))
    rows = [
        ("단계", step_label(failure.step)),
        ("사유", told.reason),
        ("조치", told.remedy),
        ("업체 응답", named(vendor)),
        ("시각", f"{in_korea(failure.at)} (한국 시간)"),
        ("오류 코드", f"`{'.'.join(filter(None, [failure.error, failure.case]))}` (영문 설명은 실행 상태와 로그에 있습니다)"),
    ]
    return f"# 격리됨: {told.title}\n\n{facts(rows)}"


def _recording(record: CallRecord, audio: RecordingAudio | None, sound: Sound | None) -> str:
    if audio is None:
        return ""
    picture = f"![파형]({data_uri(waveform_svg(audio).encode('utf-8'), 'image/svg+xml')})"
    heard = _heard(sound, "녹취") if sound else ""
    rest = f"전체를 듣거나 재생기가 보이지 않는 화면에서 들으려면 `hear` 배포를 `call_id`에 `{record.call_id}`를 넣어 실행하세요."
    return "\n\n".join(filter(None, [f"## 녹취 ({audio.seconds:.0f}초)", picture, heard, "" if sound and sound.address else rest]))


def _heard(sound: Sound | None, name: str) -> str:
    """A player, and in words what it plays and what else there is: one of the UIs shows no players."""
    if sound is None:
        return ""
    player = f'<audio controls src="{data_uri(sound.player, "audio/wav")}"></audio>' if sound.player else ""
    said = [f"{name} {sound.seconds:.0f}초."]
    if sound.player and sound.played < sound.seconds:
        said.append(f"재생기에는 처음 {sound.played:.0f}초만 들어 있습니다.")
    if sound.address:
        said.append(f"{link(f'{name} 전체 열기', sound.address)} ({sound.minutes}분 동안 열립니다)")
    return "\n\n".join(filter(None, [player, " ".join(said)]))


def _conversation(record: CallRecord, mask: Masking) -> str:
    utterances = record.said
    if not utterances:
        return ""
    lines = []
    for utterance, said in zip(utterances, mask([u.text for u in utterances]), strict=True):
        seconds, words = utterance.start_ms // 1000, plain(said)
        name, words = SPEAKERS[utterance.speaker], f"**{words}**" if utterance.speaker is Speaker.CUSTOMER else words
        lines.append(f"- {seconds // 60}:{seconds % 60:02d} **{name}** {words}")
    return "## 대화\n\n" + "\n".join(lines) + _corrections(record, mask)


def _corrections(record: CallRecord, mask: Masking) -> str:
    """What the conversation above has that speech-to-text has not, masked as the conversation is."""
    correction = record.correction
    if not correction.changes:
        return ""
    lines = []
    for change in correction.changes:
        before, after = (plain(words) for words in (*mask([change.before]), *mask([change.after])))
        who = f" {plain(change.by)}" if change.rule is Rule.PERSON else ""
        seconds = int(change.seconds)
        lines.append(f"- {seconds // 60}:{seconds % 60:02d} ~~{before}~~ → **{after}** ({RULES[change.rule]}{who})")
    heard = f"인식된 그대로는 `{StorageKeys.transcript(record.number)}`에 있습니다." if record.number else ""
    return "\n\n### 교정\n\n" + "\n".join(lines) + (f"\n\n용어 목록 {correction.terms_version}판으로 교정했습니다. {heard}")


def _steps(record: CallRecord) -> str:
    if not record.step_seconds:
        return ""
    rows = [(step_label(step), f"{took:.2f}") for step, took in record.step_seconds.items()]
    rows.append(("**합계**", f"**{sum(record.step_seconds.values()):.2f}**"))
    return "## 단계별 시간\n\n" + table(("단계", "초"), rows)


def _about(record: CallRecord) -> str:
    number, summary = record.number, record.summary
    files = [StorageKeys.call_record(record.call_id)]
    files += [StorageKeys.transcript(number)] if number and record.transcription.done else []
    files += [StorageKeys.corrected(record.call_id), StorageKeys.corrections(record.call_id)] if record.correction.changes else []
    files += [StorageKeys.summary(number)] if number and summary else []
    files += [record.prompt.key] if record.prompt else []
    rows = [
        ("통화 시각", _call_time(record.recording)),
        ("연락 ID", named(shown_contact(record.contact_id))),
        ("통화", f"`{record.call_id}`"),
        ("파일 번호", str(number or "")),
        ("음성 인식", _heard_by(record.transcription)),
        ("요약 모델", f"{named(summary.model)} ({named(summary.version)})" if summary else ""),
        ("안내 음성 확인", _prompt_heard(record.prompt_check)),
        ("판정 모델", judged_by(record.signals.emotion, record.signals.danger) if record.signals else ""),
        ("연락 속성", "Amazon Connect가 받지 않아 기록하지 못했습니다." if record.contact_refusal else ""),
        ("다시 처리", history(record.history)),
        ("S3 파일", " ".join(f"`{key}`" for key in files)),
        ("일일 현황", link("가장 최근 현황 열기", DIGEST)),
    ]
    return f"## 통화 정보\n\n{facts(rows)}"


def _prompt_heard(check: PromptCheck | None) -> str:
    if check is None or not check.ended:
        return ""
    heard = named(check.transcription.provider)
    return f"{heard}: {message_of(check.failure).title}" if check.failure else f"{heard}: 글자 차이 {check.cer or 0.0:.1%}"


def _heard_by(transcription: Transcription) -> str:
    if not transcription.done:
        return ""
    away = f" (응답하지 않은 {named(transcription.instead_of)} 대신)" if transcription.instead_of else ""
    return f"{named(transcription.provider)}{away}"


def _call_time(recording: Recording) -> str:
    name = parse_recording_key(recording.key)
    began = began_in_korea(name.started_at) if name else ""
    return f"{began} (한국 시간)" if began else ""
