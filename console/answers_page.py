"""Answers from the company's documents: an agent types a question, the page quotes a passage with its place or says that none holds it."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.desk import Desk, Fields
from console.roles import May
from console.sessions import Session
from models.answers.answerer import LONGEST_QUESTION
from models.answers.told import NotHeld, Suggested
from models.errors import ConfigurationError

Ask = Callable[[str], Suggested | NotHeld]


def answers_pages(desk: Desk, ask: Ask | None) -> APIRouter:
    """The page's routes; ``ask`` is None where this console has no documents to answer from."""
    router = APIRouter()
    given = {"longest": LONGEST_QUESTION, "question": "", "answer": None, "ready": ask is not None}

    @router.get("/answers")
    def empty(request: Request, who: Annotated[Session, Depends(desk.may(May.READ))]) -> HTMLResponse:
        return desk.page("answers.html", who, **given)

    @router.post("/answers")
    def answered(form: Fields, who: Annotated[Session, Depends(desk.sent(May.READ))]) -> HTMLResponse:
        if ask is None:
            raise ConfigurationError("this console answers from no documents", remedy="Set READBACK_SUGGEST_ANSWERS", case="no_documents")
        question = " ".join(form.get("question", "").split())[:LONGEST_QUESTION]
        return desk.page("answers.html", who, **given | {"question": question, "answer": ask(question)})

    return router
