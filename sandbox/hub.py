"""A stand-in for the Hugging Face hub: models that are made, sent, looked at and fetched, by the hub's own protocol.

    python -m sandbox.hub --port 0

The first line on stdout is JSON with the address, for ``HF_ENDPOINT``. There is one account, ``acme``. Its token is read from the
environment (``READBACK_SANDBOX_HUB_TOKEN``); the same with ``-read`` at its end may only read. As the hub does, it makes repositories in
the account's own namespace alone, shows private ones to the account alone, reads a card's front matter, takes small files with the commit
and weights through Xet (``sandbox/xet.py``), and makes no commit of files that it does not have.

People find a model's files and card at its own address, ``/acme/<name>``. Beside the protocol's addresses:

- ``GET /sandbox/counters``: how often each kind of request was made, and what was refused;
- ``GET | POST /sandbox/faults``: the plan of faults in force, or a new one: ``500``, ``503``, ``429``,
  ``reset_before``; ``storage_401`` and ``storage_503`` of the storage alone.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import html
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Faults
from sandbox.serving import CutShort, parse_with_faults, sandbox_routes, serve
from sandbox.xet import Malformed, Storage

ACCOUNT = "acme"
TOKEN_VARIABLE = "READBACK_SANDBOX_HUB_TOKEN"
READ_ONLY = "-read"
STORAGE = "/storage"  # the hub has another host for it
TRANSPORT = frozenset({"500", "503", "429", "reset_before"})
STORAGE_KINDS = frozenset({"storage_401", "storage_503"})
KINDS = TRANSPORT | STORAGE_KINDS
LARGE = (".safetensors", ".bin", ".pt", ".onnx")  # what git-lfs takes by the hub's .gitattributes
OF_STORAGE = ("xorb", "shard", "chunk")
LARGE_BYTES = 10 * 2**20
TOKEN_SECONDS = 900  # a token of the storage


class Refused(Exception):
    """An answer of the hub's that is no success; the header ``X-Error-Code`` is what its client reads."""

    def __init__(self, status: int, message: str, code: str = "", url: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.url = status, message, code, url


@dataclass
class Repository:
    """One model's repository: its files as the last commit left them."""

    private: bool
    head: str = "0" * 40
    files: dict[str, bytes] = field(default_factory=dict)
    large: dict[str, str] = field(default_factory=dict)  # SHA-256 of what came through the storage
    commits: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """What the stand-in holds. Used from one event loop."""

    token: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    storage: Storage = field(default_factory=Storage)
    storage_tokens: set[str] = field(default_factory=set)
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def rights(self, authorization: str) -> str:
        """``write``, ``read``, or nothing for nobody; a token that nobody has is refused."""
        given = authorization.removeprefix("Bearer ")
        if not given:
            return ""
        for known, right in ((self.token, "write"), (self.token + READ_ONLY, "read")):
            if hmac.compare_digest(given.encode(), known.encode()):
                return right
        raise Refused(401, "Invalid username or password.")

    def may_write(self, authorization: str, name: str) -> None:
        """Refuse whoever may not change a repository."""
        if not (right := self.rights(authorization)):
            raise Refused(401, "Invalid username or password.")
        if right != "write" or name.partition("/")[0] != ACCOUNT:
            raise Refused(403, f'You don\'t have the rights to create a model under the namespace "{name.partition("/")[0]}"')

    def seen(self, authorization: str, name: str) -> Repository:
        """A repository as whoever asks sees it: a private one is not there for others."""
        known = self.repositories.get(name)
        if known is None or (known.private and not self.rights(authorization)):
            raise Refused(404 if authorization else 401, "Repository not found", "RepoNotFound")
        return known

    def create(self, authorization: str, asked: dict[str, Any]) -> str:
        """Make a repository; its name."""
        name = f"{asked.get('organization') or ACCOUNT}/{asked['name']}"
        self.may_write(authorization, name)
        if name in self.repositories:
            raise Refused(409, "You already created this model repo", url=name)
        self.repositories[name] = Repository(private=asked.get("visibility") == "private")
        return name

    def upload_modes(self, authorization: str, name: str, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """How each file is to be sent; ``oid`` is what lies under its path."""
        self.may_write(authorization, name)
        repository = self.seen(authorization, name)
        return [
            {
                "path": path,
                "uploadMode": "lfs" if path.endswith(LARGE) or file["size"] > LARGE_BYTES else "regular",
                "shouldIgnore": False,
                "oid": oid(repository, path),
            }
            for file in asked["files"]
            for path in [file["path"]]
        ]

    def commit(self, authorization: str, name: str, lines: bytes) -> str:
        """Take a commit, all of it or nothing; its 40 digits."""
        self.may_write(authorization, name)
        repository = self.seen(authorization, name)
        files, large, summary = dict(repository.files), dict(repository.large), ""
        for line in map(json.loads, lines.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                summary = value["summary"]
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
                large.pop(value["path"], None)
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.storage.files:
                    raise Refused(400, f"LFS pointer pointed to a file that does not exist. For {value['path']}")
                files[value["path"]], large[value["path"]] = self.storage.files[value["oid"]], value["oid"]
            else:
                raise Refused(400, f"{line['key']} is not understood here")
        repository.files, repository.large = files, large
        repository.commits.append(summary)
        repository.head = hashlib.sha1(f"{name}{len(repository.commits)}".encode()).hexdigest()
        return repository.head

    def storage_token(self, authorization: str, name: str, scope: str) -> str:
        """A token for the storage of large files."""
        if scope == "write":
            self.may_write(authorization, name)
        self.seen(authorization, name)
        self.storage_tokens.add(token := f"xet_{secrets.token_urlsafe(16)}")
        return token

    def counters(self) -> dict[str, Any]:
        """The books, for tests: what each repository holds, by its size."""
        held = {name: {path: len(body) for path, body in one.files.items()} for name, one in self.repositories.items()}
        return {
            "asked": dict(self.asked),
            "refused": dict(self.refused),
            "repositories": held,
            "private": [name for name, one in self.repositories.items() if one.private],
            "commits": {name: one.commits for name, one in self.repositories.items()},
        }


def oid(repository: Repository, path: str) -> str | None:
    """What git calls a file, by which a client sees that it has not changed: the blob's SHA-1, or the SHA-256 of a large one."""
    if path not in repository.files:
        return None
    body = repository.files[path]
    return repository.large.get(path) or hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def faults_of_card(card: str) -> list[str]:
    """What the hub says against a card's front matter."""
    if not card.startswith("---\n"):
        return []
    try:
        told = yaml.safe_load(card.split("---\n", 2)[1])
    except yaml.YAMLError as error:
        return [f"YAML: {error}"]
    if not isinstance(told, dict):
        return ["metadata must be a mapping"]
    bases = told.get("base_model", [])
    wrong = [base for base in ([bases] if isinstance(bases, str) else bases) if base.count("/") > 1 or base.startswith("/")]
    return [f'"base_model" with value "{base}" is not valid. Use a model id from https://hf.co/models.' for base in wrong]


def page_of(name: str, repository: Repository) -> HTMLResponse:
    """What people see of a model: its files, its commits and its card as it is written."""
    files = "".join(
        f'<li><a href="/{name}/resolve/main/{html.escape(path)}">{html.escape(path)}</a> {len(body):,} bytes</li>'
        for path, body in sorted(repository.files.items())
    )
    commits = "".join(f"<li>{html.escape(summary)}</li>" for summary in reversed(repository.commits))
    card = html.escape(repository.files.get("README.md", b"").decode("utf-8", "replace"))
    title = f"{html.escape(name)}{' (private)' if repository.private else ''}"
    head = f'<!doctype html><meta charset="utf-8"><title>{title}</title><h1>{title}</h1>'
    return HTMLResponse(f"{head}<h2>Files</h2><ul>{files}</ul><h2>Commits</h2><ul>{commits}</ul><h2>Card</h2><pre>{card}</pre>")


def build_app(hub: Hub, faults: Faults) -> Starlette:
    """The protocol's addresses and those of the sandbox."""

    def answering(name: str, answer: Callable[[Request, str], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            hub.asked[name] += 1
            fault = faults.next(TRANSPORT | STORAGE_KINDS if name in OF_STORAGE else TRANSPORT)
            if fault == "reset_before":
                return CutShort()
            if fault:
                return Response("upstream error", int(fault.removeprefix("storage_")), media_type="text/plain")
            try:
                return await answer(request, request.headers.get("authorization", ""))
            except Refused as refused:
                hub.refused[f"{name} {refused.status}"] += 1
                said = {"X-Error-Message": refused.message} | ({"X-Error-Code": refused.code} if refused.code else {})
                return JSONResponse({"error": refused.message, "url": f"{request.base_url}{refused.url}"}, refused.status, said)
            except Malformed as problem:
                hub.refused[f"{name} 400"] += 1
                return JSONResponse({"error": str(problem)}, 400)

        return endpoint

    def named(request: Request) -> str:
        return f"{request.path_params['space']}/{request.path_params['name']}"

    async def create(request: Request, who: str) -> Response:
        name = hub.create(who, await request.json())
        return JSONResponse({"url": f"{request.base_url}{name}", "name": name})

    async def validate(request: Request, who: str) -> Response:
        wrong = faults_of_card((await request.json())["content"])
        return JSONResponse({"errors": [{"message": fault} for fault in wrong], "warnings": []}, 400 if wrong else 200)

    async def preupload(request: Request, who: str) -> Response:
        return JSONResponse({"files": hub.upload_modes(who, named(request), await request.json())})

    async def commit(request: Request, who: str) -> Response:
        name = named(request)
        head = hub.commit(who, name, await request.body())
        return JSONResponse({"success": True, "commitOid": head, "commitUrl": f"{request.base_url}{name}/commit/{head}"})

    async def information(request: Request, who: str) -> Response:
        name = named(request)
        one = hub.seen(who, name)
        siblings = [{"rfilename": path, "size": len(body), "blobId": oid(one, path)} for path, body in one.files.items()]
        return JSONResponse({"_id": name, "id": name, "modelId": name, "sha": one.head, "private": one.private, "siblings": siblings})

    async def tree(request: Request, who: str) -> Response:
        one = hub.seen(who, named(request))
        return JSONResponse([{"type": "file", "path": path, "size": len(body), "oid": oid(one, path)} for path, body in one.files.items()])

    async def storage_token(request: Request, who: str) -> Response:
        token = hub.storage_token(who, named(request), request.path_params["scope"])
        return JSONResponse({"accessToken": token, "exp": int(time.time()) + TOKEN_SECONDS, "casUrl": f"{request.base_url}{STORAGE[1:]}"})

    async def resolve(request: Request, who: str) -> Response:
        one, path = hub.seen(who, named(request)), request.path_params["path"]
        if path not in one.files:
            raise Refused(404, "Entry not found", "EntryNotFound")
        body = one.files[path]
        headers = {"ETag": f'"{oid(one, path)}"', "X-Repo-Commit": one.head, "Content-Length": str(len(body))}
        return Response(b"" if request.method == "HEAD" else body, headers=headers, media_type="application/octet-stream")

    async def page(request: Request, who: str) -> Response:
        # A person's browser is signed on to the hub; here whoever reaches this machine's port is.
        name = named(request)
        if name not in hub.repositories:
            raise Refused(404, "Repository not found", "RepoNotFound")
        return page_of(name, hub.repositories[name])

    async def index(request: Request, who: str) -> Response:
        listed = "".join(f'<li><a href="/{name}">{html.escape(name)}</a></li>' for name in sorted(hub.repositories))
        return HTMLResponse(f'<!doctype html><meta charset="utf-8"><title>Hub</title><h1>Models</h1><ul>{listed}</ul>')

    def of_storage(request: Request, who: str) -> None:
        if who.removeprefix("Bearer ") not in hub.storage_tokens:
            raise Refused(401, "Unauthorized")

    async def xorb(request: Request, who: str) -> Response:
        of_storage(request, who)
        return JSONResponse({"was_inserted": hub.storage.take_xorb(request.path_params["digest"], await request.body())})

    async def shard(request: Request, who: str) -> Response:
        of_storage(request, who)
        hub.storage.take_shard(await request.body())
        return JSONResponse({"result": 1})

    async def chunk(request: Request, who: str) -> Response:
        of_storage(request, who)
        raise Refused(404, "Not found")  # nobody else's chunks are here

    api = "/api/models/{space}/{name}"
    routes = [
        ("create", "POST", "/api/repos/create", create),
        ("validate-yaml", "POST", "/api/validate-yaml", validate),
        ("preupload", "POST", api + "/preupload/{revision}", preupload),
        ("commit", "POST", api + "/commit/{revision}", commit),
        ("information", "GET", api + "/revision/{revision}", information),
        ("information", "GET", api, information),
        ("tree", "GET", api + "/tree/{revision}", tree),
        ("storage-token", "GET", api + "/xet-{scope}-token/{revision}", storage_token),
        ("xorb", "POST", STORAGE + "/v1/xorbs/default/{digest}", xorb),
        ("shard", "POST", STORAGE + "/v1/shards", shard),
        ("chunk", "GET", STORAGE + "/v1/chunks/default-merkledb/{digest}", chunk),
        ("resolve", "GET", "/{space}/{name}/resolve/{revision}/{path:path}", resolve),
        ("page", "GET", "/{space}/{name}/commit/{revision}", page),
        ("page", "GET", "/{space}/{name}", page),
        ("page", "GET", "/", index),
    ]
    return Starlette(
        routes=[
            *sandbox_routes(hub.counters, faults),
            *(Route(path, answering(name, answer), methods=[method]) for name, method, path, answer in routes),
        ]
    )


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description="A Hugging Face hub on localhost with one account.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    options, faults = parse_with_faults(parser, "READBACK_SANDBOX_HUB_FAULTS", KINDS)
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise SystemExit(f"set {TOKEN_VARIABLE}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(Hub(token), faults), options.host, options.port, {"account": ACCOUNT}))


if __name__ == "__main__":
    main()
