"""What was proposed to agents for a call."""

from pydantic import BaseModel, ConfigDict, Field


class Draft(BaseModel):
    """One reply that was proposed: ``refused`` is why the language model's sentence was left out, empty where there is one or no model."""

    model_config = ConfigDict(frozen=True)

    opening: str
    sentence: str = ""
    refused: str = ""

    @property
    def text(self) -> str:
        """As an agent may say it."""
        return f"{self.opening} {self.sentence}".strip()


class Drafts(BaseModel):
    """What was proposed for a call so far, oldest first, with the caller's words that agents added meanwhile."""

    model_config = ConfigDict(frozen=True)

    drafts: tuple[Draft, ...] = ()
    said_since: tuple[str, ...] = Field((), description="What the caller said since, as the agent typed it")
