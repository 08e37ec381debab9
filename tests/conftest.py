"""What all tests share: sockets on this machine, and no others."""

import pytest


@pytest.fixture(autouse=True)
def sockets(request: pytest.FixtureRequest) -> None:
    """Let the tests open sockets; Home Assistant's test kit, where it is installed, forbids them."""
    if request.config.pluginmanager.hasplugin("socket"):
        request.getfixturevalue("socket_enabled")
