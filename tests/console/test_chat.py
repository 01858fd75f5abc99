"""The chat's pages over HTTP: asked by text and by voice, answered again, spoken, refused; whose it is, what is kept, and who may."""

import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests
import soundfile
from sounds import tone, wav

import wiring
from console import chat_room
from console.limits import Pace
from console.roles import _TABLE, May, Role
from models.call.privacy import mask_utterances
from models.call.record import Transcription, Utterance
from models.chat.conversation import Chat, Hearing
from models.chat.replying import NO_OTHER, NOT_HELD
from models.chat.services import Service
from models.errors import AnswerLost, VendorUnreachable
from models.keys import StorageKeys
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in
from stores.spending import Budget
from tests.console.chat_world import ASKED, PASSAGES, Shelf, Voices, spoken_question, voices
from tests.console.conftest import Person, World
from tests.in_memory import OFFER, FakeSpeechToText
from wiring.replies import reply_writer

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
SERVICE = "보험금 청구"


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spoken_question(tmp_path_factory.mktemp("question"))


@pytest.fixture(scope="module")
def vendors(question: Path) -> Iterator[Voices]:
    with voices(question.parent) as both:
        yield both


def begin(person: Person, service: str = SERVICE) -> str:
    """The path of a new conversation."""
    answer = person.browser.post("/chat", data={"csrf": csrf(person), "service": service}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def csrf(person: Person) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', person.see("/chat"))
    assert found
    return found[1]


def ask(person: Person, path: str, words: str, status: int = 303) -> str:
    return person.send(person.see(path), f"{path}/ask", status, words=words)


def hand_in(person: Person, path: str, sound: bytes, token: str | None = None):
    return person.browser.post(f"{path}/voice", content=sound, headers={"X-CSRF": csrf(person) if token is None else token})


def everything(world: World) -> list[str]:
    return world.store.keys("")


def kept(world: World) -> list[Chat]:
    return [Chat.model_validate_json(world.store.get(key).body) for key in world.store.keys(StorageKeys.CHATS)]


def shelf(world: World) -> Shelf:
    documents = world.console.chat.documents()
    assert isinstance(documents, Shelf)
    return documents


def as_the_page_records(path: Path) -> bytes:
    """The question as the page sends it: 16 kHz, mono, 16 bits."""
    samples, rate = soundfile.read(path)
    return wav(np.asarray(samples)[:: rate // 16_000], 16_000)


@pytest.mark.parametrize("role", Role)
def test_agents_leads_and_administrators_chat_and_others_do_not(world: World, role: Role) -> None:
    person = world.client(role)
    allowed = May.CHAT in _TABLE[role]
    assert allowed == (role in (Role.AGENT, Role.LEAD, Role.ADMIN))
    page = person.see("/chat", 200 if allowed else 403)
    assert ('href="/chat"' in person.see("/")) == allowed
    person.send(page, "/chat", 303 if allowed else 403, service=SERVICE)
    person.send(page, "/chat/20261129T000000-0123456789abcdef/ask", 404 if allowed else 403, words="x", seen="0")


def test_a_question_is_answered_with_an_opening_and_a_quote_and_its_place(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, f"{ASKED} 혹시 못 받을까 봐 너무 불안해요")
    page = person.see(path)
    assert PASSAGES[0][2] in page
    assert "출처: 보험금 지급 약관(2026-10-01), 제8조 지급 기일" in page
    (exchange,) = kept(world)[0].exchanges
    assert exchange.group == "불안"
    assert f"감정: {exchange.emotion}" in page
    assert html.escape(exchange.answers[0].reply.opening) in page


def test_a_service_looks_in_its_own_documents_alone_and_what_they_do_not_hold_is_refused(world: World) -> None:
    person = world.client(Role.AGENT)
    ours, everything = begin(person), begin(person, "전체")
    for path in (ours, everything):
        ask(person, path, "긴급출동은 몇 번인가요")
    assert NOT_HELD in person.see(ours)
    assert "다시 답하기" not in person.see(ours)
    assert PASSAGES[2][2] in person.see(everything)


def test_answered_again_it_is_the_next_passage_until_there_is_none(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, "보험금 지급이 궁금해요")
    for expected in (PASSAGES[1][2], NO_OTHER):
        person.send(person.see(path), f"{path}/again", 303)
        assert expected in person.see(path)
    assert "다시 답하기" not in person.see(path)
    page = person.see(path)
    assert chat_room.NOTHING_AGAIN in person.send(page, f"{path}/again", 422)


def test_numbers_are_masked_before_they_are_looked_for_kept_or_shown(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, "제 번호는 010-1234-5678인데 보험금 언제 나와요")
    assert "5678" not in person.see(path)
    assert "5678" not in " ".join(shelf(world).asked)
    assert "5678" not in "".join(world.store.get(key).body.decode() for key in everything(world))
    assert "[전화번호]" in person.see(path)


def test_a_conversation_is_its_persons_alone(world: World) -> None:
    agent, lead = world.client(Role.AGENT), world.client(Role.LEAD)
    path = begin(agent)
    ask(agent, path, ASKED)
    lead.see(path, 404)
    assert ASKED not in lead.see("/chat")
    assert ASKED in agent.see("/chat")
    token = csrf(lead)
    for deed in ("ask", "again", "listen", "erase"):
        answer = lead.browser.post(f"{path}/{deed}", data={"csrf": token, "seen": "0", "words": "x"}, follow_redirects=False)
        assert answer.status_code == 404
    assert lead.browser.get(f"{path}/answers/0/0/sound").status_code in (404, 503)


def test_a_form_without_this_sessions_token_does_nothing(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    for deed in ("ask", "again", "listen", "erase"):
        assert person.browser.post(f"{path}/{deed}", data={"csrf": "x", "seen": "0", "words": ASKED}).status_code == 403
    assert hand_in(person, path, b"RIFF", "x").status_code == 403
    assert kept(world)[0].steps == 0


def test_of_two_windows_the_second_is_told_and_keeps_what_was_written(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    before = person.see(path)
    person.send(before, f"{path}/ask", 303, words=ASKED)
    late = person.send(before, f"{path}/ask", 409, words="다른 창에서 적은 질문")
    assert chat_room.CHANGED in late
    assert "다른 창에서 적은 질문</textarea>" in late
    assert kept(world)[0].steps == 2


@pytest.mark.parametrize("words", ["", "  \n ", "?!", "가" * 501])
def test_what_is_no_question_is_told_and_not_asked(world: World, words: str) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    assert chat_room.NO_WORDS in ask(person, path, words, 422)
    assert kept(world)[0].steps == 0


def test_documents_that_are_away_are_told_and_the_question_stays_in_its_field(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    shelf(world).away = VendorUnreachable("the documents' database is away", case="index")
    page = ask(person, path, ASKED, 503)
    assert f"{ASKED}</textarea>" in page
    assert 'role="alert"' in page
    shelf(world).away = None
    ask(person, path, ASKED)
    assert PASSAGES[0][2] in person.see(path)


def test_hostile_words_in_every_field_stay_words(world: World) -> None:
    world.console.chat.services.edit([Service(name="<b>서비스</b>", description="<img src=x>")], [], by=HOSTILE)
    person = world.client(Role.AGENT)
    assert person.browser.post("/chat", data={"csrf": csrf(person), "service": HOSTILE}).status_code == 422
    path = begin(person, "<b>서비스</b>")
    ask(person, path, f"보험금 {HOSTILE}")
    pages = [person.see(path), person.see("/chat"), person.see(f"{path}?play={HOSTILE}"), ask(person, path, HOSTILE * 10, 422)]
    for page in pages:
        assert not {"<script>alert", "<img", "<b>"} & {found for found in ("<script>alert", "<img", "<b>") if found in page}
        assert page.count("<script") == page.count('<script src="/static/')
    for strange in (f"/chat/{HOSTILE}", "/chat/..%2f..%2faudit", "/chat/20261129T000000-0123456789abcdef"):
        assert person.browser.get(strange).status_code == 404
    for seen in ("-1", "x", "9" * 9, "٣"):
        answer = person.browser.post(f"{path}/ask", data={"csrf": csrf(person), "seen": seen, "words": ASKED})
        assert answer.status_code == 403


def test_a_service_that_staff_took_out_takes_no_more_questions(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    world.console.chat.services.edit([], [SERVICE], by="김 팀장")
    assert chat_room.NO_SERVICE in ask(person, path, ASKED, 409)
    assert f'value="{SERVICE}"' not in person.see("/chat")


def test_questions_that_come_too_quickly_wait(world: World) -> None:
    person, other = world.client(Role.AGENT), world.client(Role.LEAD)
    path = begin(person)
    world.console.chat.asking = Pace(most=1, seconds=300)
    ask(person, path, ASKED)
    assert "너무 빠르게" in ask(person, path, ASKED, 429)
    begin(other)


def test_an_erased_conversation_is_gone_with_every_version(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, ASKED)
    person.send(person.see(path), f"{path}/erase", 303)
    person.see(path, 404)
    assert world.store._versions.keys() & set(world.store.keys(StorageKeys.CHATS)) == set()


def test_a_recording_is_heard_by_returnzero_answered_and_paid_once(world: World, vendors: Voices, question: Path) -> None:
    vendors.give(world.console.chat)
    person = world.client(Role.AGENT)
    path, sound = begin(person), as_the_page_records(question)
    before = requests.get(f"{vendors.ear_url}/sandbox/counters").json()["jobs_accepted"]
    assert hand_in(person, path, sound).json() == {"go": f"{path}#hearing"}
    assert "보낸 녹음을 듣고 있습니다" in person.see(path)
    assert hand_in(person, path, sound).status_code == 200  # the browser had lost the answer
    listening = person.browser.post(f"{path}/listen", data={"csrf": csrf(person)}, headers={"HX-Request": "true"})
    assert listening.headers["hx-redirect"] == f"{path}?play=1#last"
    page = person.see(f"{path}?play=1")
    assert ASKED in page
    assert "음성으로 물음" in page
    assert PASSAGES[0][2] in page
    assert "data-play" in page
    assert hand_in(person, path, sound).status_code == 200
    assert requests.get(f"{vendors.ear_url}/sandbox/counters").json()["jobs_accepted"] == before + 1
    (chat,) = kept(world)
    assert (chat.steps, chat.hearing, len(chat.done), chat.won > 0) == (2, None, 1, True)
    stored = b"".join(world.store.get(key).body for key in everything(world))
    assert sound[100:200] not in stored


def test_an_answer_is_spoken_by_googles_voice_once_and_in_parts(world: World, vendors: Voices) -> None:
    vendors.give(world.console.chat)
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, ASKED)
    whole = person.browser.get(f"{path}/answers/0/0/sound")
    part = person.browser.get(f"{path}/answers/0/0/sound", headers={"Range": "bytes=100-199"})
    assert (whole.headers["content-type"], part.status_code, part.content) == ("audio/wav", 206, whole.content[100:200])
    samples, rate = soundfile.read(io.BytesIO(whole.content))
    assert len(samples) / rate > 3
    assert len(kept(world)[0].ledger) == 1
    for strange in ("9/0", "0/9", "-1/0"):
        assert person.browser.get(f"{path}/answers/{strange}/sound").status_code in (404, 422)


def test_without_vendors_of_speech_the_page_says_so_and_text_still_works(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    page = person.see(path)
    assert chat_room.NO_VOICE in page
    assert 'id="record"' not in page
    refused = hand_in(person, path, wav(tone(1, 16_000), 16_000))
    assert (refused.status_code, refused.json()["said"]) == (503, chat_room.NO_VOICE)
    ask(person, path, ASKED)
    assert PASSAGES[0][2] in person.see(path)
    spoken = person.browser.get(f"{path}/answers/0/0/sound")
    assert (spoken.status_code, spoken.text) == (503, chat_room.NO_SPEECH)


@pytest.mark.parametrize(
    ("sound", "said"),
    [
        (b"", "녹음이 비어 있습니다"),
        (b"<html>", "녹음 파일을 읽을 수 없습니다"),
        (wav(tone(1, 16_000), 16_000)[:500], "녹음 파일을 읽을 수 없습니다"),
        (wav(np.zeros(16_000), 16_000), "소리가 없습니다"),
        (wav(tone(0.1, 16_000), 16_000), "너무 짧습니다"),
        (wav(tone(61, 8_000), 8_000), "60초까지입니다"),
        (wav(np.column_stack([tone(1), tone(1)])), "녹음 파일을 읽을 수 없습니다"),
    ],
)
def test_bad_sound_is_told_plainly_and_nobody_pays_for_it(world: World, sound: bytes, said: str) -> None:
    ear = FakeSpeechToText()
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path = begin(person)
    answer = hand_in(person, path, sound)
    assert (answer.status_code, said in answer.json()["said"]) == (422, True)
    assert ear.paid == []
    assert kept(world)[0].hearing is None


def test_a_recording_that_is_too_large_is_not_read(world: World) -> None:
    person = world.client(Role.AGENT)
    assert hand_in(person, begin(person), b"x" * (chat_room.MOST_SOUND_BYTES + 1)).status_code == 413


def test_a_recording_that_nobody_understands_is_told_and_the_page_goes_on(world: World) -> None:
    ear = FakeSpeechToText()
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path, sound = begin(person), wav(tone(1, 16_000), 16_000)
    hand_in(person, path, sound)
    assert chat_room.STILL_HEARING in hand_in(person, path, wav(tone(2, 16_000), 16_000)).json()["said"]
    told = person.browser.post(f"{path}/listen", data={"csrf": csrf(person)}, headers={"HX-Request": "true"})
    assert chat_room.UNHEARD in told.text
    assert hand_in(person, path, sound).status_code == 200
    assert len(ear.paid) == 1
    ask(person, path, ASKED)


def test_a_request_whose_answer_was_lost_is_not_sent_again(world: World) -> None:
    ear = FakeSpeechToText()
    ear.lost_answers.append(AnswerLost("no answer"))
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path, sound = begin(person), wav(tone(1, 16_000), 16_000)
    assert hand_in(person, path, sound).json()["said"] == chat_room.LOST
    assert hand_in(person, path, sound).status_code == 200
    assert len(ear.paid) == 1
    (chat,) = kept(world)
    assert [charge.payment for charge in chat.ledger] == ["lost"]


def test_a_vendor_that_is_away_takes_the_same_recording_later(world: World) -> None:
    ear = FakeSpeechToText()
    ear.submit_errors.append(VendorUnreachable("away"))
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path, sound = begin(person), wav(tone(1, 16_000), 16_000)
    assert (hand_in(person, path, sound).status_code, kept(world)[0].hearing, kept(world)[0].won) == (503, None, 0)
    assert hand_in(person, path, sound).status_code == 200
    assert len(ear.paid) == 1


def test_a_request_of_which_nothing_more_is_heard_is_given_up(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    chat = kept(world)[0]
    long_ago = datetime.now(UTC) - timedelta(minutes=3)
    note = Transcription(provider="returnzero", submitting=True, request="r")
    hearing = Hearing(digest="d", seconds=1, begun_at=long_ago, note=note)
    world.console.chat.chats.change(chat.by, chat.chat_id, lambda now: now.model_copy(update={"hearing": hearing}))
    told = person.send(person.see(path), f"{path}/listen", 422)
    assert chat_room.LOST in told
    assert (kept(world)[0].hearing, kept(world)[0].done) == (None, ("d",))


def test_what_was_typed_while_a_recording_was_heard_comes_first_and_both_are_answered(world: World) -> None:
    sound = wav(tone(2, 16_000), 16_000)
    ear = FakeSpeechToText({sound: [Utterance(start_ms=0, duration_ms=900, text="보험금 지급은요")]}, polls_until_done=2)
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path = begin(person)
    hand_in(person, path, sound)
    listen = {"data": {"csrf": csrf(person)}, "headers": {"HX-Request": "true"}}
    assert person.browser.post(f"{path}/listen", **listen).status_code == 204
    ask(person, path, ASKED)
    assert "hx-redirect" in person.browser.post(f"{path}/listen", **listen).headers
    assert [(one.asked, one.by_voice) for one in kept(world)[0].exchanges] == [(ASKED, False), ("보험금 지급은요", True)]
    assert len(ear.paid) == 1


def test_a_recording_waits_while_the_documents_are_away(world: World) -> None:
    sound = wav(tone(2, 16_000), 16_000)
    ear = FakeSpeechToText({sound: [Utterance(start_ms=0, duration_ms=900, text="보험금 지급은요")]})
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path = begin(person)
    hand_in(person, path, sound)
    shelf(world).away = VendorUnreachable("away")
    assert person.browser.post(f"{path}/listen", data={"csrf": csrf(person)}, headers={"HX-Request": "true"}).status_code == 204
    shelf(world).away = None
    person.send(person.see(path), f"{path}/listen", 303)
    assert "보험금 지급은요" in person.see(path)


def test_a_day_whose_budget_is_spent_hears_no_more_and_answers_text(world: World) -> None:
    ear = FakeSpeechToText()
    budget = Budget(world.store, {"returnzero": 0.1})  # type: ignore[arg-type]
    world.console.chat.ear, world.console.chat.budget = lambda provider: ear, lambda: budget
    person = world.client(Role.AGENT)
    one, other = begin(person), begin(person)
    assert hand_in(person, one, wav(tone(2, 16_000), 16_000)).status_code == 200
    assert hand_in(person, other, wav(tone(3, 16_000), 16_000)).json()["said"] == chat_room.NO_VOICE
    assert len(ear.paid) == 1
    ask(person, other, ASKED)


def test_a_vendor_that_reads_the_bucket_alone_hears_no_chat(world: World) -> None:
    ear = FakeSpeechToText(offer=replace(OFFER, reads_bucket=True))
    world.console.chat.ear = lambda provider: ear
    person = world.client(Role.AGENT)
    path = begin(person)
    assert chat_room.NO_VOICE in person.see(path)
    assert hand_in(person, path, wav(tone(2, 16_000), 16_000)).status_code == 503
    assert ear.paid == []


@pytest.fixture(scope="module")
def language_model() -> Iterator[str]:
    """The address of the stand-in."""
    with stand_in("sandbox.language_model") as (address, _):
        yield str(address["url"])


@pytest.mark.slow
def test_a_language_model_takes_the_question_up_and_what_it_invents_is_left_out(
    world: World, language_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_LANGUAGE_MODEL_URLS", f"{language_model}/v1")
    monkeypatch.setenv("READBACK_LANGUAGE_MODEL_KEY", KEY)
    wiring.settings.cache_clear()
    writer = reply_writer(f"{language_model}/v1", MODEL, mask_utterances)
    wiring.settings.cache_clear()
    world.console.chat.writer = lambda: writer
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, "보험금 지급이 언제 되는지 궁금해요")
    requests.post(f"{language_model}/sandbox/faults", json={"rate": 1, "kinds": ["invents"]}, timeout=30).raise_for_status()
    person.send(person.see(path), f"{path}/again", 303)
    taken_up, invented = kept(world)[0].exchanges[0].answers
    assert taken_up.reply.sentence.endswith("바로 확인해 드리겠습니다.")
    assert taken_up.reply.sentence in person.see(path)
    assert (invented.reply.sentence, bool(invented.reply.refused)) == ("", True)
    assert [answer.told for answer in (taken_up, invented)] == [PASSAGES[0][2], PASSAGES[1][2]]


def test_the_microphone_is_allowed_on_the_chats_pages_alone(world: World) -> None:
    person = world.client(Role.AGENT)
    path = begin(person)
    assert "microphone=(self)" in person.browser.get(path).headers["permissions-policy"]
    assert "microphone=()" in person.browser.get("/").headers["permissions-policy"]


def test_nothing_of_a_chat_reaches_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    person = world.client(Role.AGENT)
    path = begin(person)
    ask(person, path, "아무도안한말 보험금")
    shelf(world).away = VendorUnreachable("away")
    ask(person, path, "아무도안한말 보험금", 503)
    assert "아무도안한말" not in caplog.text
    assert "아무도안한말" in json.dumps([chat.model_dump(mode="json") for chat in kept(world)], ensure_ascii=False)
