"""Words of callers and staff for artifacts: they stay words, masked where the settings say so."""

from reports.markdown import plain
from tasks.privacy import masked


def shown(said: str) -> str:
    """What people said as plain words: masked where the settings say so, and unable to become markup, a link or another table cell."""
    return plain(masked(said))
