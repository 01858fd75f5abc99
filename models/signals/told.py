"""What a call tells besides the request, as its record has it: the caller's emotion, signs of danger, what has to be done, and what the
company's documents say to the request."""

from pydantic import BaseModel, ConfigDict, Field

from models.actions.action import Action
from models.answers.told import Answer
from models.signals.labels import Danger


class Likely(BaseModel):
    """An emotion and how likely it is."""

    model_config = ConfigDict(frozen=True)

    label: str
    likelihood: float


class Felt(BaseModel):
    """One utterance on the curve: ``label`` is empty where no emotion is sure; ``mood`` runs from -1 (bad) to 1 (good)."""

    model_config = ConfigDict(frozen=True)

    utterance: int = Field(ge=0)
    label: str
    likelihood: float
    mood: float


class CallEmotion(BaseModel):
    """The caller's emotion: of the whole call, at its start, at its end, and the utterance at which it turns.

    ``label`` is empty where nothing is sure enough to be told; ``top5`` says then what is likeliest.
    """

    model_config = ConfigDict(frozen=True)

    label: str = ""
    top5: tuple[Likely, ...] = ()
    start: str = ""
    end: str = ""
    turn: int | None = None
    curve: tuple[Felt, ...] = ()
    version: str = ""


class DangerSign(BaseModel):
    """A kind of danger and the utterance that shows it most clearly."""

    model_config = ConfigDict(frozen=True)

    kind: Danger
    utterance: int = Field(ge=0)
    likelihood: float


class CallDanger(BaseModel):
    """The dangers that a call shows, the likeliest first; none is a verdict too."""

    model_config = ConfigDict(frozen=True)

    signs: tuple[DangerSign, ...] = ()
    version: str = ""

    @property
    def kinds(self) -> list[Danger]:
        """The kinds of danger."""
        return [sign.kind for sign in self.signs]


class CallSignals(BaseModel):
    """What was told of a call besides its request; None where no model was there to tell it, or nobody looked for it yet."""

    model_config = ConfigDict(frozen=True)

    emotion: CallEmotion | None = None
    danger: CallDanger | None = None
    actions: tuple[Action, ...] | None = None
    suggestion: Answer | None = None

    @property
    def alarms(self) -> bool:
        """Whether somebody has to look at the call now."""
        return self.danger is not None and bool(self.danger.signs)
