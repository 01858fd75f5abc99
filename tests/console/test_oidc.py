"""Sign-on by a company's provider: who comes in, who does not, and what is told where something is wrong."""

import base64
import hashlib
import logging
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from fastapi.testclient import TestClient

from console import sessions
from console.__main__ import provider as provider_of
from console.app import create_app
from console.oidc import KEYS_AGAIN_SECONDS, OidcSettings, parse_roles
from console.roles import ROLES, Role
from console.users import Users
from models.errors import ConfigurationError
from sandbox.faults import FaultPlan
from sandbox.oidc import CLIENT, GROUPS, NOBODY, PEOPLE, Provider
from tests.console.conftest import PASSWORD as OF_THE_FILE
from tests.console.conftest import World
from tests.console.provider import SECRET, Visitor, oidc_of, serving
from wiring.configuration import Settings

pytestmark = pytest.mark.slow
ADDRESS = "https://console.test"
DISBELIEVED = "답을 믿을 수 없어"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with serving(ADDRESS) as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    yield running
    running.faults.replace(FaultPlan())


@pytest.fixture
def visitor(world: World, provider: Provider) -> Visitor:
    """A browser before a console whose people the provider signs on."""
    world.console = replace(world.console, oidc=oidc_of(provider, ADDRESS))
    return Visitor(TestClient(create_app(world.console), base_url=ADDRESS), provider)


@pytest.mark.parametrize("role", Role)
def test_somebody_of_a_group_comes_in_with_its_role_where_they_wanted_to_go(visitor: Visitor, world: World, role: Role) -> None:
    call = world.put()
    page = visitor.console.get(f"/calls/{call.call_id}", follow_redirects=True).text
    assert "회사 계정으로 로그인" in page
    assert 'name="password"' not in page
    answer = visitor.sign_on(role.value, f"/calls/{call.call_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{call.call_id}")
    shown = visitor.console.get(answer.headers["location"]).text
    assert f"{role.value} <small>{ROLES[role]}</small>" in shown
    assert ("/audit" in shown) == (role in (Role.COMPLIANCE, Role.ADMIN))


def test_the_request_carries_state_nonce_and_a_challenge_that_nobody_can_guess_and_no_secret(visitor: Visitor) -> None:
    one, other = (parse_qs(urlsplit(visitor.leave()).query) for _ in range(2))
    assert (one["response_type"], one["client_id"], one["code_challenge_method"]) == (["code"], [CLIENT], ["S256"])
    assert one["redirect_uri"] == [f"{ADDRESS}/login/back"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name][0]) >= 43
        assert one[name] != other[name]
    assert SECRET not in str(one)


def test_the_cookie_of_a_sign_on_is_for_this_host_and_no_script_and_ends_with_it(visitor: Visitor) -> None:
    answer = visitor.console.get("/login/company", follow_redirects=False)
    begun = answer.headers["set-cookie"]
    assert all(part in begun for part in ("__Host-readback-begun=", "HttpOnly", "Secure", "SameSite=lax", "Max-Age=600"))
    back = visitor.come_back(visitor.prove(answer.headers["location"], "lead"))
    assert {"__Host-readback-begun", "__Host-readback"} <= {cookie.split("=")[0] for cookie in back.headers.get_list("set-cookie")}
    assert "__Host-readback-begun" not in visitor.console.cookies


def test_what_was_begun_in_another_browser_or_answered_before_signs_nobody_on(visitor: Visitor, world: World) -> None:
    address = visitor.prove(visitor.leave(), "lead")
    stranger = TestClient(create_app(world.console), base_url=ADDRESS)
    stranger.get("/login/company", follow_redirects=False)
    parts = urlsplit(address)
    refused = stranger.get(f"{parts.path}?{parts.query}", follow_redirects=False)
    assert (refused.status_code, "맞지 않거나 오래되었습니다" in refused.text) == (400, True)
    assert visitor.come_back(address).status_code == 303
    assert visitor.come_back(address).status_code == 400  # the second time there is no sign-on under way
    assert TestClient(create_app(world.console), base_url=ADDRESS).get("/login/back?code=x&state=").status_code == 400


def test_a_wrong_state_or_issuer_is_refused_before_the_code_is_spent(visitor: Visitor, provider: Provider) -> None:
    asked = provider.asked["token"]
    for changed in ({"state": "x"}, {"iss": "https://login.example.com"}):
        address = urlsplit(visitor.prove(visitor.leave(), "lead"))
        query = {name: values[0] for name, values in parse_qs(address.query).items()} | changed
        assert visitor.come_back(f"{ADDRESS}/login/back?{urlencode(query)}").status_code == 400
    assert provider.asked["token"] == asked


@pytest.mark.parametrize(
    "fault", ["wrong_nonce", "expired", "wrong_audience", "wrong_issuer", "unsigned", "other_key", "hs256", "no_token"]
)
def test_a_token_that_is_not_right_signs_nobody_on(
    visitor: Visitor, provider: Provider, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.faults.replace(FaultPlan(rate=1, kinds=(fault,)))
    with caplog.at_level(logging.WARNING):
        answer = visitor.sign_on("lead")
    assert (answer.status_code, DISBELIEVED in answer.text) == (401, True)
    assert visitor.console.get("/", follow_redirects=False).status_code == 303
    assert not any(secret in caplog.text for secret in (SECRET, "eyJ"))


def test_a_key_that_is_new_is_fetched_but_not_at_every_strange_token(world: World, provider: Provider) -> None:
    now = [0.0]
    oidc = oidc_of(provider, ADDRESS)
    oidc._clock = lambda: now[0]
    world.console = replace(world.console, oidc=oidc)
    visitor = Visitor(TestClient(create_app(world.console), base_url=ADDRESS), provider)
    assert visitor.sign_on("lead").status_code == 303
    now[0] += KEYS_AGAIN_SECONDS
    provider.faults.replace(FaultPlan(rate=1, kinds=("rotated",)))
    fetched = provider.asked["jwks"]
    assert visitor.sign_on("lead").status_code == 303
    assert provider.asked["jwks"] == fetched + 1
    assert visitor.sign_on("lead").status_code == 401
    assert provider.asked["jwks"] == fetched + 1


def test_somebody_without_a_role_is_told_whom_to_ask(visitor: Visitor) -> None:
    answer = visitor.sign_on(NOBODY)
    assert (answer.status_code, "콘솔 권한이 없습니다" in answer.text) == (403, True)
    assert visitor.console.get("/", follow_redirects=False).status_code == 303


def test_who_cancels_at_the_provider_is_told_so(visitor: Visitor) -> None:
    state = parse_qs(urlsplit(visitor.leave()).query)["state"][0]
    answer = visitor.come_back(f"{ADDRESS}/login/back?error=access_denied&error_description=<script>&state={state}")
    assert (answer.status_code, "취소되었거나 거절되었습니다" in answer.text, "<script>" in answer.text) == (403, True, False)


def test_a_provider_that_is_away_is_told_in_korean_and_who_is_in_stays_in(visitor: Visitor, world: World, provider: Provider) -> None:
    assert visitor.sign_on("lead").status_code == 303
    provider.faults.replace(FaultPlan(rate=1, kinds=("503",)))
    world.console = replace(world.console, oidc=oidc_of(provider, ADDRESS))
    app = create_app(world.console)
    late = TestClient(app, base_url=ADDRESS).get("/login/company", follow_redirects=False)
    assert (late.status_code, "회사 로그인을 쓸 수 없음" in late.text) == (503, True)
    inside = TestClient(app, base_url=ADDRESS, cookies=dict(visitor.console.cookies))
    assert inside.get("/").status_code == 200
    address = visitor.prove(visitor.leave(), "lead")
    assert visitor.come_back(address).status_code == 503


def test_nobody_listening_and_a_wrong_secret_are_told_without_the_secret(
    world: World, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    for changes, status in (({"issuer": "http://127.0.0.1:1"}, 503), ({"client_secret": "a wrong secret"}, 503)):
        world.console = replace(world.console, oidc=oidc_of(provider, ADDRESS, **changes))
        visitor = Visitor(TestClient(create_app(world.console), base_url=ADDRESS), provider)
        begun = visitor.console.get("/login/company", follow_redirects=False)
        if begun.status_code == 303:
            begun = visitor.come_back(visitor.prove(begun.headers["location"], "lead"))
        assert begun.status_code == status
        assert "secret" not in begun.text
        assert "a wrong secret" not in caplog.text


def test_a_session_ends_with_its_hour_and_with_the_groups_role(visitor: Visitor, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.sign_on("lead")
    assert visitor.console.get("/").status_code == 200
    with monkeypatch.context() as later:
        later.setattr(sessions.time, "time", lambda now=time.time: now() + 3600)
        assert visitor.console.get("/", follow_redirects=False).headers["location"].startswith("/login")
    assert world.console.oidc is not None
    fewer = replace(world.console.oidc.settings, roles=parse_roles("cc-agent=agent"))
    world.console = replace(world.console, oidc=oidc_of(visitor.provider, ADDRESS, roles=fewer.roles))
    without = TestClient(create_app(world.console), base_url=ADDRESS, cookies=dict(visitor.console.cookies))
    assert without.get("/", follow_redirects=False).status_code == 303


def test_signing_out_ends_both_sessions_and_the_provider_asks_again(visitor: Visitor) -> None:
    visitor.sign_on("lead")
    page = visitor.console.get("/").text
    token = re.search(r'name="csrf" value="([^"]*)"', page)
    assert token is not None
    answer = visitor.console.post("/logout", data={"csrf": token[1]})
    assert "로그아웃했습니다" in answer.text
    assert visitor.console.get("/", follow_redirects=False).status_code == 303
    asks = lambda: "비밀번호" in visitor.at_provider.get(visitor.leave(), allow_redirects=False, timeout=10).text  # noqa: E731
    assert not asks()  # the provider still knows them until the browser follows
    end = answer.headers["refresh"].partition("url=")[2]
    back = visitor.at_provider.get(end, allow_redirects=False, timeout=10)
    assert (back.status_code, back.headers["location"]) == (303, f"{ADDRESS}/login")
    assert asks()


def test_a_console_knows_one_way_in_and_takes_no_cookie_of_the_other(visitor: Visitor, world: World) -> None:
    by_password = world.console
    file = replace(by_password, oidc=None)
    world.console = file
    person = world.client(Role.ADMIN)
    of_file = dict(person.browser.cookies)
    world.console = by_password
    assert visitor.console.post("/login", data={"name": "admin", "password": OF_THE_FILE}).status_code == 404
    cookies = TestClient(create_app(by_password), base_url=ADDRESS, cookies=of_file)
    assert cookies.get("/", follow_redirects=False).status_code == 303
    visitor.sign_on("admin")
    back = TestClient(create_app(file), base_url=ADDRESS, cookies=dict(visitor.console.cookies))
    assert back.get("/", follow_redirects=False).status_code == 303


def test_sign_ons_that_fail_again_and_again_close_the_door_for_a_while(visitor: Visitor) -> None:
    statuses = [visitor.console.get("/login/back?state=x&code=y").status_code for _ in range(9)]
    assert statuses == [400] * 8 + [429]
    assert visitor.console.get("/login/company", follow_redirects=False).status_code == 429


def test_names_are_one_word_and_hostile_ones_stay_words(world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "김 상담,<script>alert(1)</script>" + "가" * 80
    monkeypatch.setitem(PEOPLE, hostile, ("cc-lead",))  # type: ignore[arg-type]
    world.console = replace(world.console, oidc=oidc_of(provider, ADDRESS))
    visitor = Visitor(TestClient(create_app(world.console), base_url=ADDRESS), provider)
    assert visitor.sign_on(hostile).status_code == 303
    page = visitor.console.get("/").text
    assert "<script>alert" not in page
    assert "김·상담·&lt;script&gt;alert(1)&lt;·script&gt;" in page


# --- the stand-in is as strict as real providers ---------------------------------------------------------------------------


def test_the_stand_in_sends_nobody_to_an_address_that_is_not_registered(provider: Provider) -> None:
    query = {"client_id": CLIENT, "response_type": "code", "scope": "openid", "redirect_uri": "https://evil.test/"}
    answer = requests.get(f"{provider.issuer}/authorize", params=query, allow_redirects=False, timeout=10)
    assert (answer.status_code, "location" in answer.headers) == (400, False)


def test_the_stand_in_wants_pkce_and_takes_a_code_once_with_its_verifier_from_its_client(provider: Provider) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    redirect = f"{ADDRESS}/login/back"
    query = {"client_id": CLIENT, "response_type": "code", "scope": "openid", "redirect_uri": redirect, "state": "s"}
    without = requests.get(f"{provider.issuer}/authorize", params=query, allow_redirects=False, timeout=10)
    assert "error=invalid_request" in without.headers["location"]

    def code() -> str:
        return parse_qs(urlsplit(provider.code_for("lead", query | {"code_challenge": challenge})).query)["code"][0]

    def token(auth: tuple[str, str], **form: str) -> tuple[int, str]:
        sent = {"grant_type": "authorization_code", "redirect_uri": redirect, "code_verifier": verifier} | form
        answer = requests.post(f"{provider.issuer}/token", data=sent, auth=auth, timeout=10)
        return answer.status_code, answer.json().get("error", "")

    client, used = (CLIENT, SECRET), code()
    assert token(client, code=used) == (200, "")
    assert token(client, code=used) == (400, "invalid_grant")
    assert token(client, code=code(), code_verifier="w" * 64) == (400, "invalid_grant")
    assert token(client, code=code(), redirect_uri=f"{ADDRESS}/other") == (400, "invalid_grant")
    assert token((CLIENT, "guess"), code=code()) == (401, "invalid_client")


# --- settings --------------------------------------------------------------------------------------------------------------


def test_settings_that_would_be_unsafe_or_empty_are_refused_at_the_start() -> None:
    good = {"issuer": "https://login.example.com", "client_id": "c", "client_secret": "s", "address": ADDRESS, "roles": parse_roles(GROUPS)}
    OidcSettings(**good)  # type: ignore[arg-type]
    for name, value in (
        ("issuer", "http://login.example.com"),
        ("address", "http://console.example.com"),
        ("address", ""),
        ("client_secret", ""),
        ("roles", {}),
    ):
        with pytest.raises(ConfigurationError, match="READBACK_CONSOLE"):
            OidcSettings(**good | {name: value})  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="names no role"):
        parse_roles("cc-leads=boss")
    assert "s3cret" not in repr(OidcSettings(**good | {"client_secret": "s3cret"}))  # type: ignore[arg-type]


def test_without_an_issuer_the_users_file_signs_people_on(world: World) -> None:
    assert provider_of(Settings()) is None
    assert isinstance(world.console.users, Users)
