"""Reference powers with a car that follows a plan: the action and the websocket command.

The house is that of `test_what_if`: 0.4 kW, and 6 kW in one hour of each day. The tests add up the
surcharge themselves, from the quarter-hours that the meter returns.
"""

import asyncio
import csv
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.lib.advice.what_if import compare_years
from custom_components.smarty_p1.lib.history.luxembourg_time import LUXEMBOURG
from smartyp1.json_types import JsonDict

from .dialogs import contract_in, in_sections
from .support import RECORDED, Home, call, metadata_of_sums, recorder_done
from .test_what_if import START, set_up_year, show_eleven_months
from .websocket.conftest import ask

pytestmark = RECORDED

COMPARE_YEARS = "custom_components.smarty_p1.lib.answers.what_if.compare_years"
WALLBOX = "sensor.wallbox_energy"
CAR = {
    "name": "My car",
    "kwh": "5,6",
    "max_kw": "11",
    "min_kw": "4,1",
    "by_workdays": "07:00",
    "by_weekend": "07:00",
}
SURCHARGE = 0.0765 * 1.08
START_OF_NIGHT = 18
BEGIN, END = datetime(2025, 6, 1, tzinfo=LUXEMBOURG), datetime(2026, 6, 1, tzinfo=LUXEMBOURG)


@pytest.fixture
async def entry(home: Home, hass_storage: JsonDict) -> MockConfigEntry:
    return await set_up_year(home, hass_storage)


class Counter:
    """Stand-in of the calculation: it counts, and knows how many calculations ran together.

    Only the first calculation is real, because it takes a second.
    """

    def __init__(self) -> None:
        self.count = self.running = self.together = 0
        self._lock = threading.Lock()
        self._first: object = None

    def compare(self, *args: Any) -> object:  # noqa: ANN401
        with self._lock:
            self.count += 1
            self.running += 1
            self.together = max(self.together, self.running)
        try:
            self._first = self._first or compare_years(*args)
            time.sleep(0.05)
            return self._first
        finally:
            self.running -= 1


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    with patch(COMPARE_YEARS, counter.compare):
        yield counter


async def add_car(
    hass: HomeAssistant, entry: MockConfigEntry, charged_here: str = "no", **fields: str
) -> None:
    subentries = hass.config_entries.subentries
    flow = await subentries.async_init((entry.entry_id, "load"), context={"source": SOURCE_USER})
    form = await subentries.async_configure(flow["flow_id"], {"next_step_id": "car"})
    typed = {name: value for name, value in {**CAR, **fields}.items() if value}
    done = await subentries.async_configure(flow["flow_id"], in_sections(form, typed))
    if done["type"] == "form":
        # The form asks once for the missing sensor, and whether the car was charged here.
        assert done["errors"] == {"more": "measured_by_missing"}
        typed |= {"charged_here": charged_here} if charged_here else {}
        done = await subentries.async_configure(flow["flow_id"], in_sections(done, typed))
    assert done["type"] == "create_entry", done
    # The first load reloads the meter.
    await hass.async_block_till_done()
    await show_eleven_months(entry, hass)


async def record_wallbox(hass: HomeAssistant) -> None:
    """Write 5.6 kWh from 16:00 to 17:00 UTC each day: the hour in which the house takes 6 kW."""
    time, total, rows = START, 0.0, list[Any]()
    while time < START + timedelta(days=334):
        total += 5.6 * (time.hour == 16)
        rows.append({"start": time, "state": total, "sum": total})
        time += timedelta(hours=1)
    async_import_statistics(hass, metadata_of_sums(WALLBOX, "kWh", "energy"), rows)
    await recorder_done(hass)


async def imported(hass: HomeAssistant) -> dict[datetime, float]:
    """Return the imported energy of each quarter-hour of the year in kWh, by its start in UTC."""
    bounds = {"start": BEGIN.isoformat(), "end": END.isoformat()}
    answer = await call(hass, "get_quarter_hours", format="csv", **bounds)
    rows = csv.reader(StringIO(answer["csv"]), delimiter=";")
    next(rows)
    return {
        datetime.fromisoformat(row[0]).astimezone(UTC): float(row[1].replace(",", ".")) / 4
        for row in rows
    }


def at_once(kwh: Mapping[datetime, float], need: float, kw: float) -> dict[datetime, float]:
    """Return the year with a car that is plugged in at 18:00, and charges at full power."""
    left, year = 0.0, dict[datetime, float]()
    for start, own in sorted(kwh.items()):
        local = start.astimezone(LUXEMBOURG)
        if (local.hour, local.minute) == (18, 0):
            left = need
        taken = min(left, kw / 4)
        left -= taken
        year[start] = own + taken
    return year


def surcharge(kwh: Mapping[datetime, float], kw: float) -> float:
    return sum(max(0.0, own - kw / 4) for own in kwh.values()) * SURCHARGE


def hour_of(start: datetime) -> int:
    return start.astimezone(LUXEMBOURG).hour


def is_charged(start: datetime) -> bool:
    return start.hour == 16 and start < START + timedelta(days=334)


def surcharge_at_once(
    starts: Iterable[datetime], rest: Mapping[datetime, float], kw: float
) -> float:
    """Return what 5.6 kWh at 11 kW cost above `kw` in the first quarter-hours of each hour."""
    taken = {0: 2.75, 15: 2.75, 30: 0.1, 45: 0.0}
    above = (
        max(0.0, rest[start] + taken[start.minute] - kw / 4) - max(0.0, rest[start] - kw / 4)
        for start in starts
    )
    return sum(above) * SURCHARGE


@pytest.mark.usefixtures("entry")
async def test_the_surcharge_with_a_typed_car(hass: HomeAssistant) -> None:
    answer = await call(hass, "compare_reference_powers", kwh=8, kw=11)
    house = await imported(hass)
    without = at_once(house, 8, 11)
    planned = answer["with_plan"]
    assert planned["car"] == {
        "name": None,
        "kwh": 8.0,
        "kw": 11.0,
        "min_kw": 0.0,
        "is_measured": False,
    }
    year, classes = planned["year"], planned["year"]["classes"]
    assert len(classes) <= 4
    assert {f"{year['reference_kw']:g}", "3"} <= classes.keys()
    for name, costs in classes.items():
        kw = float(name)
        assert costs["now"]["surcharge"] == pytest.approx(surcharge(house, kw), abs=1.5)
        assert costs["at_once"]["surcharge"] == pytest.approx(surcharge(without, kw), abs=1.5)
        # Beside the hour of 6 kW, there is room for the car at each reference power.
        # Only after a change of the clock, the plan expects this hour at another time.
        assert costs["then"]["surcharge"] == pytest.approx(surcharge(house, kw), abs=4)
        assert costs["now"]["fixed"] == costs["then"]["fixed"]
        # The price is the same all day, so a plan saves only the surcharge.
        less = {key: costs["at_once"][key] - costs["then"][key] for key in ("total", "surcharge")}
        assert less["total"] == pytest.approx(less["surcharge"], abs=2)
    energies = year["energies"]
    assert energies["then"]["imported"] - energies["now"]["imported"] == 8 * 365
    # The comparison itself does not change.
    assert answer.keys() - {"with_plan"} == (await call(hass, "compare_reference_powers")).keys()


async def test_the_measured_nights_of_a_car_are_planned_anew(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await record_wallbox(hass)
    await add_car(hass, entry, measured_by=WALLBOX)
    house = await imported(hass)
    # The car is plugged in from 18:00 on: in summer, but not from 17:00 to 18:00 in winter.
    nights = [start for start in house if is_charged(start) and hour_of(start) >= START_OF_NIGHT]
    rest = {start: kwh - 1.4 * (start in {*nights}) for start, kwh in house.items()}
    planned = (await call(hass, "compare_reference_powers", with_plan=True))["with_plan"]
    assert planned["car"] == {
        "name": "My car",
        "kwh": 5.6,
        "kw": 11.0,
        "min_kw": 4.1,
        "is_measured": True,
    }
    classes, energies = planned["year"]["classes"], planned["year"]["energies"]
    assert energies["then"]["imported"] == energies["now"]["imported"]
    for name, costs in classes.items():
        # Now is the year as it was.
        assert costs["now"]["surcharge"] == pytest.approx(surcharge(house, float(name)), abs=1.5)
        expected = surcharge(rest, float(name)) + surcharge_at_once(nights, rest, float(name))
        assert costs["at_once"]["surcharge"] == pytest.approx(expected, abs=1.5)
    # At 4.1 kW, the car takes 1.025 kWh in a quarter-hour, and the house 0.1: above 3 kW.
    assert planned["one_phase"] == [3.0]
    above = 5 * (1.025 + 0.1 - 0.75)
    assert 5.6 - 5 * 1.025 < 0.65
    least = len(nights) / 4 * above * SURCHARGE
    assert classes["3"]["then"]["surcharge"] == pytest.approx(least + surcharge(rest, 3), rel=0.03)
    one = (await call(hass, "compare_reference_powers", with_plan=True, min_kw=1.4))["with_plan"]
    assert one["one_phase"] == []
    assert one["year"]["classes"]["3"]["then"]["total"] < classes["3"]["then"]["total"] - 20
    # Typed energy replaces the measured energy.
    typed = (await call(hass, "compare_reference_powers", kwh=8))["with_plan"]["year"]["energies"]
    more = 8 * 365 - 5.6 * 334
    assert typed["then"]["imported"] - typed["now"]["imported"] == pytest.approx(more, abs=12)


async def test_a_device_of_the_energy_dashboard_is_the_car(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    await async_setup_component(hass, "energy", {})
    await record_wallbox(hass)
    listed = [WALLBOX, "sensor.never_recorded"]
    devices = [{"stat_consumption": name, "name": "My car"} for name in listed]
    update: Any = {"device_consumption": devices}
    await (await async_get_manager(hass)).async_update(update)
    plan = {"kind": "plan", "device": WALLBOX, "kw": 11.0, "begin_hour": 17}
    year = await call(hass, "what_if", **plan)
    house = await imported(hass)
    without = {
        start: kwh - 1.4 * (start.hour == 16 and start < START + timedelta(days=334))
        for start, kwh in house.items()
    }
    second = await call(hass, "what_if", **plan, changes=[{"kind": "car", "kwh": 5, "kw": 11}])
    assert {"key": "second_car", "value": "My car"} in second["assumed"]
    more = second["energies"]["then"]["imported"] - year["energies"]["then"]["imported"]
    assert more == pytest.approx(5 * 365, abs=1)
    for name, costs in year["classes"].items():
        # Now is the year as it was. Beside the house without the car, there is room for the car.
        assert costs["now"]["surcharge"] == pytest.approx(surcharge(house, float(name)), abs=1.5)
        assert costs["then"]["surcharge"] == pytest.approx(surcharge(without, float(name)), abs=4)
        less = {key: costs["now"][key] - costs["then"][key] for key in ("total", "surcharge")}
        assert less["total"] == pytest.approx(less["surcharge"], abs=2)
    energies = year["energies"]
    assert energies["then"]["imported"] == pytest.approx(energies["now"]["imported"], abs=1)

    client = await hass_ws_client(hass)

    async def by_websocket(device: str) -> Any:  # noqa: ANN401 - JSON
        changes = [{**plan, "device": device}]
        return await ask(client, "what_if", entry_id=entry.entry_id, changes=changes)

    answer = await by_websocket(WALLBOX)
    assert answer["what_if"] == year
    assert answer["devices"] == [{"id": name, "name": "My car"} for name in listed]
    for device in ("sensor.not_listed", "sensor.never_recorded"):
        assert (await by_websocket(device))["refusal"]["reason"] == "no_car"
        with pytest.raises(ServiceValidationError) as refused:
            await call(hass, "what_if", **{**plan, "device": device})
        assert refused.value.translation_key == "no_device_energy"
    for fields, error in (({**plan, "kwh": 8}, "unused"), ({"kind": "plan", "kw": 11}, "lacks")):
        with pytest.raises(ServiceValidationError) as refused:
            await call(hass, "what_if", **fields)
        assert refused.value.translation_key == f"what_if_{error}"


async def test_a_car_without_a_sensor_comes_on_top_and_rests_at_the_weekend(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await add_car(hass, entry)
    typed = await call(hass, "compare_reference_powers", kwh=5.6, kw=11, min_kw=4.1)
    entered = await call(hass, "compare_reference_powers", with_plan=True)
    whole = entered["with_plan"]["year"]
    assert whole == typed["with_plan"]["year"]
    assert not entered["with_plan"]["car"]["is_measured"]
    (subentry_id,) = entry.subentries
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await add_car(hass, entry, by_weekend="")
    year = (await call(hass, "compare_reference_powers", with_plan=True))["with_plan"]["year"]
    less = whole["energies"]["then"]["imported"] - year["energies"]["then"]["imported"]
    assert less == pytest.approx(5.6 * 104, abs=12)


async def test_a_car_that_was_charged_here_needs_its_sensor(
    hass: HomeAssistant, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    for answer in ("yes", ""):
        await add_car(hass, entry, charged_here=answer)
        for fields in ({"with_plan": True}, {"kwh": 8}):
            with pytest.raises(ServiceValidationError) as refused:
                await call(hass, "compare_reference_powers", **fields)
            assert refused.value.translation_key == "car_not_measured"
            asked = {"entry_id": entry.entry_id, **fields}
            planned = (await ask(client, "classes", **asked))["with_plan"]
            assert (planned["year"], planned["refusal"]["reason"]) == (None, "car_not_measured")
        # A typed car comes besides a car that was charged here.
        year = await call(hass, "what_if", kind="car", kwh=8, kw=11)
        second = [each["value"] for each in year["assumed"] if each["key"] == "second_car"]
        assert second == (["My car"] if answer == "yes" else [])
        (subentry_id,) = entry.subentries
        hass.config_entries.async_remove_subentry(entry, subentry_id)


async def test_a_new_car_counts_as_new_until_the_year_has_days_after_the_answer(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await add_car(hass, entry)
    [subentry] = entry.subentries.values()
    answered_on = date.fromisoformat(subentry.data["answered_on"])
    assert answered_on == dt_util.now(LUXEMBOURG).date() >= END.date()

    async def asked(answered_on: date) -> Any:  # noqa: ANN401 - JSON
        data = {**subentry.data, "answered_on": answered_on.isoformat()}
        hass.config_entries.async_update_subentry(entry, subentry, data=data)
        await hass.async_block_till_done()
        return await call(hass, "compare_reference_powers", with_plan=True)

    assert (await asked(END.date()))["with_plan"]["year"]
    with pytest.raises(ServiceValidationError) as refused:
        await asked(END.date() - timedelta(days=1))
    assert refused.value.translation_key == "car_not_measured"


async def test_without_a_car_or_a_price_there_is_a_reason(
    home: Home, entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    hass, client = home.hass, await hass_ws_client(home.hass)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "compare_reference_powers", with_plan=True)
    assert refused.value.translation_key == "no_car"
    of_entry = {"entry_id": entry.entry_id, "with_plan": True}
    answer = (await ask(client, "classes", **of_entry))["with_plan"]
    assert (answer["year"], answer["refusal"]["reason"]) == (None, "no_car")
    contract = {key: value for key, value in contract_in(entry).items() if key != "energy_price"}
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "contracts": [contract]}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await home.again()
    answer = (await ask(client, "classes", **of_entry, kwh=8))["with_plan"]
    assert answer["refusal"]["reason"] in {"no_energy_price", "too_few_days"}


async def test_a_plan_is_computed_once_a_day_and_alone(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    counter: Counter,
) -> None:
    client = await hass_ws_client(hass)

    async def by_websocket(**fields: object) -> Any:  # noqa: ANN401 - JSON
        return await ask(client, "classes", entry_id=entry.entry_id, **fields)

    # Nobody has asked for a plan.
    assert "with_plan" not in await by_websocket()
    await call(hass, "compare_reference_powers")
    assert counter.count == 0
    by_action = (await call(hass, "compare_reference_powers", kwh=8))["with_plan"]
    answer = (await by_websocket(with_plan=True, kwh=8))["with_plan"]
    assert answer == {**by_action, "refusal": None}
    assert counter.count == 1

    # A quarter-hour later, the answer stays. The next day, it is computed again.
    now = dt_util.utcnow()
    monkeypatch.setattr(dt_util, "utcnow", lambda: now + timedelta(days=1))
    await by_websocket(kwh=8)
    await call(hass, "compare_reference_powers", kwh=8)
    assert counter.count == 2

    calls = (call(hass, "compare_reference_powers", kwh=kwh) for kwh in (5, 6, 7))
    await asyncio.gather(*calls, by_websocket(kwh=9))
    assert (counter.count, counter.together) == (6, 1)
    # A changed car is another question.
    await add_car(hass, entry)
    await call(hass, "compare_reference_powers", kwh=8)
    assert counter.count == 7


async def test_a_car_by_its_charge_needs_its_mean_measured_energy(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    await record_wallbox(hass)
    hass.states.async_set("sensor.car_needs", "3", {"unit_of_measurement": "kWh"})
    fields = {"kwh": "", "energy_from": "sensor.car_needs", "measured_by": WALLBOX}
    await add_car(hass, entry, **fields)
    planned = (await call(hass, "compare_reference_powers", with_plan=True))["with_plan"]
    assert planned["car"]["kwh"] == pytest.approx(5.6, abs=0.02)
