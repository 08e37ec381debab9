"""Numbers that are shown once they have moved far enough, which keeps the database small."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_registry import EntityRegistry, RegistryEntryDisabler

from custom_components.smarty_p1.const import DOMAIN
from tests.ha.conftest import EntryMaker
from tests.ha.meter import SERIAL, MeterPort, with_value
from tests.ha.support import TELEGRAM, let_pass, let_pass_until, receive, set_up, state_of


def with_voltage(volts: str) -> str:
    return with_value(TELEGRAM, "1-0:32.7.0", f"({volts}*V)")


async def test_a_voltage_is_shown_and_follows_by_a_volt(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, with_voltage("230.4"))
    shown = [state_of(hass, "smarty_voltage_l1").state]
    for sent in (with_voltage("231.3"), with_voltage("231.4"), with_voltage(""), TELEGRAM):
        await receive(hass, port, sent)
        shown.append(state_of(hass, "smarty_voltage_l1").state)
    assert shown == ["230.4", "230.4", "231.4", "unknown", "233.1"]


def at(clock: str, volts: str) -> str:
    """Return a telegram of 3 July 2025 with this voltage."""
    return with_value(with_voltage(volts), "0-0:1.0.0", f"(250703{clock.replace(':', '')}S)")


async def test_a_voltage_moves_once_a_minute_at_most_unless_it_leaves_its_limits(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, at("12:00:00", "230.0"))
    shown = []
    for clock, volts in (
        ("12:00:10", "233.0"),
        ("12:00:50", "234.0"),
        ("12:01:00", "235.0"),
        ("12:01:10", "237.0"),
        ("12:01:20", "253.1"),  # outside
        ("12:01:30", "252.9"),
        ("12:01:40", "250.0"),
        ("12:02:30", "249.0"),
        ("11:00:00", "248.0"),  # the clock is set back
    ):
        await receive(hass, port, at(clock, volts))
        shown.append(state_of(hass, "smarty_voltage_l1").state)
    assert shown == [
        *("230.0", "230.0", "235.0", "235.0", "253.1", "252.9", "252.9", "249.0", "248.0"),
    ]


def drawn(clock: str, kwh: float, kw: float = 2.0) -> str:
    """Return a telegram of 3 July 2025 with this index."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"(250703{clock.replace(':', '')}S)")
    text = with_value(text, "1-0:1.7.0", f"({kw:06.3f}*kW)")
    return with_value(text, "1-0:1.8.0", f"({kwh:010.3f}*kWh)")


async def test_available_power_rises_by_a_twentieth_and_ends_at_the_reference_power(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, drawn("12:00:00", 100.0), reference_power=7.0)
    shown, until_end = [state_of(hass, "smarty_available_power").state], []
    warning = []
    for clock, kwh, kw in (
        ("12:05:00", 100.5, 2.0),  # 1.25 kWh in a sixth of an hour: 7.5 kW
        ("12:05:10", 100.5, 7.627),  # 7.627: not much more, and as much as may be
        ("12:05:20", 100.5, 7.76),  # 7.759
        ("12:06:00", 100.5, 2.0),  # 8.333
        ("12:06:10", 100.6, 2.0),  # 7.811
        ("12:10:00", 101.65, 2.0),  # 1.2
    ):
        await receive(hass, port, drawn(clock, kwh, kw))
        available = state_of(hass, "smarty_available_power")
        shown.append(available.state)
        until_end.append(available.attributes["until_quarter_hour_ends"])
        state = hass.states.get("binary_sensor.smarty_reference_power_warning")
        warning.append(state and state.state)
    assert shown == ["7.0", "7.0", "7.0", "7.0", "7.0", "7.0", "1.2"]
    assert until_end == [7.5, 7.5, 7.5, 8.3, 7.8, 1.2]
    # It does not wait for a step.
    assert warning == ["off", "off", "on", "off", "off", "on"]


async def test_the_phases_are_disabled_at_first_and_stay_enabled_where_they_are(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    entity_registry: EntityRegistry,
) -> None:
    port.greeting = port.next_frame(TELEGRAM)
    entry = make_entry(port.url)
    # As an earlier version has left it.
    entity_registry.async_get_or_create(
        "sensor",
        DOMAIN,
        f"{SERIAL}_power_net_l1",
        suggested_object_id="smarty_net_power_l1",
        config_entry=entry,
    )
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert state_of(hass, "smarty_net_power_l1").state == "1.173"
    for phase in ("l2", "l3"):
        found = entity_registry.async_get(f"sensor.smarty_net_power_{phase}")
        assert found
        assert found.disabled_by is RegistryEntryDisabler.INTEGRATION


async def test_what_is_shown_after_a_break_is_what_the_meter_sends_then(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    entry = await set_up(hass, port, make_entry, with_voltage("230.0"))
    await port.wait_for_clients(1)
    await let_pass(hass, 59)
    await port.wait_for_clients(0)
    await let_pass(hass, 61)
    assert state_of(hass, "smarty_voltage_l1").state == "unavailable"

    port.greeting = port.next_frame(with_voltage("230.3"))
    await let_pass_until(hass, 30, lambda: entry.runtime_data.readings == 2)
    assert state_of(hass, "smarty_voltage_l1").state == "230.3"


async def test_a_state_that_does_not_follow_is_reported_again(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    """Derivatives and statistics build upon that."""
    await set_up(hass, port, make_entry, with_voltage("230.0"))
    before = state_of(hass, "smarty_voltage_l1")
    reported = before.last_reported

    await receive(hass, port, with_voltage("230.5"))

    after = state_of(hass, "smarty_voltage_l1")
    assert after.last_reported > reported
    assert after.last_updated == before.last_updated
