"""The summarizer: from a caller's words to a short phrase that says no more than they do."""

from pathlib import Path

SHIPPED_MODEL = Path(__file__).parent / "shipped"
