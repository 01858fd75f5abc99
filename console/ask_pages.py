"""The pages of a question over many calls: what it costs first, then the question, then what was found with the calls and seconds."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from console import asked
from console.acts import ASK
from console.choices import offered_by
from console.desk import Desk, Fields, address_of
from console.roles import May
from console.sessions import Session
from models.asking.by_model import LINES_OF_A_CALL, Estimate, estimate
from models.asking.findings import Findings
from models.asking.period import Period, period_of
from models.asking.question import LONGEST_QUESTION, Question, is_ask_id
from models.call.korea import day_in_korea, in_korea
from models.call.privacy import mask_personal_data
from models.call.wanted import Wanted
from models.errors import ObjectGone
from models.summarizer.language_model import Endpoint
from reports.asking import ENGINES
from reports.messages import message_of
from stores.asked import Asked
from stores.looks import Look
from wiring.asking import asked_endpoint
from wiring.configuration import Settings

logger = logging.getLogger("readback.console")
DAYS = 14  # so far back the page lists questions
GIVEN_UP_AFTER = timedelta(minutes=30)
# Of a call no more is sent than its lines about what was asked; what that comes to is told from the whole call, so it is an upper bound.
_CHARACTERS_OF_A_CALL = 160 * LINES_OF_A_CALL


@dataclass(frozen=True)
class AskSettings:
    """``endpoint`` is the language model, None where the words said are grouped; ``most_calls`` is how many one question reads."""

    endpoint: Endpoint | None = None
    most_calls: int = 300

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As the worker that answers has them: both have to be given the same."""
        return cls(asked_endpoint(settings), settings.ask_most_calls)


@dataclass(frozen=True)
class Cost:
    """What a question will read and cost at most; ``named`` is the time that the question itself names."""

    found: int
    read: int
    at_most: Estimate | None
    named: Period | None


def ask_pages(desk: Desk, settings: AskSettings) -> APIRouter:
    """Questions over many calls."""
    router, questions = APIRouter(), Asked(desk.store)

    def shown(
        who: Session, status: int = 200, /, *, warning: str = "", text: str = "", chosen: Mapping[str, str] | None = None
    ) -> Response:
        today = day_in_korea(datetime.now(UTC))
        days = [today - timedelta(days=back) for back in range(DAYS)]
        earlier = [_row(*one) for day in days for one in questions.of_day(day)]
        values = {"warning": warning, "text": text, "chosen": dict(chosen or {}), "earlier": earlier, "model": settings.endpoint}
        return desk.page("ask.html", who, status, offered=offered_by(desk.listed()), longest=LONGEST_QUESTION, **values)

    def priced(who: Session, status: int, text: str, chosen: Mapping[str, str], told: Cost, warning: str = "") -> Response:
        values = {"text": text, "chosen": chosen, "cost": told, "model": settings.endpoint, "engines": ENGINES, "warning": warning}
        return desk.page("ask_cost.html", who, status, **values)

    @router.get("/ask")
    def page(who: Annotated[Session, Depends(desk.may(May.ASK))]) -> Response:
        return shown(who)

    @router.post("/ask/cost")
    def cost(fields: Fields, who: Annotated[Session, Depends(desk.sent(May.ASK))]) -> Response:
        text, chosen = _question(fields), asked.filters(fields)
        if warning := _fault(text):
            return shown(who, 422, warning=warning, text=text, chosen=chosen)
        told = _cost(desk, settings, _wanted(text, chosen), text)
        if not told.found:
            return shown(who, 422, warning="조건에 맞는 통화가 없습니다. 기간이나 조건을 바꿔 보세요.", text=text, chosen=chosen)
        return priced(who, 200, text, chosen, told)

    @router.post("/ask/start")
    def start(request: Request, fields: Fields, who: Annotated[Session, Depends(desk.sent(May.ASK))]) -> Response:
        text, chosen = _question(fields), asked.filters(fields)
        if warning := _fault(text):
            return shown(who, 422, warning=warning, text=text, chosen=chosen)
        wanted = _wanted(text, chosen)
        told = _cost(desk, settings, wanted, text)
        if str(told.read) != fields.get("read", ""):
            return priced(who, 409, text, chosen, told, "그사이 조건에 맞는 통화가 달라졌습니다. 비용을 다시 확인하세요.")
        question = Question.now(mask_personal_data(text), wanted, who.user.name, told.read)
        roles = [role.value for role in who.user.roles]
        desk.looks.add(Look.at_many(who.user.name, roles, question.ask_id, question.text, address_of(request)))
        questions.ask(question)
        run = desk.start(ASK, {"ask_id": question.ask_id, "requested_by": who.user.name})
        logger.info("%s asked %s: run %s", who.user.name, question.ask_id, run)
        return RedirectResponse(f"/ask/{question.ask_id}", 303)

    @router.get("/ask/{ask_id}")
    def answer(request: Request, ask_id: str, who: Annotated[Session, Depends(desk.may(May.ASK))]) -> Response:
        question = questions.question(ask_id) if is_ask_id(ask_id) else None
        if question is None:
            raise ObjectGone("there is no such question", remedy="Ask it anew", case="no_question")
        found = questions.findings(ask_id)
        if request.headers.get("HX-Request"):
            return Response(headers={"HX-Refresh": "true"}) if found else desk.page("ask_waiting.html", who, ask_id=ask_id)
        failure = message_of(found.failed, found.case) if found and found.failed else None
        values = {"question": question, "found": found, "failure": failure, "engines": ENGINES, "late": _is_late(question, found)}
        return desk.page("answer.html", who, prefect=desk.prefect_url, **values)

    return router


def _question(fields: Mapping[str, str]) -> str:
    return " ".join(fields.get("question", "").split())


def _fault(text: str) -> str:
    if not any(map(str.isalnum, text)) or len(text) > LONGEST_QUESTION:
        return f"질문을 1자에서 {LONGEST_QUESTION}자 사이로 적어 주세요."
    return ""


def _wanted(text: str, chosen: Mapping[str, str]) -> Wanted:
    """The filters, and the days that the question names where the filters name none."""
    wanted, named = asked.wanted(chosen, "", 1), period_of(text, day_in_korea(datetime.now(UTC)))
    if named and wanted.since is None and wanted.until is None:
        return replace(wanted, since=named.since, until=named.until)
    return wanted


def _cost(desk: Desk, settings: AskSettings, wanted: Wanted, text: str) -> Cost:
    found, characters = desk.listed().size(wanted, _CHARACTERS_OF_A_CALL)
    read = min(found, settings.most_calls)
    share = characters * read // found if found else 0
    at_most = estimate(settings.endpoint, read, share) if settings.endpoint else None
    return Cost(found, read, at_most, period_of(text, day_in_korea(datetime.now(UTC))))


def _is_late(question: Question, found: Findings | None) -> bool:
    return found is None and datetime.now(UTC) - question.at > GIVEN_UP_AFTER


def _row(question: Question, found: Findings | None) -> dict[str, str]:
    state = "끝나지 않음" if _is_late(question, found) else "찾는 중" if found is None else "실패" if found.failed else "답이 있음"
    return {"id": question.ask_id, "text": question.text, "by": question.by, "at": in_korea(question.at), "state": state}
