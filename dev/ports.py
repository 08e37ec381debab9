"""TCP ports for programs that are about to be started."""

import contextlib
import socket
import sys
from random import randrange

_HOST = "127.0.0.1"
# Below what the kernel gives to outgoing connections, which would take them in between.
_FIRST, _LAST = 10_000, 30_000
# The descriptor of each port's claim, which stays open as long as this process lives.
_given: dict[int, int | None] = {}


def free_ports(count: int = 1) -> int:
    """Return the first of so many neighbouring ports that nobody uses.

    Each is given once, to whichever process of this machine asks: what is to use it may not have
    been started when another one is wanted.
    """
    while True:
        first = randrange(_FIRST, _LAST)  # noqa: S311 - no secret
        ports = range(first, first + count)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            claims = {port: _claim(port, stack) for port in ports if _is_free(port)}
            if len(claims) == count:
                for port, claim in claims.items():
                    _given[port] = claim.detach() if claim else None
                return first


def _is_free(port: int) -> bool:
    if port in _given:
        return False
    with socket.socket() as probe:
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _claim(port: int, stack: contextlib.ExitStack) -> socket.socket | None:
    """Claim a port until this process ends. Raises OSError when another one has claimed it."""
    if sys.platform != "linux":
        return None
    claim = stack.enter_context(socket.socket(socket.AF_UNIX))
    # The name is in no folder: the kernel forgets it with the process.
    claim.bind(f"\0smarty_p1 port {port}")
    return claim
