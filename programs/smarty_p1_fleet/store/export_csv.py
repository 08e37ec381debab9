"""Export of a meter's values as CSV: its energy registers each quarter-hour, or every telegram."""

import csv
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple

from smarty_p1_gateway import read_toml
from smarty_p1_gateway.config_table import TEXTS, raise_config_error, raise_unavailable
from smartyp1.history.luxembourg_time import LUXEMBOURG

from .store_config import StoreConfig, read_store
from .store_reader import SeriesLabels, StoreReader, open_reader, selector

_MIDNIGHT = datetime.min.time()
_QUARTER_HOUR = 900
_WINDOW = 6 * 3600
_MAX_DAYS = 10 * 366
_REGISTERS = ("active_energy_imported", "active_energy_exported")
_PREFIX = "smarty_p1_"
_TIMES = ["local_time", "utc_time"]
type _Writer = Any  # the module csv does not export the type of its writers


class CsvSpan(NamedTuple):
    """Range of days. `begin` is the first day, `end` the day after the last one."""

    begin: date
    end: date

    def seconds(self) -> tuple[int, int]:
        """Return the Unix times at which the days `begin` and `end` start in Luxembourg.

        Return 0 for a day before 1970, because no meter is so old.
        """
        days = (datetime.combine(day, _MIDNIGHT, LUXEMBOURG) for day in (self.begin, self.end))
        first, last = (max(0, int(day.timestamp())) for day in days)
        return first, last


def read_store_config(path: Path) -> StoreConfig:
    """Return the table [store] of a collector's TOML file. The other tables are not checked.

    Raises ConfigError.
    """
    top = read_toml(path)
    top.take_format()
    table = top.table("store")
    config = read_store(table)
    table.take_value("registers", TEXTS)  # only for writing
    table.end()
    return config


async def write_csv(
    config: StoreConfig, meter: str, span: CsvSpan, path: Path, *, every_telegram: bool
) -> str:
    """Write a meter's values to the new CSV file `path`. Return a summary for the operator.

    `meter` is the meter's label. Raises ConfigError and UnavailableError.
    """
    if not timedelta(0) < span.end - span.begin <= timedelta(_MAX_DAYS):
        raise_config_error(f"--to must come after --from, by {_MAX_DAYS:,} days at most")
    write = _write_telegrams if every_telegram else _write_quarter_hours
    async with open_reader(config) as reader:
        with new_file(path) as file:
            return await write(reader, meter, span, file)


@contextmanager
def new_file(path: Path) -> Iterator[IO[str]]:
    """Create the CSV file `path`. If the context ends with an error, delete the file.

    Raises ConfigError if the file exists, and UnavailableError if it cannot be written.
    """
    try:
        path.touch(0o600, exist_ok=False)
        with ExitStack() as failed:
            failed.callback(path.unlink)
            with path.open("w", encoding="utf-8", newline="") as file:
                yield file
            failed.pop_all()
    except FileExistsError:
        raise_config_error("the file for --csv is there already")
    except OSError as error:
        raise_unavailable(f"the file for --csv cannot be written: {error.strerror}")


async def _write_quarter_hours(
    reader: StoreReader, meter: str, span: CsvSpan, file: IO[str]
) -> str:
    """Write a row with the energy registers for each quarter-hour in `span`, and one for its end.

    The row of a quarter-hour has the registers at the start of the quarter-hour. The last row has
    the registers at the end of `span`.

    Times in the future get no row. Return a summary for the operator.
    """
    writer: _Writer = csv.writer(file)
    writer.writerow([*_TIMES, *(f"{name}_kwh" for name in _REGISTERS), "read_utc"])
    names = [f"{_PREFIX}{name}" for name in _REGISTERS]
    registers = selector(meter, "|".join(names))
    rows = empty = 0
    begin, end = span.seconds()
    end = min(end, int(time.time()) // _QUARTER_HOUR * _QUARTER_HOUR)
    span_of = begin, end, _QUARTER_HOUR
    values = await reader.at(f"last_over_time({registers}[15m])", *span_of)
    read = await reader.at(f"max(tlast_over_time({registers}[15m]))", *span_of)
    for moment in range(begin, end + 1, _QUARTER_HOUR):
        cells = [values.get(name, {}).get(moment, "") for name in names]
        read_at = read.get("", {}).get(moment)
        writer.writerow([*_times(moment), *cells, _utc(float(read_at)) if read_at else ""])
        rows += 1
        empty += not any(cells)
    if rows == empty:
        raise_config_error(f"VictoriaMetrics has no energy of {meter} in these days")
    return f"{rows:,} quarter-hours are written, {empty:,} of them without a value"


async def _write_telegrams(reader: StoreReader, meter: str, span: CsvSpan, file: IO[str]) -> str:
    """Write a row for each telegram. Each kind of value, such as a register, has a column.

    Return a summary for the operator.
    """
    everything = selector(meter)
    # A meter that is read at several ports has several series with the same name. They share one
    # column.
    columns = sorted({_column(labels) for labels in await reader.series(everything)})
    if not columns:
        raise_config_error(f"VictoriaMetrics has nothing of {meter}")
    places = {column: place for place, column in enumerate(columns)}
    writer: _Writer = csv.writer(file)
    writer.writerow([*_TIMES, *columns])
    rows = 0
    begin, end = span.seconds()
    for start in range(begin, min(end, int(time.time()) + 3600), _WINDOW):
        last = min(start + _WINDOW, end) - 0.001
        table: dict[int, list[str]] = {}
        for series, values in await reader.values(everything, start, last):
            place = places.get(_column(series))
            # A series that began after the header was written has no column. Leave it out.
            if place is None:
                continue
            for at, value in values.items():
                table.setdefault(at, [""] * len(columns))[place] = value
        for at in sorted(table):
            writer.writerow([*_times(at / 1000), *table[at]])
        rows += len(table)
    return f"{rows:,} telegrams are written"


def _column(series: SeriesLabels) -> str:
    labels = [series[key] for key in ("channel", "type", "device") if key in series]
    return " ".join([series["__name__"].removeprefix(_PREFIX), *labels])


def _times(moment: float) -> Iterator[str]:
    """Yield `moment` (Unix seconds) as local time with its UTC offset, and then as UTC."""
    yield datetime.fromtimestamp(moment, LUXEMBOURG).isoformat()
    yield _utc(moment)


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")
