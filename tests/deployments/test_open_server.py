"""The server does not listen beyond this machine without a password."""

import pytest

from deployments.prefect_server import open_to_everybody

WITH_PASSWORD = {"PREFECT_SERVER_API_AUTH_STRING": "user:password"}


@pytest.mark.parametrize("arguments", [["start", "--host", "0.0.0.0"], ["start", "--host=::"], ["start", "--host", "prefect.example.com"]])
def test_a_server_that_others_reach_needs_a_password(arguments: list[str]) -> None:
    assert "PREFECT_SERVER_API_AUTH_STRING" in open_to_everybody(arguments, {"PREFECT_API_AUTH_STRING": "user:password"})
    assert open_to_everybody(arguments, WITH_PASSWORD) == ""


def test_the_host_may_come_from_the_environment() -> None:
    assert open_to_everybody(["start"], {"PREFECT_SERVER_API_HOST": "10.0.0.5"})
    assert open_to_everybody(["start"], {}) == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.53"])
def test_this_machine_alone_needs_none(host: str) -> None:
    assert open_to_everybody(["start", "--host", host], {}) == ""
