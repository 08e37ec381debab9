"""Server of a virtual meter on the network, for HTTP, WebSocket and UDP.

The package needs aiohttp.

Public modules: server.
"""
