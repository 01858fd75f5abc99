"""The chat in a real browser: by text, by voice from a WAV that plays into the microphone, by keyboard, on a wide and a narrow screen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from console import chat_room
from console.roles import Role
from models.chat.conversation import Chat
from models.chat.replying import NOT_HELD
from models.keys import StorageKeys
from tests.console.browser import CHROMIUM, NAMELESS, PALE, Browser, chromium
from tests.console.chat_world import ASKED, PASSAGES, Voices, spoken_question, voices
from tests.console.conftest import World, sign_on

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)")]


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return spoken_question(tmp_path_factory.mktemp("question"))


@pytest.fixture(scope="module")
def vendors(question: Path) -> Iterator[Voices]:
    with voices(question.parent) as both:
        yield both


@pytest.fixture(scope="module")
def browser(question: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser into whose microphone the question is spoken, once for each time that the microphone is opened."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-audio-capture={question}%noloop"]
    with chromium(tmp_path_factory.mktemp("browser"), *flags) as driven:
        yield driven


def pick(browser: Browser, address: str, service: str) -> None:
    browser.open(f"{address}/chat")
    browser.js(f"window.leaving = true; document.querySelector('button[value=\"{service}\"]').click()")
    browser.until("!window.leaving && document.querySelector('textarea[name=words]') !== null")


def test_a_service_is_picked_a_question_asked_answered_again_and_refused(world: World, address: str, browser: Browser) -> None:
    sign_on(browser, address, Role.AGENT)
    pick(browser, address, "보험금 청구")
    browser.submit("form[action$='/ask']", words="보험금 지급이 궁금해요")
    assert PASSAGES[0][2] in browser.text()
    assert browser.js("document.activeElement.id") == "last"
    browser.submit("form[action$='/again']")
    assert PASSAGES[1][2] in browser.text()
    browser.submit("form[action$='/ask']", words="긴급출동은 몇 번인가요")
    assert browser.text().count(NOT_HELD) == 1
    assert browser.problems == []


def record(browser: Browser, seconds: int) -> None:
    """Speak for so many seconds, and send."""
    browser.js("document.getElementById('record').click()")
    browser.until(f"document.getElementById('clock').textContent === '{seconds}초'")
    browser.js("document.getElementById('record').click()")


def test_a_question_is_spoken_into_the_microphone_heard_answered_and_the_answer_is_spoken(
    world: World, address: str, browser: Browser, vendors: Voices
) -> None:
    vendors.give(world.console.chat)
    sign_on(browser, address, Role.LEAD)
    pick(browser, address, "보험금 청구")
    record(browser, 4)
    browser.until("document.querySelector('audio[data-play]') !== null", 60)
    assert ASKED in browser.text()
    assert "음성으로 물음" in browser.text()
    assert PASSAGES[0][2] in browser.text()
    browser.until("document.querySelector('audio[data-play]').currentTime > 0.2", 60)
    assert browser.js("location.search") == ""
    (key,) = world.store.keys(StorageKeys.CHATS)
    chat = Chat.model_validate_json(world.store.get(key).body)
    assert (chat.steps, [charge.unit.value for charge in chat.ledger]) == (2, ["stt_seconds", "tts_characters"])
    assert browser.problems == []


def test_a_vendor_that_is_away_is_told_and_the_same_recording_is_sent_again(
    world: World, address: str, browser: Browser, vendors: Voices
) -> None:
    vendors.give(world.console.chat)
    sign_on(browser, address, Role.LEAD)
    pick(browser, address, "보험금 청구")
    requests.post(f"{vendors.ear_url}/sandbox/faults", json={"rate": 1, "kinds": ["A0002"]}, timeout=30).raise_for_status()
    record(browser, 4)
    browser.until("!document.getElementById('resend').hidden", 60)
    assert browser.js("document.getElementById('state').textContent") == chat_room.NO_VOICE
    requests.post(f"{vendors.ear_url}/sandbox/faults", json={"rate": 0, "kinds": ["A0002"]}, timeout=30).raise_for_status()
    browser.js("document.getElementById('resend').click()")
    browser.until("document.querySelector('audio[data-play]') !== null", 60)
    assert ASKED in browser.text()


def test_without_voices_the_page_says_so_and_text_is_answered_by_keyboard_alone(world: World, address: str, browser: Browser) -> None:
    sign_on(browser, address, Role.AGENT)
    browser.open(f"{address}/chat")
    browser.js("document.querySelector('.service').focus()")
    browser.js("window.leaving = true")
    browser.key("Enter")
    browser.until("!window.leaving && document.querySelector('textarea[name=words]') !== null")
    assert chat_room.NO_VOICE in browser.text()
    assert browser.js("document.getElementById('record')") is None
    browser.js("document.querySelector('textarea[name=words]').focus()")
    browser.call("Input.insertText", text=ASKED)
    browser.key("Tab")
    browser.js("window.leaving = true")
    browser.key("Enter")
    browser.until("!window.leaving && document.querySelector('.answer') !== null")
    assert PASSAGES[0][2] in browser.text()
    browser.js("document.querySelector('.answer audio').play().catch(() => {})")
    browser.until(f"document.body.innerText.includes('{chat_room.NO_SPEECH}')")


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_pages_fit_the_screen_can_be_read_and_hostile_words_run_nothing(
    world: World, address: str, browser: Browser, size: tuple[int, int]
) -> None:
    hostile = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>"
    sign_on(browser, address, Role.AGENT, size)
    pick(browser, address, "전체")
    browser.submit("form[action$='/ask']", words="보험금 " + "아" * 120 + " https://example.com/" + "x" * 120)
    browser.submit("form[action$='/ask']", words=f"보험금 지급 {hostile}")
    for path in (browser.js("location.pathname"), "/chat"):
        browser.open(f"{address}{path}")
        assert browser.js("document.documentElement.scrollWidth") <= size[0], path
        assert browser.js(PALE) == [], path
        assert browser.js(NAMELESS) == [], path
        assert browser.js("window.hit") is None
        assert "onerror" in browser.text() or path == "/chat"
