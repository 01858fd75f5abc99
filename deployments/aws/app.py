"""``python -m deployments.aws.app`` writes the templates into ``cdk.out``; ``cdk deploy`` calls it by ``deployments/aws/cdk.json``.

A site's own values are context: ``-c bucket=acme-calls -c connect_instance=…``; their names are those of ``stacks.Site``.
"""

import os
from dataclasses import fields, replace
from typing import Any

import aws_cdk as cdk

from deployments.aws.stacks import Site, data, services


def build(app: Any) -> None:
    """Both stacks of one site."""
    site = Site()
    for field in fields(Site):
        value = app.node.try_get_context(field.name)
        if value is not None:
            site = replace(site, **{field.name: _typed(field.name, value)})
    kept = cdk.Stack(app, "ReadbackData", description="Readback: what is kept", termination_protection=True)
    running = cdk.Stack(app, "ReadbackServices", description="Readback: what runs")
    services(running, site, data(kept, site))


def _typed(name: str, value: Any) -> Any:
    """A context value as the field wants it: on the command line everything is text."""
    default = getattr(Site, name)
    if isinstance(default, bool):
        return str(value).lower() == "true"
    return type(default)(value)


def main() -> None:
    """Write the templates."""
    app = cdk.App(analytics_reporting=False, outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    build(app)
    app.synth()


if __name__ == "__main__":
    main()
