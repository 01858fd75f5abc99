"""The console in a real browser: found, heard from the second that matters, corrected by keyboard, on a wide and a narrow screen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from console.app import create_app
from console.roles import Role
from console.users import User, save
from models.answers.told import NotHeld
from models.asking.by_words import citation
from models.asking.findings import Finding, Findings
from models.asking.said import read_call
from models.call.caller_said import ContactFacts
from models.call.ended import ModelCost
from models.call.korea import day_in_korea
from models.call.ledger import Charge, Payment, Spent, Unit
from models.call.record import Summary
from models.call.spending import DayMoney
from sandbox.processes import free_port
from stores.asked import Asked
from stores.edits import Edits
from stores.money import keep_money
from tasks.operations.edits import apply_all
from tests.console.browser import CHROMIUM, NAMELESS, PALE, Browser, chromium
from tests.console.conftest import HASH, PASSWORD, World, console_on, sign_on
from tests.console.provider import PASSWORD as OF_EVERYBODY
from tests.console.provider import oidc_of, serving
from tests.console.test_answers_page import HELD, PLACE
from tests.console.test_ask import answer_to

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")]


@pytest.fixture
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("browser")) as driven:
        yield driven


def test_a_call_is_found_by_a_word_and_heard_from_the_utterance_that_is_clicked(world: World, address: str, browser: Browser) -> None:
    world.put("c-other", ["보험을 해지해 주세요"], summary=Summary(text="보험 해지", model="reader", version="1"))
    world.put()
    sign_on(browser, address, Role.AGENT)
    browser.submit("form.filters", words="진단비")
    assert browser.js("document.querySelectorAll('tbody tr').length") == 1
    browser.js("window.leaving = true; document.querySelector('tbody a').click()")
    browser.until("!window.leaving && document.getElementById('player') && document.getElementById('player').duration > 7")
    browser.js("document.querySelectorAll('.talk .jump')[1].click()")
    browser.until("document.querySelector('.talk li[aria-current]')?.innerText.includes('진단비')")
    assert browser.js("document.getElementById('player').currentTime") >= 2.0
    wave = "(() => { const b = document.getElementById('wave').getBoundingClientRect(); return [b.left + b.width * 0.6, b.top + 10]; })()"
    x, y = browser.js(wave)
    for kind in ("mousePressed", "mouseReleased"):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    browser.until("document.getElementById('player').currentTime >= 4.7")
    browser.until("Number(document.getElementById('head').getAttribute('x1')) > 500")
    assert browser.problems == []


def test_a_summary_is_corrected_and_the_page_says_when_it_is_in_the_record(world: World, address: str, browser: Browser) -> None:
    call = world.put()
    sign_on(browser, address, Role.LEAD)
    browser.open(f"{address}/calls/{call.call_id}")
    browser.submit("form[action$='/summary']", text="암 진단비 청구 서류 문의")
    assert "반영하는 중" in browser.text()
    assert browser.js("document.querySelector('ins').innerText") == "서류 문의"
    apply_all(call.call_id, "run-1", records=world.console.records, edits=Edits(world.store))
    browser.until("!document.body.innerText.includes('반영하는 중') && document.body.innerText.includes('요약 수정 lead')")
    assert browser.problems == []


def test_the_keyboard_alone_signs_on_and_skips_to_what_matters(world: World, address: str, browser: Browser) -> None:
    call = world.put()
    browser.open(f"{address}/login")
    browser.call("Input.insertText", text="agent")
    browser.key("Tab")
    browser.call("Input.insertText", text=PASSWORD)
    browser.js("window.leaving = true")
    browser.key("Enter")
    browser.until("!window.leaving && location.pathname === '/'")
    browser.open(f"{address}/calls/{call.call_id}")
    browser.key("Tab")
    assert browser.js("document.activeElement.innerText") == "본문으로 건너뛰기"
    browser.key("Enter")
    browser.until("document.activeElement.id === 'main'")
    browser.key("Tab")
    assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_pages_fit_the_screen_can_be_read_and_every_control_has_a_name(
    world: World, address: str, browser: Browser, size: tuple[int, int]
) -> None:
    long = "아" * 120 + " https://example.com/" + "x" * 120
    ledger = [Charge(provider="x" * 60, unit=Unit.STT_SECONDS, amount=8, won=2.5, day=date(2026, 11, 20), payment=Payment.LOST)]
    call = world.put("c-1", [long, "제 번호는 010-1234-5678이에요", long], ledger=ledger)
    question = answer_to(world, long, said=long, silent=1, erased=1)
    save(world.users, {"lead": User(name="lead", roles=[Role.LEAD, Role.COMPLIANCE], password=HASH)})
    sign_on(browser, address, Role.LEAD, size)
    spent = [Spent("x" * 60, Unit.STT_SECONDS, "y" * 60, 9e7, 9e7, 9e6, 9e6, 3)]
    day = DayMoney(
        day=day_in_korea(datetime.now(UTC)) - timedelta(days=1), read_back=9, spent=spent, by_model={"y" * 60: ModelCost(9, 9e7)}
    )
    keep_money(world.store, day)  # type: ignore[arg-type]
    cost = "cost of a question"
    for path in ("/", f"/calls/{call.call_id}", "/review", "/audit", "/money", "/ask", f"/ask/{question.ask_id}", cost, "/login", "/none"):
        if path == cost:
            browser.open(f"{address}/ask")
            browser.submit("main form", question="해지 사유")
        else:
            browser.open(f"{address}{path}")
        assert browser.js("document.documentElement.scrollWidth") <= size[0], path
        assert browser.js(PALE) == [], path
        assert browser.js(NAMELESS) == [], path


def test_a_question_tells_its_cost_waits_for_its_answer_and_leads_to_the_second(world: World, address: str, browser: Browser) -> None:
    call = world.put("c-1", ["네 고객님", "해지하려고요", "이유가 있으세요", "보험료가 비싸서요"])
    sign_on(browser, address, Role.LEAD)
    browser.open(f"{address}/ask")
    browser.submit("main form", question="해지 사유")
    assert "0원" in browser.text()
    browser.submit("main form.buttons")
    browser.until("document.body.innerText.includes('통화를 읽고 있습니다')")
    asked = Asked(world.store)  # type: ignore[arg-type]
    (name, given) = world.started.runs[-1]
    assert name == "ask-calls/ask-calls"
    finding = Finding(text="", call_ids=(call.call_id,), citations=(citation(read_call(call).lines[3]),))
    asked.keep(Findings(ask_id=given["ask_id"], at=datetime.now(UTC), findings=(finding,), won=0.0))
    browser.until("document.body.innerText.includes('보험료가 비싸서요')")
    browser.js("window.leaving = true; document.querySelector('.quotes a').click()")
    browser.until("!window.leaving && document.getElementById('player')?.currentTime >= 5.9")
    browser.until("document.querySelector('.talk li[aria-current]')?.innerText.includes('비싸서요')")
    assert browser.problems == []


def test_people_sign_on_by_their_company_and_out_of_both(world: World, browser: Browser) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    with serving(here) as provider:
        world.console.secure = False
        console = replace(world.console, oidc=oidc_of(provider, here))
        with console_on(create_app(console), port):
            browser.size(1280, 900)
            browser.open(f"{here}/review")
            browser.js("window.leaving = true; document.querySelector('a.button').click()")
            browser.until("!window.leaving && !!document.querySelector('input[type=password]')")
            browser.submit("form", username="lead", password=OF_EVERYBODY)
            browser.until("location.pathname === '/review' && document.querySelector('.who')?.innerText.includes('lead')")
            browser.js("window.leaving = true; document.querySelector('.who button').click()")
            browser.until("!window.leaving && location.pathname === '/login'")
            assert provider.signed_on == {}
            browser.open(f"{here}/")
            assert browser.js("location.pathname") == "/login"
    assert browser.problems == []


@pytest.fixture
def documents(world: World) -> None:
    """What the console answers from, before it is started."""
    world.console.documents = lambda question: HELD if "견인" in question else NotHeld(confidence=0.1, nearest=(PLACE,))


@pytest.mark.usefixtures("documents")
def test_a_question_is_answered_by_a_quote_or_refused_on_a_wide_and_a_narrow_screen(world: World, address: str, browser: Browser) -> None:
    sign_on(browser, address, Role.AGENT)
    for width, question, told in (
        (1280, "견인은 몇 킬로까지예요?", "10km까지 <무료>로 견인합니다."),
        (390, "펫보험 있나요?", "찾지 못했습니다"),
    ):
        browser.size(width, 844)
        browser.open(f"{address}/answers")
        assert browser.js("document.activeElement.name") == "question"
        browser.submit("form[action='/answers']", question=question)
        assert told in browser.text()
        assert "<b>약관</b>(2026-01-02), 제1조 (견인), 9행" in browser.text()
        assert browser.js("document.querySelector('textarea').value") == question
        assert browser.js("document.documentElement.scrollWidth") <= width
        assert browser.js(PALE) == []
        assert browser.js(NAMELESS) == []
    assert browser.problems == []


def test_hostile_words_run_nothing(world: World, address: str, browser: Browser) -> None:
    hostile = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    call = world.put(
        "c-1", [hostile], summary=Summary(text=hostile, model=hostile, version="1", confidence=0.4), contact=ContactFacts(number=hostile)
    )
    sign_on(browser, address, Role.LEAD)
    for path in ("/", f"/calls/{call.call_id}", "/review"):
        browser.open(f"{address}{path}")
        assert browser.js("window.hit") is None
        assert "onerror" in browser.text()
    assert browser.problems == []
