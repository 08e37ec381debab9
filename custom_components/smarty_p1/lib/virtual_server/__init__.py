"""Server of a virtual meter on the network, by HTTP, WebSocket and UDP. Needs aiohttp."""

from .server import UDP_PORTS, VirtualServer

__all__ = ["UDP_PORTS", "VirtualServer"]
