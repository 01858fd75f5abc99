"""How long each kind of data lies in the bucket on AWS: the table of ``models/retention.py`` with the terms and prefixes of a site."""

from collections.abc import Sequence

from models.retention import OLD_VERSIONS_DAYS, UNFINISHED_UPLOADS_DAYS, Kind, kinds

__all__ = ["OLD_VERSIONS_DAYS", "UNFINISHED_UPLOADS_DAYS", "in_bucket"]


def in_bucket(kept_days: str = "", *, recordings_prefix: str = "connect/", contact_files_prefix: str = "ctr/") -> Sequence[Kind]:
    """The kinds that a rule of the bucket removes or moves."""
    table = kinds(kept_days, recordings_prefix=recordings_prefix, contact_files_prefix=contact_files_prefix)
    return [kind for kind in table if kind.prefix and (kind.days or kind.cold_days)]
