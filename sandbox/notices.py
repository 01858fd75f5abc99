"""Where notices arrive in the sandbox: a webhook on localhost, in place of Slack or a company's own.

    python -m sandbox.notices --port 0

The first line on stdout is JSON with the address. ``POST /notices`` takes what Prefect's block "Custom Webhook" sends,
``GET /notices`` lists all that has arrived as JSON, and the address itself shows it to people.
"""

import argparse
import asyncio
import contextlib
import html
from datetime import UTC, datetime
from typing import Any

import requests
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from models.call.korea import in_korea
from sandbox.serving import serve

BLOCK_TYPE, BLOCK_NAME = "custom-webhook", "sandbox-notices"


class Arrived(BaseModel):
    """One notice as it came in."""

    subject: str
    body: str


def build_app() -> Starlette:
    """The receiver; it forgets what arrived when it ends."""
    arrived: list[tuple[datetime, Arrived]] = []

    async def take(request: Request) -> Response:
        try:
            notice = Arrived.model_validate_json(await request.body())
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        arrived.append((datetime.now(UTC), notice))
        print(f"{notice.subject}\n{notice.body}\n", flush=True)
        return JSONResponse({"ok": True})

    async def listed(request: Request) -> Response:
        return JSONResponse([{"at": at.isoformat(), **notice.model_dump()} for at, notice in arrived])

    async def page(request: Request) -> Response:
        told = "".join(
            f"<article><h2>{html.escape(notice.subject)}</h2><p>{in_korea(at)}</p><pre>{html.escape(notice.body)}</pre></article>"
            for at, notice in reversed(arrived)
        )
        head = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="5"><title>알림</title>'
        return HTMLResponse(f"{head}<h1>도착한 알림 {len(arrived)}건</h1>{told}")

    return Starlette(routes=[Route("/notices", take, methods=["POST"]), Route("/notices", listed, methods=["GET"]), Route("/", page)])


def make_block(api_url: str, receiver: str, auth: tuple[str, str] | None = None) -> str:
    """Make the block that sends to the receiver, as people make theirs in Prefect's UI; returns what the setting names it."""

    def call(method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{api_url}{path}", json=body, auth=auth, timeout=30)
        answer.raise_for_status()
        return answer.json()

    kind = call("GET", f"/block_types/slug/{BLOCK_TYPE}")["id"]
    schema = call("POST", "/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind]}}, "limit": 1})[0]["id"]
    data = {"name": BLOCK_NAME, "url": f"{receiver}/notices", "json_data": {"subject": "{{subject}}", "body": "{{body}}"}}
    call("POST", "/block_documents/", {"name": BLOCK_NAME, "data": data, "block_type_id": kind, "block_schema_id": schema})
    return f"{BLOCK_TYPE}/{BLOCK_NAME}"


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="A webhook on localhost that shows the notices which arrive.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    chosen = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(), chosen.host, chosen.port, {}))


if __name__ == "__main__":
    main()
