"""The product on many machines, each a process of its own: ``make many`` (``python -m sandbox.soak --many``).

Two API servers and Prefect's services apart behind one address, PostgreSQL, Redis, three call workers, two summarizers. What goes
from one to another goes over a link that can be cut (``sandbox.links``), and each of them can be killed. The proxy is that of
compose.yaml, with its file.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from deployments.environment import Layout
from sandbox.links import Links
from sandbox.postgres import Postgres
from sandbox.processes import Child, free_port, program, spawn, until
from sandbox.stack import ROOT, Stack, StackOptions

CALL_WORKERS, SUMMARIZERS = 3, 2
PROXY, SERVICES, POSTGRES, REDIS, LISTENER = "proxy", "services", "postgres", "redis", "watch-s3"
CUT_OFF = " cut off"
CUT_SECONDS = 10.0
# Longer than runs may be silent before they count as dead: others take the calls over while this one still works on them.
CUT_UNTIL_GIVEN_UP = {"call-worker-1": 110.0, "summarizer-1": 110.0}


class ManyStack(Stack):
    """A running stack of many machines; use it as a context manager."""

    layout: ClassVar[Layout] = Layout.REDIS

    def __init__(self, options: StackOptions, servers: int = 2) -> None:
        """Nothing starts before the context is entered."""
        super().__init__(options)
        self.links = Links()
        self._ports = {f"server-{number}": self.api_port if number == 1 else free_port() for number in range(1, servers + 1)}
        self._proxy_port, self._redis_port = free_port(), free_port()
        self._fronts: dict[str, int] = {}  # the proxy's end of its link to each server
        self._wires: dict[str, dict[str, str]] = {}  # the addresses by which each process reaches the others
        self._cut: tuple[str, float] | None = None  # who is cut off, and until when
        self.foundations = {*super().foundations, *self._ports, SERVICES, PROXY, REDIS}  # type: ignore[misc]

    @property
    def crashable(self) -> Mapping[str, Callable[[], None]]:
        """Every part; S3 and the vendors are others'."""
        workers = [f"call-worker-{number}" for number in range(1, CALL_WORKERS + 1)]
        summarizers = [f"summarizer-{number}" for number in range(1, SUMMARIZERS + 1)] if self.options.linked_summaries else []
        return {
            POSTGRES: self._start_postgres,
            REDIS: self._start_redis,
            PROXY: self._start_proxy,
            SERVICES: self._start_services,
            LISTENER: self.start_listener,
            **{name: partial(self._start_api, name) for name in self._ports},
            **{name: partial(self._start_worker, name, "calls", "") for name in workers},
            **{name: partial(self._start_worker, name, "g4dn", "summaries") for name in summarizers},
        }

    @property
    def victims(self) -> Sequence[str]:
        """Each part, to be killed and to be cut off."""
        return sorted([*self.crashable, *(name + CUT_OFF for name in self.crashable)])

    @property
    def in_trouble(self) -> bool:
        """Whether a part is cut off."""
        return self._cut is not None

    def crash(self, victim: str) -> None:
        """Kill a part, or cut it off for a while."""
        if not victim.endswith(CUT_OFF):
            super().crash(victim)
            return
        name = victim.removesuffix(CUT_OFF)
        self.links.cut(name)
        self._cut = (name, time.monotonic() + CUT_UNTIL_GIVEN_UP.get(name, CUT_SECONDS))

    def keep_up(self) -> list[str]:
        """Mend what was cut for long enough, and start again what has ended."""
        if self._cut is not None and time.monotonic() > self._cut[1]:
            self.links.mend(self._cut[0])
            self._cut = None
        return super().keep_up()

    def stop(self) -> None:
        """End everything."""
        if self._cut is not None:
            self.links.mend(self._cut[0])
            self._cut = None
        super().stop()
        self.links.stop()

    def python(self, name: str, *arguments: str, held: bool = False, **more: str) -> Child:
        """Start ``python -m ...``; each process has addresses of its own for the others."""
        return super().python(name, *arguments, held=held, **(self._wires.get(name, {}) | more))

    def _start_side_by_side(self) -> None:
        self.links.start()
        self._postgres = Postgres(synchronous_commit="on")  # what it has accepted outlives a kill
        self._start_redis()
        self._start_vendors()
        self.python("register", "deployments.register", held=True)

    def _start_postgres(self) -> None:
        postgres = self._database()
        self.children[POSTGRES] = spawn(POSTGRES, postgres.command, self.environment, self.logs, postgres.data, postgres.become)

    def _start_redis(self) -> None:
        folder = self.options.work_dir / "redis"
        folder.mkdir(exist_ok=True)
        kept = ("--dir", str(folder), "--appendonly", "yes", "--save", "")
        command = [program("redis-server"), "--bind", "127.0.0.1", "--port", str(self._redis_port), *kept]
        self.children[REDIS] = spawn(REDIS, command, self.environment, self.logs, folder)

    def _let_servers_go(self) -> None:
        database = self._database()
        for name in (*self._ports, SERVICES):
            near = self.links.open(name, POSTGRES, database.port)
            self._wires[name] = {
                "PREFECT_API_DATABASE_CONNECTION_URL": database.url.replace(f":{database.port}/", f":{near}/"),
                "PREFECT_REDIS_MESSAGING_HOST": "127.0.0.1",
                "PREFECT_REDIS_MESSAGING_PORT": str(self.links.open(name, REDIS, self._redis_port)),
            }
        self._fronts = {name: self.links.open(PROXY, name, port) for name, port in self._ports.items()}
        first, *others = self._ports
        self._start_api(first)
        self._wait_for_server(first)  # it fills the database: two that did so at once would fail
        for name in (*others, SERVICES, PROXY):
            self.crashable[name]()

    def _start_api(self, name: str) -> None:
        at = ("--host", "127.0.0.1", "--port", str(self._ports[name]))
        self.python(name, "deployments.prefect_server", "start", "--no-services", *at)

    def _start_services(self) -> None:
        self.python(SERVICES, "deployments.prefect_server", "services", "start")

    def _start_proxy(self) -> None:
        servers = " ".join(f"127.0.0.1:{port}" for port in self._fronts.values())
        stores = {name: str(self.options.work_dir) for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")}
        names = {"SERVER_NAME": f"localhost:{self._proxy_port}", "SERVER_TLS": "internal", "SERVER_UPSTREAM": servers}
        command = [program("caddy"), "run", "--config", str(ROOT / "deployments" / "Caddyfile"), "--adapter", "caddyfile"]
        self.children[PROXY] = spawn(PROXY, command, os.environ | names | stores, self.logs, self.options.work_dir)

    def _wait_for_server(self, name: str) -> None:
        self._wait_for(f"http://127.0.0.1:{self._ports[name]}/api/health", name)

    def _wait_for_servers(self) -> None:
        for name in self._ports:
            self._wait_for_server(name)
        authority = self.options.work_dir / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        until(authority.exists, self.children[PROXY], "issue a certificate")
        for name in self.crashable:
            if name not in (POSTGRES, REDIS, PROXY, SERVICES, *self._ports):
                near = self.links.open(name, PROXY, self._proxy_port)
                self._wires[name] = {"PREFECT_API_URL": f"https://localhost:{near}/api", "PREFECT_API_SSL_CERT_FILE": str(authority)}

    def _let_workers_go(self) -> None:
        names = [name for name in self.crashable if name in self._wires and "PREFECT_API_URL" in self._wires[name]]
        for name in names:
            self.crashable[name]()
        for name in names:
            if name != LISTENER:
                self.wait_for_worker(name)

    def _start_worker(self, name: str, pool: str, queue: str) -> None:
        self._worker(name, pool, "resident", queue, limit=self.options.call_limit)
