"""Home Assistant with the integration, for benchmarks in one process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryDirectory
from unittest.mock import patch

from homeassistant import loader
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.smarty_p1.config_flow import SmartyConfigFlow
from custom_components.smarty_p1.coordinator import port_connection
from custom_components.smarty_p1.lib.port.reconnecting_port import ReconnectingPort
from dev.encoder import DEVICE_NAME, KEY

CONTRACT = {
    "reference_power": 7.0,
    "energy_price": 0.15,
    "energy_fee": 2.0,
    "second_energy_price": 0.08,
    "second_price_from": "22:00:00",
    "second_price_to": "06:00:00",
}

type Receive = Callable[[bytes], None]


@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant that can load the integration. At the end, unload all config entries."""
    # Home Assistant reloads an entry half a minute after its entities were enabled. This would
    # disturb the measurement, so the reload is delayed by a day.
    no_reload = patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", 86_400)
    with no_reload, TemporaryDirectory() as config:
        async with async_test_home_assistant(config_dir=config) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            await async_setup_component(hass, "homeassistant", {})
            yield hass
            for entry in hass.config_entries.async_entries():
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


async def add_meter(
    hass: HomeAssistant,
    frames: list[bytes],
    *,
    is_whole: bool = False,
    subentries_data: Sequence[ConfigSubentryData] = (),
) -> Receive:
    """Set up the integration with a contract, and take its first frames from `frames`.

    With `is_whole`, enable all its entities. Return the function that receives the next bytes.
    """
    entry = MockConfigEntry(
        domain="smarty_p1",
        version=SmartyConfigFlow.VERSION,
        title="benchmark",
        unique_id=DEVICE_NAME,
        data={CONF_PORT: "socket://meter:1", "encryption_key": KEY.hex()},
        options={"contracts": [CONTRACT]},
        subentries_data=subentries_data,
    )
    receivers: list[Receive] = []

    class Link:
        """Replacement of `ReconnectingPort`. It delivers one frame when it starts."""

        is_open = True

        def __init__(self, _url: str, on_data: Receive, *_: object, **_options: object) -> None:
            receivers.append(on_data)

        def confirm(self) -> None:
            """Do nothing. The integration calls this method of the real port reader."""

        async def run(self) -> None:
            receivers[-1](frames.pop(0))
            await asyncio.Event().wait()

    entry.add_to_hass(hass)
    with patch.object(port_connection, ReconnectingPort.__name__, Link):
        if not await hass.config_entries.async_setup(entry.entry_id):
            raise RuntimeError("the integration was not set up")
        await hass.async_block_till_done()
        if is_whole:
            registry = er.async_get(hass)
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
                registry.async_update_entity(entity.entity_id, disabled_by=None)
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
    return receivers[-1]
