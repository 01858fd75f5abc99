"""Work pools, deployments, automations, limits and the resident worker, as code."""
