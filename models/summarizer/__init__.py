"""The summarizer: from a caller's words to a short phrase that says no more than they do."""

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "shipped"  # the small BART
SHIPPED_READER = Path(__file__).parent / "shipped_reader"  # what serves until a model is promoted
SHIPPED_SIGNS = Path(__file__).parent / "shipped_signs"  # what puts back the signs that a recognizer left out
SHIPPED_SPEECH_ACTS = Path(__file__).parent / "shipped_speech_acts"  # what tells what a caller does with a sentence
