"""One thing to do: what, who, by when, and the utterance in which it was said."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from models.actions.due import Due


class Who(StrEnum):
    """Who has to do it."""

    AGENT = "agent"
    CALLER = "caller"
    OTHER_DESK = "other_desk"


class Action(BaseModel):
    """A promise, or something asked for. ``desk`` is the other desk as it was named (심사팀).

    ``also`` are the other utterances that words of it come from.
    ``proposed_by`` is the language model that proposed it; empty where morphology found it.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    who: Who
    utterance: int = Field(ge=0)
    due: Due | None = None
    desk: str = ""
    also: tuple[int, ...] = ()
    proposed_by: str = ""
