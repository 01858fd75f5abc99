"""The pages and what each asks: who is there, whether they may, and what the stores say. Every deed is a flow run of its own."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

from clients.s3 import ObjectStore
from console import asked
from console.acts import AGAIN, CORRECT, ERASE, REDRIVE, SPEAK_AGAIN, Starts
from console.answers_page import Ask, answers_pages
from console.ask_pages import AskSettings, ask_pages
from console.call_page import OUTCOMES, VERDICTS, CallPage, began, call_page, clock
from console.chat import MICROPHONE, chat_pages
from console.chat_room import ChatRoom
from console.choices import fixed_choices, offered_by
from console.desk import Desk, Fields, Refused, SignOn, address_of, ours, seen
from console.limits import Pace
from console.oidc import Oidc
from console.oidc_pages import oidc_pages
from console.roles import ROLES, May
from console.sessions import SESSION_SECONDS, Guesses, Session, Sessions, same
from console.sound import BAND, WIDTH, Sounds, headers_of
from console.users import Users
from console.words import CannotChange, word_edit
from models.call import besides
from models.call.edited import with_edits
from models.call.editing import LONGEST_SUMMARY, Edit, EditKind
from models.call.korea import day_in_korea
from models.call.prices import Prices
from models.call.record import CallRecord
from models.call.spending import Period
from models.call.true_rate import first_digits, true_rates
from models.errors import ConfigurationError, ObjectGone, ReadbackError, StorageConflict, TransientError
from reports.call import KINDS
from reports.messages import message_of
from stores.call_index import CallIndex
from stores.call_records import CallRecords
from stores.edits import Edits
from stores.looks import Look, Looks
from stores.money import money_until

logger = logging.getLogger("readback.console")
HERE = Path(__file__).parent
PAGE = 50
SHORTEST_REASON = 5
MONEY_DAYS = 31
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


@dataclass
class Console:
    """What the pages stand on. ``index`` is None where no database is named."""

    store: ObjectStore
    index: CallIndex | None
    users: Users
    secret: str
    start: Starts
    secure: bool = True
    prefect_url: str = ""
    sample_percent: float = 5.0
    oidc: Oidc | None = None
    ask: AskSettings = field(default_factory=AskSettings)
    documents: Ask | None = None
    prices: Prices = field(default_factory=lambda: Prices(()))
    guesses: Guesses = field(default_factory=Guesses)
    pace: Pace = field(default_factory=Pace)
    chat: ChatRoom = field(kw_only=True)

    def __post_init__(self) -> None:
        by_provider = self.oidc.settings if self.oidc else None
        self.sessions = Sessions(
            self.secret,
            self.users,
            groups=by_provider.roles if by_provider else None,
            provider_seconds=by_provider.session_seconds if by_provider else 0.0,
        )
        self.records, self.edits, self.looks = CallRecords(self.store), Edits(self.store), Looks(self.store)
        self.sounds = Sounds(self.store)

    def cookie(self, name: str = "") -> str:
        """A cookie's name, the session's without one: a browser takes those for TLS from nobody but this very host."""
        named = f"readback-{name}" if name else "readback"
        return f"__Host-{named}" if self.secure else named

    def listed(self) -> CallIndex:
        """The list, or ConfigurationError where there is none."""
        if self.index is None:
            raise ConfigurationError("there is no list of calls", remedy="Set READBACK_INDEX_URL", case="no_index")
        return self.index


@cache
def templates() -> Environment:
    """The templates, compiled once a process: what is not escaped does not exist, and what is not given is an error."""
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.update(
        May=May, ROLES=ROLES, OUTCOMES=OUTCOMES, KINDS=KINDS, VERDICTS=VERDICTS, WIDTH=WIDTH, BAND=BAND, LONGEST_SUMMARY=LONGEST_SUMMARY
    )
    environment.globals.update(fixed_choices())
    environment.filters.update(korea=began, clock=clock)
    return environment


def create_app(console: Console) -> FastAPI:
    """The console as an ASGI application."""
    app = FastAPI(title="Readback", docs_url=None, redoc_url=None, openapi_url=None)
    pages = templates()

    def session(request: Request) -> Session:
        found = console.sessions.read(request.cookies.get(console.cookie(), ""))
        if found is None:
            raise SignOn
        return found

    def may(deed: May) -> Callable[[Request], Session]:
        def who(request: Request) -> Session:
            found = session(request)
            if deed not in found.user.may:
                raise Refused(f"{'·'.join(ROLES[role] for role in found.user.roles)} 권한으로는 할 수 없습니다.")
            return found

        return who

    def sent(deed: May) -> Callable[[Request, dict[str, str]], Session]:
        """Somebody who may, and who sent a form of ours."""

        def who(request: Request, fields: Fields) -> Session:
            found = may(deed)(request)
            if not same(fields.get("csrf", ""), found.csrf):
                raise Refused("페이지가 오래되었습니다. 새로 고친 뒤 다시 시도하세요.")
            return found

        return who

    def page(name: str, who: Session | None, status: int = 200, /, **values: Any) -> HTMLResponse:
        return HTMLResponse(pages.get_template(name).render(who=who, **values), status)

    def carry(answer: Response, name: str, value: str, seconds: float) -> None:
        cookie = console.cookie(name)
        answer.set_cookie(cookie, value, int(seconds), path="/", secure=console.secure, httponly=True, samesite="lax")

    def find(call_id: str) -> CallRecord:
        is_one = len(call_id) == 32 and all(letter in "0123456789abcdef" for letter in call_id)
        found = console.records.find(call_id) if is_one else None
        if found is None:
            raise ObjectGone("there is no such call", remedy="Check the address", case="no_call")
        return found.record

    def shown_call(who: Session, record: CallRecord, status: int = 200, /, *, raw: bool = False, **more: Any) -> HTMLResponse:
        told: CallPage = call_page(record, console.edits.after(record.call_id, 0), raw=raw)
        try:
            waves = console.sounds.waves(record)
        except ReadbackError:
            waves = []  # the recording is gone or was uploaded again: the words are still there
        values = {"notice": "", "warning": "", "draft": "", "lost": "", "ticket": "", "reason": ""} | more
        return page("call.html", who, status, call=told, waves=waves, prefect=console.prefect_url, **values)

    def start(deployment: str, who: Session, call_id: str, /, **parameters: Any) -> RedirectResponse:
        run = console.start(deployment, {**parameters, "requested_by": who.user.name})
        logger.info("%s started %s for call %s: run %s", who.user.name, deployment, call_id, run)
        return RedirectResponse(asked.address(f"/calls/{call_id}", done=deployment.partition("/")[0]), 303)

    def edited(who: Session, record: CallRecord, edit: Edit, written: str = "") -> Response:
        """Keep an edit and start the flow that applies it; who comes second is told, with what they had written."""
        try:
            console.edits.add(edit)
        except StorageConflict:
            warning = "그사이 다른 사람이 이 통화를 고쳤습니다. 지금 내용을 확인하고, 필요하면 다시 고치세요."
            return shown_call(who, find(record.call_id), 409, warning=warning, lost=written)
        try:
            return start(CORRECT, who, record.call_id, call_id=record.call_id)
        except TransientError as error:
            logger.warning("An edit of call %s waits for its flow: %s", record.call_id, error)
            warning = "수정 내용은 저장했지만 Prefect 서버가 응답하지 않아 아직 반영하지 못했습니다. 다음 수정 때 함께 반영됩니다."
            return shown_call(who, record, 503, warning=warning)

    @app.middleware("http")
    async def guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        wait = 0 if request.url.path.startswith(_UNCOUNTED) else console.pace.wait(_asker(console, request))
        if wait:
            reason = f"{wait}초 뒤에 다시 시도하세요."
            response: Response = page("fault.html", None, 429, title="요청이 너무 많습니다", reason=reason, remedy="")
            response.headers["Retry-After"] = str(wait)
        else:
            response = await go_on(request)
        response.headers.update(HEADERS)
        if console.secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.url.path.startswith("/chat/"):
            response.headers["Permissions-Policy"] = MICROPHONE
        if not request.url.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.exception_handler(SignOn)
    def sign_on(request: Request, error: SignOn) -> Response:
        if request.headers.get("HX-Request"):
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        back = request.url.path if request.method == "GET" and request.url.path != "/" else ""
        return RedirectResponse(asked.address("/login", next=back), 303)

    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        return page("fault.html", _whoever(console, request), error.status, title="할 수 없는 요청입니다", reason=str(error), remedy="")

    @app.exception_handler(ReadbackError)
    def faulty(request: Request, error: ReadbackError) -> Response:
        told = message_of(error.code, error.case)
        status = 503 if isinstance(error, TransientError | ConfigurationError) else 404 if isinstance(error, ObjectGone) else 500
        logger.warning("%s %s: %s", request.method, request.url.path, error)
        who = _whoever(console, request)
        return page("fault.html", who, status, title=told.title, reason=told.reason, remedy=told.remedy.replace("`", ""))

    @app.exception_handler(404)
    def unknown(request: Request, error: Exception) -> Response:
        who = _whoever(console, request)
        return page("fault.html", who, 404, title="없는 페이지입니다", reason="주소를 확인하세요.", remedy="")

    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok", media_type="text/plain")

    @app.get("/login")
    def login_page(request: Request, next: str = "") -> Response:
        return page("login.html", None, warning="", name="", next=ours(next), company=console.oidc is not None)

    @app.post("/login")
    def login(request: Request, fields: Fields) -> Response:
        _same_site(request)
        if console.oidc is not None:
            raise Refused("이 콘솔은 회사 계정으로 로그인합니다.", 404)
        name, onward = fields.get("name", "")[:60], ours(fields.get("next", ""))
        who = (f"name {name}", f"address {address_of(request)}")
        if wait := console.guesses.wait(*who):
            warning = f"여러 번 틀렸습니다. {wait // 60 + 1}분 뒤에 다시 시도하세요."
            answer = page("login.html", None, 429, warning=warning, name=name, next=onward, company=False)
            answer.headers["Retry-After"] = str(wait)
            return answer
        user = console.users.signed_on(name, fields.get("password", ""))
        if user is None:
            console.guesses.wrong(*who)
            logger.warning("A sign-on was refused from %s", address_of(request))
            warning = "이름이나 비밀번호가 맞지 않습니다."
            return page("login.html", None, 401, warning=warning, name=name, next=onward, company=False)
        welcome = RedirectResponse(onward or "/", 303)
        carry(welcome, "", console.sessions.begin(user), SESSION_SECONDS)
        return welcome

    @app.post("/logout")
    def logout(who: Annotated[Session, Depends(sent(May.READ))]) -> Response:
        answer = RedirectResponse("/login" if console.oidc is None else "/signed-out", 303)
        carry(answer, "", "", 0)
        return answer

    @app.get("/")
    def calls(request: Request, who: Annotated[Session, Depends(may(May.READ))], after: str = "") -> Response:
        index, chosen = console.listed(), asked.filters(request.query_params)
        found = index.find(asked.wanted(chosen, after, PAGE + 1))
        onward = ""
        if len(found) > PAGE:
            onward = asked.address("/", **chosen, after=asked.cursor(found[PAGE - 1].started_at, found[PAGE - 1].call_id))
        values: dict[str, Any] = {"calls": found[:PAGE], "next": onward, "chosen": chosen}
        if request.headers.get("HX-Request"):
            return page("rows.html", who, **values)
        return page("calls.html", who, offered=offered_by(index), first=not after, **values)

    @app.get("/calls/{call_id}")
    def call(call_id: str, who: Annotated[Session, Depends(may(May.READ))], done: str = "") -> Response:
        return shown_call(who, find(call_id), notice=_DONE.get(done, ""))

    @app.get("/calls/{call_id}/pending")
    def pending(call_id: str, who: Annotated[Session, Depends(may(May.READ))]) -> Response:
        record = find(call_id)
        waiting = console.edits.after(call_id, record.review.edits)
        return page("pending.html", who, call_id=call_id, pending=len(waiting)) if waiting else Response(headers={"HX-Refresh": "true"})

    @app.get("/calls/{call_id}/sound")
    def sound(request: Request, call_id: str, who: Annotated[Session, Depends(may(May.READ))], ticket: str = "") -> Response:
        raw = bool(ticket)
        if raw and not (May.RAW in who.user.may and console.sessions.opens_raw(ticket, who.user, call_id)):
            raise Refused("원본을 들을 수 있는 시간이 지났습니다. 사유를 다시 적어 주세요.")
        return _sound(request, console.sounds.recording(find(call_id), raw=raw))

    @app.get("/calls/{call_id}/prompt")
    def prompt(request: Request, call_id: str, who: Annotated[Session, Depends(may(May.READ))]) -> Response:
        return _sound(request, console.sounds.prompt(find(call_id)))

    @app.post("/calls/{call_id}/raw")
    def raw(request: Request, call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.RAW))]) -> Response:
        record, reason = find(call_id), " ".join(fields.get("reason", "").split())
        if len(reason) < SHORTEST_REASON:
            return shown_call(who, record, 422, warning=f"원본을 보는 사유를 {SHORTEST_REASON}자 이상 적어 주세요.")
        roles = [role.value for role in who.user.roles]
        console.looks.add(Look.now(who.user.name, roles, call_id, reason, address_of(request)))
        return shown_call(who, record, raw=True, ticket=console.sessions.raw_ticket(who.user, call_id), reason=reason)

    @app.post("/calls/{call_id}/summary")
    def correct_summary(call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.CORRECT))]) -> Response:
        record, text = find(call_id), " ".join(fields.get("text", "").split())
        if record.summary is None:
            raise Refused("요약이 없는 통화입니다.", 409)
        if not any(map(str.isalnum, text)) or len(text) > LONGEST_SUMMARY:
            return shown_call(
                who, record, 422, warning=f"요약을 1자에서 {LONGEST_SUMMARY}자 사이로 적어 주세요.", draft=text[:LONGEST_SUMMARY]
            )
        return edited(who, record, Edit.now(call_id, _next(fields), EditKind.SUMMARY, who.user.name, text=text), text)

    @app.post("/calls/{call_id}/word")
    def correct_word(call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.CORRECT))]) -> Response:
        record, line = find(call_id), fields.get("line", "")
        waiting = console.edits.after(call_id, record.review.edits)
        try:
            word = word_edit(besides.said(with_edits(record, waiting)), int(fields.get("utterance", "")), line)
        except CannotChange as error:
            return shown_call(who, record, 422, warning=str(error), lost=line)
        except ValueError:
            raise Refused("없는 발화입니다.", 422) from None
        return edited(who, record, Edit.now(call_id, _next(fields), EditKind.WORD, who.user.name, word=word), line)

    @app.post("/calls/{call_id}/verdict")
    def judge(call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.CORRECT))]) -> Response:
        record = find(call_id)
        kind = {"right": EditKind.CONFIRM, "wrong": EditKind.WRONG}.get(fields.get("verdict", ""))
        if kind is None or record.summary is None:
            raise Refused("판정할 수 없는 통화입니다.", 422)
        return edited(who, record, Edit.now(call_id, _next(fields), kind, who.user.name))

    @app.post("/calls/{call_id}/speak-again")
    def speak_again(call_id: str, who: Annotated[Session, Depends(sent(May.SPEAK))]) -> Response:
        return start(SPEAK_AGAIN, who, find(call_id).call_id, call_id=call_id)

    @app.post("/calls/{call_id}/again")
    def again(call_id: str, who: Annotated[Session, Depends(sent(May.SPEAK))]) -> Response:
        return start(AGAIN, who, find(call_id).call_id, call_id=call_id, again=True)

    @app.post("/calls/{call_id}/redrive")
    def redrive(call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.REDRIVE))]) -> Response:
        return start(REDRIVE, who, find(call_id).call_id, calls=[call_id], pay_again=fields.get("pay_again") == "yes")

    @app.post("/calls/{call_id}/erase")
    def erase(call_id: str, fields: Fields, who: Annotated[Session, Depends(sent(May.ERASE))]) -> Response:
        record = find(call_id)
        if fields.get("confirm", "").strip() != call_id[:8]:
            return shown_call(who, record, 422, warning=f"지우려면 통화 번호의 앞 여덟 자리 {call_id[:8]}를 적어 주세요.")
        return start(ERASE, who, call_id, call_id=call_id)

    @app.get("/review")
    def review(who: Annotated[Session, Depends(may(May.REVIEW))]) -> Response:
        index, sampled = console.listed(), first_digits(console.sample_percent)
        return page(
            "review.html",
            who,
            calls=index.to_review(sampled),
            rates=true_rates(index.judged_sample(sampled)),
            percent=console.sample_percent,
        )

    @app.get("/money")
    def money(who: Annotated[Session, Depends(may(May.MONEY))]) -> Response:
        yesterday = day_in_korea(datetime.now(UTC)) - timedelta(days=1)
        period = Period.of(money_until(console.store, yesterday, MONEY_DAYS))
        prices = console.prices.behind(period.spent, yesterday)
        unconfirmed = {(price.provider, price.unit) for price in prices if price.checked is None}
        return page("money.html", who, period=period, days=MONEY_DAYS, prices=prices, unconfirmed=unconfirmed)

    @app.get("/audit")
    def audit(who: Annotated[Session, Depends(may(May.AUDIT))], day: str = "") -> Response:
        chosen = asked.a_day(day) or day_in_korea(datetime.now(UTC))
        looks = sorted(console.looks.of_day(chosen), key=lambda look: look.at, reverse=True)
        return page("audit.html", who, day=chosen.isoformat(), looks=looks)

    desk = Desk(
        store=console.store,
        listed=console.listed,
        looks=console.looks,
        start=console.start,
        sessions=console.sessions,
        guesses=console.guesses,
        page=page,
        may=may,
        sent=sent,
        cookie=console.cookie,
        carry=carry,
        prefect_url=console.prefect_url,
    )
    app.include_router(answers_pages(desk, console.documents))
    app.include_router(chat_pages(desk, console.chat))
    app.include_router(ask_pages(desk, console.ask))
    if console.oidc is not None:
        app.include_router(oidc_pages(desk, console.oidc))
    return app


_DONE: Mapping[str, str] = {
    "apply-edits": "수정 내용을 저장했습니다.",
    "correct-call": "요약을 다시 만들기 시작했습니다. 끝나면 요약과 안내 음성이 바뀝니다.",
    "speak-again": "다시 읽기를 시작했습니다. 끝나면 안내 음성이 바뀝니다.",
    "redrive": "재처리를 시작했습니다.",
    "erase": "삭제를 시작했습니다. 끝나면 이 페이지는 열리지 않습니다.",
}


_UNCOUNTED = ("/static/", "/healthz")


def _asker(console: Console, request: Request) -> str:
    """Whose requests are counted together: a session's by its person, others by their address."""
    who = _whoever(console, request)
    return f"name {who.user.name}" if who else f"address {address_of(request)}"


def _whoever(console: Console, request: Request) -> Session | None:
    """Who has signed on, for the head of a page that tells a fault; nobody where the users' file itself is the fault."""
    try:
        return console.sessions.read(request.cookies.get(console.cookie(), ""))
    except ReadbackError:
        return None


def _next(fields: Mapping[str, str]) -> int:
    """The number of the edit that follows the one the person has seen."""
    return seen(fields) + 1


def _same_site(request: Request) -> None:
    """A sign-on is sent by a page of ours: another site could sign somebody on as its own user."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused("다른 사이트에서 보낸 요청입니다.")


def _sound(request: Request, body: bytes) -> Response:
    status, part, headers = headers_of(body, request.headers.get("range", ""))
    return Response(part, status, headers=dict(headers), media_type="audio/wav")
