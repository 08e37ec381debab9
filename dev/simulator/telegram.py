"""Encoder of telegrams. A telegram has a line for each object, and a CRC-16 at the end."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from .telegram_values import Channel, Phase, Reading

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
HEADER = r"/Lux5\253694471_M"
P1_VERSION = "42"
NO_CAPTURE_TIME = "632525252525S"


def encode(reading: Reading) -> str:
    """Return the telegram of a reading, from `/` to the end of the line with the CRC."""
    body = "\r\n".join((HEADER, "", *_meter_lines(reading), *_channel_lines(reading), "!"))
    return f"{body}{crc16(body.encode('ascii')):04X}\r\n"


def crc16(data: bytes) -> int:
    """Return the CRC-16 of `data`: polynomial 0x8005 in reflected form, initial value 0."""
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc


def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte


_CRC_OF_BYTE = tuple(map(_crc_of_byte, range(256)))


def timestamp(time: datetime) -> str:
    """Return the text of a time: YYMMDDhhmmss in local time, then S (summer) or W (winter time)."""
    if time.tzinfo is None:
        raise ValueError("a meter's time needs a time zone")
    local = time.astimezone(LUXEMBOURG)
    return f"{local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'}"


def fixed(value: float, digits: int, decimals: int) -> str:
    """Return the text of a number with `digits` digits, `decimals` of them after the point."""
    width = digits + bool(decimals)
    text = f"{value:0{width}.{decimals}f}"
    if len(text) > width or text.startswith("-"):
        raise ValueError(f"{value} does not fit F{digits}({decimals},{decimals})")
    return text


def octets(text: str) -> str:
    """Return the bytes of `text` as hex digits. Telegrams contain texts in this form."""
    return text.encode().hex().upper()


def _meter_lines(reading: Reading) -> Iterator[str]:
    yield f"1-3:0.2.8({P1_VERSION})"
    yield f"0-0:1.0.0({timestamp(reading.time)})"
    yield f"0-0:42.0.0({octets(reading.device_name)})"
    yield f"1-0:1.8.0({fixed(reading.energy.imported, 9, 3)}*kWh)"
    yield f"1-0:2.8.0({fixed(reading.energy.exported, 9, 3)}*kWh)"
    yield f"1-0:3.8.0({fixed(reading.reactive_energy.imported, 9, 3)}*kvarh)"
    yield f"1-0:4.8.0({fixed(reading.reactive_energy.exported, 9, 3)}*kvarh)"
    yield f"1-0:1.7.0({fixed(reading.power.imported, 5, 3)}*kW)"
    yield f"1-0:2.7.0({fixed(reading.power.exported, 5, 3)}*kW)"
    yield f"1-0:3.7.0({fixed(reading.reactive_power.imported, 5, 3)}*kvar)"
    yield f"1-0:4.7.0({fixed(reading.reactive_power.exported, 5, 3)}*kvar)"
    yield f"0-0:17.0.0({fixed(reading.apparent_limit, 4, 1)}*kVA)"
    yield f"1-0:9.7.0({fixed(reading.apparent_power.imported, 5, 3)}*kVA)"
    yield f"1-0:10.7.0({fixed(reading.apparent_power.exported, 5, 3)}*kVA)"
    yield "1-1:31.4.0" + "".join(f"({_signed(limit)}*A)" for limit in reading.current_limits)
    yield f"0-0:96.3.10({reading.breaker})"
    for relay, state in enumerate(reading.relays, 1):
        yield f"0-{relay}:96.3.10({state})"
    yield f"0-0:96.7.21({fixed(reading.power_failures, 5, 0)})"
    for ending, counts in ((32, reading.sags), (36, reading.swells)):
        yield from _of_phases(32, f"{ending}.0", [fixed(count, 5, 0) for count in counts])
    for reference, text in zip(("0", "2", "3", "4", "5"), reading.messages, strict=True):
        yield f"0-0:96.13.{reference}({octets(text)})"
    yield from _phase_lines(reading.phases)


def _of_phases(first: int, ending: str, values: Iterable[str]) -> Iterator[str]:
    """Yield a line of each phase. `first` is the number of the first phase in OBIS references."""
    for phase, value in enumerate(values):
        yield f"1-0:{first + 20 * phase}.{ending}({value})"


def _phase_lines(phases: Sequence[Phase]) -> Iterator[str]:
    yield from _of_phases(32, "7.0", [f"{fixed(phase.voltage, 4, 1)}*V" for phase in phases])
    yield from _of_phases(31, "7.0", [f"{fixed(phase.current, 3, 0)}*A" for phase in phases])
    for number, unit, flows in (
        (21, "kW", [phase.power for phase in phases]),
        (23, "kvar", [phase.reactive_power for phase in phases]),
    ):
        for place in (0, 1):
            values = [f"{fixed(flow[place], 5, 3)}*{unit}" for flow in flows]
            yield from _of_phases(number + place, "7.0", values)


def _channel_lines(reading: Reading) -> Iterator[str]:
    for channel in reading.channels:
        if isinstance(channel, Channel):
            identifier = octets(channel.identifier)
            captured = timestamp(channel.captured_at)
            value = f"{fixed(channel.value, 8, 3)}*{channel.unit}"
        else:
            identifier, captured, value = "", NO_CAPTURE_TIME, "00000.000"
        yield f"0-{channel.number}:24.1.0({fixed(channel.device_type, 3, 0)})"
        yield f"0-{channel.number}:96.1.0({identifier})"
        yield f"0-{channel.number}:24.2.1({captured})({value})"
        yield f"0-{channel.number}:24.4.0({channel.valve})"


def _signed(amperes: int) -> str:
    return f"{'-' if amperes < 0 else ''}{fixed(abs(amperes), 3, 0)}"
