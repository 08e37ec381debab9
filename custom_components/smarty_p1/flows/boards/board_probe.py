"""Functions that listen at a port for LED pulses, or for the distances of a tank sensor."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from ...lib.boards.board_message import MessageSurvey
from ...lib.boards.pulse_meter import PulseMeter, Pulses
from ...lib.boards.tank_level import Sonar
from ...lib.failure_detection import ReadingProblem
from ...lib.port.errors import PortClosedError, ProbeError
from ...lib.port.port_stream import PortStream
from ...lib.port.serial_port import open_port

# Seconds to wait for a pulse. An LED with 1,000 pulses per kWh pulses every 20 s at a power of 180
# W. At a lower power, the test may find no pulse.
PULSE_TIMEOUT_S = 20.0
SONAR_TIMEOUT_S = 10.0
# Number of a sensor's readings after which the probe ends. With this number, the echo of the water
# can be told from wrong echoes.
_ENOUGH_READINGS = 20


@dataclass(frozen=True)
class FoundPulses:
    """First data of a pulse source: a count of pulses, a pulse without a count, or nothing.

    `has_come` is False if nothing came. `active_word` is the word that begins a pulse, if the
    source sends a state such as ON and OFF. `survey` has the values, if it sends JSON messages.
    """

    has_come: bool
    count: int | None = None
    active_word: str | None = None
    survey: MessageSurvey | None = None


async def probe_pulses(
    url: str,
    baud_rate: int,
    *,
    timeout: float = PULSE_TIMEOUT_S,  # noqa: ASYNC109 - giving up is a result here, not a failure
) -> FoundPulses:
    """Return the first pulse, or the first count of pulses, that a port sends.

    If nothing comes within `timeout` seconds, the field `has_come` of the result is False. Raises a
    LinkError if the port cannot be opened or is lost, or if a gateway serves another client.

    The first line may lack its first digits, because the port was just opened. So a count in this
    line is not returned, but makes `has_come` True.
    """
    meter, has_come = PulseMeter(1), False
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout), open_port(url, baud_rate=baud_rate) as reader:
            stream = PortStream(reader)
            while True:
                for event in meter.feed(await _read(stream), time.time()):
                    if event.count is None or meter.active_word or has_come:
                        return found_pulses(meter, event)
                    has_come = True
    return found_nothing_yet(meter, has_come=has_come)


def found_pulses(meter: PulseMeter, event: Pulses) -> FoundPulses:
    """Return the result of a probe whose first pulse, count or state is `event`."""
    return FoundPulses(has_come=True, count=event.count, active_word=meter.active_word)


def found_nothing_yet(meter: PulseMeter, *, has_come: bool = False) -> FoundPulses:
    """Return the result of a probe without a pulse and count: values in JSON messages, or nothing.

    A slow value may not have risen yet, so this is known only at the end of the probe.
    """
    survey = meter.survey if meter.survey.has_messages else None
    return FoundPulses(has_come or survey is not None, survey=survey)


async def probe_sonar(
    url: str,
    baud_rate: int,
    *,
    timeout: float = SONAR_TIMEOUT_S,  # noqa: ASYNC109 - a timeout has its own error here
) -> float | None:
    """Return the distance in cm that a sensor measures. Return None if it gets no echo.

    Raises a LinkError if the port cannot be opened, and a ProbeError if no byte comes within
    `timeout` seconds, or if the bytes contain no reading.
    """
    sonar = Sonar()
    readings, has_come = 0, False
    with suppress(TimeoutError, PortClosedError):
        async with asyncio.timeout(timeout), open_port(url, baud_rate=baud_rate) as reader:
            stream = PortStream(reader)
            while readings < _ENOUGH_READINGS:
                data = await _read(stream)
                has_come = True
                readings += len(sonar.feed(data, time.monotonic()))
    if not readings:
        raise ProbeError(ReadingProblem.NOT_SONAR if has_come else ReadingProblem.SENSOR_SILENT)
    return sonar.distance_cm(time.monotonic())


async def _read(stream: PortStream) -> bytes:
    data = await stream.read()
    await stream.wait()
    return data
