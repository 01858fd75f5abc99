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
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser of its own."""
    assert CHROMIUM, "chromium is not installed"
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    command += ["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--no-first-run", "--hide-scrollbars", "about:blank"]
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
