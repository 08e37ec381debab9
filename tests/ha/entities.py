"""Entities of a made-up integration that reads a Smarty, and the dialog that adds them."""

import asyncio
from collections.abc import Mapping

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import async_get_integration
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from smartyp1.json_types import JsonDict

from .dialogs import advance, is_created, reconfigure, start
from .support import let_pass, load, smarty_entry, with_contract

KWH = {"unit_of_measurement": "kWh", "device_class": "energy"}
WATT = {"unit_of_measurement": "W", "device_class": "power"}


def register(hass: HomeAssistant, name: str, platform: str = "dsmr") -> er.RegistryEntry:
    return er.async_get(hass).async_get_or_create(
        "sensor", platform, f"unique_{name}", suggested_object_id=name
    )


class Smarty:
    """Sensors that another integration makes of a meter's telegrams."""

    entry: MockConfigEntry

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory | None = None) -> None:
        self.hass = hass
        self._freezer = freezer
        self.ids = {
            name: register(hass, name)
            for name in ("tariff_1", "tariff_2", "exported", "power", "fed_in")
        }
        self.values: dict[str, tuple[str, Mapping[str, str]]] = {
            "tariff_1": ("1000.000", KWH),
            "tariff_2": ("2000.000", KWH),
            "exported": ("500.000", KWH),
            "power": ("1000", WATT),
            "fed_in": ("0", WATT),
        }
        self.report()

    def set(self, **values: str) -> None:
        """Change values. They are visible with the next report."""
        for name, value in values.items():
            self.values[name] = value, self.values[name][1]

    def report(self, *names: str) -> None:
        for name in names or self.values:
            value, attributes = self.values[name]
            entity = er.async_get(self.hass).async_get(self.ids[name].id)
            assert entity
            self.hass.states.async_set(entity.entity_id, value, attributes)

    async def wait(self, seconds: float) -> None:
        """Let time pass. Real ports need the real clock, so nothing is frozen there."""
        if self._freezer is None:
            await let_pass(self.hass, seconds)
            return
        await self.wait_in_trial(seconds)
        await self.hass.async_block_till_done()

    async def wait_in_trial(self, seconds: float) -> None:
        """Let time pass without waiting for the task of the dialog, which listens all the time."""
        assert self._freezer
        self._freezer.tick(seconds)
        async_fire_time_changed(self.hass)
        for _ in range(5):
            await asyncio.sleep(0)

    async def send(self, *names: str, after: float = 8, **values: str) -> None:
        """Let time pass, report, and wait until the report is read two seconds later."""
        await self.wait(after)
        self.set(**values)
        self.report(*names)
        await self.wait(2)

    def chosen(self, *names: str) -> list[str]:
        """Return the entity ids of sensors, as the form of the dialog gives them."""
        return [self.ids[name].entity_id for name in names]


async def listen(  # noqa: PLR0913 - what may differ between trials
    hass: HomeAssistant,
    smarty: Smarty,
    typed: JsonDict,
    *,
    every: int = 2,
    totals_every: int | None = None,
    entry: MockConfigEntry | None = None,
    **values: str,
) -> ConfigFlowResult:
    """Fill in the form, report at each `every`th tick of five seconds, and return the result.

    With `totals_every`, the totals are reported only at each `totals_every`th tick.
    The sensors have their new values once the form is filled in. With an entry, the dialog changes
    the entry's entities.
    """
    # The trial begins at once if the integration's name need not be read from the disk first.
    await async_get_integration(hass, "dsmr")
    flow = await (reconfigure(hass, entry, "entities") if entry else start(hass, "entities"))
    result = await advance(hass, flow, typed)
    smarty.set(**values)
    ticks = 0
    while result["type"] in {FlowResultType.SHOW_PROGRESS, FlowResultType.SHOW_PROGRESS_DONE}:
        if result["type"] is FlowResultType.SHOW_PROGRESS:
            assert (result["step_id"], result["progress_action"]) == ("listen", "listen")
            ticks += 1
            assert ticks < 100
            if ticks % every == 0:
                has_totals = ticks % (totals_every or every) == 0
                smarty.report(*(() if has_totals else ("power", "fed_in")))
            await smarty.wait_in_trial(5)
        result = await advance(hass, flow)
    return result


async def add(hass: HomeAssistant, smarty: Smarty, typed: JsonDict) -> MockConfigEntry:
    """Add a meter of entities with 3 kW of reference power."""
    contract = await listen(hass, smarty, typed)
    assert contract["step_id"] == "contract_without_cable"
    result = await advance(hass, contract, {"reference_power": "3", "energy_price": 0.15})
    assert is_created(result)
    await hass.async_block_till_done()
    entry: MockConfigEntry = result["result"]
    return entry


async def set_up(hass: HomeAssistant, smarty: Smarty, **chosen: list[str]) -> MockConfigEntry:
    """Set up a meter that is made of all sensors, without the dialog."""
    ids = {name: entity.id for name, entity in smarty.ids.items()}
    entry = smarty_entry(
        title="Smarty",
        unique_id=ids["tariff_1"],
        data={
            "kind": "entities",
            "energy_imported": [ids["tariff_1"], ids["tariff_2"]],
            "energy_exported": [ids["exported"]],
            "power_imported": [ids["power"]],
            "power_exported": [ids["fed_in"]],
            **chosen,
        },
        options=with_contract({"reference_power": 3, "energy_price": 0.15}),
    )
    entry.add_to_hass(hass)
    await load(hass, entry)
    return entry
