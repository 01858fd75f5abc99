"""What the chat page does: a question asked by text or by voice, another answer, an answer spoken. What cannot be done is ``Told``.

A recording is paid once: the note of its request lies in the conversation before it is sent, under the digest of its bytes, so a browser
that lost the answer may send it again. Neither the recording nor what was heard unmasked is kept.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import wiring
from clients.paid_once import submit_paid_once
from clients.s3 import ObjectStore
from clients.speech_to_text import SpeechToText
from clients.text_to_speech import TextToSpeech
from console.documents import ServedDocuments
from console.limits import Pace
from models.call.korea import day_in_korea
from models.call.ledger import Charge, Unit, answered, sent
from models.call.prices import Prices
from models.call.record import Transcription
from models.call.transcript import check_plausible, clean_text
from models.chat.conversation import LONGEST_WORDS, Chat, Exchange, Hearing
from models.chat.replying import Documents, next_answer, sentences_said, sure_emotion
from models.chat.services import Service
from models.errors import (
    AnswerLost,
    BadPrompt,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    ReadbackError,
    StorageConflict,
    TransientError,
)
from models.replies.draft import ReplyWriter
from models.signals.told import CallEmotion
from models.sound.prompt import join_wavs
from models.sound.recording import inspect_recording
from stores.chats import Chats
from stores.openings import Openings
from stores.services import Services
from stores.spending import Budget
from tasks.call.draft_reply import writer_by_settings
from tasks.emotion_groups import group_of
from tasks.selection.champion import emotion_of

LONGEST_SECONDS = 60  # of one recording
MOST_SOUND_BYTES = 2_000_000  # 60 s of 16 kHz mono in 16 bits are 1,920,044
KEPT_SOUNDS = 32
_SENDING = timedelta(minutes=2)  # a recording is handed in within the vendor's timeout
_PATIENCE = timedelta(minutes=10)  # for a job; busy hours delay one by half an hour, and nobody waits so long at a page

CHANGED = "다른 창에서 대화가 이어졌습니다. 지금 내용을 확인하고 다시 물어보세요."
NO_WORDS = f"물어볼 말을 1자에서 {LONGEST_WORDS}자 사이로 적어 주세요."
FULL = "대화가 길어졌습니다. 새 대화를 시작하세요."
NO_SERVICE = "이 대화의 서비스는 더 이상 없습니다. 새 대화에서 다른 서비스를 고르세요."
STILL_HEARING = "앞서 보낸 녹음을 아직 듣고 있습니다."
NOTHING_AGAIN = "이 질문에는 더 답할 것이 없습니다. 다르게 물어보세요."
UNHEARD = "녹음에서 말을 알아듣지 못했습니다. 다시 녹음하거나 글로 적어 주세요."
LOST = "녹음이 음성 인식 업체에 접수되었는지 알 수 없어 다시 보내지 않았습니다. 새로 녹음하거나 글로 적어 주세요."
NO_VOICE = "지금은 음성을 쓸 수 없습니다. 글로는 물어볼 수 있습니다."
NO_SPEECH = "지금은 답을 소리로 들려드릴 수 없습니다. 글로 읽어 주세요."
_BAD_SOUND = {
    "empty": "녹음이 비어 있습니다. 다시 녹음해 주세요.",
    "silent": "녹음에 소리가 없습니다. 마이크를 확인하고 다시 녹음해 주세요.",
    "too_short": "녹음이 너무 짧습니다. 버튼을 누르고 말한 뒤 다시 누르세요.",
    "too_long": f"녹음은 {LONGEST_SECONDS}초까지입니다. 짧게 다시 녹음해 주세요.",
}
_NO_SOUND = "녹음 파일을 읽을 수 없습니다. 다시 녹음해 주세요."


class Told(Exception):
    """Why something was not done, for the person; nothing was changed."""

    def __init__(self, said: str, status: int = 422) -> None:
        super().__init__(said)
        self.status = status


@dataclass
class ChatRoom:
    """The chat over one bucket. What may be away, or set wrongly, is asked for when it is needed: text goes on without voices.

    ``ear`` makes the speech-to-text vendor of a name (empty: the one for new jobs), ``writer`` the language model that drafts replies.
    """

    store: ObjectStore
    documents: Callable[[], Documents]
    emotion_of: Callable[[str], CallEmotion | None]
    ear: Callable[[str], SpeechToText]
    voice: Callable[[], TextToSpeech]
    writer: Callable[[], ReplyWriter | None]
    prices: Callable[[], Prices]
    budget: Callable[[], Budget | None]
    poll_seconds: float = 5.0
    asking: Pace = field(default_factory=lambda: Pace(most=30, seconds=300.0))
    recording: Pace = field(default_factory=lambda: Pace(most=12, seconds=300.0))
    speaking: Pace = field(default_factory=lambda: Pace(most=60, seconds=300.0))

    def __post_init__(self) -> None:
        self.chats, self.services, self.openings = Chats(self.store), Services(self.store), Openings(self.store)
        self._sounds: dict[str, bytes] = {}
        self._speaking: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def begin(self, by: str, service: str) -> Chat:
        """A conversation about a service of the table."""
        if self.services.current().named(service) is None:
            raise Told("서비스를 골라 주세요.")
        _keep_pace(self.asking, by)
        return self.chats.begin(by, service)

    def ask(self, by: str, chat_id: str, words: str, seen: int) -> Chat:
        """Answer a question of somebody whose page had seen so many steps."""
        chat, words = self.chats.read(by, chat_id), clean_text(words)
        if not any(map(str.isalnum, words)) or len(words) > LONGEST_WORDS:
            raise Told(NO_WORDS)
        if chat.steps != seen:
            raise Told(CHANGED, 409)
        _keep_pace(self.asking, by)
        exchange, masked = self._asked(chat, words)
        return self.chats.change(by, chat_id, lambda now: _unchanged(now, chat).asked(exchange, masked))

    def answer_again(self, by: str, chat_id: str, seen: int) -> Chat:
        """Another answer to the last question."""
        chat = self.chats.read(by, chat_id)
        if chat.steps != seen:
            raise Told(CHANGED, 409)
        if not chat.may_answer_again:
            raise Told(NOTHING_AGAIN)
        _keep_pace(self.asking, by)
        answer = next_answer(
            chat,
            self._service(chat),
            openings=self.openings.current(),
            documents=self.documents(),
            writer=self.writer(),
            at=datetime.now(UTC),
        )
        return self.chats.change(by, chat_id, lambda now: _unchanged(now, chat).answered(answer))

    def hand_in(self, by: str, chat_id: str, sound: bytes) -> Chat:
        """Give a recording to the speech-to-text vendor, once; ``listen`` brings its words."""
        chat, digest = self.chats.read(by, chat_id), hashlib.sha256(sound).hexdigest()[:32]
        hearing = chat.hearing
        if digest in chat.done or (hearing and hearing.digest == digest and hearing.note.job_id):
            return chat
        if hearing and hearing.digest != digest:
            raise Told(STILL_HEARING, 409)
        if chat.full:
            raise Told(FULL, 409)
        seconds = _seconds(sound)
        _keep_pace(self.recording, by)
        vendor = self.ear(hearing.note.provider if hearing else "")
        if vendor.offer.reads_bucket:
            raise ConfigurationError(
                f"{vendor.provider} hears recordings in the bucket alone, and the chat keeps none",
                remedy="Set READBACK_STT_PROVIDER to a vendor that takes the sound itself",
            )
        self._check_budget(vendor.provider)
        begun = hearing.note if hearing else Transcription(provider=vendor.provider)
        write = partial(self._note, chat, digest, seconds)
        try:
            submit_paid_once(vendor, begun, lambda: sound, f"{digest}.wav", location="", shown="a recording of a chat", write=write)
        except AnswerLost:
            self.chats.change(by, chat_id, Chat.without_hearing)
            raise Told(LOST) from None
        except ReadbackError:
            self.chats.change(by, chat_id, _without_refused)
            raise
        return self.chats.read(by, chat_id)

    def listen(self, by: str, chat_id: str) -> Chat:
        """Ask for the words of the recording that a vendor has, and answer them; still ``hearing`` where they are not there yet."""
        chat = self.chats.read(by, chat_id)
        hearing = chat.hearing
        if hearing is None:
            return chat
        age = datetime.now(UTC) - hearing.begun_at
        if not hearing.note.job_id:
            return chat if age < _SENDING else self._give_up(chat, LOST)
        vendor = self.ear(hearing.note.provider)
        try:
            job = vendor.poll(hearing.note.job_id)
            check_plausible(job.utterances, hearing.seconds)
        except (JobFailed, JobGone, BadTranscript):
            return self._give_up(chat, UNHEARD)
        except TransientError:
            return chat if age < _PATIENCE else self._give_up(chat, UNHEARD)
        if not job.completed:
            return chat if age < _PATIENCE else self._give_up(chat, UNHEARD)
        in_order = sorted(job.utterances, key=lambda utterance: utterance.start_ms)
        words = clean_text(" ".join(utterance.text for utterance in in_order))[:LONGEST_WORDS]
        if not any(map(str.isalnum, words)):
            return self._give_up(chat, UNHEARD)
        exchange, masked = self._asked(chat, words, by_voice=True)
        answered_chat = self.chats.change(by, chat_id, lambda now: _heard(now, chat, exchange, masked))
        if vendor.offer.forgets:
            vendor.forget(hearing.note.job_id)
        return answered_chat

    def sound(self, by: str, chat_id: str, exchange: int, answer: int) -> bytes:
        """An answer spoken, as a WAV: synthesized when it is first asked for, and kept in this process for a while."""
        chat = self.chats.read(by, chat_id)
        found = chat.answer_at(exchange, answer)
        if found is None:
            raise Told(NO_SPEECH, 404)
        text = found.spoken
        with self._lock:
            speaking = self._speaking.setdefault(text, threading.Lock())
        with speaking:  # a browser asks for parts at once: the first pays
            if text not in self._sounds:
                _keep_pace(self.speaking, by)
                made = self._speak(chat, text)
                with self._lock:
                    self._sounds = {**dict(list(self._sounds.items())[1 - KEPT_SOUNDS :]), text: made}
                    self._speaking = {key: lock for key, lock in self._speaking.items() if key in self._sounds or lock.locked()}
            return self._sounds[text]

    def _asked(self, chat: Chat, words: str, *, by_voice: bool = False) -> tuple[Exchange, list[str]]:
        """A question with its first answer, and every question of the conversation masked together."""
        if chat.full:
            raise Told(FULL, 409)
        service, masked = self._service(chat), chat.masked_with(words)
        emotion = sure_emotion(self.emotion_of(sentences_said(masked[-1])))
        now = datetime.now(UTC)
        exchange = Exchange(at=now, asked=masked[-1], by_voice=by_voice, emotion=emotion.label, group=group_of(emotion))
        answer = next_answer(
            chat.asked(exchange, masked),
            service,
            openings=self.openings.current(),
            documents=self.documents(),
            writer=self.writer(),
            at=now,
        )
        return exchange.model_copy(update={"answers": (answer,)}), masked

    def _service(self, chat: Chat) -> Service:
        service = self.services.current().named(chat.service)
        if service is None:
            raise Told(NO_SERVICE, 409)
        return service

    def _note(self, chat: Chat, digest: str, seconds: float, note: Transcription) -> None:
        """Keep the note of a paid request, and what it costs: before it is sent as one whose answer is lost."""
        before = chat.hearing.note if chat.hearing else None
        charge = self._charge(note.provider, Unit.STT_SECONDS, seconds, note.request)

        def noted(now: Chat) -> Chat:
            hearing = now.hearing
            if note.submitting:
                if (hearing.note if hearing else None) != before or digest in now.done:
                    raise Told(STILL_HEARING, 409)  # another window was faster
                begun = Hearing(digest=digest, seconds=seconds, begun_at=datetime.now(UTC), note=note, ledger=tuple(sent((), charge)))
                return now.model_copy(update={"hearing": begun})
            if hearing is None or hearing.digest != digest:
                return now
            ledger = answered(hearing.ledger, hearing.note.request, paid=bool(note.job_id))
            return now.model_copy(update={"hearing": hearing.model_copy(update={"note": note, "ledger": tuple(ledger)})})

        self.chats.change(chat.by, chat.chat_id, noted)
        if note.job_id:
            self._spend(charge)

    def _give_up(self, chat: Chat, said: str) -> Chat:
        """Let go of the recording that a vendor has; it is told."""
        self.chats.change(chat.by, chat.chat_id, Chat.without_hearing)
        raise Told(said)

    def _speak(self, chat: Chat, text: str) -> bytes:
        voice = self.voice()
        self._check_budget(voice.provider)
        sounds = []
        for part in voice.split(text):
            sounds.append(voice.synthesize(part))
            charge = self._charge(voice.provider, Unit.TTS_CHARACTERS, voice.billed_characters(part))
            self._spend(charge)
            self.chats.change(chat.by, chat.chat_id, partial(Chat.spent, charges=[charge]))
        try:
            return join_wavs(sounds)
        except BadPrompt:
            raise Told(NO_SPEECH, 503) from None

    def _charge(self, provider: str, unit: Unit, amount: float, request: str = "") -> Charge:
        return self.prices().charge(provider, unit, amount, day_in_korea(datetime.now(UTC)), request=request)

    def _check_budget(self, provider: str) -> None:
        if budget := self.budget():
            budget.check(day_in_korea(datetime.now(UTC)), [provider])

    def _spend(self, charge: Charge) -> None:
        if budget := self.budget():
            budget.spend(charge)


def room_by_settings() -> ChatRoom:
    """The chat as the settings of this process have it; ``emotions_in_service`` is followed by who starts the process."""
    return ChatRoom(
        store=wiring.object_store(),
        documents=ServedDocuments,
        emotion_of=emotion_of,
        ear=wiring.speech_to_text,
        voice=wiring.text_to_speech,
        writer=writer_by_settings,
        prices=wiring.prices,
        budget=wiring.budget,
        poll_seconds=wiring.settings().stt_poll_seconds,
    )


def _keep_pace(pace: Pace, by: str) -> None:
    if wait := pace.wait(by):
        raise Told(f"너무 빠르게 이어졌습니다. {wait}초 뒤에 다시 시도하세요.", 429)


def _seconds(sound: bytes) -> float:
    """How long a recording is; Told where nobody could be heard in it."""
    try:
        audio = inspect_recording(sound, "a recording of a chat", longest_seconds=LONGEST_SECONDS)
    except BadRecording as error:
        raise Told(_BAD_SOUND.get(error.case, _NO_SOUND)) from None
    if audio.channels != 1:
        raise Told(_NO_SOUND)
    return audio.seconds


def _unchanged(now: Chat, then: Chat) -> Chat:
    """The conversation as it is now, where nothing was asked or answered since."""
    if now.steps != then.steps:
        raise Told(CHANGED, 409)
    return now


def _without_refused(now: Chat) -> Chat:
    """Without a recording that its vendor did not take: it may be sent again."""
    return now.model_copy(update={"hearing": None}) if now.hearing and now.hearing.note.refused else now


def _heard(now: Chat, then: Chat, exchange: Exchange, masked: list[str]) -> Chat:
    """With what was heard; as it is where another window was faster. StorageConflict where something was typed meanwhile."""
    if now.hearing is None or then.hearing is None or now.hearing.digest != then.hearing.digest:
        return now
    if now.steps != then.steps:
        raise StorageConflict("something was asked while a recording was heard", remedy="It is answered at the next poll")
    return now.without_hearing().asked(exchange, masked)
