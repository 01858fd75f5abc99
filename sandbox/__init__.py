"""The vendors' stand-ins and a local stack, so that unchanged production code runs with no cloud account."""
