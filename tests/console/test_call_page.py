"""What the page of a call tells beside its words: cost, seconds, who did what, a stale summary, hints; and how calls are chosen."""

from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient

from console.app import create_app
from console.limits import Pace
from console.roles import Role
from models.call.caller_said import Answer, CallersAnswer, ContactFacts
from models.call.editing import Edit, EditKind
from models.call.ledger import Charge, Payment, Unit
from models.call.record import Outcome, Summary
from models.signals.labels import DANGER_LABELS, Danger
from models.signals.told import CallDanger, CallSignals, DangerSign
from models.summarizer.outcome import Evidence, Kind
from stores.edits import Edits
from tasks.operations.edits import apply_all
from tests.console.conftest import World

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


def test_the_cost_is_told_by_vendor_with_what_was_paid_again_or_has_no_price(world: World) -> None:
    ledger = [
        Charge(provider="returnzero", unit=Unit.STT_SECONDS, amount=8, won=2.5, day=DAY),
        Charge(provider="returnzero", unit=Unit.STT_SECONDS, amount=8, won=2.5, day=DAY, payment=Payment.LOST),
        Charge(provider="google-tts/wavenet", unit=Unit.TTS_CHARACTERS, amount=21, won=0.4, day=DAY),
        Charge(provider="language-model", unit=Unit.PROMPT_TOKENS, amount=900, won=None, day=DAY),
    ]
    call = world.put(ledger=ledger, step_seconds={"transcribe": 3.25, "summarize": 0.5})
    page = world.client(Role.AGENT).see(f"/calls/{call.call_id}")
    assert "<td>returnzero</td><td>음성 인식 (초) 16 <small>답 없이 청구될 수 있음 2.5원</small></td>" in page
    assert "단가 모름" in page
    assert '<th scope="row" colspan="2">모두</th><td class="figure">5.4원</td>' in page
    assert '<th scope="row">모두</th><td class="figure">3.75</td>' in page


def test_the_history_tells_what_the_product_the_caller_and_people_did_and_wrote_masked(world: World) -> None:
    call = world.put(ended_at=AT, answer=CallersAnswer(answer=Answer.WRONG, at=AT.replace(hour=3)))
    edits = Edits(world.store)  # type: ignore[arg-type]
    edits.add(Edit.now(call.call_id, 1, EditKind.SUMMARY, "김상담", text="010-1234-5678로 암 진단비 청구"))
    person = world.client(Role.LEAD)
    for applied in (False, True):
        if applied:
            apply_all(call.call_id, "run-9", records=world.console.records, edits=edits)
        page = person.see(f"/calls/{call.call_id}")
        for told in (
            "처리 시작",
            "처리 끝: 완료",
            "아님(2) <small>고객</small>",
            "요약 수정 <small>김상담</small> “[전화번호]로 암 진단비 청구”",
        ):
            assert told in page, (told, applied)
        assert "1234-5678" not in page
    assert "runs/flow-run/run-9" in page


def test_a_summary_whose_words_were_corrected_is_stale_and_can_be_made_anew(world: World) -> None:
    call = world.put()
    person = world.client(Role.AGENT)
    line = "암 진단금을 청구하고 싶어요 제 번호는 [전화번호]이에요"
    person.send(person.see(f"/calls/{call.call_id}"), f"/calls/{call.call_id}/word", utterance="1", line=line)
    page = person.see(f"/calls/{call.call_id}")
    assert "다시 만들지 않은 요약입니다" in page
    person.send(page, f"/calls/{call.call_id}/again")
    assert world.started.runs[-1] == ("correct-call/correct-call", {"call_id": call.call_id, "again": True, "requested_by": "agent"})
    other = world.put("c-2", summary=Summary(text="x", model="m", version="1", evidence=[Evidence("네", 2)]))
    assert "다시 만들지 않은" not in person.see(f"/calls/{other.call_id}")


def test_names_and_addresses_are_hints_that_hide_nothing_and_insurance_words_are_none(world: World) -> None:
    said = ["상해보험 수술비 약관이요", "서울시 강남구 테헤란로 152로 보내 주세요", "예금주 성명: 김도윤"]
    call = world.put("c-1", said)
    page = world.client(Role.AGENT).see(f"/calls/{call.call_id}")
    assert 'title="주소로 보임">서울시 강남구 테헤란로 152<' in page
    assert 'title="이름으로 보임">김도윤<' in page
    assert page.count('class="hint" title=') == 2
    plain = world.put("c-2", said[:1])
    assert 'class="hint"' not in world.client(Role.AGENT).see(f"/calls/{plain.call_id}")


def test_calls_are_chosen_by_agent_queue_product_grade_and_sign_of_danger(world: World) -> None:
    sign = DangerSign(kind=Danger.THREAT, utterance=1, likelihood=0.9)
    one = world.put("c-1", contact=ContactFacts(agent="kim", queue="청구"), signals=CallSignals(danger=CallDanger(signs=(sign,))))
    told = Summary(text="자동차보험 해지", model="reader", version="1", confidence=0.5)
    other = world.put("c-2", summary=told, contact=ContactFacts(agent="lee", queue="해지"))
    own = world.put("c-3", summary=told.model_copy(update={"kind": Kind.OWN_WORDS}), outcome=Outcome.READ_BACK)
    person = world.client(Role.AGENT)
    page = person.see("/")
    for offered in ("kim", "해지", "자동차보험", "확신 낮음", DANGER_LABELS[Danger.THREAT]):
        assert f">{offered}</option>" in page
    for asked, found in (
        ({"agent": "kim"}, [one]),
        ({"queue": "해지"}, [other]),
        ({"product": "자동차보험"}, [other, own]),
        ({"grade": "unsure"}, [other]),
        ({"grade": "own_words"}, [own]),
        ({"grade": "sure"}, [one]),
        ({"danger": DANGER_LABELS[Danger.THREAT]}, [one]),
        ({"danger": DANGER_LABELS[Danger.VOICE_PHISHING]}, []),
    ):
        answer = person.browser.get("/", params=asked).text
        calls = {call.call_id for call in (one, other, own) if f"/calls/{call.call_id}" in answer}
        assert calls == {call.call_id for call in found}, asked


@pytest.mark.parametrize("signed_on", [True, False])
def test_who_asks_faster_than_a_person_is_told_to_wait_and_others_are_not(world: World, signed_on: bool) -> None:
    now = [0.0]
    world.console.pace = Pace(most=5, clock=lambda: now[0])
    browser = world.client(Role.AGENT).browser if signed_on else TestClient(create_app(world.console), base_url="https://console.test")
    path = "/" if signed_on else "/login"
    answers = [browser.get(path).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    late = browser.get(path)
    assert (late.status_code, "요청이 너무 많습니다" in late.text, int(late.headers["retry-after"]) > 0) == (429, True, True)
    assert browser.get("/static/console.css").status_code == 200
    if signed_on:
        assert world.client(Role.LEAD).browser.get("/").status_code == 200
    now[0] += 60
    assert browser.get(path).status_code == 200
