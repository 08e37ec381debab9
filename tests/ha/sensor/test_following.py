"""Numbers that are shown once they have moved far enough, which keeps the database small."""

import pytest
from homeassistant.core import HomeAssistant

from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort, with_value
from tests.ha.support import TELEGRAM, let_pass, let_pass_until, receive, set_up, state_of

VOLTAGES = {1: "1-0:32.7.0", 2: "1-0:52.7.0", 3: "1-0:72.7.0"}
POWERS = {1: "1-0:21.7.0", 2: "1-0:41.7.0", 3: "1-0:61.7.0"}


def with_voltage(volts: str, phase: int = 1) -> str:
    return with_value(TELEGRAM, VOLTAGES[phase], f"({volts}*V)")


@pytest.mark.parametrize("phase", VOLTAGES)
async def test_a_voltage_is_shown_and_follows_by_a_volt(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, phase: int
) -> None:
    await set_up(hass, port, make_entry, with_voltage("230.4", phase))
    shown = [state_of(hass, f"smarty_voltage_l{phase}").state]

    for volts in ("231.3", "229.5", "231.4", "230.5", "230.4", "231.3", "228.0"):
        await receive(hass, port, with_voltage(volts, phase))
        shown.append(state_of(hass, f"smarty_voltage_l{phase}").state)

    assert shown == ["230.4", "230.4", "230.4", "231.4", "231.4", "230.4", "230.4", "228.0"]


async def test_a_voltage_that_creeps_is_never_shown_more_than_a_volt_wrong(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, with_voltage("230.0"))
    shown = set()

    for tenths in range(2301, 2331):
        await receive(hass, port, with_voltage(f"{tenths / 10}"))
        value = float(state_of(hass, "smarty_voltage_l1").state)
        assert abs(value - tenths / 10) < 1
        shown.add(value)

    assert shown == {230.0, 231.0, 232.0, 233.0}


@pytest.mark.parametrize(
    ("before", "after"),
    [("253.0", "253.1"), ("253.4", "252.9"), ("207.3", "206.8"), ("206.9", "207.0")],
)
async def test_a_voltage_out_of_range_or_back_in_it_is_shown_at_once(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, before: str, after: str
) -> None:
    await set_up(hass, port, make_entry, with_voltage(before))

    await receive(hass, port, with_voltage(after))

    assert state_of(hass, "smarty_voltage_l1").state == after


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


async def test_what_is_shown_does_not_outlive_what_the_meter_could_not_say(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker
) -> None:
    await set_up(hass, port, make_entry, with_voltage("230.0"))

    await receive(hass, port, with_value(TELEGRAM, VOLTAGES[1], "()"))
    assert state_of(hass, "smarty_voltage_l1").state == "unknown"
    await receive(hass, port, with_voltage("230.5"))
    assert state_of(hass, "smarty_voltage_l1").state == "230.5"


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


@pytest.mark.parametrize("phase", POWERS)
async def test_the_power_of_a_phase_follows_by_20_watts_and_that_of_all_by_one(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, phase: int
) -> None:
    def telegram(watts: int) -> str:
        text = with_value(TELEGRAM, POWERS[phase], f"({watts / 1000:06.3f}*kW)")
        return with_value(text, "1-0:1.7.0", f"({watts / 1000:06.3f}*kW)")

    await set_up(hass, port, make_entry, telegram(400))
    shown = []
    for watts in (419, 381, 420, 401, 400):
        await receive(hass, port, telegram(watts))
        shown.append(float(state_of(hass, f"smarty_net_power_l{phase}").state))
        assert float(state_of(hass, "smarty_net_power").state) == watts / 1000

    assert shown == [0.4, 0.4, 0.42, 0.42, 0.4]
