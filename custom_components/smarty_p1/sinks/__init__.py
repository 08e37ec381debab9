"""Outputs for other programs: a P1 server, a virtual meter, and MQTT. `SINKS` lists them.

A new output is a file here with its `SinkKind`, a file in `flows/options` with its section of the
form, a line in each of both tables, and its texts.
"""

from homeassistant.core import HomeAssistant

from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.meter_coordinator import SmartyCoordinator
from . import mqtt_topics, p1_server, virtual_meter_server
from .sink import SinkKind

SINKS: tuple[SinkKind, ...] = (p1_server.KIND, virtual_meter_server.KIND, mqtt_topics.KIND)

PRIVATE_FIELDS = frozenset[str]().union(*(kind.private_fields for kind in SINKS))
"""Fields of options whose values diagnostics hide."""


async def async_start(coordinator: SmartyCoordinator) -> None:
    """Start the outputs that the options enable. They stop when the entry is unloaded.

    The first reading may have come before an output listens, so each begins with the latest one.
    """
    entry = coordinator.config_entry
    for kind in SINKS:
        sink = await kind.async_make(coordinator, entry.options.get(kind.section, {}))
        if sink is None:
            continue
        entry.async_on_unload(sink.async_stop)
        latest = coordinator.latest if coordinator.last_update_success else None
        await sink.async_start(latest)
        entry.async_on_unload(coordinator.async_add_reading_listener(sink.on_reading))
        # Another reading may have come while the output opened its ports.
        if coordinator.latest and coordinator.latest is not latest:
            sink.on_reading(coordinator.latest)


async def async_remove(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove what the outputs of a removed entry have left elsewhere."""
    for kind in SINKS:
        await kind.async_forget(hass, entry)
