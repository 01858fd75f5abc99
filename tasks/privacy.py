"""Personal numbers, masked wherever people or callers meet a text, as the settings say."""

import wiring
from models.call.privacy import mask_personal_data


def masked(text: str) -> str:
    """The text with personal numbers masked, or as it is where the settings switch masking off."""
    return mask_personal_data(text) if wiring.settings().mask_personal_data else text
