"""Free TCP ports for programs that will start soon."""

import contextlib
import socket
import sys
from random import randrange

_HOST = "127.0.0.1"
# Range of ports to choose from. The kernel gives only higher ports to outgoing connections, so no
# such connection occupies a chosen port.
_FIRST, _LAST = 10_000, 30_000
# For each claimed port: the file descriptor of the claim, which stays open until this process ends.
_claimed: dict[int, int | None] = {}


def free_ports(count: int = 1) -> int:
    """Return a free TCP port. The next `count` - 1 ports are free, too.

    No later call on this machine returns these ports. So they stay free until the caller's program
    listens at them.
    """
    while True:
        first = randrange(_FIRST, _LAST)  # noqa: S311 - not used for secrets
        ports = range(first, first + count)
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            claims = {port: _claim(port, stack) for port in ports if _is_free(port)}
            if len(claims) == count:
                for port, claim in claims.items():
                    _claimed[port] = claim.detach() if claim else None
                return first


def _is_free(port: int) -> bool:
    if port in _claimed:
        return False
    with socket.socket() as probe:
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _claim(port: int, stack: contextlib.ExitStack) -> socket.socket | None:
    """Claim `port` by opening a socket, and return the socket.

    Return None on systems other than Linux. Raises OSError if another process has claimed the port.
    """
    if sys.platform != "linux":
        return None
    claim = stack.enter_context(socket.socket(socket.AF_UNIX))
    # An abstract socket has no file. So the kernel removes the claim when this process ends.
    claim.bind(f"\0smarty_p1 port {port}")
    return claim
