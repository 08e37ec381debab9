"""Files that version 0.1.0 wrote are read by every later version. Their content is frozen.

A meter stored eight quarter-hours of 16 June 2026: 0.1 kWh each, the third one 2 kWh, which is 8 kW
and 0.25 kWh above the reference power of 7 kW. Its registers ended at 1463.3 and 520.16 kWh.
"""

import json
from pathlib import Path
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.leneda.progress import LenedaProgress
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles

from . import leneda
from .billed_month import telegram
from .support import Home, call

STORED = json.loads((Path(__file__).parents[1] / "stored" / "0.1.0.json").read_text("utf-8"))


async def test_what_0_1_0_stored_is_read(home: Home, hass_storage: dict[str, Any]) -> None:
    frozen = STORED["entry"]
    data = {**frozen["data"], "port": home.port.url}
    entry = MockConfigEntry(domain="smarty_p1", **{**frozen, "data": data})
    entry.add_to_hass(home.hass)
    for name, content in STORED["storage"].items():
        key = f"smarty_p1.{entry.entry_id}.{name}"
        hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": content}
    folder = MonthFiles(home.hass, entry.entry_id).folder
    folder.mkdir(parents=True)
    for name, lines in STORED["month_files"].items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="ascii")

    # The first frame is a replay, because the stored counter is 17. Its register must not count.
    replayed = home.port.next_frame(telegram("02:00:20", 9.0, 9.0))
    home.port.counter = 17
    # A lower register than the stored one is not believed.
    home.port.greeting = replayed + home.port.next_frame(telegram("02:00:30", 0.0, 0.16))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.wait_until(lambda: home.values()["smarty_energy_imported"] == "1463.3")
    shown = home.values()
    assert shown["smarty_energy_exported"] == "520.16"
    assert shown["smarty_highest_power_this_month"] == "8.0"
    assert shown["smarty_energy_above_reference_power"] == "0.25"
    assert shown["smarty_price_of_exported_energy"] == "0.06"
    assert shown["smarty_verification_of_readings"] == "verified"

    period = {"start": "2026-06-16 00:00:00+02:00", "end": "2026-06-16 02:00:00+02:00"}
    found = await call(home.hass, "get_quarter_hours", **period)
    energies = [quarter["imported_kwh"] for quarter in found["quarter_hours"]]
    assert energies == [0.1, 0.1, 2.0, 0.1, 0.1, 0.1, 0.1, 0.1]

    progress = LenedaProgress(home.hass, entry.entry_id, {"consumption_point": leneda.POINT})
    await progress.async_load()
    assert progress.codes[leneda.IMPORTED].until == leneda.utc("2026-06-15 22:00")
