"""Watch over the acknowledgements of the durable consumer.

NATS delivers an unacknowledged message again after a time, by the clock of the consumer's leader.
If the clock of a former leader was fast, the next leader waits until it reaches that time. So the
messages of a collector that was killed could wait for an hour. A collector then puts the consumer
back to its first unacknowledged message. This needs NATS 2.14.
"""

import logging
import time

from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo

from smarty_p1_gateway.nats.nats_acknowledged_publishing import STREAM

from .jetstream_objects import ACK_WAIT_S

LOGGER = logging.getLogger(__name__)

# A message is delivered again after ACK_WAIT_S, and acknowledged about 20 s after that.
_MAX_STANDSTILL_S = 2 * ACK_WAIT_S


class AcknowledgementWatch:
    """Watch over the first unacknowledged message of a consumer."""

    def __init__(self) -> None:
        self._floor = -1
        self._since = 0.0

    async def check_consumer(
        self, js: JetStreamContext, consumer: ConsumerInfo, *, is_working: bool
    ) -> None:
        """Put the consumer back if its first message stays unacknowledged for too long.

        `is_working` means that this collector can store values. Raises NATS's errors.
        """
        floor = consumer.ack_floor.stream_seq if consumer.ack_floor else 0
        now = time.monotonic()
        if floor != self._floor or not consumer.num_ack_pending or not is_working:
            self._floor, self._since = floor, now
        elif now - self._since > _MAX_STANDSTILL_S:
            self._since = now
            text = "Messages from %d on were not acknowledged for %.0f s: they are asked for again"
            LOGGER.warning(text, floor + 1, _MAX_STANDSTILL_S)
            await js.reset_consumer(STREAM, consumer.name)
