"""The stand-in of AWS refuses what a role may not do: each container has its own credentials, and its requests are held against its policy.

moto knows users and roles, but neither the resources nor the conditions of a policy, and those are what our policies consist of. Requests
of S3, SQS and ECS are judged by action, resource and condition; of other services by action. Who has no role here is an administrator.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote

from werkzeug.wrappers import Response

from sandbox.aws.templates import ACCOUNT, REGION

CREDENTIALS, REFUSED = "/sandbox/credentials/", "/sandbox/refused"
Statement = Mapping[str, Any]
Application = Callable[..., Iterable[bytes]]
_SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/[^/]+/[^/]+/(?P<service>[^/]+)/")
_KEY_OF_A_DELETION = re.compile(rb"<Key>([^<]*)</Key>(\s*<VersionId>)?")


@dataclass(frozen=True)
class Asked:
    """One thing that a request asks for, with what conditions are about."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Iterable[Statement], asked: Asked) -> bool:
    """What AWS would answer: allowed by a statement, and denied by none."""
    fitting = [one for one in statements if _fits(one, asked)]
    return bool(fitting) and all(one["Effect"] == "Allow" for one in fitting)


def _fits(statement: Statement, asked: Asked) -> bool:
    return (
        any(fnmatchcase(asked.action, pattern) for pattern in _listed(statement["Action"]))
        and (not asked.resource or any(fnmatchcase(asked.resource, pattern) for pattern in _listed(statement["Resource"])))
        and all(_holds(operator, test, asked.context) for operator, test in statement.get("Condition", {}).items())
    )


def _holds(operator: str, test: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether a condition holds; a key that the request does not bring fails every test but ``Null``."""
    if operator == "Null":
        return all((name not in context) == (str(wanted).lower() == "true") for name, wanted in test.items())
    return all(name in context and any(fnmatchcase(context[name], one) for one in _listed(wanted)) for name, wanted in test.items())


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def of_s3(method: str, path: str, query: Mapping[str, Sequence[str]], headers: Mapping[str, str], body: bytes) -> list[Asked]:
    """What a request of S3 asks for; ``headers`` by their names in small letters."""
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    whole = f"arn:aws:s3:::{bucket}"
    if not key:
        return _of_bucket(method, whole, query, body)
    one, version = f"{whole}/{key}", "Version" if "versionId" in query else ""
    if method in ("GET", "HEAD"):
        return [Asked(f"s3:GetObject{version}", one)]
    if method == "DELETE":
        return [Asked("s3:AbortMultipartUpload" if "uploadId" in query else f"s3:DeleteObject{version}", one)]
    context = {f"s3:{name}": headers[name] for name in ("if-none-match", "if-match") if name in headers}
    source = unquote(headers.get("x-amz-copy-source", "")).lstrip("/").partition("?")[0]
    return [Asked("s3:PutObject", one, context), *([Asked("s3:GetObject", f"arn:aws:s3:::{source}")] if source else [])]


def _of_bucket(method: str, whole: str, query: Mapping[str, Sequence[str]], body: bytes) -> list[Asked]:
    if method == "POST" and "delete" in query:
        found = _KEY_OF_A_DELETION.findall(body)
        return [Asked(f"s3:DeleteObject{'Version' if version else ''}", f"{whole}/{key.decode()}") for key, version in found]
    if method in ("GET", "HEAD"):
        [prefix] = query.get("prefix", [""])
        return [Asked("s3:ListBucketVersions" if "versions" in query else "s3:ListBucket", whole, {"s3:prefix": prefix})]
    return [Asked(f"s3:{method}Bucket", whole)]


def of_target(service: str, target: str, body: bytes) -> list[Asked]:
    """What a request asks for that names its operation in ``X-Amz-Target``."""
    operation, given = target.rpartition(".")[2], json.loads(body or b"{}")
    if service == "ecs":
        return of_ecs(operation, given)
    if service != "sqs":
        return [Asked(f"{service}:{operation}", "")]
    queue = given.get("QueueName") or given.get("QueueUrl", "").rpartition("/")[2]
    return [Asked(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")]


def of_ecs(operation: str, given: Mapping[str, Any]) -> list[Asked]:
    """What a request of ECS asks for; who starts a task with tags asks to tag it as well."""
    here, cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}", given.get("cluster", "default").rpartition("/")[2]
    action, within, tasks = f"ecs:{operation}", {"ecs:cluster": f"{here}:cluster/{cluster}"}, f"{here}:task/{cluster}"
    if operation == "RunTask":
        family, _, revision = given["taskDefinition"].rpartition("/")[2].partition(":")
        run = Asked(action, f"{here}:task-definition/{family}:{revision or 1}", within)
        return [run, *([Asked("ecs:TagResource", f"{tasks}/new", {"ecs:CreateAction": operation})] if given.get("tags") else [])]
    if operation in ("StopTask", "DescribeTasks"):
        named = given.get("tasks") or [given["task"]]
        return [Asked(action, f"{tasks}/{task.rpartition('/')[2]}", within) for task in named]
    return [Asked(action, "")]


@dataclass
class OnlyWhatIsAllowed:
    """A WSGI application that answers 403 to what the asking role may not do, and passes everything else on.

    It gives each container its credentials, as the agent of ECS does, and keeps what it refused.
    """

    application: Application
    roles: Mapping[str, Sequence[Statement]]
    refused: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer, or pass on."""
        path = environ["PATH_INFO"]
        if path == REFUSED:
            return _json(self.refused)(environ, start_response)
        if path.startswith(CREDENTIALS):
            return _json(credentials(path.removeprefix(CREDENTIALS)))(environ, start_response)
        role, asked = self._asked(environ)
        for one in asked if role else ():
            if not allows(self.roles[role], one):
                self.refused.append({"role": role, "action": one.action, "resource": one.resource, **one.context})
                return _refusal(environ, f"{role} may not {one.action} {one.resource}")(environ, start_response)
        return self.application(environ, start_response)

    def _asked(self, environ: dict[str, Any]) -> tuple[str, list[Asked]]:
        signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
        role = signed["key"].removeprefix("ASIA.") if signed else ""
        if signed is None or role not in self.roles:
            return "", []
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        if target := environ.get("HTTP_X_AMZ_TARGET"):
            return role, of_target(signed["service"], target, body)
        if signed["service"] != "s3":
            return role, [Asked(f"{signed['service']}:{parse_qs(body.decode('utf-8', 'replace')).get('Action', [''])[0]}", "")]
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        return role, of_s3(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, headers, body)


def credentials(role: str) -> dict[str, str]:
    """What the agent of ECS answers a container."""
    until = (datetime.now(UTC) + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"AccessKeyId": f"ASIA.{role}", "SecretAccessKey": "sandbox", "Token": "sandbox", "Expiration": until}


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _refusal(environ: Mapping[str, Any], message: str) -> Response:
    if "HTTP_X_AMZ_TARGET" in environ:
        return _json({"__type": "AccessDeniedException", "message": message}, 400)
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message><RequestId>sandbox</RequestId></Error>"
    return Response("" if environ["REQUEST_METHOD"] == "HEAD" else body, 403, content_type="application/xml")
