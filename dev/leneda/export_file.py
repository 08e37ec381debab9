"""Texts of the platform, made here without any code of their readers."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from dev.testing.times import utc

POINT = "LU0000012345678901234000000000001"
NOW = utc("2026-11-21 12:00")
HEADER = (
    '"Metering point","OBIS code","Unit","Started at","Value ({})","Interval length (min)",'
    '"Estimated/measured/edited","Version"\n'
)
CONSUMPTION = "1-1:1.29.0"
PRODUCTION = "1-1:2.29.0"
# The changes of the clock, in UTC, by the rule of the last Sunday at one o'clock.
_SUMMERS = {
    year: tuple(datetime.fromisoformat(f"{year}-{day}T01:00Z") for day in days)
    for year, days in {
        2023: ("03-26", "10-29"),
        2024: ("03-31", "10-27"),
        2025: ("03-30", "10-26"),
        2026: ("03-29", "10-25"),
    }.items()
}


def written(time: datetime) -> str:
    """Return a time in UTC as Luxembourg's clock with its offset."""
    begin, end = _SUMMERS[time.year]
    hours = 2 if begin <= time < end else 1
    return f"{time + timedelta(hours=hours):%Y-%m-%dT%H:%M:%S}+0{hours}:00"


def row(
    started_at: str,
    value: str = "0.412",
    kind: str = "Measured",
    version: str = "1",
    code: str = CONSUMPTION,
) -> str:
    """Return a line of the file."""
    cells = (POINT, code, "kW", started_at, value, "15", kind, version)
    return ",".join(f'"{cell}"' for cell in cells) + "\n"


def file(*rows: str, code: str = CONSUMPTION) -> bytes:
    """Return a file as the portal exports it."""
    return (HEADER.format(code) + "".join(rows)).encode()


def quarters(start: str, count: int) -> list[datetime]:
    """Return when some quarter-hours begin, in UTC; the first is given with its offset."""
    first = datetime.fromisoformat(start).astimezone(UTC)
    return [first + n * timedelta(minutes=15) for n in range(count)]


def export(start: str, values: Iterable[str], code: str = CONSUMPTION) -> bytes:
    """Return a file of quarter-hours one after the other."""
    listed = list(values)
    times = quarters(start, len(listed))
    rows = (row(written(time), value, code=code) for time, value in zip(times, listed, strict=True))
    return file(*rows, code=code)
