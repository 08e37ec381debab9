"""Whether a bill from before levies had lines is to have them: the issue that asks once."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.components.repairs import DOMAIN as REPAIRS, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smarty_p1.const import DOMAIN
from custom_components.smarty_p1.coordinator.contract_options import contract_of, has_levies
from custom_components.smarty_p1.lib.tariff import Contract
from tests.ha import billed_month
from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort
from tests.ha.repairs import choose, open_repair

LINES_BEFORE = 6


def is_asked(hass: HomeAssistant) -> bool:
    return any(issue.startswith("levies") for _, issue in ir.async_get(hass).issues)


async def answer(hass: HomeAssistant, entry_id: str, step: str) -> RepairsFlowResult:
    """Open the dialog of the issue and choose an answer."""
    menu = await open_repair(hass, f"levies_{entry_id}")
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["add", "keep"]
    assert menu["description_placeholders"] == {"name": "Smarty 2574"}
    return await choose(hass, menu, step)


@pytest.mark.parametrize("step", ["add", "keep"])
async def test_an_entry_from_before_is_asked_once(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    hass_storage: dict[str, Any],
    step: str,
) -> None:
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await billed_month.set_up(hass, port, make_entry, hass_storage)
    # A day from a change long ago.
    options = {**entry.options, "surcharge_price_since": "2026-05-01"}
    hass.config_entries.async_update_entry(entry, options=options)
    assert is_asked(hass)

    async def lines(month: str) -> list[str]:
        bill = await hass.services.async_call(
            DOMAIN, "get_bill", {"month": month}, blocking=True, return_response=True
        )
        found: Any = bill and bill["lines"]
        return [line["name"] for line in found]

    assert len(await lines("2026-06")) == LINES_BEFORE
    port.greeting = port.next_frame(billed_month.telegram("00:00:10", 0.0))
    result = await answer(hass, entry.entry_id, step)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["with_levies"] is (step == "add")
    assert not is_asked(hass)
    # From the 1st of the month on: what was before stays.
    assert len(await lines("2026-05")) == LINES_BEFORE
    june = await lines("2026-06")
    assert (june[5:7] == ["electricity_tax", "compensation"]) is (step == "add")
    assert len(june) == LINES_BEFORE + (2 if step == "add" else 0)


async def test_a_change_that_is_to_come_still_waits(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await billed_month.set_up(hass, port, make_entry, hass_storage)
    day = f"{dt_util.now().year + 1}-06-01"
    options = {**entry.options, "energy_price": 0.2, "surcharge_price_since": day}
    hass.config_entries.async_update_entry(entry, options=options)
    port.greeting = port.next_frame(billed_month.telegram("00:00:10", 0.0))

    await answer(hass, entry.entry_id, "add")

    # The levies wait with it: the day is that of all that was entered.
    assert entry.options == {**options, "with_levies": True}
    bill = await hass.services.async_call(
        DOMAIN, "get_bill", {}, blocking=True, return_response=True
    )
    found: Any = bill and bill["lines"]
    assert (found[0]["price"], len(found)) == (0.15, LINES_BEFORE)


async def test_a_meter_that_is_removed_meanwhile(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    assert await async_setup_component(hass, REPAIRS, {})
    entry = await billed_month.set_up(hass, port, make_entry, hass_storage)
    menu = await open_repair(hass, f"levies_{entry.entry_id}")
    await hass.config_entries.async_remove(entry.entry_id)

    result = await choose(hass, menu, "add")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "entry_removed")


@pytest.mark.parametrize(
    ("options", "is_told"),
    [
        ({"min_interval": 10}, False),
        ({"feed_in_price": 0.06}, False),
        ({"reference_power": 7.0}, True),
        ({"energy_price": 0.15, "with_levies": False}, False),
        ({"energy_price": 0.15, "with_levies": True}, False),
    ],
)
async def test_who_is_asked(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    options: dict[str, Any],
    is_told: bool,  # noqa: FBT001
) -> None:
    port.greeting = port.next_frame(billed_month.telegram("00:00:00", 0.0))
    entry = make_entry(port.url)
    hass.config_entries.async_update_entry(entry, options=options)
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert is_asked(hass) is is_told


async def test_it_goes_within_an_hour_when_it_was_said_elsewhere(
    hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker, hass_storage: dict[str, Any]
) -> None:
    entry = await billed_month.set_up(hass, port, make_entry, hass_storage)
    assert is_asked(hass)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "with_levies": False})
    hour = dt_util.utcnow().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    async_fire_time_changed(hass, hour)
    await hass.async_block_till_done()
    assert not is_asked(hass)


def test_options() -> None:
    own = {"consumer_category": "B", "electricity_tax": 0.0005, "compensation": -0.01}
    assert contract_of({"with_levies": True, **own}) == Contract(
        has_levies=True, consumer_category="B", electricity_tax=0.0005, compensation=-0.01
    )
    assert contract_of({"with_levies": False, "consumer_category": "A"}) == Contract()
    # New entries have them on, those from before have not.
    assert has_levies({})
    assert has_levies({"min_interval": 10})
    assert not has_levies({"energy_price": 0.15})
    assert has_levies({"energy_price": 0.15, "with_levies": True})
