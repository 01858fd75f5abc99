"""What a call tells besides the request: the caller's emotion, and signs of danger. Classifiers of utterances, and what a call comes to."""

from pathlib import Path

SHIPPED_EMOTION = Path(__file__).parent / "shipped_emotion"
SHIPPED_DANGER = Path(__file__).parent / "shipped_danger"
