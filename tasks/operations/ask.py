"""A question over many calls: its calls read, what they tell found, and kept where only who may read calls reads it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from prefect import runtime

import wiring
from models.asking.by_model import Told
from models.asking.by_words import Retrieved, grouped, retrieve
from models.asking.findings import Engine, Findings
from models.asking.period import period_of, without_period
from models.asking.question import Question, is_ask_id
from models.asking.said import ReadCall, read_call
from models.asking.words import Asked, asked
from models.call.korea import day_in_korea
from models.call.ledger import LANGUAGE_MODEL, Charge, Unit
from models.errors import ConfigurationError, ObjectGone, ReadbackError
from stores.asked import Asked as AskedStore
from tasks.call.bill import today
from tasks.in_thread import task_in_thread

if TYPE_CHECKING:  # it brings numpy, which a worker of calls does without until it needs it
    from models.summarizer.language_model import Endpoint

_REQUESTS_AT_ONCE = 16


@task_in_thread("read-question")
def read_question(ask_id: str) -> Question:
    """What is asked; ObjectGone for an id that nobody asked."""
    question = AskedStore(wiring.object_store()).question(ask_id) if is_ask_id(ask_id) else None
    if question is None:
        raise ObjectGone("there is no such question", remedy="Ask it in the console", case="no_question")
    return question


@task_in_thread("read-calls")
def read_calls(question: Question) -> tuple[int, list[ReadCall]]:
    """How many calls are meant, and the latest of them, masked; a record that cannot be read is left out."""
    index = wiring.call_index()
    if index is None:
        raise ConfigurationError("there is no list of calls", remedy="Set READBACK_INDEX_URL", case="no_index")
    wanted = replace(question.wanted, most=wiring.settings().ask_most_calls, after=None)
    found, _ = index.size(wanted, 0)
    ids = [call.call_id for call in index.find(wanted)]
    with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as threads:
        return found, [call for call in threads.map(_read, ids) if call is not None]


def _read(call_id: str) -> ReadCall | None:
    try:
        return read_call(wiring.call_records().read(call_id).record)
    except ObjectGone:
        return None  # erased since it was listed
    except ReadbackError as error:
        if error.case == "unreadable_record":
            return None
        raise


# A paid question is not sent again by a task that is repeated: the client repeats what may succeed later.
@task_in_thread("find", retries=0)
def find(question: Question, found: int, calls: Sequence[ReadCall]) -> Findings:
    """What the calls tell: by a language model where settings name one, else by the words said."""
    text = without_period(question.text, period_of(question.text, day_in_korea(question.at)))
    wants = asked(text)
    retrieved = retrieve(wants, calls)
    telling = [one for one in retrieved if one.lines]
    base = Findings(
        ask_id=question.ask_id,
        at=datetime.now(UTC),
        terms=wants.terms,
        reasons=wants.reasons,
        found=found,
        read=len(calls),
        matching=len(retrieved),
        silent=len(retrieved) - len(telling),
        run=str(runtime.flow_run.id),
    )
    from wiring.asking import asked_endpoint  # loads the code of language models

    endpoint = asked_endpoint(wiring.settings())
    if endpoint is None:
        return base.model_copy(update={"findings": tuple(grouped(wants, telling)), "won": 0.0})
    return _by_model(base, endpoint, question, wants, retrieved)


def _by_model(base: Findings, endpoint: "Endpoint", question: Question, wants: Asked, retrieved: Sequence[Retrieved]) -> Findings:
    from wiring.asking import asked_model

    day, budget = today(), wiring.budget()
    if budget is not None:
        budget.check(day, [LANGUAGE_MODEL])
    told = asked_model(endpoint).tell(question.text, wants, retrieved) if retrieved else Told([])
    charges = _charges(endpoint, told, day)
    for charge in charges if budget is not None else ():
        budget.spend(charge)  # type: ignore[union-attr]
    return base.model_copy(
        update={
            "engine": Engine.MODEL,
            "model": endpoint.model,
            "findings": tuple(told.findings),
            "unfounded": told.unfounded,
            "unread": told.unread,
            "prompt_tokens": told.prompt_tokens,
            "completion_tokens": told.completion_tokens,
            "won": sum(charge.won or 0.0 for charge in charges) if _is_priced(endpoint) else None,
        }
    )


def _is_priced(endpoint: "Endpoint") -> bool:
    return bool(endpoint.won_per_1k_prompt_tokens or endpoint.won_per_1k_completion_tokens)


def _charges(endpoint: "Endpoint", told: Told, day: date) -> list[Charge]:
    rows = (
        (Unit.PROMPT_TOKENS, told.prompt_tokens, endpoint.won_per_1k_prompt_tokens),
        (Unit.COMPLETION_TOKENS, told.completion_tokens, endpoint.won_per_1k_completion_tokens),
    )
    won = [None if not _is_priced(endpoint) else round(tokens * price / 1000, 4) for _, tokens, price in rows]
    return [
        Charge(provider=LANGUAGE_MODEL, unit=unit, amount=tokens, won=cost, day=day, model=endpoint.model)
        for (unit, tokens, _), cost in zip(rows, won, strict=True)
        if tokens
    ]


@task_in_thread("keep-findings")
def keep_findings(findings: Findings) -> Findings:
    """Write down what was found; returns it without calls that were erased meanwhile."""
    return AskedStore(wiring.object_store()).keep(findings)


@task_in_thread("keep-failure")
def keep_failure(ask_id: str, error: ReadbackError) -> None:
    """Let who asked know that there will be no answer."""
    failed = Findings(ask_id=ask_id, at=datetime.now(UTC), failed=error.code, case=error.case, run=str(runtime.flow_run.id))
    AskedStore(wiring.object_store()).keep(failed)
