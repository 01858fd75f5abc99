"""Replies that take the caller's emotion up: approved openings, which staff edit, and drafts for agents. A caller hears openings alone."""
