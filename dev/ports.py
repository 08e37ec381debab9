"""TCP ports for programs that are about to be started."""

import socket
from random import randrange

_HOST = "127.0.0.1"
# Below what the kernel gives to outgoing connections, which would take them in between.
_FIRST, _LAST = 10_000, 30_000
_given: set[int] = set()


def free_ports(count: int = 1) -> int:
    """Return the first of so many neighbouring ports that nobody uses.

    Each is given once: what is to use it may not have been started when another one is wanted.
    """
    while True:
        first = randrange(_FIRST, _LAST)  # noqa: S311 - no secret
        ports = range(first, first + count)
        if _given.isdisjoint(ports) and all(map(_is_free, ports)):
            _given.update(ports)
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
