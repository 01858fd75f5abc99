"""The group of a caller's emotion, as the settings have groups."""

import wiring
from models.signals.labels import NO_EMOTION, read_groups
from models.signals.told import CallEmotion


def group_of(emotion: CallEmotion | None) -> str:
    """The group of the emotion at the end of the call, else of the whole call; 없음 where none is sure."""
    label = (emotion.end or emotion.label) if emotion else ""
    return read_groups(wiring.settings().emotion_groups).get(label, NO_EMOTION)
