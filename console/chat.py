"""The chat's pages: a service first, then questions by text or by voice to the company's documents; everybody sees their own alone."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from console import chat_room
from console.chat_room import LONGEST_SECONDS, MOST_SOUND_BYTES, ChatRoom, Told
from console.desk import Desk, Fields, body_of, seen
from console.roles import May
from console.sessions import Session, same
from console.sound import headers_of
from models.chat.conversation import LONGEST_WORDS, Chat
from models.errors import ObjectGone, ReadbackError, TransientError
from reports.messages import message_of

logger = logging.getLogger("readback.console")
MICROPHONE = "camera=(), geolocation=(), microphone=(self)"  # the policy of these pages, which record
LISTED = 20


async def recording(request: Request) -> bytes:
    """The recording that was sent."""
    return await body_of(request, MOST_SOUND_BYTES)


def chat_pages(desk: Desk, room: ChatRoom) -> APIRouter:
    """The pages below ``/chat``."""
    router, page = APIRouter(prefix="/chat"), desk.page
    may, sent = desk.may(May.CHAT), desk.sent(May.CHAT)

    def first(who: Session, status: int = 200, warning: str = "") -> Response:
        return page(
            "chats.html",
            who,
            status,
            services=room.services.current().services,
            chats=room.chats.latest(who.user.name, LISTED),
            warning=warning,
        )

    def shown(who: Session, chat: Chat, status: int = 200, **more: Any) -> Response:
        values = {
            "warning": "",
            "draft": "",
            "play": "",
            "poll": max(1, round(room.poll_seconds)),
            "longest": LONGEST_WORDS,
            "longest_seconds": LONGEST_SECONDS,
            "no_voice": "" if _hears(room) else chat_room.NO_VOICE,
        }
        return page("chat.html", who, status, chat=chat, **values | more)

    def after(chat: Chat, play: str = "") -> str:
        return f"/chat/{chat.chat_id}{'?play=1' if play else ''}#last"

    @router.get("")
    def services(who: Annotated[Session, Depends(may)]) -> Response:
        return first(who)

    @router.post("")
    def begin(fields: Fields, who: Annotated[Session, Depends(sent)]) -> Response:
        try:
            chat = room.begin(who.user.name, fields.get("service", ""))
        except Told as told:
            return first(who, told.status, str(told))
        return RedirectResponse(f"/chat/{chat.chat_id}", 303)

    @router.get("/{chat_id}")
    def conversation(chat_id: str, who: Annotated[Session, Depends(may)], play: str = "") -> Response:
        return shown(who, room.chats.read(who.user.name, chat_id), play=play)

    @router.post("/{chat_id}/ask")
    def ask(chat_id: str, fields: Fields, who: Annotated[Session, Depends(sent)]) -> Response:
        words = fields.get("words", "")
        try:
            return RedirectResponse(after(room.ask(who.user.name, chat_id, words, seen(fields))), 303)
        except (Told, ReadbackError) as error:
            return not_done(who, chat_id, error, words[:LONGEST_WORDS])

    @router.post("/{chat_id}/again")
    def again(chat_id: str, fields: Fields, who: Annotated[Session, Depends(sent)]) -> Response:
        try:
            return RedirectResponse(after(room.answer_again(who.user.name, chat_id, seen(fields))), 303)
        except (Told, ReadbackError) as error:
            return not_done(who, chat_id, error)

    def not_done(who: Session, chat_id: str, error: Told | ReadbackError, draft: str = "") -> Response:
        """The conversation as it is, with what went wrong and what was written."""
        if isinstance(error, ObjectGone):
            raise error
        status, said = _told(error)
        return shown(who, room.chats.read(who.user.name, chat_id), status, warning=said, draft=draft)

    @router.post("/{chat_id}/voice")
    def voice(
        request: Request, chat_id: str, who: Annotated[Session, Depends(may)], sound: Annotated[bytes, Depends(recording)]
    ) -> Response:
        if not same(request.headers.get("x-csrf", ""), who.csrf):
            return JSONResponse({"said": "페이지가 오래되었습니다. 새로 고친 뒤 다시 시도하세요."}, 403)
        try:
            room.hand_in(who.user.name, chat_id, sound)
        except (Told, ReadbackError) as error:
            status, said = _told(error, chat_room.NO_VOICE)
            return JSONResponse({"said": said}, status)
        return JSONResponse({"go": f"/chat/{chat_id}#hearing"})

    @router.post("/{chat_id}/listen")
    def listen(request: Request, chat_id: str, fields: Fields, who: Annotated[Session, Depends(sent)]) -> Response:
        by_script = request.headers.get("HX-Request") == "true"
        try:
            chat = room.listen(who.user.name, chat_id)
        except TransientError as error:
            logger.warning("What was heard in a chat waits: %s", error)
            chat = room.chats.read(who.user.name, chat_id)
        except (Told, ReadbackError) as error:
            if not by_script:
                return not_done(who, chat_id, error)
            return page("chat_unheard.html", who, warning=_told(error, chat_room.NO_VOICE)[1], chat_id=chat_id)
        if chat.hearing and by_script:
            return Response(status_code=204)
        if by_script:
            return Response(headers={"HX-Redirect": after(chat, "1")})
        return RedirectResponse(f"/chat/{chat_id}#hearing" if chat.hearing else after(chat, "1"), 303)

    @router.get("/{chat_id}/answers/{exchange}/{answer}/sound")
    def sound(request: Request, chat_id: str, exchange: int, answer: int, who: Annotated[Session, Depends(may)]) -> Response:
        try:
            body = room.sound(who.user.name, chat_id, exchange, answer)
        except (Told, ReadbackError) as error:
            return Response(_told(error, chat_room.NO_SPEECH)[1], _told(error)[0], media_type="text/plain")
        status, part, headers = headers_of(body, request.headers.get("range", ""))
        return Response(part, status, headers=dict(headers), media_type="audio/wav")

    @router.post("/{chat_id}/erase")
    def erase(chat_id: str, who: Annotated[Session, Depends(sent)]) -> Response:
        room.chats.read(who.user.name, chat_id)
        room.chats.erase(who.user.name, chat_id)
        return RedirectResponse("/chat", 303)

    return router


def _hears(room: ChatRoom) -> bool:
    """Whether there is a vendor that takes recordings of this page; whether it is there is known when it is asked."""
    try:
        return not room.ear("").offer.reads_bucket
    except ReadbackError:
        return False


def _told(error: Told | ReadbackError, instead: str = "") -> tuple[int, str]:
    """The status of what went wrong, and what the person is told; ``instead`` where an error of a vendor says nothing to them."""
    if isinstance(error, Told):
        return error.status, str(error)
    logger.warning("A chat: %s", error)
    told = message_of(error.code, error.case)
    return 503, instead or f"{told.title}: {told.reason}"
