"""Telegrams with random values, known without the code under test."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple

from dev.encoder import frame
from dev.simulator.telegram import crc16

_IDENTIFICATION = "Lux5\\253694471_M"
_LAYOUT_CHANGES = 0.05
_CHANGES = 0.4
_UNIT_CHANGES = 0.02
# Groups of the electricity meter's registers: references, digits before and after the point, unit.
_REGISTERS = (
    (("1-0:1.8.0", "1-0:2.8.0"), 6, 3, "kWh"),
    (("1-0:3.8.0", "1-0:4.8.0"), 6, 3, "kvarh"),
    (("1-0:1.7.0", "1-0:2.7.0", "1-0:21.7.0", "1-0:41.7.0", "1-0:62.7.0"), 2, 3, "kW"),
    (("1-0:3.7.0", "1-0:4.7.0", "1-0:23.7.0", "1-0:44.7.0"), 2, 3, "kvar"),
    (("0-0:17.0.0",), 3, 1, "kVA"),
    (("1-0:32.7.0", "1-0:52.7.0", "1-0:72.7.0"), 3, 1, "V"),
    (("1-0:31.7.0", "1-0:51.7.0", "1-0:71.7.0"), 3, 0, "A"),
)
_COUNTS = ("0-0:96.3.10", "0-1:96.3.10", "0-0:96.7.21", "1-0:32.32.0", "1-0:72.36.0")
_MESSAGES = ("0-0:96.13.0", "0-0:96.13.2", "0-0:96.13.5")
_MBUS_METERS = ((3, "gas", "m3"), (7, "water", "m3"), (4, "heat", "GJ"))
_TEXTS = ("", "Zähler", "Coupure le 3 à 14 h", "!/Lux5\r\n")


class Line(NamedTuple):
    """A line as it is sent, and the value it must become."""

    sent: str
    value: Any


class Sent(NamedTuple):
    """A telegram as the meter sent it: its frame, its text, its values."""

    counter: int
    frame: bytes
    text: bytes
    title: bytes
    values: dict[str, Any]
    channels: dict[int, tuple[Any, ...]]


class RandomMeter:
    """A meter of random lines and values, whose frame counter rises."""

    def __init__(self, chance: Random, *, long_messages: bool = False) -> None:
        self._chance = chance
        self._texts = [chance.choice("Aé") * 2000] if long_messages else _TEXTS
        self._title = b"SAG" + chance.randbytes(5)
        self._name = f"SAG10307{chance.randrange(10**8):08d}"
        self._counter = chance.randrange(2**31)
        self._missing: set[str] = set()
        # What comes twice: the line that does not count, in front of the one that does.
        self._repeated: dict[str, Line] = {}
        self._lines: dict[str, Line] = {}

    def send(self, number: int) -> list[Sent]:
        """Return the next telegrams."""
        return [self._next() for _ in range(number)]

    def _next(self) -> Sent:
        chance = self._chance
        self._counter += chance.choice((1, 1, 1, 2, 1000))
        lines = dict(self._electricity())
        channels: dict[int, tuple[Any, ...]] = {}
        for channel, (device_type, name, unit) in enumerate(_MBUS_METERS, 1):
            lines |= self._mbus_lines(channel, device_type, unit)
            capture = lines[f"0-{channel}:24.2.1"].value
            serial = lines[f"0-{channel}:96.1.0"].value
            valve = lines[f"0-{channel}:24.4.0"].value
            channels[channel] = (name, serial, capture[1], capture[2], capture[0], valve)
        if chance.random() < _LAYOUT_CHANGES:
            self._missing ^= {chance.choice(list(_NUMBERS) + list(_COUNTS))}
        if chance.random() < _LAYOUT_CHANGES:
            reference = chance.choice(list(_NUMBERS))
            if self._repeated.pop(reference, None) is None:
                self._repeated[reference] = self._number(*_NUMBERS[reference])
        for reference in self._missing:
            del lines[reference]
        self._lines = lines
        for reference in self._repeated:
            if chance.random() < _CHANGES:
                self._repeated[reference] = self._number(*_NUMBERS[reference])
        body = "\r\n".join((f"/{_IDENTIFICATION}", "", *self._written(lines), "!"))
        text = f"{body}{crc16(body.encode()):04X}\r\n".encode()
        data = frame(self._counter, text, title=self._title)
        values = {reference: line.value for reference, line in lines.items()}
        return Sent(self._counter, data, text, self._title, values, channels)

    def _written(self, lines: dict[str, Line]) -> Iterator[str]:
        for reference, line in lines.items():
            if reference in self._repeated:
                yield f"{reference}{self._repeated[reference].sent}"
            yield f"{reference}{line.sent}"

    def _electricity(self) -> Iterator[tuple[str, Line]]:
        chance = self._chance
        yield "1-3:0.2.8", Line("(42)", "42")
        yield "0-0:1.0.0", self._time()
        yield "0-0:42.0.0", Line(f"({self._name.encode().hex()})", self._name)
        for reference, (digits, decimals, unit) in _NUMBERS.items():
            kept = self._in_another_unit(reference, unit) or self._kept(reference)
            yield reference, kept or self._number(digits, decimals, unit)
        for reference in _COUNTS:
            count = chance.randrange(3)
            yield reference, self._kept(reference) or Line(f"({count:05d})", count)
        low, high = chance.randrange(1000), chance.randrange(100)
        limits = Line(f"({low:03d}*A)(-{high:03d}*A)", (float(low), float(-high)))
        yield "1-1:31.4.0", self._kept("1-1:31.4.0") or limits
        for reference in _MESSAGES:
            text = chance.choice(self._texts)
            message = Line(f"({text.encode().hex().upper()})", text.strip() or None)
            yield reference, self._kept(reference) or message

    def _mbus_lines(self, channel: int, device_type: int, unit: str) -> dict[str, Line]:
        serial = f"{unit.upper()}{channel:08d}"
        capture = self._kept(f"0-{channel}:24.2.1")
        if capture is None:
            time, index = self._time(), self._number(5, 3, unit)
            capture = Line(time.sent + index.sent, (time.value, index.value, unit))
        return {
            f"0-{channel}:24.1.0": Line(f"({device_type:03d})", device_type),
            f"0-{channel}:96.1.0": Line(f"({serial.encode().hex().upper()})", serial),
            f"0-{channel}:24.2.1": capture,
            f"0-{channel}:24.4.0": Line(f"({channel % 3})", channel % 3),
        }

    def _kept(self, reference: str) -> Line | None:
        """Return what was sent last time, more often than not."""
        return None if self._chance.random() < _CHANGES else self._lines.get(reference)

    def _in_another_unit(self, reference: str, unit: str) -> Line | None:
        """Return now and then the digits that were sent last time, with another unit or none."""
        chance = self._chance
        if reference not in self._lines or chance.random() >= _UNIT_CHANGES:
            return None
        digits = self._lines[reference].sent[1:-1].partition("*")[0]
        number = float(digits)
        if unit.startswith("k") and chance.random() < 0.4:
            return Line(f"({digits}*{unit[1:]})", number / 1000)
        foreign = Line(f"({digits}*{'x' * len(unit)})", None)
        return chance.choice((foreign, Line(f"({digits})", number)))

    def _number(self, digits: int, decimals: int, unit: str) -> Line:
        written = f"{self._chance.randrange(10 ** (digits + decimals)):0{digits + decimals}d}"
        if decimals:
            written = f"{written[:digits]}.{written[digits:]}"
        return Line(f"({written}*{unit})", float(written))

    def _time(self) -> Line:
        summer = self._chance.random() < 0.5
        zone = timezone(timedelta(hours=2 if summer else 1))
        time = datetime(2026, 1, 1, tzinfo=zone) + timedelta(
            seconds=self._chance.randrange(365 * 24 * 3600)
        )
        return Line(f"({time:%y%m%d%H%M%S}{'S' if summer else 'W'})", time)


_NUMBERS = {
    reference: (digits, decimals, unit)
    for references, digits, decimals, unit in _REGISTERS
    for reference in references
}
