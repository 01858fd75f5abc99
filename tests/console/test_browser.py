"""The console in a real browser: found, heard from the second that matters, corrected by keyboard, on a wide and a narrow screen."""

from collections.abc import Iterator

import pytest

from console.roles import Role
from models.call.caller_said import ContactFacts
from models.call.record import Summary
from stores.edits import Edits
from tasks.operations.edits import apply_all
from tests.console.browser import CHROMIUM, NAMELESS, PALE, Browser, chromium
from tests.console.conftest import PASSWORD, World, sign_on

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
    call = world.put("c-1", [long, "제 번호는 010-1234-5678이에요", long])
    sign_on(browser, address, Role.LEAD, size)
    for path in ("/", f"/calls/{call.call_id}", "/review", "/audit", "/login", "/none"):
        browser.open(f"{address}{path}")
        assert browser.js("document.documentElement.scrollWidth") <= size[0], path
        assert browser.js(PALE) == [], path
        assert browser.js(NAMELESS) == [], path


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
