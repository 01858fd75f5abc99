"""How the shipped models are made. Never in the image; serving may not import it."""
