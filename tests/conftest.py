"""What all tests share: sockets."""

import pytest


@pytest.fixture(autouse=True)
def sockets(request: pytest.FixtureRequest) -> None:
    """Let tests open sockets, which Home Assistant's test kit, where it is installed, forbids."""
    if request.config.pluginmanager.hasplugin("socket"):
        request.getfixturevalue("socket_enabled")
