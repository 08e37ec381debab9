"""A meter with one month and a half behind it, whose bills are worked out by hand.

May 2026 has 2976 quarter-hours. Ten of them, the first ones, took 2 kWh each, which is 8 kW, and
the others 0.1 kWh: 20 + 2966 * 0.1 = 316.6 kWh. In the first thousand, 0.02 kWh each were exported:
20 kWh. Above 7 kW are 10 * 0.25 = 2.5 kWh, above 3 kW 10 * 1.25 = 12.5 kWh. The first 15 days of
June took 0.1 kWh in each quarter-hour: 1440 * 0.1 = 144 kWh.
"""

import json
from datetime import UTC, datetime, timedelta
from functools import cache

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.lib.bill.household import Household
from custom_components.smarty_p1.lib.history.month_file_lines import HEADER, month_name, span_line
from custom_components.smarty_p1.lib.history.register_amounts import Energies
from custom_components.smarty_p1.lib.meter.meter_memory import MeterMemory
from custom_components.smarty_p1.lib.prices.contract import Contract
from smartyp1.json_types import JsonDict

from .clock import CLOCK
from .meter import SERIAL, with_registers, with_value
from .support import TELEGRAM, Home

OPTIONS = {"reference_power": 7.0, "energy_price": 0.15, "feed_in_price": 0.06, "vat": True}
CONTRACT = Contract(reference_kw=7.0, energy_price=0.15, feed_in_price=0.06)
START = datetime(2026, 4, 30, 22, tzinfo=UTC)
"""Midnight in Luxembourg."""
IMPORTED_KWH = 1000.0
EXPORTED_KWH = 500.0
REACTIVE_KVARH = 300.0

_QUARTER_HOUR = timedelta(minutes=15)
JUNE = 2976
"""The number of quarter-hours before June."""
_UNTIL_MID_JUNE = JUNE + 1440


def telegram(
    clock: str, imported_kwh: float, exported_kwh: float = 0.0, reactive_kvarh: float = 0.0
) -> str:
    """Return a telegram of 16 June 2026, summer time, with the energies since midnight."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"(260616{clock.replace(':', '')}S)")
    return with_registers(
        text,
        IMPORTED_KWH + 316.6 + 144 + imported_kwh,
        EXPORTED_KWH + 20 + exported_kwh,
        REACTIVE_KVARH + reactive_kvarh,
        REACTIVE_KVARH,
    )


@cache
def _stored(contract: Contract, first: int = 0) -> tuple[str, dict[str, bytes]]:
    meter = Household(contract)
    imported_wh, exported_wh = 0, 0
    for n in range(_UNTIL_MID_JUNE):
        energies = Energies(
            IMPORTED_KWH + imported_wh / 1000,
            EXPORTED_KWH + exported_wh / 1000,
            REACTIVE_KVARH,
            REACTIVE_KVARH,
        )
        if n >= first:
            meter.count_telegram(START + n * _QUARTER_HOUR, energies, 0.4, SERIAL)
        imported_wh += 2000 if n < 10 else 100
        exported_wh += 20 if n < 1000 else 0
    lines: dict[str, bytes] = {}
    for span in meter.meter.take_new():
        name = month_name(span.start)
        lines[name] = lines.get(name, HEADER.encode()) + span_line(span).encode()
    return json.dumps(meter.as_dict()), lines


def stored(contract: Contract, first: int = 0) -> JsonDict:
    """Return the stored content at the last quarter-hour before 16 June."""
    content: JsonDict = json.loads(_stored(contract, first)[0])
    return content


def files(contract: Contract, first: int = 0) -> dict[str, bytes]:
    return _stored(contract, first)[1]


async def set_up(
    home: Home, hass_storage: JsonDict, first: int = 0, /, **options: float | str | None
) -> MockConfigEntry:
    """Return an entry whose meter has sent its telegram of midnight.

    Its quarter-hours are known from number `first` of May.
    """
    # The recorder has half a minute for the rows of a quarter-hour.
    CLOCK.come_to(START + _UNTIL_MID_JUNE * _QUARTER_HOUR + timedelta(seconds=35))
    home.entry = home.make_entry(home.port.url)
    key = f"smarty_p1.{home.entry.entry_id}.meter"
    reference_kw = options.get("reference_power")
    contract = Contract(reference_kw=reference_kw if isinstance(reference_kw, float) else None)
    contract = contract if options else CONTRACT
    content = MeterMemory().as_dict() | {"demand": stored(contract, first)}
    hass_storage[key] = {"version": 1, "key": key, "data": content}
    folder = MonthFiles(home.hass, home.entry.entry_id).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files(contract, first).items():
        (folder / f"{name}.csv").write_bytes(text)
    await home.again(telegram("00:00:00", 0.0), options or OPTIONS)
    return home.entry
