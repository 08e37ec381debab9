"""Gas that only the national platform knows: requests, stored days and states."""

from datetime import datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator.leneda.client import LenedaError
from custom_components.smarty_p1.coordinator.leneda.gas_download import LenedaGas
from custom_components.smarty_p1.coordinator.statistics.gas_statistics import GasStatistics
from custom_components.smarty_p1.coordinator.stored.gas_water_heat_history import MediumHistory
from custom_components.smarty_p1.coordinator.stored.meter_history import LENEDA_GAS, MeterHistory
from dev.leneda import Fault, Platform
from tests.ha.conftest import EntryMaker
from tests.ha.leneda import ENERGY_ID, KEY, POINT, utc
from tests.ha.meter import MeterPort
from tests.ha.support import set_up, smarty_entry

GAS_POINT = "LU0000012345678901234000000000009"
VOLUME, ENERGY = "7-1:99.23.17", "7-20:99.33.17"
ACCOUNT = {
    "api_key": KEY,
    "energy_id": ENERGY_ID,
    "consumption_point": POINT,
    "gas_point": GAS_POINT,
}
# Midnight in Luxembourg is at 23:00, in summer at 22:00.
NOW = utc("2026-11-21 14:00")
BEGUN = utc("2026-09-30 22:00")
A_DAY = timedelta(days=1)


class Home:
    """The history of a meter, and the requests for it."""

    def __init__(self, hass: HomeAssistant, account: dict[str, str]) -> None:
        self.history = MeterHistory(hass, "entry")
        self.pauses = 0
        entry = smarty_entry(unique_id=POINT, data={"statistics_key": "0a"})
        self._statistics = GasStatistics(hass, entry, self.history)
        self._gas = LenedaGas(hass, account, self.history, self._statistics, self._pause)
        self._hass, self._account = hass, account
        assert account["api_key"] not in repr(self._gas)

    async def correct(self, point: str) -> None:
        account = {**self._account, "gas_point": point}
        self._gas = LenedaGas(self._hass, account, self.history, self._statistics, self._pause)
        await self._gas.async_leave_former_point()

    async def refresh(self) -> None:
        await self._gas.async_refresh(NOW)

    async def _pause(self) -> None:
        self.pauses += 1
        await self.on_pause()

    async def on_pause(self) -> None:
        """Do nothing at a pause, unless a test does."""

    @property
    def gas(self) -> MediumHistory:
        return self.history.media[LENEDA_GAS]


@pytest.fixture
def home(hass: HomeAssistant, platform: Platform) -> Home:
    """Return a home with gas since October: half a cubic metre an hour, of 11 kWh each."""
    platform.now = lambda: NOW
    platform.series[GAS_POINT, VOLUME] = lambda start: 0.5 if start >= BEGUN else None
    platform.series[GAS_POINT, ENERGY] = lambda start: 5.5 if start >= BEGUN else None
    return Home(hass, ACCOUNT)


async def test_all_days_that_the_platform_knows(home: Home, platform: Platform) -> None:
    await home.refresh()
    days = home.gas.days
    assert (min(days), max(days)) == (BEGUN, utc("2026-11-19 23:00"))
    # 24 hours; 25 of them on the day on which summer time ends.
    assert days[BEGUN] == (12.0, 86_400)
    assert days[utc("2026-10-24 22:00")] == (12.5, 90_000)
    assert len(days) == 51
    assert home.gas.kwh_per_m3 == 11.0
    assert home.gas.time == utc("2026-11-20 23:00")
    # Two weeks, 29 days and 8 or 21, with both series; then a month without any.
    assert home.pauses == len(platform.requests) == 7
    assert {request.point for request in platform.requests} == {GAS_POINT}

    # The next time, two weeks are asked for again: the operator has corrected a day.
    platform.requests.clear()
    corrected = utc("2026-11-17 23:00")
    for code, amount in ((VOLUME, 0.5), (ENERGY, 5.5)):
        platform.series[GAS_POINT, code] = lambda start, amount=amount: (  # type: ignore[misc]
            None if start < BEGUN else amount * (1 + (corrected <= start < corrected + A_DAY))
        )
    await home.refresh()
    assert home.gas.days[corrected] == (24.0, 86_400)
    assert [request.code for request in platform.requests] == [VOLUME, ENERGY, VOLUME]
    assert platform.requests[0].start == utc("2026-11-06 23:00")

    # After a long pause no day is left out.
    late = utc("2026-10-10 22:00")
    home.gas.days = {day: each for day, each in home.gas.days.items() if day < late}
    await home.refresh()
    assert len(home.gas.days) == 51

    stored = home.gas.as_dict()
    copied = MediumHistory.from_dict(stored)
    assert (copied.days, copied.kwh_per_m3) == (home.gas.days, 11.0)


@pytest.mark.parametrize("answers", [2, 3, 4])
async def test_a_failed_request_loses_no_day(
    home: Home, platform: Platform, monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    async def fail_later() -> None:
        pauses.pop()
        platform.fault = None if pauses else Fault.SERVER

    monkeypatch.setattr(home, "on_pause", fail_later)
    for last in (None, utc("2026-10-10 22:00")):
        pauses = [None] * (answers + 1)
        if last:
            home.gas.days = {day: each for day, each in home.gas.days.items() if day < last}
        with pytest.raises(LenedaError):
            await home.refresh()
        assert len(home.gas.days) >= 14
        pauses = [None] * 9
        await home.refresh()
        assert len(home.gas.days) == 51


async def test_without_the_energy_the_user_knows_the_factor(home: Home, platform: Platform) -> None:
    del platform.series[GAS_POINT, ENERGY]
    await home.refresh()
    assert len(home.gas.days) == 51
    assert home.gas.kwh_per_m3 is None


async def test_the_energy_of_a_cubic_metre_is_that_of_the_newest_gas(
    home: Home, platform: Platform
) -> None:
    # Since two days before the last two weeks, it has been richer.
    richer = NOW - 16 * A_DAY

    def energy(start: datetime) -> float | None:
        kwh = 7.834 if start >= richer else 7.7
        return None if start < BEGUN else kwh

    platform.series[GAS_POINT, VOLUME] = lambda start: 0.7 if start >= BEGUN else None
    platform.series[GAS_POINT, ENERGY] = energy
    await home.refresh()
    # 7.834 kWh in 0.7 m³, with four decimal places.
    assert home.gas.kwh_per_m3 == 11.1914

    # A newest period with too little gas leaves it to the one before.
    platform.series[GAS_POINT, VOLUME] = lambda start: (
        None if start < BEGUN else 0.002 if start >= NOW - 15 * A_DAY else 0.7
    )
    await home.refresh()
    assert home.gas.kwh_per_m3 == 11.1914


async def test_gas_of_a_corrected_point_goes(home: Home, platform: Platform) -> None:
    await home.refresh()
    stored = home.gas.as_dict()
    assert GAS_POINT not in str(stored)
    home.history.media[LENEDA_GAS] = MediumHistory.from_dict(stored)
    await home.correct(GAS_POINT)
    assert len(home.gas.days) == 51

    other = f"{GAS_POINT[:-1]}8"
    since = NOW - 20 * A_DAY
    for code, amount in ((VOLUME, 0.25), (ENERGY, 2.5)):
        platform.series[other, code] = lambda start, amount=amount: (  # type: ignore[misc]
            amount if start >= since else None
        )
    await home.correct(other)
    assert LENEDA_GAS not in home.history.media
    await home.refresh()
    assert {day.amount for day in home.gas.days.values()} <= {6.0, 2.25}
    assert home.gas.kwh_per_m3 == 10.0
    # Gas of an unknown point belongs to the account's point.
    stored["point"] = ""
    home.history.media[LENEDA_GAS] = MediumHistory.from_dict(stored)
    await home.correct(other)
    assert len(home.gas.days) == 51


async def test_nothing_is_asked_without_a_point_or_with_a_meter(
    hass: HomeAssistant, home: Home, platform: Platform
) -> None:
    without = Home(hass, {key: value for key, value in ACCOUNT.items() if key != "gas_point"})
    await without.refresh()
    meter = home.history.media["GAS0790002574"] = MediumHistory("gas", "m3")
    meter.time = NOW - 13 * A_DAY
    home.history.media[LENEDA_GAS] = MediumHistory("gas", "m3")
    await home.refresh()
    assert not platform.requests
    assert list(home.history.media) == ["GAS0790002574"]


@pytest.mark.parametrize("last", [NOW - 15 * A_DAY, None])
async def test_a_former_gas_meter_does_not_replace_the_platforms_gas(
    home: Home, last: datetime | None
) -> None:
    meter = home.history.media["GAS0790002574"] = MediumHistory("gas", "m3")
    meter.time = last
    await home.refresh()
    assert len(home.gas.days) == 51


async def test_a_refusal_leaves_the_known_days(home: Home, platform: Platform) -> None:
    await home.refresh()
    platform.series.clear()
    await home.refresh()
    assert len(home.gas.days) == 51
    platform.fault = Fault.SERVER
    with pytest.raises(LenedaError):
        await home.refresh()


async def test_cards_show_the_gas_of_the_platform(  # noqa: PLR0913, PLR0917 - all is needed
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
    home: Home,
    port: MeterPort,
    make_entry: EntryMaker,
) -> None:
    assert await async_setup_component(hass, "smarty_p1", {})
    await home.refresh()
    entry = await set_up(hass, port, make_entry, gas_price=0.9, gas_fixed_price=15.0)
    entry.runtime_data.records.history.media = {LENEDA_GAS: home.gas}
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)
    client = await hass_ws_client(hass)

    await client.send_json_auto_id({"type": "smarty_p1/media", "entry_id": entry.entry_id})
    [gas] = (await client.receive_json())["result"]["media"]
    assert (gas["meter"], gas["type"], gas["index"], gas["kwh_per_m3"]) == (
        "leneda_gas",
        "gas",
        None,
        11.0,
    )
    # 20 days of 12 m³ at 0.90 EUR, and 20 of 30 days of 15 EUR.
    month = gas["costs"]["month"]
    assert (month["last"], month["used"], month["fixed"]) == (20, 216.0, 10.0)

    await client.send_json_auto_id({"type": "smarty_p1/meters"})
    [meter] = (await client.receive_json())["result"]["meters"]
    listed = [each for each in meter["media"] if each["meter"] == "leneda_gas"]
    assert listed == [
        {"meter": "leneda_gas", "type": "gas", "unit": "m3", "kwh_per_m3": 11.0, "device_id": None}
    ]
