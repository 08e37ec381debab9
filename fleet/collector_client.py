"""NATS client of the collector. It is robust against malformed messages."""

from typing import override

from nats.aio.msg import Msg

from smarty_p1_gateway.nats_client import NatsClient


class CollectorClient(NatsClient):
    """NATS client that survives messages with an undecodable subject or header.

    Without this class, nats-py would stop reading at each delivery of such a message.
    """

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
        message: Msg = super()._build_message(sid, readable, reply, data, headers)
        return message
