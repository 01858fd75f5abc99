"""The proxy of compose.yaml, in front of a real server: TLS, the password, and websockets, by which workers hear of runs."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from prefect_server import put_database
from requests.adapters import HTTPAdapter, Retry

from sandbox.processes import Child, answers, free_port, spawn, until
from sandbox.stack import ROOT

DEPLOYMENTS = ROOT / "deployments"
CADDYFILE = DEPLOYMENTS / "Caddyfile"
SERVICES: dict[str, Any] = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text("utf-8"))["services"]
CADDY = str(Path(sys.executable).with_name("caddy"))
PASSWORD = ("readback", "of-the-proxy")
KEEPALIVE = "PREFECT_SERVER_API_KEEPALIVE_TIMEOUT"
# Only the bell tells the worker of a run: it does not ask by itself while the test lives.
NEVER = "100000"


@dataclass
class Proxied:
    """A server behind the proxy, and how a process on another machine is set up to reach it."""

    url: str
    authority: Path
    environment: Mapping[str, str]
    logs: Path

    def start(self, name: str, *arguments: str) -> Child:
        return spawn(name, [sys.executable, "-m", *arguments], self.environment, self.logs, ROOT)

    def ask(self, path: str, body: object) -> Any:
        with requests.Session() as session:
            # As Prefect's own clients do (prefect.client.base): a server on SQLite answers 503 while another writes.
            retry = Retry(10, status_forcelist=[408, 429, 502, 503], allowed_methods=None, backoff_factor=0.2)
            session.mount("https://", HTTPAdapter(max_retries=retry))
            answer = session.post(f"{self.url}/api/{path}", json=body, auth=PASSWORD, verify=str(self.authority), timeout=60)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder, port, proxy_port = tmp_path_factory.mktemp("proxied"), free_port(), free_port()
    password, url = ":".join(PASSWORD), f"https://localhost:{proxy_port}"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    servers = plain | {
        "PREFECT_HOME": str(folder / "server"),
        "PREFECT_SERVER_API_AUTH_STRING": password,
        # As deployed: a connection that the server closes while the proxy uses it ends in 502.
        KEEPALIVE: SERVICES["server"]["environment"][KEEPALIVE],
    }
    put_database(folder / "server" / "prefect.db")
    server = spawn("server", [sys.executable, "-m", "deployments.prefect_server", "start", "--port", str(port)], servers, folder, ROOT)
    names = {"SERVER_NAME": f"localhost:{proxy_port}", "SERVER_TLS": "internal", "SERVER_UPSTREAM": f"127.0.0.1:{port}"}
    stores = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    proxy = spawn("proxy", [CADDY, "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"], plain | names | stores, folder, folder)
    authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    theirs = {
        "PREFECT_HOME": str(folder / "node"),
        "PREFECT_API_URL": f"{url}/api",
        "PREFECT_API_AUTH_STRING": password,
        "PREFECT_API_SSL_CERT_FILE": str(authority),
        "PREFECT_WORKER_QUERY_SECONDS": NEVER,
    }
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/api/health"), server, "answer")
        until(authority.exists, proxy, "issue a certificate")
        yield Proxied(url, authority, plain | theirs, folder)
    finally:
        proxy.stop()
        server.stop()


def test_the_proxy_is_known_by_its_authority_and_the_server_still_asks_for_the_password(proxied: Proxied) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{proxied.url}/api/flows/count", timeout=30)
    assert requests.post(f"{proxied.url}/api/flows/count", json={}, verify=str(proxied.authority), timeout=30).status_code == 401
    assert proxied.ask("flows/count", {}) == 0


def test_the_ui_is_a_page_of_the_proxy_and_no_other_sites_page_is_answered(proxied: Proxied) -> None:
    def ask(origin: str) -> requests.Response:
        address, headers = f"{proxied.url}/api/flows/count", {"Origin": origin}
        return requests.post(address, json={}, headers=headers, auth=PASSWORD, verify=str(proxied.authority), timeout=30)

    assert ask(proxied.url).status_code == 200
    assert ask("https://elsewhere.example").status_code == 403


async def test_a_worker_on_another_machine_hears_of_a_run_through_the_proxy_and_ends_it(proxied: Proxied) -> None:
    assert proxied.start("register", "deployments.register").process.wait(600) == 0
    worker = proxied.start("worker", "prefect", "worker", "start", "--pool", "calls", "--type", "resident", "--work-queue", "operations")
    try:
        until(lambda: "started!" in worker.said(), worker, "start")
        deployment = requests.get(
            f"{proxied.url}/api/deployments/name/reap/reap", auth=PASSWORD, verify=str(proxied.authority), timeout=60
        ).json()["id"]
        state = ""
        # The bell rings for those who listen: a run that was made before the worker did is followed by another.
        while state != "COMPLETED":
            run = proxied.ask(f"deployments/{deployment}/create_flow_run", {})["id"]
            for _ in range(20):
                await asyncio.sleep(0.5)
                state = proxied.ask("flow_runs/filter", {"flow_runs": {"id": {"any_": [run]}}})[0]["state"]["type"]
                if state == "COMPLETED":
                    break
            worker.check()
        assert "CERTIFICATE" not in worker.said()
    finally:
        worker.stop()


def test_the_proxy_alone_is_reached_from_other_machines() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {"proxy": ["443:443"]}


def test_compose_gives_the_proxy_what_its_file_names_and_the_version_is_the_one_tried_here() -> None:
    files = [CADDYFILE, CADDYFILE.with_name("console.caddy")]
    named = {name for file in files for name in re.findall(r"{\$(\w+)[:}]", file.read_text("utf-8"))}
    # Where the servers are is by default what their services are called.
    assert named - {"SERVER_UPSTREAM", "TRACKING_UPSTREAM", "CONSOLE_UPSTREAM"} == set(SERVICES["proxy"]["environment"])
    assert (
        SERVICES["proxy"]["image"].partition(":")[2]
        in subprocess.run([CADDY, "version"], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.parametrize(
    ("tls", "issued"),
    [
        ("internal", '"module":"internal"'),
        ("/certificates/server.pem /certificates/server.key", '"certificate":"/certificates/server.pem","key":"/certificates/server.key"'),
        ("operations@example.com", '"email":"operations@example.com","module":"acme"'),
    ],
)
def test_one_setting_chooses_where_the_certificate_comes_from(tls: str, issued: str) -> None:
    given = os.environ | {"SERVER_NAME": "prefect.example.com", "SERVER_TLS": tls}
    adapt = [CADDY, "adapt", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    adapted = subprocess.run(adapt, env=given, capture_output=True, text=True, check=True).stdout
    assert issued in adapted
    assert '"dial":"server:4200"' in adapted
