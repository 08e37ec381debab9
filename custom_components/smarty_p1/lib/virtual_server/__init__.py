"""Server of a virtual meter on the network, for HTTP, WebSocket and UDP. It needs aiohttp."""

from .server import UDP_PORTS, VirtualServer

__all__ = ["UDP_PORTS", "VirtualServer"]
