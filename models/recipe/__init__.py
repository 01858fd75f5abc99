"""How the shipped models are made. Never in the image; serving may not import it."""

from pathlib import Path

WRITERS = Path(__file__).parent / "writers"  # what the reader learns from
