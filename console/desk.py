"""What every page is made with: who asks and whether they may, the form that was sent, the template that answers.

Pages in modules of their own are routers that are given a ``Desk``; ``console/app.py`` includes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, Response

from clients.s3 import ObjectStore
from console import asked
from console.acts import Starts
from console.roles import May
from console.sessions import Guesses, Session, Sessions
from stores.call_index import CallIndex
from stores.looks import Looks


class SignOn(Exception):
    """Nobody has signed on."""


class Refused(Exception):
    """Somebody may not do this, or what was sent is not what a page of ours sends. The message is for the person."""

    def __init__(self, said: str, status: int = 403) -> None:
        super().__init__(said)
        self.status = status


async def body_of(request: Request, most: int) -> bytes:
    """What was sent, of at most so many bytes."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise Refused("보낸 내용이 너무 깁니다.", 413)
    return body


async def form_fields(request: Request) -> dict[str, str]:
    """The fields of the form that was sent."""
    return asked.form_of(await body_of(request, asked.MOST_BYTES))


Fields = Annotated[dict[str, str], Depends(form_fields)]
Who = Callable[..., Session]


class Page(Protocol):
    """Renders a template for somebody."""

    def __call__(self, name: str, who: Session | None, status: int = 200, /, **values: Any) -> HTMLResponse:
        """The page."""
        ...


class Carry(Protocol):
    """Puts a cookie of ours into an answer."""

    def __call__(self, answer: Response, name: str, value: str, seconds: float) -> None:
        """An empty value takes it away."""
        ...


@dataclass(frozen=True)
class Desk:
    """``may`` and ``sent`` are dependencies: somebody who may do this, and who sent it with a form of ours. ``listed`` is the list."""

    store: ObjectStore
    listed: Callable[[], CallIndex]
    looks: Looks
    start: Starts
    sessions: Sessions
    guesses: Guesses
    page: Page
    may: Callable[[May], Who]
    sent: Callable[[May], Who]
    cookie: Callable[[str], str]
    carry: Carry
    prefect_url: str


def address_of(request: Request) -> str:
    """Who asks, as the network tells it."""
    return request.client.host if request.client else ""


def ours(path: str) -> str:
    """A path of this console to go on to, empty for anything else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path else ""


def seen(fields: Mapping[str, str]) -> int:
    """The number of what the person has seen last, by the form's hidden field."""
    number = fields.get("seen", "")
    if not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise Refused("페이지가 오래되었습니다. 새로 고친 뒤 다시 시도하세요.")
    return int(number)
