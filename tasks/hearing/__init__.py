"""Comparing speech-to-text vendors: each recording is heard once by each, and judged against its reference."""
