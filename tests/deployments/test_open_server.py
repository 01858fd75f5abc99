"""The server does not listen beyond this machine without a password, and answers no page of another site."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import requests
from prefect_server import put_database
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from deployments.own_pages import OwnPages
from deployments.prefect_server import open_to_everybody
from sandbox.processes import answers, free_port, spawn, until
from sandbox.stack import ROOT

WITH_PASSWORD = {"PREFECT_SERVER_API_AUTH_STRING": "user:password"}


@pytest.mark.parametrize("arguments", [["start", "--host", "0.0.0.0"], ["start", "--host=::"], ["start", "--host", "prefect.example.com"]])
def test_a_server_that_others_reach_needs_a_password(arguments: list[str]) -> None:
    assert "PREFECT_SERVER_API_AUTH_STRING" in open_to_everybody(arguments, {"PREFECT_API_AUTH_STRING": "user:password"})
    assert open_to_everybody(arguments, WITH_PASSWORD) == ""


def test_the_host_may_come_from_the_environment() -> None:
    assert open_to_everybody(["start"], {"PREFECT_SERVER_API_HOST": "10.0.0.5"})
    assert open_to_everybody(["start"], {}) == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_this_machine_alone_needs_none(host: str) -> None:
    assert open_to_everybody(["start", "--host", host], {}) == ""


ELSEWHERE = "http://elsewhere.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that was started by hand, with nothing set."""
    folder, port = tmp_path_factory.mktemp("open-server"), free_port()
    url = f"http://127.0.0.1:{port}"
    given = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {"PREFECT_HOME": str(folder)}
    put_database(folder / "prefect.db")
    child = spawn("server", [sys.executable, "-m", "deployments.prefect_server", "start", "--port", str(port)], given, folder, ROOT)
    try:
        until(lambda: answers(f"{url}/api/health"), child, "answer")
        yield url
    finally:
        child.stop()


def flows(server: str) -> list[str]:
    return [flow["name"] for flow in requests.post(f"{server}/api/flows/filter", json={}, timeout=30).json()]


def test_no_page_of_another_site_reads_the_api(server: str) -> None:
    asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = requests.options(f"{server}/api/flow_runs/filter", headers=asked, timeout=30)
    read = requests.post(f"{server}/api/flow_runs/filter", json={}, headers={"Origin": ELSEWHERE}, timeout=30)
    for answer in (preflight, read, requests.get(f"{server}/api/health", headers={"Origin": "null"}, timeout=30)):
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_prefects_own_setting_refuses_it_too(server: str) -> None:
    # all that a stock server has
    settings = requests.get(f"{server}/api/admin/settings", timeout=30).json()
    assert settings["server"]["api"]["cors_allowed_origins"] == "none"


def test_no_page_of_another_site_writes_though_it_may_not_read_the_answer(server: str) -> None:
    # what a browser sends without asking first: a POST with no content type, which Prefect's API takes for JSON and ours does not
    body = b'{"name": "by-another-site"}'
    for header, refused in (({"Origin": ELSEWHERE}, 403), ({}, 422)):
        assert requests.post(f"{server}/api/flows/", data=body, headers=header, timeout=30).status_code == refused
    json = {"Content-Type": "application/json"}
    assert requests.post(f"{server}/api/flows/", data=body, headers={"Origin": ELSEWHERE, **json}, timeout=30).status_code == 403
    assert "by-another-site" not in flows(server)
    assert requests.post(f"{server}/api/flows/", json={"name": "by-no-site"}, timeout=30).status_code == 201
    assert "by-no-site" in flows(server)


def test_a_page_whose_name_was_made_to_point_here_reads_nothing(server: str) -> None:
    answer = requests.get(f"{server}/api/health", headers={"Host": "elsewhere.example"}, timeout=30)
    assert answer.status_code == 403
    assert "PREFECT_SERVER_API_AUTH_STRING" in answer.json()["detail"]


async def test_no_page_of_another_site_opens_a_websocket(server: str) -> None:
    address = f"{server.replace('http', 'ws')}/api/events/in"
    with pytest.raises(InvalidStatus, match="403"):
        async with connect(address, origin=ELSEWHERE):  # type: ignore[arg-type]
            pass
    async with asyncio.timeout(30), connect(address):
        pass


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_ui_asks_the_address_that_it_came_from_and_is_answered(server: str, name: str) -> None:
    page = server.replace("127.0.0.1", name)
    assert requests.get(f"{page}/ui-settings", timeout=30).json()["api_url"] == "/api"
    browser = {"Origin": page, "Host": page.removeprefix("http://")}
    answer = requests.post(f"{page}/api/flow_runs/filter", json={}, headers=browser, timeout=30)
    assert answer.status_code == 200


def test_the_server_answers_itself_so_that_an_event_starts_a_run(server: str) -> None:
    def ask(path: str, body: object) -> Any:
        # Started by hand it has SQLite, and answers 503 while that is locked; Prefect's own clients ask again too.
        while (answer := requests.post(f"{server}/api/{path}", json=body, timeout=30)).status_code == 503:
            time.sleep(0.2)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    flow = ask("flows/", {"name": "answered"})["id"]
    deployment = ask("deployments/", {"name": "by-event", "flow_id": flow})["id"]
    trigger = {"type": "event", "posture": "Reactive", "expect": ["readback.test"], "threshold": 1, "within": 0}
    action = {"type": "run-deployment", "source": "selected", "deployment_id": deployment}
    ask("automations/", {"name": "by-event", "trigger": trigger, "actions": [action]})
    event = {"event": "readback.test", "resource": {"prefect.resource.id": "readback.test"}}
    while not ask("flow_runs/filter", {"flows": {"id": {"any_": [flow]}}}):
        # an automation is known to the one who acts on events a moment after it was made
        ask("events", [event | {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat()}])
        time.sleep(0.5)


@pytest.mark.parametrize(("allowed", "answered"), [("none", False), ("https://prefect.example.com", True)])
async def test_the_ui_behind_a_proxy_that_changes_the_host_is_allowed_by_its_address(allowed: str, answered: bool) -> None:
    reached: list[str] = []

    async def app(scope: object, receive: object, send: object) -> None:
        reached.append("app")

    async def send(message: object) -> None:
        pass

    headers = [(b"host", b"server:4200"), (b"origin", b"https://prefect.example.com")]
    await OwnPages(app, allowed=[allowed], password=True)({"type": "http", "headers": headers}, None, send)
    assert bool(reached) is answered
