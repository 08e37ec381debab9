"""Record of the telegrams that the simulated meters have sent.

The simulator writes the record, and the comparison reads it. The parser of telegrams in this module
shares no code with the decoder under test.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, TextIO

# Names of the metrics of phases, by the OBIS reference of the first phase. That of the second phase
# is higher by 20, and that of the third phase by 40.
_PHASES = {
    (32, "7.0"): "voltage",
    (31, "7.0"): "current",
    (21, "7.0"): "active_power_imported",
    (22, "7.0"): "active_power_exported",
    (23, "7.0"): "reactive_power_imported",
    (24, "7.0"): "reactive_power_exported",
    (32, "32.0"): "voltage_sags",
    (32, "36.0"): "voltage_swells",
}
NAMES: Mapping[str, str] = {
    "1-0:1.8.0": "active_energy_imported",
    "1-0:2.8.0": "active_energy_exported",
    "1-0:3.8.0": "reactive_energy_imported",
    "1-0:4.8.0": "reactive_energy_exported",
    "1-0:1.7.0": "active_power_imported",
    "1-0:2.7.0": "active_power_exported",
    "1-0:3.7.0": "reactive_power_imported",
    "1-0:4.7.0": "reactive_power_exported",
    "0-0:17.0.0": "active_threshold_smax",
    "1-0:9.7.0": "apparent_power_imported",
    "1-0:10.7.0": "apparent_power_exported",
    "0-0:96.3.10": "breaker_control_state",
    "0-1:96.3.10": "relay_1_control_state",
    "0-2:96.3.10": "relay_2_control_state",
    "0-0:96.7.21": "power_failures",
    **{
        f"1-0:{first + 20 * phase}.{end}": f"{name}_l{phase + 1}"
        for (first, end), name in _PHASES.items()
        for phase in range(3)
    },
}
_LIMITS = "1-1:31.4.0"
_MBUS_TYPES = {3: "gas", 4: "heat", 7: "water"}
_LINE = re.compile(r"^(\d-\d:[\d.]+)\((.*)\)\r$", re.MULTILINE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([SW])")


class Series(NamedTuple):
    """Time series of a register of one meter. `name` is the name of the metric without its prefix.

    `channel`, `type` and `device` identify a meter on the M-Bus. They are "" for registers of the
    electricity meter.
    """

    name: str
    channel: str = ""
    type: str = ""
    device: str = ""


class Sent(NamedTuple):
    """Telegram that the meter with the number `meter` has sent at `moment` (Unix seconds).

    `was_read` is True if a gateway was connected to the meter. `digest` is the digest of the
    encrypted frame.
    """

    meter: int
    moment: float
    was_read: bool
    counter: int
    text: str
    digest: str


class Attack(NamedTuple):
    """Attack on the port of the meter with the number `meter` at `moment` (Unix seconds).

    `was_read` is True if a gateway was connected to the meter. `digest` is the digest of a replayed
    frame, and "" for all other kinds of attack.
    """

    kind: str
    meter: int
    moment: float
    was_read: bool
    digest: str = ""


def digest_of(frame: bytes) -> str:
    """Return the SHA-256 digest of a frame, as hexadecimal digits."""
    return sha256(frame).hexdigest()


def time_of(text: str) -> int:
    """Return the time in the telegram `text`, in Unix milliseconds."""
    return _milliseconds(_lines(text)["0-0:1.0.0"])


def values_of(text: str) -> dict[Series, float]:
    """Return the values of all registers in the telegram `text`, by time series."""
    lines = _lines(text)
    values = {Series(NAMES[at]): _number(value) for at, value in lines.items() if at in NAMES}
    imported, exported = lines[_LIMITS].split(")(")
    values[Series("current_limit_imported")] = _number(imported)
    values[Series("current_limit_exported")] = _number(exported)
    for channel in "1234":
        if identifier := lines.get(f"0-{channel}:96.1.0"):
            device = bytes.fromhex(identifier).decode("ascii")
            kind = _MBUS_TYPES[int(lines[f"0-{channel}:24.1.0"])]
            _, _, index = lines[f"0-{channel}:24.2.1"].partition(")(")
            values[Series("index", channel, kind, device)] = _number(index)
            values[Series("valve", channel, kind, device)] = _number(lines[f"0-{channel}:24.4.0"])
    return values


def _lines(text: str) -> dict[str, str]:
    return dict(_LINE.findall(text))


def _number(value: str) -> float:
    match = _NUMBER.match(value)
    if match is None:
        raise ValueError(f"{value!r} is no number")
    return float(match[0])


def _milliseconds(value: str) -> int:
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError(f"{value!r} is no time")
    *parts, season = match.groups()
    year, month, day, hour, minute, second = map(int, parts)
    local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    return round((local - timedelta(hours=2 if season == "S" else 1)).timestamp() * 1000)


class Record:
    """File in which sent telegrams and attacks are recorded. Each line is the JSON of one event."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="ascii")

    def write(self, event: Sent | Attack) -> None:
        """Append a line with `event` to the file, and flush the file."""
        self._file.write(json.dumps([type(event).__name__, *event]) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_record(paths: Iterable[Path]) -> Iterator[Sent | Attack]:
    """Yield the recorded events of all files `paths`."""
    kinds = {kind.__name__: kind for kind in (Sent, Attack)}
    for path in paths:
        with path.open(encoding="ascii") as lines:
            for line in lines:
                name, *fields = json.loads(line)
                yield kinds[name](*fields)
