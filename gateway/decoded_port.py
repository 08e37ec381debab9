"""From the bytes of a port to the broker: what its meter says, verified."""

import time
from functools import partial

from smartyp1.meter import Reading

from .keys import Keys
from .meters import Meter, Meters
from .metrics import Metrics
from .port_decoder import PortDecoder
from .values_publisher import ValuesPublisher


class DecodedPort:
    """Decodes what one port sends, counts it, and has it published."""

    def __init__(
        self, label: str, keys: Keys, meters: Meters, publisher: ValuesPublisher, metrics: Metrics
    ) -> None:
        self._label = label
        self._publisher = publisher
        self._rejected = metrics.rejected
        self._telegrams = metrics.telegrams.labels(label)
        self._last_telegram = metrics.start_age(metrics.last_telegram_age, label)
        self._has_read = False
        self._decoder = PortDecoder(label, keys, meters, self._on_reading, self._on_rejection)
        if publisher.title:
            self._decoder.restore(publisher.title)

    def take(self, data: bytes) -> bool:
        """Take the next bytes; return whether they complete a telegram that is accepted."""
        self._has_read = False
        self._decoder.take(data)
        return self._has_read

    def _on_reading(self, meter: Meter, reading: Reading) -> None:
        self._has_read = True
        self._telegrams.inc()
        self._last_telegram["at"] = time.monotonic()
        self._publisher.on_reading(meter, reading, partial(self._decoder.reception, meter))

    def _on_rejection(self, reason: str) -> None:
        self._rejected.labels(self._label, reason).inc()
