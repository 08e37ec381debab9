"""A telegram in the line protocol that VictoriaMetrics takes."""

import re
from functools import lru_cache
from typing import NamedTuple

from smartyp1.p1 import CHANNELS, OBJECTS, Telegram
from smartyp1.publish import PART_NAMES, object_name

_MEASUREMENT = "smarty_p1"
# What an M-Bus meter says stands on lines of its own.
_IS_MBUS = re.compile(rf"0-[{CHANNELS.start}-{CHANNELS.stop - 1}]:(?:24\.|96\.1\.0)").match
# An object outside the table that holds a number. Digits alone may be an identifier or a code.
_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)(?:\*[^*]{1,16})?")
_LONGEST_TAG = 64
_SPECIAL = re.compile(r"([\\ ,=])")


class Sample(NamedTuple):
    """A telegram's lines, but for the delay until they are written.

    `meter` is the meter's line up to its last value, `channels` what follows it, `at_ms` its time.
    Without `has_delay`, that it was late is not told: it was stored before.
    """

    meter: str
    channels: str
    at_ms: int
    has_delay: bool = True

    def render(self, now: float) -> str:
        """Return the lines, each with its end, as they are written at `now` (Unix seconds)."""
        if not self.has_delay:
            values = self.meter.removesuffix(",")
            return f"{'' if values.endswith(' ') else f'{values} {self.at_ms}\n'}{self.channels}"
        delay = round(now - self.at_ms / 1000, 3)
        return f"{self.meter}storage_delay={delay!r} {self.at_ms}\n{self.channels}"


def make_sample(telegram: Telegram, arrived: float) -> Sample:
    """Return a telegram's numbers at its own time, or at `arrived` if it has none.

    That is when the stream got it (Unix seconds).
    """
    time = arrived if telegram.time is None else telegram.time.timestamp()
    at_ms = round(time * 1000)
    head = _head(meter_label(telegram))
    fields = []
    for reference, value in telegram.objects.items():
        kind = type(value)
        if kind is float or kind is int:
            if name := _name(reference):
                fields.append(f"{name}={value!r},")
        elif value is not None and (parts := _numbers(reference, value)):
            fields += parts
    channels = _channel_lines(telegram, head, at_ms) if telegram.channels else ""
    return Sample(f"{head} {''.join(fields)}", channels, at_ms)


def _channel_lines(telegram: Telegram, head: str, at_ms: int) -> str:
    lines = []
    for channel, reading in telegram.channels.items():
        fields = [
            f"{name}={value!r}"
            for name, value in (("index", reading.value), ("valve", reading.valve))
            if value is not None
        ]
        if fields:
            tags = _channel_tags(channel, reading.type, reading.serial_number)
            lines.append(f"{head}{tags} {','.join(fields)} {at_ms}\n")
    return "".join(lines)


def meter_label(telegram: Telegram) -> str:
    """Return which meter's series a telegram writes to: its name, or its title if it says none."""
    return _seen(telegram.serial_number or (telegram.system_title or b"").hex().upper())


@lru_cache(maxsize=50_000)
def _head(meter: str) -> str:
    return f"{_MEASUREMENT},meter={_tag(meter)}"


@lru_cache(maxsize=50_000)
def _channel_tags(channel: int, kind: str, device: str | None) -> str:
    tags = f",channel={channel},type={_tag(kind)}"
    return f"{tags},device={_tag(device)}" if device else tags


def _tag(text: str) -> str:
    """Return a text as the value of a tag."""
    return _SPECIAL.sub(r"\\\1", _seen(text))


@lru_cache(maxsize=50_000)
def _seen(text: str) -> str:
    """Return a text as it is seen there: short, with neither controls nor an end of the line."""
    return "".join(sign if sign.isprintable() else "_" for sign in text[:_LONGEST_TAG])


@lru_cache(maxsize=4096)
def _name(reference: str) -> str:
    """Return the name of an object with one value, "" for what stands elsewhere."""
    if _IS_MBUS(reference):
        return ""
    # A hyphen would be a minus to who asks for the value.
    return object_name(reference).replace("-", "_")


def _numbers(reference: str, value: object) -> list[str]:
    """Return the numbers in an object that holds several, or that the table does not know."""
    if isinstance(value, tuple):
        names = PART_NAMES.get(reference, ())
        return [
            f"{name}={part!r},"
            for name, part in zip(names, value, strict=False)
            if isinstance(part, float)
        ]
    if isinstance(value, str) and reference not in OBJECTS:
        match = _NUMBER.fullmatch(value)
        if match and ("*" in value or "." in value):
            return [f"{_name(reference)}={float(match[1])!r},"]
    return []
