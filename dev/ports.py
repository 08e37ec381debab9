"""Free TCP ports for programs that will start soon."""

import socket
from contextlib import ExitStack, suppress
from random import randrange

_HOST = "127.0.0.1"
# Range of ports to choose from. By default, Linux gives only higher ports to outgoing connections.
# So no outgoing connection occupies a chosen port.
_FIRST, _LAST = 10_000, 30_000
# File descriptors of the claims, by port. They stay open until this process ends.
_claimed: dict[int, int] = {}


def free_ports(count: int = 1) -> int:
    """Return the first of `count` consecutive free TCP ports.

    Until this process ends, no other call returns these ports, also in other processes. So the
    ports stay free until the caller's program listens at them.
    """
    while True:
        first = randrange(_FIRST, _LAST)  # noqa: S311 - not used for secrets
        ports = range(first, first + count)
        with ExitStack() as stack, suppress(OSError):
            claims = {
                port: _claim(port, stack)
                for port in ports
                if port not in _claimed and is_free(port)
            }
            if len(claims) == count:
                for port, claim in claims.items():
                    _claimed[port] = claim.detach()
                return first


def is_free(port: int) -> bool:
    """Return whether this process may listen at a TCP port of this machine."""
    with socket.socket() as probe:
        # Connections of an ended program that are still closing do not occupy the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _claim(port: int, stack: ExitStack) -> socket.socket:
    """Claim `port` for this process. Return the Unix socket that holds the claim.

    The socket's name contains the number of the port. While the socket is open, no other process
    can bind a socket to this name. `stack` closes the socket, unless the caller detaches it. Raises
    OSError if another process has claimed the port.
    """
    claim = stack.enter_context(socket.socket(socket.AF_UNIX))
    # Use an abstract socket, which has no file. The kernel removes its name when this process ends.
    claim.bind(f"\0smarty_p1 port {port}")
    return claim
