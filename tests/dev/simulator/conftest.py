"""Sockets for the tests that need them."""

import contextlib
import importlib
import socket
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def sockets() -> Iterator[None]:
    """Let the tests open sockets even where a plugin forbids it."""
    forbidding = socket.socket
    with contextlib.suppress(ImportError):
        importlib.import_module("pytest_socket").enable_socket()
    yield
    socket.socket = forbidding  # type: ignore[misc]
