"""The pages of a sign-on by the company's provider: there, back, and out of both."""

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from console.desk import Desk, Refused, address_of, ours
from console.oidc import Begun, Oidc, SignOnFailed
from console.sessions import SIGN_ON_SECONDS
from models.errors import ReadbackError

logger = logging.getLogger("readback.console")
BEGUN = "begun"  # the cookie of a sign-on under way


def oidc_pages(desk: Desk, oidc: Oidc) -> APIRouter:
    """Sign-on with this provider."""
    router = APIRouter()

    @router.get("/login/company")
    def leave(request: Request, next: str = "") -> Response:
        _not_too_often(desk, request)
        begun = Begun.now(ours(next))
        answer = RedirectResponse(oidc.leave_for(begun), 303)
        desk.carry(answer, BEGUN, desk.sessions.keep(begun.model_dump_json()), SIGN_ON_SECONDS)
        return answer

    @router.get("/login/back")
    def back(request: Request) -> Response:
        _not_too_often(desk, request)
        kept = desk.sessions.kept(request.cookies.get(desk.cookie(BEGUN), ""))
        try:
            found = oidc.come_back(request.query_params, Begun.model_validate_json(kept) if kept else None)
        except SignOnFailed as error:
            desk.guesses.wrong(f"address {address_of(request)}")
            answer: Response = desk.page("login.html", None, error.status, warning=str(error), name="", next="", company=True)
        else:
            logger.info("%s signed on by the provider", found.name)
            answer = RedirectResponse(Begun.model_validate_json(kept).onward or "/", 303)
            desk.carry(answer, "", desk.sessions.begin_by_provider(found.name, found.groups), desk.sessions.provider_seconds)
        desk.carry(answer, BEGUN, "", 0)
        return answer

    @router.get("/signed-out")
    def signed_out() -> Response:
        try:
            onward = oidc.leave_for_good()
        except ReadbackError as error:
            logger.warning("Signed out here alone: %s", error)
            onward = ""
        answer = desk.page("signed_out.html", None, onward=onward)
        if onward:  # a redirect of the form itself would be one to another site, which the content policy forbids
            answer.headers["Refresh"] = f"0; url={onward}"
        return answer

    return router


def _not_too_often(desk: Desk, request: Request) -> None:
    if wait := desk.guesses.wait(f"address {address_of(request)}"):
        raise Refused(f"로그인이 여러 번 실패했습니다. {wait // 60 + 1}분 뒤에 다시 시도하세요.", 429)
