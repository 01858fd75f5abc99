"""Debian's Chromium, driven over its own protocol: enough to use the console as a person does."""

import base64
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# Every text's contrast to what lies behind it, by WCAG's formula: texts below 4.5, or below 3 where they are large.
PALE = """
(() => {
  const light = (c) => { c = c / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const parts = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const behind = (node) => { for (; node; node = node.parentElement) { const c = parts(getComputedStyle(node).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const pale = [];
  for (const node of document.querySelectorAll("body *")) {
    if (![...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !node.getClientRects().length) continue;
    if (node.closest("svg, .unseen, option")) continue;
    const style = getComputedStyle(node), [a, b] = [luminance(parts(style.color)), luminance(behind(node))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) pale.push(`${node.textContent.trim().slice(0, 30)} ${contrast.toFixed(2)}`);
  }
  return pale;
})()
"""
# What a screen reader would call by no name.
NAMELESS = """
[...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, audio, a, svg[role=img]")].filter((node) =>
  !(node.labels && node.labels.length) && !node.getAttribute("aria-label") && !node.textContent.trim()).map((node) => node.outerHTML)
"""


class Browser:
    """One page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.problems: list[str] = []  # what scripts and the content policy complained of
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """One request of the protocol and its answer."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": given}))
        while True:
            said = json.loads(self._socket.recv(timeout=60))
            self._note(said)
            if said.get("id") == self._last:
                assert "error" not in said, said
                answer: dict[str, Any] = said["result"]
                return answer

    def _note(self, said: dict[str, Any]) -> None:
        if said.get("method") == "Runtime.exceptionThrown":
            self.problems.append(said["params"]["exceptionDetails"]["text"])
        if said.get("method") == "Log.entryAdded" and said["params"]["entry"]["level"] == "error":
            self.problems.append(said["params"]["entry"]["text"])

    def js(self, expression: str) -> Any:
        """What an expression comes to on the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Wait until an expression is true on the page."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
            if answer["result"].get("value"):
                return answer["result"]["value"]
            time.sleep(0.1)
        raise AssertionError(f"{expression} did not come true; the page says: {self.text()[:1500]}")

    def open(self, url: str) -> None:
        """Go to a page and wait until it is there."""
        self.js("window.leaving = true")
        self.call("Page.navigate", url=url)
        self.until("!window.leaving && document.readyState === 'complete'")

    def submit(self, form: str, **fields: str) -> None:
        """Fill in a form and send it with its button, and wait for the page that comes."""
        values = json.dumps(fields)
        self.js(
            f"""(() => {{ window.leaving = true; const form = document.querySelector({json.dumps(form)});
            for (const [name, value] of Object.entries({values})) form.elements[name].value = value;
            form.querySelector('button').click(); }})()"""
        )
        self.until("!window.leaving && document.readyState === 'complete'")

    def size(self, width: int, height: int) -> None:
        """How large the window is."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def text(self) -> str:
        """What the page says."""
        return str(self.js("document.body.innerText"))

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))

    def key(self, name: str) -> None:
        """Press a key."""
        codes = {"Tab": 9, "Enter": 13}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=name,
                code=name,
                windowsVirtualKeyCode=codes[name],
                text="\r" if name == "Enter" else "",
            )


@contextmanager
def chromium(folder: Path, *flags: str) -> Iterator[Browser]:
    """A browser of its own; ``flags`` are Chromium's."""
    assert CHROMIUM, "chromium is not installed"
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    command += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--no-first-run", "--hide-scrollbars", *flags, "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        port = next(found[1] for line in process.stderr if (found := re.search(r"ws://127\.0\.0\.1:(\d+)/", line)))
        page = next(one for one in requests.get(f"http://127.0.0.1:{port}/json", timeout=30).json() if one["type"] == "page")
        with connect(page["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(20)
