"""WebSocket of the virtual Shelly: it answers requests, and sends a notification per telegram."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import WSMessage, WSMsgType, web

from ..virtual.clients import PollRateExceededError
from ..virtual.shelly_json_rpc import MAX_FRAME_BYTES, answer_frame, read_rpc_frame
from ..virtual.shelly_methods import TOO_MANY, RpcError
from ..virtual.virtual_meter import Unavailable
from .shelly_rpc_dispatch import ShellyRpc

_SEND_TIMEOUT_S = 10.0
# Seconds between two notifications with energies, because energies change slowly.
_ENERGY_INTERVAL_S = 60.0
# Beginning of the client name that Home Assistant (aioshelly) sends. When no telegrams come, the
# connections of other clients are closed. Home Assistant gets unknown values instead, because it
# would wait a minute before it connects again.
_HOME_ASSISTANT = "aios-"


class WebsocketListener:
    """Connected client of the WebSocket. If it is slow, it gets only the newest telegram.

    `on_request` is called for each request, but not for other messages.
    """

    def __init__(
        self, request: web.Request, address: str, rpc: ShellyRpc, on_request: Callable[[], None]
    ) -> None:
        self._request = request
        self._address = address
        self._rpc = rpc
        self._on_request = on_request
        # Pings are answered in `_answer`, which counts them. The library would answer pings without
        # counting them.
        self._socket = web.WebSocketResponse(
            max_msg_size=MAX_FRAME_BYTES, compress=False, autoping=False
        )
        self._news = asyncio.Event()
        self._is_over = False
        self._source: str | None = None
        self._energy_at = float("-inf")

    def wake(self) -> None:
        """Make the client's task send a notification of the newest telegram soon."""
        self._news.set()

    def hang_up(self) -> None:
        """Make the client's task close the connection.

        If the client is Home Assistant, the task sends a notification with unknown values instead,
        and the connection stays open.
        """
        self._is_over = True
        self._news.set()

    def _abort(self) -> None:
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
                await self._answer(message)
                # The socket returns received messages without a pause, so let other tasks run.
                await asyncio.sleep(0)
        except PollRateExceededError:
            self._abort()
        finally:
            notifier.cancel()
            await asyncio.gather(notifier, return_exceptions=True)
        return self._socket

    async def _answer(self, message: WSMessage) -> None:
        """Answer a message.

        Raises PollRateExceededError if the client sends too many messages, invalid ones included.
        """
        frame = read_rpc_frame(message.data) if message.type is WSMsgType.TEXT else None
        if frame is None:
            self._rpc.note_other(self._address)
            if message.type is WSMsgType.PING:
                await self._send(self._socket.pong(message.data))
            return
        self._on_request()
        self._source = frame.source or self._source
        code, answer = answer_frame(
            frame,
            self._rpc.serial,
            lambda call: self._rpc.answer(self._address, call.method, call.component),
        )
        await self._send(self._socket.send_str(answer))
        if code == TOO_MANY:
            raise PollRateExceededError

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
                text = self._rpc.outdated_notification(self._source or "")
                await self._send(self._socket.send_str(text))
                continue
            # A notification needs the client's name, which comes with the client's first request.
            # So send no notification before that request.
            if self._source is None:
                continue
            has_energy = loop.time() - self._energy_at >= _ENERGY_INTERVAL_S
            with suppress(Unavailable, RpcError):
                text = self._rpc.notification(self._address, self._source, has_energy=has_energy)
                await self._send(self._socket.send_str(text))
                self._energy_at = loop.time() if has_energy else self._energy_at

    async def _send(self, sending: Awaitable[None]) -> None:
        """Wait for `sending`. Close the connection if the client does not receive it in time."""
        try:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await sending
        except TimeoutError, ConnectionError:
            self._abort()
