"""An endpoint that speaks OpenAI's chat completions: a vLLM, Bedrock, or another vendor.

Repeating is done here and not by the caller's run: a call waits seconds for its summary, and another model stands by. So a request has a
deadline; what is transient is repeated within it, after as long as ``Retry-After`` asks for; and an endpoint that fails again and again is
left alone for a while (``Circuit``), so that calls do not wait for it one after the other. A refused key or address closes it off at once.

Nothing of a request or an answer stands in an error: both hold what a caller said.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from models.errors import (
    ConfigurationError,
    QuotaExhausted,
    ReadbackError,
    TooManyRequests,
    TransientError,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
)
from models.summarizer.language_model import Completion

VENDOR = "language model"
ATTEMPTS = 4
FAILURES = 5  # in a row, each after its repetitions
SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 5.0, 60.0
_MAX_ANSWER_BYTES = 1024 * 1024
_CHECK_ACCESS = "Check READBACK_LANGUAGE_MODEL_KEY, and the version's base_url and model"
_IT_RECOVERS = "The model that ships answers meanwhile; see the endpoint's log if it goes on"


class Circuit:
    """Whether an endpoint may be asked: not while it rests. After a rest one request tries, the others follow once it has an answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = 0.0
        self._rests_until = float("-inf")
        self._trying = False

    def enter(self) -> None:
        """Begin a request; VendorUnavailable while the endpoint rests."""
        with self._lock:
            if self._rest == 0.0:
                return
            if self._trying or self._clock() < self._rests_until:
                raise VendorUnavailable("The language model's endpoint rests after failures in a row", remedy=_IT_RECOVERS)
            self._trying = True

    def answered(self) -> None:
        """It works."""
        with self._lock:
            self._failures, self._rest, self._trying = 0, 0.0, False

    def left(self) -> None:
        """A request ended without telling either."""
        with self._lock:
            self._trying = False

    def failed(self, *, surely: bool = False) -> None:
        """It does not; ``surely`` where asking again is known to be in vain."""
        with self._lock:
            self._failures += 1
            if not self._trying and self._clock() < self._rests_until:
                return  # a request that had begun before the rest
            if surely or self._trying or self._failures >= FAILURES:
                self._rest = min(LONGEST_REST_SECONDS, max(SHORTEST_REST_SECONDS, 2 * self._rest))
                self._rests_until = self._clock() + self._rest
            self._trying = False


class ChatCompletions:
    """One endpoint. Safe to share between threads; all calls block.

    ``timeout`` bounds one attempt in seconds; an empty ``key`` sends none, as a vLLM without one wants it.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout: float,
        connections: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._timeout = timeout
        self._sleep, self._clock = sleep, clock
        self._circuit = Circuit(clock)
        self._not_before = float("-inf")
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._http = httpx.Client(headers=headers, limits=limits, follow_redirects=False)

    def deadline_in(self, seconds: float) -> float:
        """See ``Completions``."""
        return self._clock() + seconds

    def complete(self, body: Mapping[str, Any], *, until: float) -> Completion:
        """See ``Completions``. VendorRefused for a request that the endpoint will not take, ConfigurationError for a refused key."""
        self._circuit.enter()
        try:
            completion = self._repeated(body, until)
        except VendorRefused:
            self._circuit.answered()  # it is there; nothing is wrong but this request
            raise
        except TooManyRequests:
            self._circuit.left()
            raise
        except (ConfigurationError, QuotaExhausted):
            self._circuit.failed(surely=True)
            raise
        except BaseException:
            self._circuit.failed()
            raise
        self._circuit.answered()
        return completion

    def close(self) -> None:
        """See ``Completions``."""
        self._http.close()

    def _repeated(self, body: Mapping[str, Any], until: float) -> Completion:
        for attempt in range(1, ATTEMPTS + 1):
            self._wait(self._not_before - self._clock(), until)
            try:
                return self._ask(body, until)
            except TransientError as error:
                if attempt == ATTEMPTS:
                    raise
                asked = error.retry_after_seconds if isinstance(error, TooManyRequests) else None
                pause = asked if asked is not None else 0.25 * 2**attempt * random.uniform(0.5, 1.0)
                if asked is not None:
                    self._not_before = self._clock() + asked  # for the other threads as well
                if self._clock() + pause >= until:
                    raise
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float, until: float) -> None:
        """Keep to the pace that was asked for; without time for that, say so at once."""
        if self._clock() + max(0.0, seconds) >= until:
            raise TooManyRequests("No time is left to ask the language model", remedy="Lower concurrency, or raise deadline_seconds")
        if seconds > 0:
            self._sleep(seconds)

    def _ask(self, body: Mapping[str, Any], until: float) -> Completion:
        """One attempt."""
        give_up = min(until, self._clock() + self._timeout)
        try:
            with self._http.stream("POST", self._url, json=dict(body), timeout=give_up - self._clock()) as response:
                content = self._read(response, give_up)
        except httpx.HTTPError as error:
            # The cause is cut off: its request holds the key and the conversation.
            raise VendorUnavailable(
                f"No answer from the language model: {type(error).__name__}", remedy=_IT_RECOVERS, reply=VendorReply(VENDOR)
            ) from None
        if response.status_code != 200:
            raise _refusal(response, content)
        return _completion(content)

    def _read(self, response: httpx.Response, give_up: float) -> bytes:
        """The whole answer; a server that sends a byte now and then must not hold a call for longer than an attempt may take."""
        content = bytearray()
        for piece in response.iter_bytes():
            content += piece
            if len(content) > _MAX_ANSWER_BYTES:
                raise VendorUnavailable("The language model's answer is longer than 1 MiB", reply=VendorReply(VENDOR, 200))
            if self._clock() >= give_up:
                raise httpx.ReadTimeout("the answer trickles")
        return bytes(content)


def _completion(content: bytes) -> Completion:
    try:
        answer = json.loads(content)
        choice, usage = answer["choices"][0], answer.get("usage") or {}
        text = choice["message"].get("content") or ""
        if not isinstance(text, str):
            raise TypeError("content is no string")
        return Completion(
            text, choice.get("finish_reason") == "stop", int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise VendorUnavailable(
            f"The language model's answer has not the protocol's shape: {type(error).__name__}",
            remedy="See that base_url leads to chat completions",
            reply=VendorReply(VENDOR, 200),
        ) from None


def _refusal(response: httpx.Response, content: bytes) -> ReadbackError:
    """The one error class that a status means."""
    status, code = response.status_code, _code_of(content)
    reply = VendorReply(VENDOR, status, code, response.headers.get("x-request-id", "")[:80])
    if status in (401, 403):
        return ConfigurationError("The language model refuses the key", remedy=_CHECK_ACCESS, reply=reply)
    if status == 404 or 300 <= status < 400:
        return ConfigurationError("The language model is not at its address", remedy=_CHECK_ACCESS, reply=reply)
    if status == 429 and code == "insufficient_quota":
        return QuotaExhausted("The language model's quota is used up", remedy="Buy quota or promote another model", reply=reply)
    if status == 429:
        asked = _seconds(response.headers.get("retry-after", ""))
        return TooManyRequests(
            "The language model asks for a slower pace", remedy="Lower concurrency", reply=reply, retry_after_seconds=asked
        )
    if status == 408 or status >= 500:
        return VendorUnavailable("The language model's endpoint fails", remedy=_IT_RECOVERS, reply=reply)
    return VendorRefused(
        "The language model's endpoint does not take the request",
        remedy="Compare response_format and max_tokens with what it knows",
        reply=reply,
    )


def _code_of(content: bytes) -> str:
    """The vendor's own code or type, where the error has the usual shape; its message may repeat the request."""
    try:
        body = json.loads(content)
        error = body.get("error", body)
        code = str(error.get("code") or error.get("type") or "")
    except (ValueError, AttributeError):
        return ""
    return code[:60] if code.replace("_", "").replace("-", "").replace(".", "").isalnum() and code.isascii() else ""


def _seconds(header: str) -> float | None:
    """``Retry-After`` in seconds or as a date; None where there is none that can be read."""
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
