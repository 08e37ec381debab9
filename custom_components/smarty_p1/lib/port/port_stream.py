"""Bytes of one connection to a port.

A rate limit makes fast senders wait, so that all other tasks keep running. The text with which a
network gateway turns a client away is an error of the port, and not bytes of a meter or a board.
"""

import asyncio
import re

import serialx

from ..connection_outage import Budget
from .errors import LinkError, PortBusyError, PortClosedError
from .serial_port import BAUD_RATE, ERROR_NUMBER, ByteReader

_READ_SIZE = 4 * 1024
# This limit is ten times the speed of a P1 port, which sends BAUD_RATE / 10 bytes a second. Faster
# senders have to wait, so that all other tasks keep running.
MAX_BYTES_A_SECOND = BAUD_RATE
_MAX_BURST_BYTES = _READ_SIZE // 2
# Texts for a client that is not served because another client or program uses the port.
# - ser2net: "Port already in use", "Port's device already in use", "Port already in use by another
#   process", "Device open failure: Object was already in use", "No free port found". With the
#   option kickolduser, the older client gets "kicked off, new user is coming".
# - Sketches made from the example WiFiTelnetToSerial of Arduino for ESP8266 and ESP32: "busy".
_BUSY = re.compile(
    rb"\bin use\b|kicked off, new user|no free port found|(?<![ -~])busy\s*\Z", re.IGNORECASE
)
# These texts are at the start or at the end of a connection, within this number of bytes.
_MAX_TEXT_BYTES = 64
_is_unprintable = re.compile(rb"[^ -~]+")


class PortStream:
    """Bytes of one connection to a port, at a limited rate."""

    def __init__(self, reader: ByteReader) -> None:
        self._reader = reader
        self._clock = asyncio.get_running_loop().time
        self._budget = Budget(MAX_BYTES_A_SECOND, _MAX_BURST_BYTES, self._clock())
        self._size = 0
        self._first = b""
        self._last = b""

    async def read(self) -> bytes:
        """Return the next bytes, at least one.

        Raises PortBusyError if the bytes say that another client uses the port, and PortClosedError
        at the end of the stream.
        """
        data = await _read_chunk(self._reader)
        self._size = len(data)
        if (missing := _MAX_TEXT_BYTES - len(self._first)) > 0:
            self._first += data[:missing]
            _refuse_busy(self._first)
        self._last = (self._last + data[-_MAX_TEXT_BYTES:])[-_MAX_TEXT_BYTES:]
        _refuse_busy(self._last)
        return data

    async def wait(self) -> None:
        """Wait until the rate limit allows the bytes that were just read.

        `StreamReader.read` returns at once while bytes are buffered. Without the limit, a task that
        reads from a fast sender would never let other tasks run.
        """
        left = self._budget.left(self._clock()) - self._size
        self._budget.spend(self._size)
        if left < 0:
            # Wait until a whole burst is allowed again. A few long pauses cost less processor time
            # than many short pauses.
            await asyncio.sleep((_MAX_BURST_BYTES - left) / MAX_BYTES_A_SECOND)


def _refuse_busy(text: bytes) -> None:
    if _BUSY.search(text):
        raise PortBusyError(_is_unprintable.sub(b" ", text).decode("ascii").strip())


async def _read_chunk(reader: ByteReader) -> bytes:
    try:
        data = await reader.read(_READ_SIZE)
    except LinkError:
        raise
    except (OSError, serialx.SerialException) as err:
        raise PortClosedError(ERROR_NUMBER.sub("", str(err))) from err
    except Exception as err:  # unknown exceptions of backends may have secrets in their texts
        raise PortClosedError(type(err).__name__) from err
    if not data:
        raise PortClosedError("the other side closed the connection")
    return data
