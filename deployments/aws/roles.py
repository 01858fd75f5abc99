"""Policies of ``deployments/iam`` with a site's names in them: the stacks and the policies' own tests read one source."""

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from models.errors import ConfigurationError

FOLDER = Path(__file__).parents[1] / "iam"


def role_names() -> tuple[str, ...]:
    """Every role that has a policy."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def policy(role: str, site: Mapping[str, str]) -> dict[str, Any]:
    """A role's policy; ``site`` gives bucket, both prefixes, region, account, queue and connect_instance.

    A prefix may not be empty: the statement would mean the whole bucket. Statements about Amazon Connect fall away where no
    instance is named.
    """
    for name in ("recordings_prefix", "contact_records_prefix"):
        if not site.get(name, "").strip("/"):
            remedy = "Name a folder; one that nobody writes to, such as ctr/, where there are no contact records"
            raise ConfigurationError(f"{name} is empty, so {role} could read the whole bucket", remedy=remedy)
    document = json.loads((FOLDER / f"{role}.json").read_text("utf-8"))
    if not site.get("connect_instance"):
        document["Statement"] = [one for one in document["Statement"] if not any(a.startswith("connect:") for a in one["Action"])]
    try:
        filled: dict[str, Any] = json.loads(Template(json.dumps(document)).substitute(site))
    except KeyError as error:
        raise ConfigurationError(f"the policy {role} names {error}, which the site does not", remedy="Add it in stacks.py") from None
    return filled
