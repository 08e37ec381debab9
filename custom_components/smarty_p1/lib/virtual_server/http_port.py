"""HTTP server of a virtual meter: paths of HomeWizard and Shelly, and the Shelly's WebSocket."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from ..client_admission import Admission, plain_address
from ..json_types import JsonMapping
from ..local_network_check import is_local_host
from ..local_server import LocalServer, abort
from ..virtual.clients import PollRateExceededError, Question
from ..virtual.homewizard_api import (
    HOMEWIZARD_IDENTIFIED,
    HOMEWIZARD_SYSTEM,
    homewizard_data,
    homewizard_information,
)
from ..virtual.shelly_json_rpc import (
    MAX_FRAME_BYTES,
    answer_frame,
    component_of,
    read_rpc_frame,
    shelly_json,
)
from ..virtual.shelly_methods import TOO_MANY, RpcError, shelly_information
from ..virtual.virtual_meter import Unavailable, VirtualMeter
from .shelly_rpc_dispatch import ShellyRpc
from .shelly_websocket import WebsocketListener

# Maximum number of connections, WebSockets included. Each named battery may have
# MAX_CONNECTIONS_OF_ONE further connections. Twenty devices behind one address need two connections
# each.
MAX_CONNECTIONS = 128
MAX_CONNECTIONS_OF_ONE = 48
# A connection is closed after this number of seconds without a request. On a new connection, the
# first request must come within MAX_FIRST_REQUEST_S.
MAX_IDLE_S = 75.0
MAX_FIRST_REQUEST_S = 10.0
CHECK_INTERVAL_S = 5.0
_LISTEN_RETRY_S = 0.1
MAX_BODY_S = 5.0
# Bytes of a body that wait to be read.
_BODY_BUFFER_BYTES = 1024

LOGGER = logging.getLogger(__name__)
# Logger that drops all lines, because anybody on the network can cause invalid requests.
_QUIET = logging.getLogger(f"{__name__}.requests")
_QUIET.setLevel(logging.CRITICAL + 1)

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _text(text: str, status: int = 200) -> web.Response:
    response = web.Response(text=text, status=status, content_type="application/json")
    if status == TOO_MANY:
        # The client asks too often. Close the connection, which also drops the requests that the
        # client has already sent.
        response.force_close()
    return response


class HttpPort:
    """HTTP server of a virtual meter."""

    def __init__(
        self,
        meter: VirtualMeter,
        now: Callable[[], float],
        rpc: ShellyRpc | None,
        *,
        has_homewizard: bool,
        shows_telegram: bool,
    ) -> None:
        self._meter = meter
        self._now = now
        self._rpc = rpc
        self._listeners: set[WebsocketListener] = set()
        # The rank of a connection is the time at which it is closed unless another request comes.
        self._admission = Admission[asyncio.BaseTransport](
            MAX_CONNECTIONS, MAX_CONNECTIONS_OF_ONE, abort, meter.is_named
        )
        self._server = LocalServer(
            self._admission,
            lambda _transport: self._runner.server() if self._runner.server else None,
            lambda: now() + MAX_FIRST_REQUEST_S,
        )
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        app = web.Application(client_max_size=MAX_FRAME_BYTES)
        guarded = self._guarded
        if has_homewizard:
            information, system = homewizard_information(meter.serial), HOMEWIZARD_SYSTEM
            app.router.add_get("/api", guarded(self._document(information)))
            app.router.add_get("/api/v1/data", guarded(self._data))
            app.router.add_get("/api/v1/system", guarded(self._document(system)))
            # A client's change is ignored, so the answer to PUT is the unchanged state.
            app.router.add_put("/api/v1/system", guarded(self._document(system)))
            app.router.add_put("/api/v1/identify", guarded(self._document(HOMEWIZARD_IDENTIFIED)))
            if shows_telegram:
                app.router.add_get("/api/v1/telegram", guarded(self._telegram))
        if rpc:
            app.router.add_get("/shelly", guarded(self._document(shelly_information(meter.serial))))
            app.router.add_get("/rpc", guarded(self._listen))
            app.router.add_post("/rpc", guarded(self._frame))
            app.router.add_route("GET", "/rpc/{method}", guarded(self._method))
            app.router.add_route("POST", "/rpc/{method}", guarded(self._method))
        app.router.add_route("*", "/{path:(?s:.*)}", guarded(_refuse))
        # A small body can expand to any size. So decompress no body.
        self._runner = web.AppRunner(
            app,
            access_log=None,
            logger=_QUIET,
            keepalive_timeout=MAX_IDLE_S,
            auto_decompress=False,
            read_bufsize=_BODY_BUFFER_BYTES,
        )

    async def start(self, address: str, port: int) -> None:
        """Listen at an address and a port. Raises OSError if this is impossible."""
        if self._runner.server is None:
            await self._runner.setup()
        await self._server.start(address, port)
        self._check_idle()

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._timer:
            self._timer.cancel()
        await self._server.stop()
        await self._runner.cleanup()

    def push(self) -> None:
        """Make all WebSockets send a notification of the newest telegram soon."""
        for listener in self._listeners:
            listener.wake()

    def hang_up(self) -> None:
        """Close the WebSockets, so that their clients do not show outdated values for ever."""
        for listener in self._listeners:
            listener.hang_up()

    def _check_idle(self) -> None:
        self._timer = self._loop.call_later(CHECK_INTERVAL_S, self._check_idle)
        self.close_idle()

    def close_idle(self) -> None:
        """Close the connections that have been idle for too long."""
        self._server.close_idle(self._now())

    def _note_request(self, transport: asyncio.BaseTransport | None) -> None:
        if transport:
            self._admission.note_request(transport, self._now() + MAX_IDLE_S)

    def _guarded(self, handler: Handler) -> Handler:
        """Return a handler that calls `handler` within the limits of all requests.

        A middleware would do the same. But aiohttp caches the handlers with their middlewares for
        the whole process, so this server and its meter would stay in memory after the stop.
        """
        return partial(self._guard, handler)

    async def _guard(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        self._note_request(request.transport)
        try:
            return await self._answer(request, handler)
        except web.HTTPException, asyncio.CancelledError:
            raise
        except Unavailable:
            return _error(503, "No values of now")
        except PollRateExceededError:
            return _error(TOO_MANY, "Asked too often")
        except RpcError as err:
            return _text(shelly_json({"code": err.code, "message": err.message}), err.code)
        except TimeoutError, ConnectionError:
            raise web.HTTPRequestTimeout from None
        except Exception:
            LOGGER.exception("%s of the virtual meter cannot be answered", request.path)
            raise

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_local_host(request.headers.get("Host", "")):
            # The request names another host. A foreign web page may have made its own name resolve
            # to this host (DNS rebinding) to read the values. So refuse the request.
            self._note(request)
            return _error(421, "Ask by the address")
        if _is_encoded(request):
            self._note(request)
            response = _error(415, "Send the body without Content-Encoding")
            response.force_close()
            return response
        try:
            return await handler(request)
        except web.HTTPException:
            # The request is refused, for example because its path is unknown. Count a refused
            # request, too, because the limit applies to all requests of a client.
            self._note(request)
            raise

    def _note(self, request: web.Request) -> None:
        self._meter.note_question(_client(request), Question.OTHER, self._now())

    def _document(self, document: JsonMapping) -> Handler:
        """Return a handler that always answers with the same document."""

        async def answer(request: web.Request) -> web.Response:
            self._note(request)
            return _text(shelly_json(document))

        return answer

    # --- HomeWizard

    async def _data(self, request: web.Request) -> web.Response:
        values = self._meter.answer_question(_client(request), Question.HOMEWIZARD, self._now())
        return web.json_response(homewizard_data(values))

    async def _telegram(self, request: web.Request) -> web.Response:
        self._note(request)
        telegram = self._meter.values(self._now()).reading.telegram
        return web.Response(body=telegram.text, content_type="text/plain")

    # --- Shelly

    async def _method(self, request: web.Request) -> web.Response:
        # Some clients send a whole RPC frame as the body. The `id` of such a frame is the number of
        # the frame and not of the component. So take the component only from the query.
        result = self._required_rpc.answer(
            _client(request), request.match_info["method"], component_of(request.query)
        )
        return _text(shelly_json(result))

    async def _frame(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(MAX_BODY_S):
                frame = read_rpc_frame(await request.read())
        except web.RequestPayloadError:
            frame = None  # aiohttp cannot tell the chunks of the body apart
        if frame is None:
            raise web.HTTPBadRequest
        address, rpc = _client(request), self._required_rpc
        code, text = answer_frame(
            frame, rpc.serial, lambda call: rpc.answer(address, call.method, call.component)
        )
        return _text(text, code)

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        origin = request.headers.get("Origin")
        if origin and origin.partition("://")[2] != request.host:
            # A foreign web page in the user's browser sent this request, and could read the values.
            # So refuse it.
            raise web.HTTPForbidden
        if request.transport:
            await self._become_listener(request.transport)
        on_request = partial(self._note_request, request.transport)
        listener = WebsocketListener(request, _client(request), self._required_rpc, on_request)
        self._listeners.add(listener)
        try:
            return await listener.run()
        finally:
            self._listeners.discard(listener)

    async def _become_listener(self, transport: asyncio.BaseTransport) -> None:
        """Wait until the connection may become a WebSocket."""
        while not transport.is_closing():
            wait = self._admission.listen(transport, self._loop.time())
            if not wait:
                return
            # Try again early, because another WebSocket of the address may send its first request.
            await asyncio.sleep(min(wait, _LISTEN_RETRY_S))

    @property
    def _required_rpc(self) -> ShellyRpc:
        assert self._rpc is not None  # noqa: S101 - without the RPC, its paths do not exist
        return self._rpc


async def _refuse(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound


def _address_of(transport: asyncio.BaseTransport | None) -> str | None:
    peer = transport.get_extra_info("peername") if transport else None
    return plain_address(str(peer[0])) if peer else None


def _client(request: web.Request) -> str:
    """Return the client's IP address in the form of `plain_address`.

    Raises HTTPBadRequest if the address is unknown.
    """
    address = _address_of(request.transport)
    if address is None:
        raise web.HTTPBadRequest  # without an address, the client has already disconnected
    return address


def _is_encoded(request: web.Request) -> bool:
    """Return whether the body is compressed, or encoded in another way."""
    encodings = ",".join(request.headers.getall("Content-Encoding", ())).split(",")
    return any(encoding.strip().lower() not in {"", "identity"} for encoding in encodings)


def _error(status: int, text: str) -> web.Response:
    return _text(json.dumps({"error": {"id": status, "description": text}}), status)
