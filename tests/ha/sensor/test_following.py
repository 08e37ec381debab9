"""Numbers that are shown once they have moved far enough, which keeps the database small."""

from homeassistant.core import HomeAssistant

from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort, with_value
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
