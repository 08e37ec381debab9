"""Trying a port and keys out, to find what exactly is wrong with them."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from math import inf

from ..p1 import DEFAULT_AUTHENTICATION_KEY, Decoder, P1Error, Reason, Rejection, Telegram
from .bytes_a_second import ReadLimit
from .errors import (
    DamagedError,
    KeyMissingError,
    NoDeviceNameError,
    NothingReceivedError,
    NotP1Error,
    OtherAuthenticationKeyError,
    PortBusyError,
    PortClosedError,
    SecurityOffError,
    WrongKeyError,
)
from .serial_port import Opener, open_port, read_chunk

PROBE_TIMEOUT = 25.0
_REOPEN_DELAY = 1.0
_MAX_EMPTY_CONNECTIONS = 3
# One frame may be damaged on the way, and one whose tag alone is damaged looks like one of another
# authentication key.
_ENOUGH = {Reason.KEY_MISSING: 1, Reason.DOWNGRADE: 1, Reason.AUTHENTICATION_KEY: 2, Reason.TAG: 3}
# A meter sends every ten seconds at least. Whoever writes to the line can make any failure, but
# cannot keep a telegram from coming within so many seconds of the first.
_MIN_LISTENING_S = 12.0
# What ser2net says to a client when it serves another one.
BUSY_TEXT = b"in use"

# In the order in which they explain why no telegram came.
_ERRORS: dict[Reason, type[P1Error]] = {
    Reason.KEY_MISSING: KeyMissingError,
    Reason.DOWNGRADE: SecurityOffError,
    Reason.AUTHENTICATION_KEY: OtherAuthenticationKeyError,
    Reason.TAG: WrongKeyError,
    Reason.CRC: DamagedError,
    Reason.MALFORMED: DamagedError,
}


class _Findings:
    """What a port has delivered so far."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._rejections: Counter[Reason] = Counter()
        self._nameless = False
        self._first_bytes = b""
        self.failed_at = inf
        """When anything failed first."""

    def read(self, data: bytes, now: float) -> Telegram | None:
        """Return a telegram that names its meter."""
        self._first_bytes = (self._first_bytes + data)[:64]
        for event in self._decoder.feed(data):
            match event:
                case Telegram(serial_number=None):
                    self._nameless = True
                case Telegram():
                    return event
                case Rejection(reason=reason):
                    self._rejections[reason] += 1
                    self.failed_at = min(self.failed_at, now)
        return None

    def verdict(self) -> P1Error:
        """Return the best explanation why no telegram came."""
        if self._nameless:
            return NoDeviceNameError()
        for reason, error in _ERRORS.items():
            if self._rejections[reason]:
                return error()
        if self.is_busy:
            return PortBusyError(self._first_bytes.decode("latin-1").strip())
        return NotP1Error() if self._first_bytes else NothingReceivedError()

    @property
    def is_certain(self) -> bool:
        """Return whether it is clear what is wrong, if no telegram comes."""
        return any(self._rejections[reason] >= enough for reason, enough in _ENOUGH.items())

    @property
    def is_busy(self) -> bool:
        """Return whether a gateway answered that it serves another client."""
        return BUSY_TEXT in self._first_bytes

    @property
    def is_empty(self) -> bool:
        """Return whether no byte came at all."""
        return not self._first_bytes


async def probe(  # noqa: PLR0913
    url: str,
    key: bytes | None,
    authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
    *,
    needs_tag: bool = True,
    last_counters: Mapping[bytes, int] | None = None,
    opener: Opener | None = None,
    timeout: float = PROBE_TIMEOUT,  # noqa: ASYNC109 - giving up is a result here, not a failure
) -> Telegram:
    """Return the first verified telegram that names its meter, within `timeout` seconds.

    When it is clear what is wrong, it is waited for no longer than a meter takes to send one more.

    Without `needs_tag`, its CRC is enough; with `last_counters`, its frame must be a newer one.
    What is no device and no URL has an `opener` of its own.

    Raises a LinkError when the port cannot be opened or closes at once, and otherwise the
    ProbeError that says what is wrong.
    """
    findings = _Findings(
        Decoder(key, authentication_key, last_counters=last_counters, needs_tag=needs_tag)
    )
    empty_connections = 0
    clock = asyncio.get_running_loop().time
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout) as waiting:
            longest = clock() + timeout
            while empty_connections < _MAX_EMPTY_CONNECTIONS:
                async with opener() if opener else open_port(url) as reader:
                    with suppress(PortClosedError):
                        limit = ReadLimit()
                        while True:
                            data = await read_chunk(reader)
                            if telegram := findings.read(data, clock()):
                                return telegram
                            if findings.is_certain:
                                deadline = findings.failed_at + _MIN_LISTENING_S
                                waiting.reschedule(min(deadline, longest))
                            await limit.wait(len(data))
                if findings.is_busy:
                    break
                empty_connections += findings.is_empty
                await asyncio.sleep(_REOPEN_DELAY)
            else:
                msg = "the connection is closed as soon as it is opened"
                raise PortBusyError(msg)
    raise findings.verdict()
