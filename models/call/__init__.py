"""What a call is: its record, its words, its privacy, and what becomes of it."""
