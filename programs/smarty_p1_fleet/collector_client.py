"""NATS client of the collector and of the operator's commands."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import override

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError, TimeoutError as NoAnswerError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import BucketNotFoundError, ServiceUnavailableError

from smarty_p1_gateway.config_table import raise_unavailable
from smarty_p1_gateway.nats.nats_client import NatsClient
from smarty_p1_gateway.nats.nats_config import NatsConfig
from smartyp1.json_types import JsonDict, without

from .collector_config import CollectorConfig
from .jetstream_objects import METERS

_API_TIMEOUT_S = 10.0
# Seconds for which a command asks again while JetStream does not answer. If a node ends, another
# node becomes the leader of its streams, which takes a few seconds.
_MAX_LEADERLESS_S = 60.0
_ASK_AGAIN_S = 0.5
_CONNECT_TIMEOUT_S = 30.0
_CLOSE_TIMEOUT_S = 3.0
# Messages from a stream have a reply subject that begins with this prefix.
STORED_PREFIX = b"$JS.ACK."


type Receiver = Callable[[bytes, bytes, bytes, bytes], None]
"""Function that takes subject, reply subject, data and headers of a message, as NATS sends them."""


class CollectorClient(NatsClient):
    """NATS client that survives messages with an undecodable subject or a hostile header.

    Without this class, nats-py would stop reading at each delivery of an undecodable message. And
    it would take a stored message with the header `Status` for the end of the stream.
    """

    def __init__(self, config: NatsConfig) -> None:
        super().__init__(config)
        self._receivers: dict[int, Receiver] = {}

    async def receive(self, inbox: str, receiver: Receiver) -> Subscription:
        """Subscribe to `inbox`, and call `receiver` with each message. Raises NATS's errors.

        nats-py would parse all headers, and wake a task for each message.
        """
        subscription = await self.subscribe(inbox)
        self._receivers[subscription._id] = receiver  # noqa: SLF001
        return subscription

    async def acknowledge(self, replies: Iterable[bytes], *, is_done: bool) -> None:
        """Acknowledge messages, or with `is_done` False, let NATS deliver them again at once.

        `replies` are their reply subjects. Raises NATS's errors.
        """
        end = b"0\r\n\r\n" if is_done else b"4\r\n-NAK\r\n"
        await self.send(b"PUB %b %b" % (reply, end) for reply in replies)

    @override
    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        if receiver := self._receivers.get(sid):
            receiver(subject, reply, data, headers or b"")
        else:
            await super()._process_msg(sid, subject, reply, data, headers)

    @override
    async def close(self) -> None:
        """Close the connection. Raises TimeoutError and the errors of NATS."""
        # After a refused certificate, nats-py would wait without end.
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await super().close()

    @override
    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        try:
            return await super()._process_headers(headers)
        except ValueError, IndexError:
            return None

    @override
    def _build_message(
        self,
        sid: int,
        subject: bytes,
        reply: bytes,
        data: bytes,
        headers: dict[str, str] | None,
    ) -> Msg:
        readable = subject.decode(errors="replace").encode()
        if headers and reply.startswith(STORED_PREFIX):
            # A status message of the server has no reply subject with STORED_PREFIX. So the
            # publisher of this message has added its status headers: drop these headers.
            headers = without(headers, {Header.STATUS, Header.DESCRIPTION})
        message: Msg = super()._build_message(sid, readable, reply, data, headers)
        return message


class _PatientJetStream(JetStreamContext):
    """JetStream for commands. It asks again while a stream has no leader.

    All requests of the commands have the same effect twice as once.
    """

    @override
    async def _api_request(
        self, req_subject: str, req: bytes = b"", timeout: float = 5
    ) -> JsonDict:
        end = asyncio.get_running_loop().time() + _MAX_LEADERLESS_S
        while True:
            try:
                answer: JsonDict = await super()._api_request(req_subject, req, timeout)
            except (NoAnswerError, ServiceUnavailableError) as error:
                if asyncio.get_running_loop().time() > end:
                    raise_unavailable(
                        f"JetStream has not answered for {_MAX_LEADERLESS_S:.0f} s ({error})"
                    )
                await asyncio.sleep(_ASK_AGAIN_S)
            else:
                return answer


@asynccontextmanager
async def connected(config: CollectorConfig) -> AsyncIterator[JetStreamContext]:
    """Yield JetStream. Raises UnavailableError for errors of NATS and for an OSError."""
    nats = CollectorClient(config.nats)

    async def ignore(_: Exception) -> None:
        pass

    try:
        # While no server accepts a connection, nats-py tries all servers without end.
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await nats.open(ignore)
        except TimeoutError:
            raise_unavailable("no server of NATS is reached")
        yield _PatientJetStream(nats, timeout=_API_TIMEOUT_S)
    except BucketNotFoundError:
        raise_unavailable(f"there is no bucket {METERS}: no collector has worked with this login")
    except OSError as error:
        raise_unavailable(
            f"NATS or the file cannot be used: {error.strerror or type(error).__name__}"
        )
    except NatsError as error:
        raise_unavailable(f"NATS does not do it: {str(error) or type(error).__name__}")
    finally:
        with suppress(NatsError, OSError, TimeoutError):
            await nats.close()
