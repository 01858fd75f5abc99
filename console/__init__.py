"""The console: pages for agents, team leads, compliance and ML staff."""
