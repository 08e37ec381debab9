"""Probe of a port and its keys.

It returns a verified telegram, or raises an error that names the cause.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Container, Mapping
from contextlib import suppress
from math import inf

from ..failure_detection import Obstacle, ReadingProblem
from ..p1.decoder import Decoder
from ..p1.keys import DEFAULT_AUTHENTICATION_KEY
from ..p1.line_report import LineReport
from ..p1.rejection_reasons import Reason, Rejection
from ..p1.telegram import Telegram
from .errors import PROBLEM_OF, PortBusyError, PortClosedError, ProbeError
from .port_stream import PortStream
from .serial_port import Opener, open_port
from .unread_bytes import UnreadBytes

# In this time, three whole frames come, which show a meter even without their first bytes.
PROBE_TIMEOUT_S = 35.0
_REOPEN_DELAY_S = 1.0
_MAX_EMPTY_CONNECTIONS = 3
# Minimum number of rejections that proves a cause, keyed by reason. A frame whose first bytes were
# altered on the way looks like a frame under another key. So a single such rejection does not prove
# a wrong key.
# Only these: altered frames prove nothing about the next frame, so the probe waits for that frame.
_MIN_FAILURES = {
    Reason.KEY_MISSING: 1,
    Reason.DOWNGRADE: 1,
    Reason.AUTHENTICATION_KEY: 2,
    Reason.TAG: 3,
}
# Seconds to listen after the first rejection. A meter sends at least every ten seconds, so its
# telegram comes in this time, even if an attacker causes rejections.
_MIN_LISTENING_S = 12.0

# Problems that new keys of the meter can cause, too.
_OF_KEYS = {ReadingProblem.WRONG_KEY, ReadingProblem.OTHER_AUTHENTICATION_KEY}


class _Findings:
    """Findings of a probe so far: counts of rejections by reason."""

    def __init__(
        self, decoder: Decoder, proved_titles: Container[bytes], *, is_proved_port: bool
    ) -> None:
        self._decoder = decoder
        self._proved_titles = proved_titles
        self._is_proved_port = is_proved_port
        self._unread = UnreadBytes()
        self._rejections: Counter[Reason] = Counter()
        self._has_proved_keys = False
        self._nameless = False
        self.is_empty = True
        """Whether no byte came so far."""
        self.failed_at = inf
        """Time, by the loop's clock, of the first rejection of bytes. Infinity without a
        rejection."""

    def read(self, data: bytes, now: float) -> Telegram | None:
        """Return the first telegram in `data` that names its meter. Return None if there is none.

        `now` is the time in seconds of the loop's clock.
        """
        self.is_empty = False
        if report := self._decoder.report:
            report.add_bytes(len(data), now)
        self._unread.add_bytes(data, now)
        for event in self._decoder.feed(data):
            match event:
                case Telegram(serial_number=None):
                    self._nameless = True
                case Telegram():
                    return event
                case Rejection(reason=reason):
                    self._rejections[reason] += 1
                    self._has_proved_keys |= event.system_title in self._proved_titles
                    self.failed_at = min(self.failed_at, now)
        return None

    def verdict(self) -> Obstacle:
        """Return the problem that best explains why no usable telegram came."""
        if self._nameless:
            return ReadingProblem.NO_DEVICE_NAME
        counts = self._rejections.copy()
        # An alteration of all frames sometimes hits only the tag. Then the frame looks like a frame
        # under another authentication key.
        if counts[Reason.AUTHENTICATION_KEY] <= counts[Reason.ALTERED]:
            del counts[Reason.AUTHENTICATION_KEY]
        for reason, problem in PROBLEM_OF.items():
            if counts[reason]:
                is_new_key = problem in _OF_KEYS and self._has_proved_keys
                return ReadingProblem.ALTERED_OR_NEW_KEY if is_new_key else problem
        if self.is_empty:
            return ReadingProblem.NOTHING_RECEIVED
        otherwise = ReadingProblem.DAMAGED if self._is_proved_port else ReadingProblem.NOT_P1
        return self._unread.problem or otherwise

    @property
    def is_certain(self) -> bool:
        """Return whether there were enough rejections to be sure of the error."""
        return any(self._rejections[reason] >= minimum for reason, minimum in _MIN_FAILURES.items())


async def probe(  # noqa: PLR0913
    url: str,
    key: bytes | None,
    authentication_key: bytes = DEFAULT_AUTHENTICATION_KEY,
    *,
    needs_tag: bool = True,
    last_counters: Mapping[bytes, int] | None = None,
    proved_titles: Collection[bytes] = frozenset(),
    is_proved_port: bool = False,
    opener: Opener | None = None,
    report: LineReport | None = None,
    timeout: float = PROBE_TIMEOUT_S,  # noqa: ASYNC109 - giving up is a result here, not a failure
) -> Telegram:
    """Return the first verified telegram that names its meter.

    The probe lasts at most `timeout` seconds. If the cause of a failure is certain, the probe ends
    _MIN_LISTENING_S after the first rejection. If `needs_tag` is False, a correct CRC suffices. The
    frame counter must be higher than the counter of the same meter in `last_counters`. The keys are
    not called wrong for the system titles in `proved_titles`: they verified a frame of these meters
    in the last 24 hours. With `is_proved_port`, the meter was read at this port in that time, so
    unreadable bytes are altered bytes of the meter and not of another device. `opener` replaces
    `open_port` for sources that are neither a device nor a URL. All frames are added to `report`.

    Raises a LinkError if the port cannot be opened, if it closes at once, or if a gateway serves
    another client. If the port stays open, but no verified telegram names its meter, raises a
    ProbeError that names the cause.
    """
    decoder = Decoder(
        key,
        authentication_key,
        last_counters=last_counters,
        needs_tag=needs_tag,
        title=next(iter(proved_titles), None),
    )
    decoder.report = report
    findings = _Findings(decoder, proved_titles, is_proved_port=is_proved_port)
    empty_connections = 0
    clock = asyncio.get_running_loop().time
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout) as waiting:
            last_deadline = clock() + timeout
            while empty_connections < _MAX_EMPTY_CONNECTIONS:
                async with opener() if opener else open_port(url) as reader:
                    with suppress(PortClosedError):
                        stream = PortStream(reader)
                        while True:
                            data = await stream.read()
                            if telegram := findings.read(data, clock()):
                                return telegram
                            if findings.is_certain:
                                deadline = findings.failed_at + _MIN_LISTENING_S
                                waiting.reschedule(min(deadline, last_deadline))
                            await stream.wait()
                empty_connections += findings.is_empty
                await asyncio.sleep(_REOPEN_DELAY_S)
            raise PortBusyError("the connection is closed as soon as it is opened")
    raise ProbeError(findings.verdict())
