"""The commands read real sockets on this machine."""

from tests.lib.conftest import _real_sockets

__all__ = ["_real_sockets"]
