"""Recordings and prompts: WAV in memory, measured, converted, drawn."""
