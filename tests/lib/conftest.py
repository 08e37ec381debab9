"""The library's tests talk to real sockets on this machine."""

import pytest


@pytest.fixture(autouse=True)
def _real_sockets(request: pytest.FixtureRequest) -> None:
    # Home Assistant's test kit, where it is installed, forbids them.
    if request.config.pluginmanager.hasplugin("socket"):
        request.getfixturevalue("socket_enabled")
