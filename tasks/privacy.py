"""Personal numbers in what people said, masked wherever people or callers meet it, as the settings say.

Only words of people go through here. What systems say (a job id, a key, a reason) stays as it is: a masked id helps nobody.
"""

from collections.abc import Sequence

import wiring
from models.call.privacy import mask_personal_data, mask_utterances


def masked(said: str) -> str:
    """What somebody said with personal numbers masked, or as it is where the settings switch masking off."""
    return mask_personal_data(said) if wiring.settings().mask_personal_data else said


def masked_conversation(said: Sequence[str]) -> list[str]:
    """The same for a conversation, utterance by utterance: a number told over several is one number."""
    return mask_utterances(said) if wiring.settings().mask_personal_data else list(said)
