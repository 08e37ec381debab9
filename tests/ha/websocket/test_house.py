"""House and own energy by a real recorder and the settings of the Energy dashboard.

The meter is that of `billed_month`: in May, 316.6 kWh were drawn and 20 fed in, in the first 15
days of June 144 kWh drawn. A kWh costs (0.15 + 0.051) * 1.08 = 0.21708 EUR. The panels make 1 kWh
an hour from 8:00 to 14:00 by UTC: 6 kWh a day, 186 in May.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.statistics import async_import_statistics
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.computed_answers import usual_day
from smartyp1.json_types import JsonDict
from tests.ha.billed_month import telegram
from tests.ha.dialogs import schema_of, submit
from tests.ha.support import (
    RECORDED,
    metadata_of_sums,
    recorder_done,
    reload_entry,
    remove_entry,
    smarty_entry,
)

from .conftest import Client, Site

pytestmark = RECORDED

HOUR = timedelta(hours=1)
LAST_OF_APRIL = datetime(2026, 4, 30, tzinfo=UTC)
UNTIL = datetime(2026, 6, 15, 22, tzinfo=UTC)
SUN = {"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": []}
SHED = {**SUN, "stat_energy_from": "sensor.shed", "name": "Shed"}
BATTERY = {"type": "battery", "stat_energy_from": "sensor.out", "stat_energy_to": "sensor.in"}
PRICE = 0.21708


def saved_by(kwh: float) -> object:
    """Return the cost of energy as the difference of two bills, which round their lines."""
    return pytest.approx(kwh * PRICE, abs=0.02)


@pytest.fixture
async def client(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> Client:
    """Return a client of an administrator, in a Home Assistant with an Energy dashboard."""
    assert await async_setup_component(hass, "energy", {})
    assert await async_setup_component(hass, "smarty_p1", {})
    return await hass_ws_client(hass)


def noon(time: datetime) -> float:
    return 1.0 if 8 <= time.hour < 14 else 0.0


async def record(  # noqa: PLR0913 - as much as differs
    hass: HomeAssistant,
    name: str,
    kwh_of: Callable[[datetime], float] = noon,
    *,
    unit: str = "kWh",
    start: datetime = LAST_OF_APRIL,
    left_out: Callable[[datetime], bool] = lambda _time: False,
) -> None:
    """Write the statistics of an energy until 16 June. Left out hours have no row of their own."""
    metadata = metadata_of_sums(name, unit, "energy")
    total, time, rows = 0.0, start, []
    while time < UNTIL:
        total += kwh_of(time) * (1000 if unit == "Wh" else 1)
        if not left_out(time):
            rows.append({"start": time, "sum": total, "state": 5000 + total})
        time += HOUR
    async_import_statistics(hass, metadata, rows)  # type: ignore[arg-type]
    await recorder_done(hass)


async def enter(hass: HomeAssistant, *sources: JsonDict) -> None:
    manager = await async_get_manager(hass)
    update: Any = {"energy_sources": list(sources)}
    await manager.async_update(update)


async def house_of(site: Site) -> JsonDict:
    house: JsonDict = (await site.ask("house"))["house"]
    return house


async def test_the_recorder_has_half_a_minute_for_a_quarter_hour(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(site.hass, "sensor.sun", unit="Wh")
    await enter(site.hass, SUN)
    found = []
    for second in (29, 30):
        now = UNTIL + timedelta(seconds=second)
        monkeypatch.setattr(usual_day, "dt_util", SimpleNamespace(utcnow=lambda now=now: now))
        found.append((await house_of(site))["until"])
    assert found == ["2026-06-15T23:45:00+02:00", "2026-06-16T00:00:00+02:00"]


async def test_panels_in_watt_hours(site: Site) -> None:
    await record(site.hass, "sensor.sun", unit="Wh")
    await enter(site.hass, SUN)
    house = await house_of(site)

    assert house["solar"] == [{"energy": "sensor.sun", "power": None}]
    assert house["battery"] == []
    assert house["until"] == "2026-06-16T00:00:00+02:00"
    # 186 - 20 are own; the house used 316.6 + 166.
    assert house["months"] == [
        {
            "month": "2026-05",
            "house_kwh": 482.6,
            "own_kwh": 166.0,
            "saved": saved_by(166),
            "since": None,
            "unknown_days": 0,
        },
        {
            "month": "2026-06",
            "house_kwh": 144 + 90.0,
            "own_kwh": 90.0,
            "saved": saved_by(90),
            "since": None,
            "unknown_days": 0,
        },
    ]
    # 96 * 0.1 kWh are drawn, 6 are made.
    assert house["days"][-1] == {"day": "2026-06-15", "house_kwh": 15.6, "own_kwh": 6.0}
    # The first day of May: 10 * 2 + 86 * 0.1 drawn, 96 * 0.02 fed in.
    assert house["days"][0] == {"day": "2026-05-01", "house_kwh": 32.68, "own_kwh": 4.08}

    # A market without recorded prices.
    market = {"energy_price_entity": "sensor.market", "reference_power": 7.0}
    await site.again(telegram("00:00:05", 0.1), {"contracts": [market]})
    assert (await house_of(site))["months"][0]["saved"] is None


async def test_two_inverters_and_a_battery_that_is_charged_from_the_grid(site: Site) -> None:
    await record(site.hass, "sensor.sun")
    await record(site.hass, "sensor.shed", lambda time: noon(time) * 0.4375)
    # At night, 2 kWh are charged, in the evening 1.5 discharged.
    await record(site.hass, "sensor.in", lambda time: 2.0 if time.hour == 1 else 0.0)
    await record(site.hass, "sensor.out", lambda time: 1.5 if time.hour == 18 else 0.0)
    await enter(site.hass, SUN, SHED, BATTERY | {"capacity": 9.5})
    house = await house_of(site)
    [battery] = house["battery"]
    assert battery == {"energy": "sensor.out", "power": None, "capacity_kwh": 9.5}

    may = house["months"][0]
    own_kwh = 186 + 81.375 - 0.5 * 31 - 20
    assert may["own_kwh"] == own_kwh
    assert may["house_kwh"] == 316.6 + own_kwh
    assert house["days"][-1] == {"day": "2026-06-15", "house_kwh": 9.6 + 8.125, "own_kwh": 8.125}
    assert may["saved"] == saved_by(own_kwh)


async def test_statistics_that_begin_later(site: Site) -> None:
    await record(site.hass, "sensor.sun", start=datetime(2026, 5, 20, 9, tzinfo=UTC))
    await enter(site.hass, SUN)
    house = await house_of(site)

    # The first hour may have been counted in part.
    assert house["since"] == "2026-05-20T12:00:00+02:00"
    known = [day["day"] for day in house["days"] if day["own_kwh"] is not None]
    assert known[0] == "2026-05-21"
    # Eleven days with 6 kWh from the roof
    may, june = house["months"]
    assert (may["own_kwh"], may["since"], may["unknown_days"]) == (66.0, "2026-05-21", 0)
    assert may["saved"] == saved_by(may["own_kwh"])
    assert (june["own_kwh"], june["since"], june["unknown_days"]) == (90.0, None, 0)


async def test_the_power_of_the_only_power_sensor_beside(site: Site) -> None:
    await record(site.hass, "sensor.sun")
    device = dr.async_get(site.hass).async_get_or_create(
        config_entry_id=site.entry.entry_id, identifiers={("inverter", "1")}
    )
    registry = er.async_get(site.hass)
    for key, kind in (("sun", "energy"), ("power", "power")):
        registry.async_get_or_create(
            "sensor",
            "inverter",
            key,
            suggested_object_id=key,
            device_id=device.id,
            original_device_class=kind,
        )
    await enter(site.hass, SUN)
    assert (await house_of(site))["solar"] == [{"energy": "sensor.sun", "power": "sensor.power"}]
    # With two powers, the right one is unknown.
    registry.async_get_or_create(
        "sensor", "inverter", "dc", device_id=device.id, original_device_class="power"
    )
    assert (await house_of(site))["solar"][0]["power"] is None
    await enter(site.hass, {**SUN, "stat_rate": "sensor.chosen"})
    assert (await house_of(site))["solar"][0]["power"] == "sensor.chosen"


async def test_a_steady_power_is_sent_with_the_time_of_its_last_report(
    hass: HomeAssistant, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    await record(hass, "sensor.sun")
    await enter(hass, {**SUN, "stat_rate": "sensor.power"}, {**BATTERY, "stat_rate": "sensor.rest"})
    await house_of(site)
    power = "sensor.power", "1400", {"unit_of_measurement": "W"}
    hass.states.async_set(*power)
    hass.states.async_set("sensor.rest", "unavailable", {"unit_of_measurement": "W"})
    for seconds in (10, 60, 90, 300):
        freezer.tick(seconds)
        hass.states.async_set(*power)
        now = dt_util.utcnow()
        freezer.tick(5)
        await site.client.send_json_auto_id(
            {"type": "smarty_p1/live", "entry_id": site.entry.entry_id}
        )
        # Messages of the subscriptions before may come first.
        while "success" not in await site.client.receive_json():
            pass
        house = (await site.client.receive_json())["event"]["house"]
        assert house["solar"] == [{"kw": 1.4, "reported_at": now.isoformat()}]
        assert house["battery"][0]["kw"] is None


async def test_nothing_is_entered_or_recorded(site: Site) -> None:
    assert await house_of(site) is None
    before = dict(site.entry.options)
    form = await site.page("sun")
    assert form["step_id"] == "sun_missing"
    assert (form["description_placeholders"] or {})["energy"] == "/config/energy"
    await submit(site.hass, form, {})
    assert dict(site.entry.options) == before

    await enter(site.hass, BATTERY)
    assert await house_of(site) is None
    # The recorder has no hour of an inverter.
    await enter(site.hass, SUN)
    house = await house_of(site)
    assert {day["own_kwh"] for day in house["days"]} == {None}
    assert [month["saved"] for month in house["months"]] == [None, None]


async def test_each_of_two_meters_has_its_chosen_sources(site: Site) -> None:
    await record(site.hass, "sensor.sun")
    await record(site.hass, "sensor.shed")
    await enter(site.hass, SUN, SHED)
    assert len((await house_of(site))["solar"]) == 2

    form = await site.page("sun")
    assert form["step_id"] == "sun"
    ((marker, field),) = schema_of(form).schema.items()
    assert marker.default() == ["sensor.sun", "sensor.shed"]
    assert [option["label"] for option in field.config["options"]] == ["sensor.sun", "Shed"]
    flow = form["flow_id"]
    # A feed-in meter beside the house: its panels do not supply the house.
    await site.hass.config_entries.options.async_configure(flow, {"sun_sources": ["sensor.shed"]})
    await site.hass.async_block_till_done()
    assert site.entry.options["sun_sources"] == ["sensor.shed"]
    assert [each["energy"] for each in (await house_of(site))["solar"]] == ["sensor.shed"]

    # Without a choice, later sources count, too.
    form = await site.page("sun")
    both = {"sun_sources": ["sensor.sun", "sensor.shed"]}
    await submit(site.hass, form, both)
    assert "sun_sources" not in site.entry.options

    # Neither a disabled meter, which this one has replaced, nor an ignored discovery counts.
    replaced = {"unique_id": "SAG1", "disabled_by": ConfigEntryDisabler.USER}
    for other in (replaced, {"unique_id": "cable", "source": SOURCE_IGNORE}):
        smarty_entry(data={}, **other).add_to_hass(site.hass)
    assert len((await house_of(site))["solar"]) == 2
    # With a second meter, the meter of the panels is unknown.
    smarty_entry(data={}, unique_id="SAG2").add_to_hass(site.hass)
    assert await house_of(site) is None
    form = await site.page("sun")
    await submit(site.hass, form, both)
    assert site.entry.options["sun_sources"] == ["sensor.sun", "sensor.shed"]
    assert len((await house_of(site))["solar"]) == 2


async def test_the_energy_dashboard_may_change_while_the_page_is_open(site: Site) -> None:
    smarty_entry(data={}, unique_id="SAG2").add_to_hass(site.hass)
    await record(site.hass, "sensor.sun")
    manager = await async_get_manager(site.hass)
    devices: Any = {"device_consumption": [{"stat_consumption": "sensor.oven"}]}
    nothing: Any = {"energy_sources": [], "device_consumption": []}
    chosen = {"sun_sources": ["sensor.sun"], "house_devices": ["sensor.oven"]}
    # A source that is deleted during the dialog stays as it was chosen.
    await enter(site.hass, SUN)
    await manager.async_update(devices)
    form = await site.page("sun")
    await manager.async_update(nothing)
    await submit(site.hass, form, chosen)
    assert chosen.items() <= site.entry.options.items()
    # A page that did not ask for devices leaves them.
    await enter(site.hass, SUN)
    form = await site.page("sun")
    await manager.async_update(devices)
    await submit(site.hass, form, {"sun_sources": []})
    assert {**chosen, "sun_sources": []}.items() <= site.entry.options.items()


async def test_a_device_that_rests_in_the_lowest_quarter_hour_does_not_hide_the_base_load(
    site: Site,
) -> None:
    # 0.4 kW at all times in June. A heat pump has 0.1 kW of it in the mean of each hour.
    await record(site.hass, "sensor.pump", lambda _time: 0.1)
    manager = await async_get_manager(site.hass)
    update: Any = {"device_consumption": [{"stat_consumption": "sensor.pump", "name": "Pump"}]}
    await manager.async_update(update)
    watts = []
    for second, rests in ((10, False), (20, True)):
        if rests:
            # From 2:00 to 2:15 in Luxembourg, it rests, by the rows of five minutes.
            first = UNTIL.replace(hour=0) - timedelta(days=7)
            rows: list[Any] = [
                {"start": first + n * 24 * HOUR + minute * timedelta(minutes=5), "sum": 100.0}
                for n in range(8)
                for minute in range(-1, 3)
            ]
            metadata = metadata_of_sums("sensor.pump", "kWh", "energy")
            recorder = get_instance(site.hass)
            recorder.async_import_statistics(metadata, rows, StatisticsShortTerm)
            await recorder_done(site.hass)
        await site.receive(telegram(f"00:00:{second}", 0.0))
        answer = await site.ask("shares", period="yesterday")
        watts.append(answer["always_on_w"])
    assert watts == [300, 400]
    assert (await site.ask("highlights"))["always_on"]["w"] == 400


async def test_devices_of_the_energy_dashboard_share_the_bill(site: Site) -> None:
    # 0.4 kW at all times in June: the car takes 0.1 kWh each hour, and its wallbox the same ones.
    for name in ("sensor.car", "sensor.wallbox"):
        await record(site.hass, name, lambda _time: 0.1)
    await record(site.hass, "sensor.oven", lambda _time: 0.05)
    manager = await async_get_manager(site.hass)
    devices = [
        {"stat_consumption": "sensor.car", "name": "Car", "included_in_stat": "sensor.wallbox"},
        {"stat_consumption": "sensor.wallbox", "name": "Wallbox"},
        {"stat_consumption": "sensor.oven"},
    ]
    answer = await site.ask("shares", period="month")
    assert [row["kind"] for row in answer["rows"]] == ["always_on", "else"]
    update: Any = {"device_consumption": devices}
    await manager.async_update(update)
    # The next telegram shows them.
    await site.receive(telegram("00:00:10", 0.0))
    answer = await site.ask("shares", period="month")
    rows = {row["name"] or row["kind"]: (row["wh"], row["cost"]) for row in answer["rows"]}
    # 15 days: 36 kWh, 18 kWh, and the rest of 144 kWh is always on.
    assert rows == {
        "always_on": (90_000, pytest.approx(90 * PRICE, abs=0.01)),
        "Wallbox": (36_000, pytest.approx(36 * PRICE, abs=0.01)),
        "sensor.oven": (18_000, pytest.approx(18 * PRICE, abs=0.01)),
        "else": (0, pytest.approx(0, abs=0.02)),
    }
    assert answer["cost"] == pytest.approx(144 * PRICE, abs=0.02)

    async def names() -> list[str]:
        yesterday = await site.ask("shares", period="yesterday")
        return [row["name"] or row["kind"] for row in yesterday["rows"]]

    # The only meter has no devices to choose, and there are no panels.
    assert (await site.page("sun"))["step_id"] == "sun_missing"
    # With a second meter, the meter of the devices is unknown.
    other = smarty_entry(unique_id="other")
    other.add_to_hass(site.hass)
    assert await names() == ["always_on", "else"]
    form = await site.page("sun")
    ((marker, field),) = schema_of(form).schema.items()
    assert (marker, marker.default()) == ("house_devices", [])
    assert [option["label"] for option in field.config["options"]] == ["Wallbox", "sensor.oven"]
    await submit(site.hass, form, {"house_devices": ["sensor.oven"]})
    assert site.entry.options["house_devices"] == ["sensor.oven"]
    await site.receive(telegram("00:00:20", 0.0))
    assert await names() == ["always_on", "sensor.oven", "else"]
    # Panels and devices are one page, and options of other pages stay.
    await record(site.hass, "sensor.sun")
    await enter(site.hass, SUN)
    form = await site.page("sun")
    chosen = {"sun_sources": ["sensor.sun"], "house_devices": ["sensor.wallbox"]}
    assert [*schema_of(form).schema] == [*chosen]
    await submit(site.hass, form, chosen)
    assert chosen.items() <= site.entry.options.items()
    await site.receive(telegram("00:00:30", 0.0))
    assert "Wallbox" in await names()
    # All devices are of the house of the only remaining meter.
    await remove_entry(site.hass, other)
    await site.receive(telegram("00:00:40", 0.0))
    assert {"Wallbox", "sensor.oven"} <= {*await names()}
    # A name may be of any length.
    long: Any = {"device_consumption": [{"stat_consumption": "sensor.oven", "name": "x" * 1000}]}
    await manager.async_update(long)
    await site.receive(telegram("00:00:50", 0.0))
    assert "x" * 64 in await names()


class Dashboard:
    """An inverter and an oven of another integration, and the Energy dashboard that lists them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.registry = er.async_get(site.hass)
        self._clock = UNTIL

    async def begin(self) -> None:
        for name, kwh_of in (("sensor.sun", noon), ("sensor.oven", lambda _time: 0.05)):
            self.make(name)
            await record(self.site.hass, name, kwh_of)
        await self.enter("sensor.sun", "sensor.oven")

    def make(self, name: str, unique_id: str | None = None) -> None:
        [_, name] = name.split(".")
        self.registry.async_get_or_create(
            "sensor", "inverter", unique_id or name, suggested_object_id=name
        )

    def rename(self, **names: str) -> None:
        for old, new in names.items():
            self.registry.async_update_entity(f"sensor.{old}", new_entity_id=f"sensor.{new}")

    async def enter(self, sun: str, *ovens: str) -> None:
        await enter(self.site.hass, {**SUN, "stat_energy_from": sun})
        update: Any = {"device_consumption": [{"stat_consumption": oven} for oven in ovens]}
        await (await async_get_manager(self.site.hass)).async_update(update)

    async def choose(self) -> None:
        """Choose all ticked fields of the page."""
        form = await self.site.page("sun")
        names = {str(marker): marker.default() for marker in schema_of(form).schema}
        await submit(self.site.hass, form, names)

    async def ticked(self) -> list[str]:
        form = await self.site.page("sun")
        flow = form["flow_id"]
        self.site.hass.config_entries.options.async_abort(flow)
        return [name for marker in schema_of(form).schema for name in marker.default()]

    async def in_cards(self) -> list[Any]:
        """Return the inverters, the own energy in May, and the devices in June."""
        await recorder_done(self.site.hass)
        self._clock += timedelta(seconds=10)
        await self.site.receive(telegram(f"{self._clock + 2 * HOUR:%H:%M:%S}", 0.0))
        house, shares = await house_of(self.site), await self.site.ask("shares", period="month")
        ovens = [row["wh"] for row in shares["rows"] if row["name"]]
        energies = house and [source["energy"] for source in house["solar"]]
        return [energies, house and house["months"][0]["own_kwh"], ovens]


@pytest.fixture
async def dashboard(site: Site) -> Dashboard:
    dashboard = Dashboard(site)
    await dashboard.begin()
    return dashboard


def second_meter(**fields: Any) -> MockConfigEntry:  # noqa: ANN401 - JSON
    data = {"kind": "entities", "energy_imported": ["sensor.other_total"]}
    return smarty_entry(data=data, unique_id="other", **fields)


@pytest.mark.parametrize("is_chosen", [True, False])
async def test_a_renamed_inverter_stays(
    site: Site, dashboard: Dashboard, *, is_chosen: bool
) -> None:
    if is_chosen:
        await site.hass.config_entries.async_add(second_meter())
        await dashboard.choose()

    async def check(sun: str, listed: tuple[str, str]) -> None:
        assert await dashboard.in_cards() == [[sun], 166.0, [18_000]]
        assert await dashboard.ticked() == [*listed[: 1 + is_chosen]]

    await check("sensor.sun", ("sensor.sun", "sensor.oven"))
    # The Energy dashboard keeps the old ids until a person corrects it.
    dashboard.rename(sun="roof", oven="stove")
    await check("sensor.roof", ("sensor.sun", "sensor.oven"))
    await reload_entry(site.hass, site.entry)
    await check("sensor.roof", ("sensor.sun", "sensor.oven"))
    await dashboard.enter("sensor.roof", "sensor.stove")
    await check("sensor.roof", ("sensor.roof", "sensor.stove"))
    dashboard.rename(roof="attic", stove="cooker")
    await check("sensor.attic", ("sensor.roof", "sensor.stove"))
    # The page stores the ticked sources, also before the dashboard is corrected.
    await dashboard.choose()
    await check("sensor.attic", ("sensor.roof", "sensor.stove"))
    # A deleted inverter still has its history. It may come back, also as another entity.
    dashboard.registry.async_remove("sensor.attic")
    await check("sensor.attic", ("sensor.roof", "sensor.stove"))
    dashboard.make("sensor.attic", "sun")
    await check("sensor.attic", ("sensor.roof", "sensor.stove"))
    await dashboard.enter("sensor.attic", "sensor.cooker")
    dashboard.registry.async_remove("sensor.attic")
    dashboard.make("sensor.attic", "of another integration")
    await check("sensor.attic", ("sensor.attic", "sensor.cooker"))
    dashboard.rename(attic="sun", cooker="oven")
    await check("sensor.sun", ("sensor.attic", "sensor.cooker"))


async def test_an_inverter_that_is_listed_by_both_ids_counts_once(
    site: Site, dashboard: Dashboard
) -> None:
    dashboard.rename(sun="roof")
    await enter(site.hass, SUN, {**SUN, "stat_energy_from": "sensor.roof"})
    energies, own_kwh, _ = await dashboard.in_cards()
    assert (energies, own_kwh) == (["sensor.sun", "sensor.roof"], None)


async def test_two_houses_swap_the_names_of_their_inverters(
    site: Site, dashboard: Dashboard
) -> None:
    await site.hass.config_entries.async_add(second_meter())
    dashboard.make("sensor.shed")
    await enter(site.hass, SUN, SHED)
    form = await site.page("sun")
    await submit(site.hass, form, {"sun_sources": ["sensor.sun"]})
    dashboard.rename(sun="other", shed="sun", other="shed")
    assert (await dashboard.in_cards())[:2] == [["sensor.shed"], 166.0]
    # A new inverter takes the name and the place of an old one.
    dashboard.rename(shed="old")
    await enter(site.hass, SUN)
    assert (await dashboard.in_cards())[0] == ["sensor.sun"]


async def test_a_renamed_power_is_still_shown(site: Site, dashboard: Dashboard) -> None:
    dashboard.make("sensor.power")
    oven = {"stat_consumption": "sensor.oven", "stat_rate": "sensor.power"}
    update: Any = {"device_consumption": [oven]}
    await enter(site.hass, {**SUN, "stat_rate": "sensor.power"})
    await (await async_get_manager(site.hass)).async_update(update)
    await house_of(site)
    dashboard.rename(power="watts")
    site.hass.states.async_set("sensor.watts", "1400", {"unit_of_measurement": "W"})
    powers = site.entry.runtime_data.records.house_powers
    assert powers["solar"] == ["sensor.watts"]
    assert (await house_of(site))["solar"][0]["power"] == "sensor.watts"
    assert (await site.ask("last_hour"))["devices"] == ["sensor.watts"]


@pytest.mark.parametrize("is_enabled", [False, True])
async def test_a_second_meter_takes_nothing_from_the_first(
    site: Site, dashboard: Dashboard, *, is_enabled: bool
) -> None:
    """The second meter is added, or was disabled before."""
    before = await dashboard.in_cards()
    entries, issues = site.hass.config_entries, ir.async_get(site.hass)
    other = second_meter(disabled_by=ConfigEntryDisabler.USER if is_enabled else None)
    await entries.async_add(other)
    if is_enabled:
        assert "sun_sources" not in site.entry.options
        await entries.async_set_disabled_by(other.entry_id, None)
    issue = f"second_meter_{site.entry.entry_id}"
    assert issues.async_get_issue("smarty_p1", issue)
    assert await dashboard.in_cards() == before == [["sensor.sun"], 166.0, [18_000]]
    assert site.entry.options["sun_sources"] == ["sensor.sun"]
    assert site.entry.options["house_devices"] == ["sensor.oven"]
    assert not other.options
    dashboard.rename(sun="roof")
    assert (await dashboard.in_cards())[:2] == [["sensor.roof"], 166.0]
    # Saving the page answers the issue. A choice of the user stays.
    form = await site.page("sun")
    await submit(site.hass, form, {"sun_sources": [], "house_devices": []})
    assert not issues.async_get_issue("smarty_p1", issue)
    await entries.async_set_disabled_by(other.entry_id, ConfigEntryDisabler.USER)
    await entries.async_set_disabled_by(other.entry_id, None)
    assert not issues.async_get_issue("smarty_p1", issue)
    assert await dashboard.in_cards() == [None, None, []]


async def test_the_only_meter_has_later_sources_again(site: Site, dashboard: Dashboard) -> None:
    entries, issues = site.hass.config_entries, ir.async_get(site.hass)
    await dashboard.in_cards()
    other = second_meter()
    await entries.async_add(other)
    await entries.async_remove(other.entry_id)
    await site.hass.async_block_till_done()
    assert not issues.async_get_issue("smarty_p1", f"second_meter_{site.entry.entry_id}")
    await record(site.hass, "sensor.shed", lambda _time: 0.0)
    await enter(site.hass, SUN, SHED)
    assert (await dashboard.in_cards())[0] == ["sensor.sun", "sensor.shed"]
    # A meter without sources stores nothing, and shows no message.
    await enter(site.hass)
    await entries.async_add(second_meter())
    assert "sun_sources" not in site.entry.options


def home(time: datetime) -> float:
    """Return the consumption of the house in an hour of `billed_month`."""
    first = (time - datetime(2026, 4, 30, 22, tzinfo=UTC)) // timedelta(minutes=15)
    quarters = range(max(0, first), max(0, first + 4))
    drawn = sum(2.0 if n < 10 else 0.1 for n in quarters)
    return drawn + noon(time) - sum(0.02 for n in quarters if n < 1000)


@pytest.mark.parametrize(("factor", "difference"), [(1.0, 0.0), (1.1, 0.1)])
async def test_the_home_meter_of_the_energy_settings_fills_the_gaps_of_the_inverter(
    site: Site, factor: float, difference: float
) -> None:
    gap = datetime(2026, 5, 10, 9, tzinfo=UTC), datetime(2026, 5, 12, 15, tzinfo=UTC)
    await record(site.hass, "sensor.sun", left_out=lambda time: gap[0] <= time < gap[1])
    await enter(site.hass, SUN)
    assert (await house_of(site))["months"][0]["unknown_days"] == 3
    assert (await house_of(site))["home_difference"] is None

    await record(site.hass, "sensor.home", lambda time: factor * home(time))
    await enter(site.hass, SUN, {"type": "home", "stat_energy_to": "sensor.home"})

    house = await house_of(site)
    [may, _] = house["months"]
    assert may["unknown_days"] == 0
    # 316.6 kWh drawn, and 166 kWh of the sun. The home meter counts only in the gap.
    more = (factor - 1) * sum(day["house_kwh"] for day in house["days"][9:12]) / factor
    assert 482.5 < may["house_kwh"] < 482.7 + more
    assert (may["house_kwh"] > 483) is (factor > 1)
    assert house["home_difference"] == pytest.approx(difference, abs=0.001)
