"""Fixtures that replace those of Home Assistant's test kit: the tests here run real programs."""

from collections.abc import Iterator

import pytest
import pytest_socket


@pytest.fixture(autouse=True, scope="module")
def sockets_for_fixtures() -> None:
    """Allow sockets, which Home Assistant's test kit forbids, in fixtures that outlive a test."""
    pytest_socket.enable_socket()


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    """Allow sockets in every test, and forbid them again afterwards."""
    pytest_socket.enable_socket()
    yield
    pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(autouse=True)
def verify_cleanup() -> None:
    """Replace the fixture of the test kit: things that live as long as a module are no leaks."""


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Replace the fixture of the test kit: debugging would slow down measurements in real time."""


@pytest.fixture(autouse=True, scope="session")
def mock_network() -> None:
    """Replace the test kit's: the network is real here."""


@pytest.fixture(autouse=True, scope="session")
def bcrypt_cost() -> None:
    """Replace the test kit's: passwords are checked in other processes."""
