"""A lost or damaged file makes no other bill: it is unchanged, unknown, or names its gap."""

import errno
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util

from custom_components.smarty_p1.coordinator.leneda.client import points_of
from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import digest_of
from custom_components.smarty_p1.coordinator.loads.load_records import LoadFile, LoadRecords
from custom_components.smarty_p1.coordinator.meter_records import MeterRecords
from custom_components.smarty_p1.coordinator.stored.throttled_store import UnreadableNowError
from custom_components.smarty_p1.lib.answers.bills import bills_report
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.history.month_file_lines import (
    HEADER as SPANS_HEADER,
    month_name,
    span_line,
)
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.meter.meter_memory import MeterMemory
from custom_components.smarty_p1.lib.plan.load_record import LoadRecord, Period
from custom_components.smarty_p1.lib.prices.market_price_series import (
    HEADER as PRICES_HEADER,
    QuarterPrice,
)
from custom_components.smarty_p1.lib.stored_json import dump
from custom_components.smarty_p1.messages.meter_watch import MessageStore
from dev.testing.random_examples import each
from smartyp1.json_types import JsonDict, JsonMapping
from tests.ha import kit
from tests.ha.meter import SERIAL
from tests.ha.support import Home, failing

pytestmark = pytest.mark.usefixtures("real_files")

PRICE = "sensor.spot"
OPTIONS: JsonDict = {
    "contracts": [
        {"reference_power": 7.0, "energy_price": 0.10, "with_levies": True},
        {
            "since": "2026-05-31",
            "reference_power": 3.0,
            "with_levies": True,
            "energy_price_entity": PRICE,
            "energy_margin": 0.02,
            "community_price": 0.05,
        },
    ],
    "leneda": {"api_key": "key", "energy_id": "energy", "consumption_point": "LU1"},
    "aids": [{"name": "Aid", "first_day": "2026-05-01", "per_kwh": 0.04}],
}
POINTS = points_of(OPTIONS["leneda"])
QUARTER = timedelta(minutes=15)
BEGIN, SECOND, END = (
    datetime.fromisoformat(f"2026-{day}T00:00+02:00").astimezone(UTC)
    for day in ("05-30", "05-31", "06-02")
)
RESOLUTION_KWH = 0.0011


def quarters(start: datetime, end: datetime) -> list[datetime]:
    """Return the starts of the quarter-hours of a period."""
    return [start + n * QUARTER for n in range((end - start) // QUARTER)]


def kw_at(n: int) -> float:
    """Return the mean power of a quarter-hour. A car is charged each night."""
    return 8.0 if n % 96 < 6 else 0.4


def shared_at(n: int) -> dict[str, float]:
    """Return the powers of the first sharing layer and of the supplier, by code in file names."""
    return {"1-65_1.29.1": 0.1, "1-65_1.29.9": round(kw_at(n) - 0.1, 3)}


@cache
def measured() -> tuple[str, Mapping[str, bytes], Energies]:
    """Return the stored state, the month files, and the last registers of a meter."""
    meter, wh = Household(), 1_000_000.0
    energies, lines = Energies(0.0), dict[str, bytes]()
    for n, time in enumerate(quarters(BEGIN, END + QUARTER)):
        energies = Energies(wh / 1000, 500.0, 300.0, 300.0)
        meter.count_telegram(time, energies, 0.4, SERIAL)
        wh += kw_at(n) * 250
    for span in meter.meter.take_new():
        name = month_name(span.start)
        lines[name] = lines.get(name, SPANS_HEADER.encode()) + span_line(span).encode()
    return json.dumps(meter.as_dict()), lines, energies


class Stored:
    """Files of a home with two contracts, an aid, a community and a dynamic price."""

    def __init__(self, home: Home) -> None:
        self.hass, self.entry = home.hass, home.make_entry(home.port.url)
        self.hass.config_entries.async_update_entry(self.entry, options=OPTIONS)
        self.root = Path(self.hass.config.path(STORAGE_DIR))
        self.before: list[JsonDict] = []
        self.whole: Mapping[Path, bytes] = {}

    def path(self, name: str) -> Path:
        return self.root / f"smarty_p1.{self.entry.entry_id}.{name}"

    def write(self) -> None:
        """Write the files of some days in two months."""
        state, months, _ = measured()
        memory = MeterMemory().as_dict() | {"demand": json.loads(state)}
        content = {"version": 1, "key": self.path("meter").name, "data": memory}
        texts = {"meter": json.dumps(content).encode()}
        # Of a deadline for once, only a part may be lost.
        once = Period(BEGIN, END)
        car = LoadRecord(ready_at=(BEGIN,), announced_start=END, once=once)
        content = {
            "version": 1,
            "key": self.path("loads").name,
            "data": dump(LoadFile({"car": car})),
        }
        texts["loads"] = json.dumps(content).encode()
        texts |= {f"quarter_hours/{name}.csv": text for name, text in months.items()}

        def add(name: str, header: str, line: str) -> None:
            texts[name] = texts.get(name, header.encode()) + line.encode()

        for n, time in enumerate(quarters(SECOND, END)):
            line = QuarterPrice(time, 0.10 + 0.001 * (n % 96)).line
            add(f"market_prices/{PRICE}/{month_name(time)}.csv", PRICES_HEADER, line)
        for n, time in enumerate(quarters(BEGIN, END)):
            for code, kw in shared_at(n).items():
                name = f"imported_quarter_hours/{month_name(time)}.{code}.csv"
                add(name, "start,kw,is_measured,version\n", f"{time.isoformat()},{kw},1,1\n")
        points = {code: digest_of(point) for code, point in POINTS.items()}
        texts["imported_quarter_hours/points.json"] = json.dumps(points).encode()
        names = [
            Path(name).name for name in texts if name.startswith("imported_quarter_hours/2026")
        ]
        texts["imported_quarter_hours/names.json"] = json.dumps(names).encode()
        for name, text in texts.items():
            self.path(name).parent.mkdir(parents=True, exist_ok=True)
            self.path(name).write_bytes(text)

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    async def bills(self) -> list[JsonDict]:
        """Open the records, take a reading, and return both bills.

        There are none if the records cannot be opened now.
        """
        records, bills = MeterRecords(self.hass, self.entry), []
        progress = LenedaProgress(self.hass, self.entry.entry_id, OPTIONS["leneda"])
        messages = MessageStore(self.hass, self.entry.entry_id)
        memories = LoadRecords(self.hass, self.entry.entry_id)
        for store in (progress, messages, memories):
            await store.async_load()
            store.schedule()
            await store.async_close()
        with suppress(UnreadableNowError):
            await records.async_open()
            records.household.count_telegram(END + QUARTER, measured()[2], 0.4, SERIAL)
            records.quarter_hours.append(records.household.meter.take_new())
            assert records.household_state
            bills = bills_report(records.household_state, 2)["months"]
        await kit.leave(self.hass, self.entry)
        await self.hass.async_block_till_done()
        return bills

    async def begin(self) -> None:
        """Open the records twice, so that all files exist, and the next turn changes no bill."""
        self.write()
        await self.bills()
        self.before = await self.bills()
        assert all(bill["total"] for bill in self.before)
        self.whole = self.files()

    def restore(self) -> None:
        for path in self.files().keys() - self.whole.keys():
            path.unlink()
        for path, content in self.whole.items():
            path.write_bytes(content)

    def faults(self, bills: list[JsonDict]) -> list[str]:
        """Return the faults of the bills after a loss."""
        pairs = zip(self.before, bills, strict=True)
        return [fault for before, after in pairs if (fault := fault_of(before, after))]


def lacks(bill: JsonMapping) -> tuple[float, ...]:
    """Return the missing amounts that a bill states."""
    return (
        1 - bill["measured_share"],
        bill["imported_kwh"] - bill.get("sharing_known_kwh", 0.0),
        bill.get("unpriced_kwh", 0.0),
        round(bill.get("shared_kwh", 0.0) - sum(bill.get("shared_by_layer", {}).values()), 3),
    )


def fault_of(before: JsonMapping, after: JsonMapping) -> str | None:
    """Return the fault of a bill after a loss, or None."""
    if after["total"] is None:
        return None
    if abs(after["imported_kwh"] - before["imported_kwh"]) > RESOLUTION_KWH:
        return f"{before['imported_kwh']} kWh became {after['imported_kwh']}"
    totals = [(bill["total"], bill.get("total_with_community")) for bill in (before, after)]
    if totals[0] == totals[1]:
        return None
    if any(more > less for less, more in zip(lacks(before), lacks(after), strict=True)):
        return None
    return f"{totals[0]} EUR became {totals[1]}"


type Damages = Iterator[tuple[str, bytes | None]]
"""Name of each damage, and the content of the damaged file. None if the file is missing."""


def damages_of_file(data: bytes) -> Damages:
    yield "missing", None
    yield "empty", b""
    yield "half", data[: len(data) // 2]
    yield "zeros", bytes(len(data))
    yield "no end", data[:-1]
    yield "zeros in the middle", data[:-60] + bytes(30) + data[-30:]


def damages_of_lines(data: bytes) -> Damages:
    """Yield damages of each cell in a line, and of the line breaks."""
    lines = data.decode().split("\n")
    yield "no header", "\n".join(lines[1:]).encode()
    yield "no line breaks", "".join(lines).encode()
    place = len(lines) // 2
    cells = lines[place].split(",")
    for n, cell in enumerate(cells):
        # Only a checksum shows another digit. Leneda's quarter-hours have no checksum.
        digits = [cell.replace("0", "9", 1), cell[:-1]] if "check" in lines[0] else []
        for other in (None, "", "x", "1e999", *digits):
            changed = [*cells[:n], *([] if other is None else [other]), *cells[n + 1 :]]
            text = "\n".join([*lines[:place], ",".join(changed), *lines[place + 1 :]])
            yield f"cell {n}: {other}", text.encode()


def paths_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """Yield the paths of all fields. A list has only the paths of its ends."""
    keys = [*value] if isinstance(value, dict) else []
    if isinstance(value, list) and value:
        keys = sorted({0, len(value) - 1})
    for key in keys:
        yield (*path, key)
        yield from paths_in(value[key], (*path, key))


def damages_of_json(data: bytes) -> Damages:
    """Yield damages of each field: absent, of another type, another number."""
    for *outer, last in paths_in(json.loads(data)):
        for value in (..., "x", 10):
            inner = whole = json.loads(data)
            for key in outer:
                inner = inner[key]
            if value is ...:
                del inner[last]
            elif value == 10 and type(inner[last]) in {int, float}:
                inner[last] += value
            else:
                inner[last] = value
            yield f"{[*outer, last]}: {value}", json.dumps(whole).encode()


PARTS = 16
MONTHS = ("2026-05", "2026-06")
FILES = [
    *("meter", "history", "prices", "leneda", "messages", "loads"),
    "imported_quarter_hours/points.json",
    "imported_quarter_hours/names.json",
    *(f"quarter_hours/{month}.csv" for month in MONTHS),
    *(f"market_prices/{PRICE}/{month}.csv" for month in MONTHS),
    *(f"imported_quarter_hours/{month}.{code}.csv" for month in MONTHS for code in shared_at(0)),
]


@pytest.fixture
async def stored(home: Home, monkeypatch: pytest.MonkeyPatch) -> Stored:
    monkeypatch.setattr(dt_util, "now", END.astimezone)
    home.hass.states.async_set(PRICE, "0.1")
    stored = Stored(home)
    await stored.begin()
    return stored


@pytest.mark.parametrize("part", each(PARTS, range(PARTS)))
@pytest.mark.parametrize("name", FILES)
async def test_no_damage_of_a_file_makes_another_bill(stored: Stored, name: str, part: int) -> None:
    path = stored.path(name)
    data = stored.whole[path]
    of_kind = damages_of_lines if path.suffix == ".csv" else damages_of_json
    faults = []
    # The second turn reads the file that the first turn has written over a damaged file.
    damages = [(2, *damage) for damage in damages_of_file(data)]
    damages += [(1, *damage) for damage in of_kind(data)]
    # Each file begins with another damage, so that one part of all files has damages of all kinds.
    for turns, damage, content in damages[(part + FILES.index(name)) % PARTS :: PARTS]:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        for turn in range(turns):
            faults += [(damage, turn, fault) for fault in stored.faults(await stored.bills())]
        stored.restore()
    assert not faults, "\n".join(map(str, faults))


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_cannot_be_read_now_makes_no_other_bill(
    stored: Stored, name: str
) -> None:
    with failing(stored.path(name), errno.EIO):
        bills = await stored.bills()
    assert not bills or not stored.faults(bills)
    assert await stored.bills() == stored.before


@pytest.mark.parametrize("name", FILES)
async def test_a_kill_while_a_file_is_written_changes_no_bill(stored: Stored, name: str) -> None:
    path = stored.path(name)
    if path.suffix == ".csv":
        path.write_bytes(stored.whole[path] + stored.whole[path].split(b"\n")[-2][:-9])
    for other in (path.with_suffix(".new"), path.with_name("tmp1")):
        other.write_bytes(stored.whole[path][:50])
    assert await stored.bills() == stored.before
    assert await stored.bills() == stored.before


async def test_a_full_disk_changes_no_bill(stored: Stored) -> None:
    with failing(stored.root, errno.ENOSPC, only_writing=True):
        assert await stored.bills() == stored.before
    assert await stored.bills() == stored.before
