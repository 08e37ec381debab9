"""Conversion of telegrams to InfluxDB's line protocol, which VictoriaMetrics accepts."""

import re
from functools import lru_cache
from typing import NamedTuple

from smarty_p1_fleet.frames.meter_sources import Source
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.obis import OBJECTS
from smartyp1.p1.telegram import Telegram

from .register_selection import ALL, MBUS_NAMES, RegisterSelection

_MEASUREMENT = "smarty_p1"
# A number with an optional unit after `*`. Values of objects that are not in `OBJECTS` may have
# this form.
_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,9})?)(?:\*[^*]{1,16})?")
_MAX_TAG_CHARS = 64
_SPECIAL = re.compile(r"([\\ ,=])")


class Sample(NamedTuple):
    """Telegram as lines of the line protocol.

    `at_ms` is the telegram's time in Unix milliseconds. `is_new` is False for a telegram that was
    perhaps written before.
    """

    text: str
    at_ms: int
    is_new: bool = True


def make_sample(
    telegram: Telegram,
    registers: RegisterSelection = ALL,
    *,
    source: Source | None = None,
    key: str = "",
    arrived: float | None = None,
) -> Sample:
    """Return the lines for a telegram. The time of all lines is the time in the telegram.

    `source` adds a line with gateway and port. `key`, the fingerprint of the meter's key, adds a
    line with the frame counter. `arrived`, the arrival of the frame in the stream (Unix seconds),
    adds the value `storage_delay`: the seconds from the telegram's time to its arrival. Raises
    ValueError for a telegram without a time.
    """
    if telegram.time is None:
        raise ValueError
    time = telegram.time.timestamp()
    at_ms = round(time * 1000)
    head = _head(meter_label(telegram))
    fields = []
    for reference, value in telegram.objects.items():
        kind = type(value)
        if kind is float or kind is int:
            if name := registers.name_of(reference):
                fields.append(f"{name}={value!r}")
        elif value is not None and (parts := _numbers(reference, value, registers)):
            fields += parts
    channels = _channel_lines(telegram, head, at_ms, registers) if telegram.channels else ""
    if source is not None:
        tags = _source_tags(title_text(telegram.system_title), source)
        # The value `last_seen` is a time in Unix seconds, so that a query can compare it with the
        # current time.
        channels += f"{head}{tags} last_seen={time!r} {at_ms}\n"
    if key:
        title, counter = title_text(telegram.system_title), telegram.frame_counter or 0
        channels += f"{head},title={title},key={key} frame_counter={counter} {at_ms}\n"
    if arrived is not None:
        fields.append(f"storage_delay={round(arrived - time, 3)!r}")
    line = f"{head} {','.join(fields)} {at_ms}\n" if fields else ""
    return Sample(line + channels, at_ms)


def _channel_lines(telegram: Telegram, head: str, at_ms: int, registers: RegisterSelection) -> str:
    lines = []
    for channel, reading in telegram.channels.items():
        fields = [
            f"{name}={value!r}"
            for name, value in zip(MBUS_NAMES, (reading.value, reading.valve), strict=True)
            if value is not None and registers.has(name)
        ]
        if fields:
            tags = _channel_tags(channel, reading.type, reading.serial_number)
            lines.append(f"{head}{tags} {','.join(fields)} {at_ms}\n")
    return "".join(lines)


def meter_label(telegram: Telegram) -> str:
    """Return the meter's label: the serial number. If it is missing, return the system title."""
    return _seen(telegram.serial_number or title_text(telegram.system_title))


@lru_cache(maxsize=50_000)
def _head(meter: str) -> str:
    return f"{_MEASUREMENT},meter={_tag(meter)}"


@lru_cache(maxsize=50_000)
def _channel_tags(channel: int, kind: str, device: str | None) -> str:
    tags = f",channel={channel},type={_tag(kind)}"
    return f"{tags},device={_tag(device)}" if device else tags


@lru_cache(maxsize=50_000)
def _source_tags(title: str, source: Source) -> str:
    tags = (("title", title), ("gateway", source.gateway), ("port", source.port))
    return "".join(f",{name}={_tag(value)}" for name, value in tags if value)


def _tag(text: str) -> str:
    """Return `text` escaped as the value of a tag in the line protocol."""
    return _SPECIAL.sub(r"\\\1", _seen(text))


@lru_cache(maxsize=50_000)
def _seen(text: str) -> str:
    """Return `text` cut to _MAX_TAG_CHARS. "_" replaces each unprintable character."""
    return "".join(sign if sign.isprintable() else "_" for sign in text[:_MAX_TAG_CHARS])


def _numbers(reference: str, value: object, registers: RegisterSelection) -> list[str]:
    """Return the fields for a value that is not a plain number.

    Each selected part of a tuple gives a field. A text gives a field if it is a number with a unit
    or a decimal point, and if `OBJECTS` does not list its object.
    """
    if isinstance(value, tuple):
        return [f"{name}={part!r}" for name, part in registers.parts_of(reference, value)]
    if isinstance(value, str) and reference not in OBJECTS:
        match = _NUMBER.fullmatch(value)
        name = registers.name_of(reference)
        if name and match and ("*" in value or "." in value):
            return [f"{name}={float(match[1])!r}"]
    return []
