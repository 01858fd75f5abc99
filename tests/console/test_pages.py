"""What each role sees and may do in the console, and what the pages say when something is away."""

import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from clients.postgres import Postgres
from console.app import Console, create_app
from console.call_page import DEEDS, OUTCOMES
from console.roles import _TABLE, ROLES, May, Role
from console.sessions import Sessions
from console.users import Users, hashed, save
from models.actions.action import Action, Who
from models.actions.due import Due
from models.call.caller_said import ContactFacts
from models.call.editing import Edit, EditKind, Verdict
from models.call.ended import ModelCost
from models.call.korea import day_in_korea
from models.call.ledger import Spent, Unit
from models.call.listed import ListedCall
from models.call.prices import Price, Prices
from models.call.record import CallRecord, Deed, Failure, Outcome, PersonsAct, Summary, Transcription
from models.call.spending import DayMoney
from models.errors import ConfigurationError
from models.keys import StorageKeys
from models.signals.labels import DANGER_LABELS, Danger
from models.signals.told import CallDanger, CallEmotion, CallSignals, DangerSign, Felt
from models.summarizer.outcome import Kind
from stores.call_index import CallIndex, Wanted
from stores.edits import Edits
from stores.money import keep_money
from tasks.operations.edits import apply_all
from tests.console.conftest import PASSWORD, World

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"


def test_nobody_sees_anything_before_signing_on(world: World, anybody: Callable[[], TestClient]) -> None:
    call = world.put()
    browser = anybody()
    for path in ("/", f"/calls/{call.call_id}", f"/calls/{call.call_id}/sound", "/review", "/audit"):
        answer = browser.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    assert browser.get("/healthz").status_code == 200
    assert browser.post(f"/calls/{call.call_id}/erase", data={"confirm": call.call_id[:8]}, follow_redirects=False).status_code == 303
    assert world.started.runs == []


def test_a_wrong_password_is_told_and_guessing_is_stopped_also_for_names_that_do_not_exist(
    world: World, anybody: Callable[[], TestClient]
) -> None:
    world.client(Role.AGENT)
    for name in ("agent", "nobody"):
        browser = anybody()
        world.console.guesses._wrong.clear()
        statuses = [browser.post("/login", data={"name": name, "password": "guess"}).status_code for _ in range(9)]
        assert statuses == [401] * 8 + [429]
        refused = browser.post("/login", data={"name": name, "password": PASSWORD})
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)


def test_a_sign_on_leads_only_to_pages_of_this_console(world: World, anybody: Callable[[], TestClient]) -> None:
    world.client(Role.AGENT)
    for there, leads in (("/review", "/review"), ("//evil.test/", "/"), ("https://evil.test", "/"), ("/\\evil.test", "/")):
        answer = anybody().post("/login", data={"name": "agent", "password": PASSWORD, "next": there}, follow_redirects=False)
        assert answer.headers["location"] == leads
    crossed = anybody().post("/login", data={"name": "agent", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403


def test_the_session_cookie_is_for_this_host_and_no_script_and_ends_with_the_password(
    world: World, anybody: Callable[[], TestClient]
) -> None:
    person = world.client(Role.LEAD)
    answer = anybody().post("/login", data={"name": "lead", "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("__Host-readback=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    person.see("/")
    known = dict(Users(world.users).all())
    save(world.users, {"lead": known["lead"].model_copy(update={"password": hashed("another password")})})
    assert person.browser.get("/", follow_redirects=False).status_code == 303


def test_a_forged_cookie_opens_nothing(world: World, anybody: Callable[[], TestClient]) -> None:
    user = Users(world.users)
    world.client(Role.ADMIN)
    forged = Sessions("x" * 40, user).begin(user.all()["admin"])
    browser = anybody()
    browser.cookies.set("__Host-readback", forged)
    assert browser.get("/", follow_redirects=False).status_code == 303


def test_a_short_secret_is_refused_at_the_start(world: World) -> None:
    with pytest.raises(ConfigurationError, match="READBACK_CONSOLE_SECRET"):
        Console(world.store, world.index, Users(world.users), "short", world.started, chat=world.console.chat)


def test_every_page_forbids_scripts_frames_and_copies(world: World) -> None:
    call = world.put()
    for path in ("/", f"/calls/{call.call_id}", "/nothing"):
        headers = world.client(Role.AGENT).browser.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["x-frame-options"], headers["cache-control"]) == ("DENY", "no-store")


def test_pages_hold_no_script_or_style_of_their_own(world: World) -> None:
    call = world.put()
    for path in ("/", f"/calls/{call.call_id}", "/review"):
        page = world.client(Role.LEAD).see(path)
        assert "style=" not in page
        assert "<style" not in page
        assert page.count("<script") == page.count('<script src="/static/')


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_the_table_says_and_is_refused_the_rest(world: World, role: Role) -> None:
    call = world.put()
    person = world.client(role)
    page = person.see(f"/calls/{call.call_id}")
    path = f"/calls/{call.call_id}"
    sent = {
        May.SPEAK: (f"{path}/speak-again", {}),
        May.REDRIVE: (f"{path}/redrive", {}),
        May.ERASE: (f"{path}/erase", {"confirm": call.call_id[:8]}),
        May.RAW: (f"{path}/raw", {"reason": "민원 1234 확인"}),
        May.CORRECT: (f"{path}/summary", {"text": "보험금 청구"}),
    }
    for deed, (action, fields) in sent.items():
        allowed = deed in _TABLE[role]
        person.send(page, action, (200 if deed is May.RAW else 303) if allowed else 403, **fields)
    for deed, where in {May.REVIEW: "/review", May.AUDIT: "/audit", May.MONEY: "/money"}.items():
        person.see(where, 200 if deed in _TABLE[role] else 403)
    assert {name.partition("/")[0] for name, _ in world.started.runs} == {
        {May.SPEAK: "speak-again", May.REDRIVE: "redrive", May.ERASE: "erase", May.CORRECT: "apply-edits"}[deed]
        for deed in _TABLE[role] & {May.SPEAK, May.REDRIVE, May.ERASE, May.CORRECT}
    }
    assert all(given["requested_by"] == role.value for _, given in world.started.runs)


def test_a_form_without_this_sessions_token_does_nothing(world: World) -> None:
    call = world.put()
    one, other = world.client(Role.LEAD), world.client(Role.LEAD, Role.ML)
    foreign = other.see(f"/calls/{call.call_id}")
    one.send(foreign, f"/calls/{call.call_id}/summary", 403, text="다른 요약")
    one.send("", f"/calls/{call.call_id}/speak-again", 403)
    assert (world.started.runs, world.store.keys(StorageKeys.EDITS)) == ([], [])


def test_numbers_are_masked_for_everybody_also_where_the_settings_mask_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_MASK_PERSONAL_DATA", "false")
    call = world.put()
    for role in Role:
        page = world.client(role).see(f"/calls/{call.call_id}")
        assert "1234-5678" not in page
        assert "[전화번호]" in page


def test_raw_words_need_a_reason_and_every_look_is_written_before_it_is_shown(world: World) -> None:
    call = world.put()
    person = world.client(Role.LEAD)
    page = person.see(f"/calls/{call.call_id}")
    refused = person.send(page, f"/calls/{call.call_id}/raw", 422, reason="   ")
    assert "1234-5678" not in refused
    assert world.store.keys(StorageKeys.LOOKS) == []
    raw = person.send(page, f"/calls/{call.call_id}/raw", 200, reason="민원 1234 <b>확인</b>")
    assert "010-1234-5678" in raw
    (key,) = world.store.keys(StorageKeys.LOOKS)
    look = json.loads(world.store.get(key).body)
    assert (look["by"], look["call_id"], look["reason"]) == ("lead", call.call_id, "민원 1234 <b>확인</b>")
    assert "5678" not in json.dumps(look)
    audit = world.client(Role.COMPLIANCE).see("/audit")
    assert "민원 1234 &lt;b&gt;확인&lt;/b&gt;" in audit


def test_a_look_that_cannot_be_written_is_not_had(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    call = world.put()
    person = world.client(Role.LEAD)
    page = person.see(f"/calls/{call.call_id}")
    world.started.away = True
    monkeypatch.setattr(world.console.looks, "add", lambda look: world.started("audit", {}))
    assert "1234-5678" not in person.send(page, f"/calls/{call.call_id}/raw", 503, reason="민원 1234 확인")


def test_raw_sound_is_for_who_gave_a_reason_for_this_call(world: World) -> None:
    call, other = world.put("c-1"), world.put("c-2")
    person = world.client(Role.LEAD)
    masked = person.browser.get(f"/calls/{call.call_id}/sound").content
    raw_page = person.send(person.see(f"/calls/{call.call_id}"), f"/calls/{call.call_id}/raw", 200, reason="민원 1234 확인")
    ticket = raw_page.partition("sound?ticket=")[2].partition('"')[0]
    raw = person.browser.get(f"/calls/{call.call_id}/sound?ticket={ticket}")
    assert (raw.status_code, raw.content != masked) == (200, True)
    assert person.browser.get(f"/calls/{other.call_id}/sound?ticket={ticket}").status_code == 403
    assert world.client(Role.AGENT).browser.get(f"/calls/{call.call_id}/sound?ticket={ticket}").status_code == 403


def test_a_browser_seeks_by_asking_for_a_part_of_the_sound(world: World) -> None:
    call = world.put()
    browser = world.client(Role.AGENT).browser
    whole = browser.get(f"/calls/{call.call_id}/sound")
    part = browser.get(f"/calls/{call.call_id}/sound", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"


def test_the_page_shows_where_each_phrase_was_said_and_links_to_the_run(world: World) -> None:
    call = world.put()
    page = world.client(Role.AGENT).see(f"/calls/{call.call_id}")
    assert "<mark>진단비를 청구하고</mark>" in page
    assert 'data-at="2.0"' in page
    assert "http://prefect.test/runs/flow-run/run" in page
    assert page.count('<path class="band') == 2


def test_hostile_words_in_every_field_stay_words(world: World) -> None:
    act = PersonsAct(deed=Deed.CONFIRMED, at=datetime.now(UTC), by=HOSTILE)
    summary = Summary(text=HOSTILE, model=HOSTILE, version=HOSTILE, confidence=0.5)
    contact = ContactFacts(number=HOSTILE, agent=HOSTILE, queue=HOSTILE)
    call = world.put("c-1", [HOSTILE, HOSTILE], summary=summary, history=[act], contact=contact)
    person = world.client(Role.LEAD)
    pages = [person.see("/"), person.see(f"/calls/{call.call_id}"), person.see("/review")]
    pages.append(person.browser.get("/", params={"words": HOSTILE, "model": HOSTILE, "since": HOSTILE, "digits": HOSTILE}).text)
    pages.append(person.send(pages[1], f"/calls/{call.call_id}/raw", 200, reason=HOSTILE))
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "{{ 7*7 }}" in html.unescape(page)


def test_calls_are_found_by_words_digits_and_state_and_the_rest_follows_on_demand(world: World) -> None:
    one = world.put("c-1")
    other = world.put("c-2", ["보험을 해지해 주세요"], summary=Summary(text="자동차보험 해지", model="reader", version="2"))
    person = world.client(Role.AGENT)
    found = person.browser.get("/", params={"words": "해지"}).text
    assert (other.call_id in found, one.call_id in found) == (True, False)
    assert "조건에 맞는 통화가 없습니다" in person.browser.get("/", params={"digits": "9999"}).text
    world.index.write_all(
        [
            ListedCall(
                call_id=f"{n:032x}",
                started_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n),
                updated_at=datetime.now(UTC),
                outcome="read_back",
            )
            for n in range(60)
        ]
    )
    first = person.see("/")
    onward = html.unescape(first.partition('hx-get="')[2].partition('"')[0])
    rest = person.browser.get(onward, headers={"HX-Request": "true"}).text
    assert (first.count("<tr>"), rest.count("<tr>"), "<html" in rest) == (51, 12, False)


def test_emotion_danger_and_to_dos_are_told_in_the_list_and_on_the_page_and_call_for_a_look(world: World) -> None:
    felt = CallEmotion(label="억울한", curve=(Felt(utterance=1, label="억울한", likelihood=0.9, mood=-0.8),))
    sign = DangerSign(kind=Danger.VOICE_PHISHING, utterance=1, likelihood=0.9)
    todo = Action(what="010-1234-5678로 전화", who=Who.OTHER_DESK, utterance=2, due=Due(said="내일까지"), desk="심사팀")
    call = world.put(signals=CallSignals(emotion=felt, danger=CallDanger(signs=(sign,)), actions=(todo,)))
    other = world.put("c-2")
    person = world.client(Role.LEAD)
    for path in ("/", f"/calls/{call.call_id}", "/review"):
        assert DANGER_LABELS[Danger.VOICE_PHISHING] in person.see(path)
    found = person.browser.get("/", params={"emotion": "억울한", "danger": "any"}).text
    assert (call.call_id in found, other.call_id in found) == (True, False)
    page = person.see(f"/calls/{call.call_id}")
    assert '<polyline points="0,72"/>' in page
    assert "[전화번호]로 전화 <small>심사팀 · 내일까지</small>" in page


def test_a_corrected_summary_is_kept_started_in_the_persons_name_and_shown_at_once_with_the_difference(world: World) -> None:
    call = world.put()
    person = world.client(Role.AGENT)
    person.send(person.see(f"/calls/{call.call_id}"), f"/calls/{call.call_id}/summary", text="암 진단비 청구 서류 문의")
    assert world.started.runs == [("apply-edits/apply-edits", {"call_id": call.call_id, "requested_by": "agent"})]
    page = person.see(f"/calls/{call.call_id}?done=apply-edits")
    assert "<h1>암 진단비 청구 서류 문의</h1>" in page
    assert "<ins>서류 문의</ins>" in page
    assert "반영하는 중" in page
    record, applied, _ = apply_all(call.call_id, "run-9", records=world.console.records, edits=Edits(world.store))
    assert (applied, record.told, record.review.verdict, record.history[-1].by) == (1, "암 진단비 청구 서류 문의", Verdict.WRONG, "agent")
    assert record.summary is not None
    assert record.summary.text == "암 진단비 청구"
    assert apply_all(call.call_id, "run-9", records=world.console.records, edits=Edits(world.store))[1] == 0
    assert person.browser.get(f"/calls/{call.call_id}/pending").headers["hx-refresh"] == "true"


def test_of_two_who_correct_a_call_at_once_the_second_is_told_and_keeps_what_was_written(world: World) -> None:
    call = world.put()
    one, other = world.client(Role.AGENT), world.client(Role.LEAD)
    seen = [person.see(f"/calls/{call.call_id}") for person in (one, other)]
    one.send(seen[0], f"/calls/{call.call_id}/summary", text="첫째의 요약")
    told = other.send(seen[1], f"/calls/{call.call_id}/summary", 409, text="둘째의 요약")
    assert "그사이 다른 사람이" in told
    assert "둘째의 요약" in told
    assert "<h1>첫째의 요약</h1>" in told
    assert len(world.started.runs) == 1
    other.send(told, f"/calls/{call.call_id}/summary", text="둘째의 요약")
    record, applied, _ = apply_all(call.call_id, "run", records=world.console.records, edits=Edits(world.store))
    assert (applied, record.told) == (2, "둘째의 요약")


def test_a_word_is_corrected_in_the_masked_line_and_the_number_beside_it_stays(world: World) -> None:
    call = world.put()
    person = world.client(Role.AGENT)
    page = person.see(f"/calls/{call.call_id}")
    line = "암 진단금을 청구하고 싶어요 제 번호는 [전화번호]이에요"
    person.send(page, f"/calls/{call.call_id}/word", utterance="1", line=line)
    record, *_ = apply_all(call.call_id, "run", records=world.console.records, edits=Edits(world.store))
    (word,) = record.correction.changes
    assert (word.before, word.after) == ("진단비를", "진단금을")
    after = person.see(f"/calls/{call.call_id}")
    assert "<del>진단비를</del> <ins>진단금을</ins>" in after
    assert "1234-5678" not in after
    changed = line.replace("[전화번호]", "010-9999-9999")
    assert "가려진 번호" in person.send(after, f"/calls/{call.call_id}/word", 422, utterance="1", line=changed)
    assert "없는 발화" in person.send(after, f"/calls/{call.call_id}/word", 422, utterance="99", line="말")


def test_a_correction_while_prefect_is_away_is_kept_and_the_person_is_told(world: World) -> None:
    call = world.put()
    person = world.client(Role.AGENT)
    world.started.away = True
    told = person.send(person.see(f"/calls/{call.call_id}"), f"/calls/{call.call_id}/verdict", 503, verdict="right")
    assert "Prefect 서버가 응답하지 않아" in told
    record, *_ = apply_all(call.call_id, "run", records=world.console.records, edits=Edits(world.store))
    assert record.review.verdict is Verdict.RIGHT
    assert "지금은 시작할 수 없음" in person.send(told, f"/calls/{call.call_id}/speak-again", 503)


def test_an_erasure_wants_the_calls_digits_typed(world: World) -> None:
    call = world.put()
    person = world.client(Role.COMPLIANCE)
    page = person.see(f"/calls/{call.call_id}")
    person.send(page, f"/calls/{call.call_id}/erase", 422, confirm="")
    person.send(page, f"/calls/{call.call_id}/erase", confirm=call.call_id[:8])
    assert world.started.runs == [("erase/erase", {"call_id": call.call_id, "requested_by": "compliance"})]


def test_without_postgresql_the_list_says_so_and_a_call_still_opens(world: World) -> None:
    call = world.put()
    world.client(Role.AGENT)
    away = CallIndex(Postgres("postgresql://nobody@127.0.0.1:1/none", timeout_seconds=1))
    for index, words in ((away, "통화 목록을 열 수 없음"), (None, "통화 목록이 없음")):
        world.console.index = index
        person = world.client(Role.AGENT)
        assert words in person.see("/", 503)
        assert "암 진단비 청구" in person.see(f"/calls/{call.call_id}")


def test_a_damaged_record_is_told_in_korean_and_hides_no_other_call(world: World) -> None:
    call = world.put()
    world.store.put(StorageKeys.call_record("a" * 32), b'{"call_id": 7}')
    person = world.client(Role.AGENT)
    assert "통화 기록을 읽을 수 없음" in person.see(f"/calls/{'a' * 32}", 500)
    assert "없는 통화입니다" in person.see(f"/calls/{'b' * 32}", 404)
    assert "없는 통화입니다" in person.see("/calls/secrets", 404)
    assert call.call_id in person.see("/")


def test_a_call_whose_recording_is_gone_or_that_failed_is_shown_as_far_as_it_came(world: World) -> None:
    failure = Failure(error="no_speech", reason="r", step="transcribe", at=datetime.now(UTC))
    call = world.put("c-1", [], outcome=Outcome.QUARANTINED, failure=failure, summary=None, prompt=None, transcription=Transcription())
    record = CallRecord.model_validate_json(world.store.get(StorageKeys.call_record(call.call_id)).body)
    world.store.delete(record.recording.key)
    page = world.client(Role.LEAD).see(f"/calls/{call.call_id}")
    assert "격리됨" in page
    assert "재처리" in page
    assert "녹취는 들려드릴 수 없습니다" in page


def test_the_review_queue_holds_the_doubtful_and_a_sample_and_the_rate_comes_from_the_sample_alone(world: World) -> None:
    sure = [world.put(f"c-{n}") for n in range(20)]
    own = world.put("c-own", summary=Summary(text="말한 그대로", model="reader", version="1", kind=Kind.OWN_WORDS, confidence=0.9))
    world.console.sample_percent = 0
    person = world.client(Role.ML)
    page = person.see("/review")
    assert (own.call_id in page, any(call.call_id in page for call in sure)) == (True, False)
    world.console.sample_percent = 100
    edits = Edits(world.store)
    for n, call in enumerate([*sure, own]):
        edits.add(Edit.now(call.call_id, 1, EditKind.WRONG if n == 0 or call is own else EditKind.CONFIRM, "ml"))
        record, *_ = apply_all(call.call_id, "run", records=world.console.records, edits=edits)
        world.index.write(ListedCall.of(record))
    page = person.see("/review")
    assert "검토할 통화가 없습니다" in page
    assert "5.0% (0.9–23.6%)" in page
    assert '<td data-name="판정함">20</td>' in page


def test_who_has_signed_on_is_nobody_while_the_users_file_cannot_be_read(world: World) -> None:
    person = world.client(Role.AGENT)
    world.users.write_text("[{]")
    assert "설정 오류" in person.see("/", 503)


def test_too_long_a_form_is_refused(world: World) -> None:
    call = world.put()
    person = world.client(Role.AGENT)
    person.send(person.see(f"/calls/{call.call_id}"), f"/calls/{call.call_id}/summary", 413, text="가" * 30_000)


def test_every_state_deed_and_role_has_its_korean() -> None:
    assert (set(OUTCOMES), set(DEEDS), set(ROLES)) == (set(Outcome), set(Deed), set(Role))


def test_pages_never_write_to_the_list(world: World) -> None:
    world.put()
    before = world.index.listed()
    person = world.client(Role.LEAD)
    person.see("/")
    assert world.index.listed() == before
    assert len(world.index.find(Wanted())) == 1


def test_an_app_is_made_without_reaching_for_anything(world: World) -> None:
    create_app(world.console)
    assert world.store.keys(StorageKeys.EDITS) == []


A_PRICE = Price("returnzero", "stt_seconds", date(2026, 1, 1), 1000, "KRW", 3600, 0, each_channel=False, source="told by a contract")


def test_what_calls_cost_is_shown_by_day_vendor_and_model(world: World) -> None:
    yesterday = day_in_korea(datetime.now(UTC)) - timedelta(days=1)
    for back, won in ((0, 100.0), (1, 40.0), (40, 9_999.0)):
        spent = [
            Spent("returnzero", Unit.STT_SECONDS, "sommers", 360, won, 0, 0, 0),
            Spent("google-tts/wavenet", Unit.TTS_CHARACTERS, "", 900, 20.0, 0, 5.0, 0),
        ]
        money = DayMoney(day=yesterday - timedelta(days=back), read_back=2, spent=spent, by_model={"v2": ModelCost(2, won + 20)})
        keep_money(world.store, money)
    world.console.prices = Prices([A_PRICE, replace(A_PRICE, provider="google-tts/wavenet", unit="tts_characters", checked=yesterday)])
    page = world.client(Role.ADMIN).see("/money")
    assert "모두 180원" in page
    unconfirmed = '<span class="tag unsure">미확인</span>'
    assert f'<td class="figure" data-name="원">{unconfirmed} 140.0</td>' in page
    assert '<td class="figure" data-name="원">40.0</td>' in page
    assert '<td data-name="출처"><small>told by a contract</small></td>' in page
    assert f'<td data-name="확인">{unconfirmed}</td>' in page
    assert f'<td data-name="확인">{yesterday}</td>' in page
    assert '<td class="figure" data-name="응답 없음">10.0</td>' in page
    assert '<td class="figure" data-name="통화당 원">45.0</td>' in page
    assert '<td class="figure" data-name="합계">120</td>' in page
    assert "9,999" not in page
