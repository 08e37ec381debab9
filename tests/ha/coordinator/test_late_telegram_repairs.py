"""Old telegrams from a broker: they count, and are not shown as current."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from tests.ha.dialogs import fill_in, is_created, open_repair
from tests.ha.meter import MeterPort, with_registers, with_value
from tests.ha.support import (
    ENERGY,
    PATIENCE,
    TELEGRAM,
    Home,
    fall_silent,
    reload_entry,
    values,
    wait_until,
)
from tests.ha.topic import PORT, Clock, set_up_at_topic, tell

pytestmark = pytest.mark.parametrize("expected_lingering_timers", [True])
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
MIDNIGHT = NOON + timedelta(hours=12)


def telegram(at: datetime, kwh: float) -> str:
    """Return a meter's telegram of a time in winter. Each hour, 1 m³ of gas is used."""
    local = at + timedelta(hours=1)
    text = with_value(TELEGRAM, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}W)")
    gas = 600 + (at - NOON) // timedelta(hours=1)
    text = with_value(text, "0-1:24.2.1", f"({local:%y%m%d%H0000}W)({gas:09.3f}*m3)")
    return with_registers(text, kwh)


def issues(hass: HomeAssistant) -> set[str]:
    return {
        str(issue.translation_key)
        for issue in ir.async_get(hass).issues.values()
        if issue.domain == "smarty_p1" and issue.active
    }


class House:
    """A meter at a topic, and the clock of Home Assistant."""

    def __init__(self, home: Home, mqtt_mock: MqttMockHAClient, clock: Clock) -> None:
        self._home = home
        self._hass = home.hass
        self._mock = mqtt_mock
        self.clock = clock

    async def begin(self, at: datetime) -> None:
        self.entry = await set_up_at_topic(self._home, self._mock, telegram(at, 100.0))

    async def tell(self, at: datetime, kwh: float) -> None:
        """Let ten seconds pass, and send a telegram with another time."""
        self.clock.now += timedelta(seconds=10)
        coordinator = self.entry.runtime_data
        before = coordinator.readings
        await tell(self._hass, self._home.port.next_frame(telegram(at, kwh)))
        await wait_until(self._hass, lambda: coordinator.readings > before)

    async def start_again(self) -> None:
        """Load the entry again, and wait until it reads the topic."""
        before = self._mock.async_subscribe.call_count
        self._hass.config_entries.async_schedule_reload(self.entry.entry_id)
        async with asyncio.timeout(PATIENCE):
            while self._mock.async_subscribe.call_count <= before + 1:
                await asyncio.sleep(0.01)

    @property
    def energy(self) -> str:
        return values(self._hass)[ENERGY]


@pytest.fixture
async def house(home: Home, mqtt_mock: MqttMockHAClient, monkeypatch: pytest.MonkeyPatch) -> House:
    """Return a meter that was read at noon; now it is midnight."""
    house = House(home, mqtt_mock, Clock(monkeypatch, NOON))
    await house.begin(NOON)
    assert house.energy == "100.0"
    house.clock.now = MIDNIGHT
    return house


async def test_a_delayed_telegram_is_not_shown_or_passed_on(
    hass: HomeAssistant, house: House
) -> None:
    coordinator = house.entry.runtime_data
    told: list[object] = []
    coordinator.reading_listeners.add(told.append)
    raised = async_capture_events(hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    for number in range(1, 92):
        await house.tell(NOON + timedelta(seconds=10 * number), 100 + number / 200)
        assert house.energy == "unavailable"
        assert issues(hass) == ({"telegrams_late"} if number > 12 else set())
    assert told == []
    assert len(raised) == 1
    assert coordinator.condition.obstacle == "telegrams_late"
    assert coordinator.latest.telegram.objects["1-0:1.8.0"] == 100.0
    # Where its own time puts it, it counts: 0.45 kWh in the quarter-hour from noon.
    quarter = coordinator.records.household_state.values.last_quarter
    assert quarter.start == NOON
    assert quarter.mean_kw == pytest.approx(1.8)
    await house.tell(MIDNIGHT + timedelta(minutes=15), 105.0)
    assert house.energy == "105.0"
    assert issues(hass) == set()
    assert len(told) == 1


async def test_a_gateway_that_catches_up_has_a_repair_and_is_then_shown_again(
    hass: HomeAssistant, house: House
) -> None:
    for number in range(1, 73):
        await house.tell(NOON + timedelta(minutes=10 * number), 100 + number / 10)
        assert house.energy == "unavailable"
        assert issues(hass) == ({"catching_up"} if number > 12 else set())
    assert house.entry.runtime_data.condition.obstacle == "catching_up"
    # The gateway falls silent.
    await fall_silent(hass, house.entry)
    assert house.entry.runtime_data.condition.obstacle == "nothing_received"
    assert issues(hass) == set()
    await house.tell(MIDNIGHT + timedelta(minutes=12), 107.3)
    assert house.energy == "107.3"
    assert issues(hass) == set()
    records = house.entry.runtime_data.records
    assert records.household_state.month.imported_kwh == pytest.approx(7.3)
    gas = next(medium for medium in records.history.media.values() if medium.kind == "gas")
    assert [day.amount for day in gas.days.values()] == [pytest.approx(11), pytest.approx(1)]


async def test_a_clock_that_is_wrong_can_be_confirmed_once_and_for_all(
    hass: HomeAssistant, house: House
) -> None:
    for number in range(1, 15):
        await house.tell(NOON + timedelta(seconds=10 * number), 101.0)
    assert house.energy == "unavailable"
    name = f"telegrams_late_{house.entry.entry_id}"
    step, other = [await open_repair(hass, name) for _ in range(2)]
    end = await fill_in(hass, step, {})
    assert is_created(end)
    await house.tell(NOON + timedelta(seconds=150), 102.0)
    # A dialog that was left open confirms nothing new.
    end = await fill_in(hass, other, {})
    assert is_created(end)
    assert house.energy == "102.0"
    assert issues(hass) == set()

    # A restart keeps the state.
    await house.start_again()
    await house.tell(NOON + timedelta(seconds=160), 103.0)
    await wait_until(hass, lambda: house.energy == "103.0")
    assert issues(hass) == set()

    # The clock was right: a telegram of now would be of the future.
    await house.tell(house.clock.now, 104.0)
    assert house.energy == "104.0"
    await house.tell(NOON + timedelta(seconds=180), 105.0)
    assert house.energy == "unavailable"


async def test_a_wrong_clock_that_is_known_from_a_cable_is_known_at_a_topic(
    hass: HomeAssistant, house: House, port: MeterPort
) -> None:
    entry = house.entry
    hass.config_entries.async_update_entry(entry, data={**entry.data, "port": port.url})
    port.greeting = port.next_frame(telegram(NOON, 100.0))
    assert await reload_entry(hass, entry)
    await wait_until(hass, lambda: house.energy == "100.0")

    hass.config_entries.async_update_entry(entry, data={**entry.data, "port": PORT})
    await house.start_again()
    await house.tell(NOON + timedelta(seconds=10), 101.0)
    await wait_until(hass, lambda: house.energy == "101.0")


async def test_a_meter_that_was_never_read_is_set_up_with_an_old_telegram(
    home: Home, mqtt_mock: MqttMockHAClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(home, mqtt_mock, Clock(monkeypatch, MIDNIGHT))
    await house.begin(NOON)
    assert house.energy == "unavailable"
    await house.tell(MIDNIGHT, 101.0)
    assert house.energy == "101.0"


async def test_a_telegram_of_a_few_minutes_ago_is_current(house: House) -> None:
    await house.tell(MIDNIGHT - timedelta(minutes=4), 101.0)
    assert house.energy == "101.0"
    await house.tell(MIDNIGHT + timedelta(hours=1), 102.0)
    assert house.energy == "102.0"
    await house.tell(MIDNIGHT - timedelta(minutes=6), 103.0)
    assert house.energy == "unavailable"
