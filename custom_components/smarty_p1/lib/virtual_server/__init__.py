"""Server of a virtual meter on the network, for HTTP, WebSocket and UDP.

The package needs aiohttp.
"""

from .server import UDP_PORTS, VirtualServer

__all__ = ["UDP_PORTS", "VirtualServer"]
