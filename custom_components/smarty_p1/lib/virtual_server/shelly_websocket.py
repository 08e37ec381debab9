"""WebSocket of the virtual Shelly: it answers requests, and sends a notification per telegram."""

import asyncio
from contextlib import suppress

from aiohttp import WSMsgType, web

from ..virtual import (
    MAX_FRAME_BYTES,
    TOO_MANY,
    RpcError,
    Unavailable,
    answer_frame,
    read_frame,
)
from .shelly_rpc_dispatch import ShellyRpc

_SEND_TIMEOUT_S = 10.0
# Seconds between two notifications with energies, because energies change slowly.
_ENERGY_INTERVAL_S = 60.0
# Beginning of the client name that Home Assistant (aioshelly) sends. When no telegrams come, the
# connections of other clients are closed. Home Assistant gets unknown values instead, because it
# would wait a minute before it connects again.
_HOME_ASSISTANT = "aios-"


class Listener:
    """Connected client of the WebSocket. If it is slow, it gets only the newest telegram."""

    def __init__(self, request: web.Request, address: str, rpc: ShellyRpc) -> None:
        self._request = request
        self.address = address
        self._rpc = rpc
        self._socket = web.WebSocketResponse(max_msg_size=MAX_FRAME_BYTES, compress=False)
        self._news = asyncio.Event()
        self._is_over = False
        self._source: str | None = None
        self._energy_at = float("-inf")

    @property
    def connection(self) -> web.RequestHandler:
        """Return the HTTP connection of the client."""
        return self._request.protocol

    def wake(self) -> None:
        """Make the client's task send a notification of the newest telegram soon."""
        self._news.set()

    def hang_up(self) -> None:
        """Close the connection soon. If Home Assistant is the client, send unknown values."""
        self._is_over = True
        self._news.set()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._request.transport:
            self._request.transport.abort()

    async def run(self) -> web.StreamResponse:
        """Answer requests and send notifications until the client disconnects.

        Return the response.
        """
        await self._socket.prepare(self._request)
        notifier = asyncio.create_task(self._notify())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    await self._answer(message.data)
        finally:
            notifier.cancel()
            await asyncio.gather(notifier, return_exceptions=True)
        return self._socket

    async def _answer(self, text: str) -> None:
        frame = read_frame(text)
        if frame is None:
            return
        self._source = frame.source or self._source
        code, answer = answer_frame(
            frame,
            self._rpc.serial,
            lambda call: self._rpc.answer(self.address, call.method, call.component),
        )
        await self._send(answer)
        if code == TOO_MANY:
            self.abort()

    async def _notify(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._news.wait()
            self._news.clear()
            if self._is_over:
                if not (self._source or "").startswith(_HOME_ASSISTANT):
                    await self._socket.close()
                    return
                self._is_over = False
                await self._send(self._rpc.outdated_notification(self._source or ""))
                continue
            # A notification needs the client's name, which comes with the client's first request.
            # So send no notification before that request.
            if self._source is None:
                continue
            has_energy = loop.time() - self._energy_at >= _ENERGY_INTERVAL_S
            with suppress(Unavailable, RpcError):
                text = self._rpc.notification(self.address, self._source, has_energy=has_energy)
                await self._send(text)
                self._energy_at = loop.time() if has_energy else self._energy_at

    async def _send(self, text: str) -> None:
        """Send `text`. Close the connection if the client does not receive the text in time."""
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await self._socket.send_str(text)
        except TimeoutError, ConnectionError:
            self.abort()
