"""A question over many calls in the console: its cost first, who may ask, what the audit keeps, and the answer's quotes."""

import html
import json
from datetime import UTC, datetime, timedelta

import pytest

from console.ask_pages import AskSettings
from console.roles import _TABLE, May, Role
from models.asking.findings import Citation, Engine, Finding, Findings
from models.asking.question import Question
from models.call.record import Summary
from models.call.wanted import Wanted
from models.keys import StorageKeys
from models.summarizer.language_model import Endpoint
from stores.asked import Asked
from tests.console.conftest import Person, World
from tests.console.test_pages import HOSTILE

AT = datetime(2026, 11, 20, tzinfo=UTC)
SAID = ["해지하려고요", "네", "보험료가 비싸서요"]


def priced(person: Person, question: str = "해지 사유", status: int = 200, **chosen: str) -> str:
    return person.send(person.see("/ask"), "/ask/cost", status, question=question, **chosen)


def the_question(world: World) -> Question:
    (key,) = [key for key in world.store.keys(StorageKeys.ASKED) if key.endswith("question.json")]
    return Question.model_validate_json(world.store.get(key).body)


@pytest.mark.parametrize("role", Role)
def test_who_may_ask_is_in_the_table_and_nobody_else_starts_anything(world: World, role: Role) -> None:
    call = world.put()
    person = world.client(role)
    page = person.see(f"/calls/{call.call_id}")
    allowed = May.ASK in _TABLE[role]
    assert ('href="/ask"' in page) == allowed
    person.see("/ask", 200 if allowed else 403)
    person.send(page, "/ask/cost", 200 if allowed else 403, question="해지 사유")
    person.send(page, "/ask/start", 303 if allowed else 403, question="해지 사유", read="1")
    assert len(world.started.runs) == int(allowed)


def test_the_cost_is_told_before_anything_is_asked_and_the_question_goes_by_the_bucket(world: World) -> None:
    world.put("c-1", SAID)
    world.put("c-2", SAID, summary=Summary(text="보험 해지", model="reader", version="2", confidence=0.5))
    person = world.client(Role.LEAD)
    cost = priced(person, "해지 사유 010-1234-5678", grade="unsure")
    assert "통화</dt><dd>1건" in cost
    assert "0원" in cost
    assert world.started.runs == []
    assert world.store.keys(StorageKeys.ASKED) == world.store.keys(StorageKeys.LOOKS) == []
    answer = person.send(cost, "/ask/start", question="해지 사유 010-1234-5678", grade="unsure", read="1")
    assert answer == ""
    question = the_question(world)
    assert (question.text, question.by, question.calls, question.wanted.grade) == ("해지 사유 [전화번호]", "lead", 1, "unsure")
    assert world.started.runs == [("ask-calls/ask-calls", {"ask_id": question.ask_id, "requested_by": "lead"})]
    (key,) = world.store.keys(StorageKeys.LOOKS)
    look = json.loads(world.store.get(key).body)
    assert (look["by"], look["ask_id"], look["reason"], look["call_id"]) == ("lead", question.ask_id, "해지 사유 [전화번호]", "")
    audit = world.client(Role.COMPLIANCE).see("/audit")
    assert "여러 통화에 질문" in audit
    assert "해지 사유 [전화번호]" in audit


def test_a_language_models_cost_is_told_in_tokens_and_won_or_as_not_known(world: World) -> None:
    world.put("c-1", SAID)
    endpoint = Endpoint(base_url="http://127.0.0.1:1/v1", model="big", won_per_1k_prompt_tokens=5, won_per_1k_completion_tokens=20)
    world.console.ask = AskSettings(endpoint, 300)
    cost = priced(world.client(Role.LEAD))
    assert "많아야 입력" in cost
    assert "원</strong>" in cost
    world.console.ask = AskSettings(endpoint.model_copy(update={"won_per_1k_prompt_tokens": 0, "won_per_1k_completion_tokens": 0}), 300)
    assert "단가가 설정되지 않아" in priced(world.client(Role.LEAD))


def test_days_that_the_question_names_are_the_filter_unless_another_is_set(world: World) -> None:
    world.put("c-1", SAID)  # of 20 November 2026
    person = world.client(Role.LEAD)
    assert "조건에 맞는 통화가 없습니다" in priced(person, "2월 해지 사유", 422)
    cost = priced(person, "2월 해지 사유", since="2026-11-19T00:00")
    assert "1건" in cost
    assert "기간</dt>" not in cost


def test_what_changed_since_the_cost_was_told_is_told_anew(world: World) -> None:
    world.put("c-1", SAID)
    person = world.client(Role.ML)
    cost = priced(person)
    world.put("c-2", SAID)
    told = person.send(cost, "/ask/start", 409, question="해지 사유", read="1")
    assert "비용을 다시 확인하세요" in told
    assert world.started.runs == []
    person.send(told, "/ask/start", question="해지 사유", read="2")


def test_more_calls_than_one_question_reads_are_told(world: World) -> None:
    for n in range(3):
        world.put(f"c-{n}", SAID)
    world.console.ask = AskSettings(None, 2)
    assert "3건 가운데 최근 2건만 읽습니다" in priced(world.client(Role.LEAD))


@pytest.mark.parametrize("question", ["", "   ", "?!", "가" * 201])
def test_what_is_no_question_costs_nothing(world: World, question: str) -> None:
    assert "질문을 1자에서" in priced(world.client(Role.LEAD), question, 422)


def test_without_prefect_the_question_is_kept_and_its_asker_is_told(world: World) -> None:
    world.put("c-1", SAID)
    person = world.client(Role.LEAD)
    cost = priced(person)
    world.started.away = True
    assert "지금은 시작할 수 없음" in person.send(cost, "/ask/start", 503, question="해지 사유", read="1")


def answer_to(world: World, text: str, *, engine: Engine = Engine.WORDS, said: str = "보험료가 비싸서요", **more: object) -> Question:
    call = world.put("c-1", SAID)
    question = Question.now(text, Wanted(), "이팀장", 1)
    asked = Asked(world.store)  # type: ignore[arg-type]
    asked.ask(question)
    quote = Citation(call_id=call.call_id, began=AT, utterance=2, seconds=4.0, by_caller=True, text=said)
    finding = Finding(text=said, call_ids=(call.call_id,), citations=(quote,))
    values = {"found": 3, "read": 3, "matching": 2, "silent": 1, "won": 12.5, "run": "run-7"} | more
    asked.keep(Findings(ask_id=question.ask_id, at=AT, engine=engine, findings=(finding,), **values))  # type: ignore[arg-type]
    return question


def test_an_answer_quotes_its_calls_by_the_second_and_says_how_it_was_made(world: World) -> None:
    question = answer_to(world, "해지 사유", terms=("해지",), reasons=True)
    person = world.client(Role.LEAD)
    page = person.see(f"/ask/{question.ask_id}")
    assert "?at=4.0" in page
    assert "뜻을 읽고 쓴 답이 아니니" in page
    assert "답이 될 말이 없는 통화가 1건" in page
    assert "http://prefect.test/runs/flow-run/run-7" in page
    assert "해지 사유" in person.see("/ask")


def test_a_models_answer_says_what_was_left_out_and_a_failure_says_why(world: World) -> None:
    question = answer_to(world, "해지 사유", engine=Engine.MODEL, model="big", unfounded=3, erased=2)
    person = world.client(Role.LEAD)
    page = person.see(f"/ask/{question.ask_id}")
    assert "근거가 없는 문장 3개는 뺐습니다" in page
    assert "지워진 통화 2건의 말은" in page
    failed = Question.now("다른 질문", Wanted(), "이팀장", 1)
    asked = Asked(world.store)  # type: ignore[arg-type]
    asked.ask(failed)
    asked.keep(Findings(ask_id=failed.ask_id, at=AT, failed="quota_exhausted"))
    assert 'role="alert"' in person.see(f"/ask/{failed.ask_id}")


def test_a_question_under_way_is_waited_for_and_one_that_never_began_is_told(world: World) -> None:
    asked = Asked(world.store)  # type: ignore[arg-type]
    fresh = Question.now("해지 사유", Wanted(), "이팀장", 1)
    old = Question.now("옛 질문", Wanted(), "이팀장", 1).model_copy(update={"at": datetime.now(UTC) - timedelta(hours=1)})
    for question in (fresh, old):
        asked.ask(question)
    person = world.client(Role.LEAD)
    assert "hx-get" in person.see(f"/ask/{fresh.ask_id}")
    assert "오래 걸리고 있습니다" in person.see(f"/ask/{old.ask_id}")
    waiting = person.browser.get(f"/ask/{fresh.ask_id}", headers={"HX-Request": "true"})
    assert "통화를 읽고 있습니다" in waiting.text
    asked.keep(Findings(ask_id=fresh.ask_id, at=AT))
    done = person.browser.get(f"/ask/{fresh.ask_id}", headers={"HX-Request": "true"})
    assert done.headers["hx-refresh"] == "true"
    assert "답이 될 말을 찾지 못했습니다" in person.see(f"/ask/{fresh.ask_id}")
    for strange in ("20261129T190000-0123456789ab", "x", "..%2F..%2Fcalls"):
        person.see(f"/ask/{strange}", 404)


def test_hostile_words_in_a_question_and_its_answer_stay_words(world: World) -> None:
    question = answer_to(world, HOSTILE, said=HOSTILE, model=HOSTILE, engine=Engine.MODEL, terms=(HOSTILE,))
    person = world.client(Role.LEAD)
    for page in (person.see("/ask"), person.see(f"/ask/{question.ask_id}"), priced(person, HOSTILE)):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "{{ 7*7 }}" in html.unescape(page)


def test_without_a_list_nothing_can_be_asked_and_the_page_says_so(world: World) -> None:
    person = world.client(Role.LEAD)
    world.console.index = None
    assert "통화 목록이 없음" in person.see("/ask", 503)
