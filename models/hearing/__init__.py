"""How well vendors hear: transcripts against references, by recording and condition, and what a comparison costs."""
