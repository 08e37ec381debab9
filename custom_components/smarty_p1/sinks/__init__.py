"""Outputs for other programs: a P1 server, a virtual meter, and MQTT. `SINKS` lists them.

A new output is a file here with its `SinkKind`, a file in `flows/options` with its section of the
form, a line in each of both tables, and its texts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from homeassistant.core import HomeAssistant

from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.telegram_source import TelegramMeter
from ..lib.fault_log import FaultLog
from . import mqtt_topics, p1_server, virtual_meter_server
from .sink import SinkKind

SINKS: tuple[SinkKind, ...] = (p1_server.KIND, virtual_meter_server.KIND, mqtt_topics.KIND)

# Shortest and longest delay in seconds before a failed output is started again.
_DELAY_S, _MAX_DELAY_S = 60.0, 3600.0

type Start = Callable[[], Awaitable[None]]


async def async_start(coordinator: TelegramMeter) -> None:
    """Start the outputs that the options enable. They stop when the entry is unloaded.

    An output that fails is tried again in the background. The meter is read all the same.
    """
    for kind in SINKS:
        start = partial(_async_start_one, coordinator, kind)
        try:
            await start()
        except Exception as err:  # noqa: BLE001 - each output may use its own libraries
            coordinator.faults.note_fault(kind.section, err, "it is tried again")
            SupervisedTask(
                coordinator.hass,
                coordinator.config_entry,
                partial(_async_retry, start),
                kind.section,
                first=_DELAY_S,
                longest=_MAX_DELAY_S,
            ).start()


async def _async_retry(start: Start) -> None:
    await asyncio.sleep(_DELAY_S)
    await start()


async def _async_start_one(coordinator: TelegramMeter, kind: SinkKind) -> None:
    """Start an output if the options enable it.

    The first reading may have come before the output listens, so it begins with the latest one.
    """
    entry = coordinator.config_entry
    sink = await kind.async_make(coordinator, entry.options.get(kind.section, {}))
    if sink is None:
        return
    latest = coordinator.latest if coordinator.last_update_success else None
    try:
        await sink.async_start(latest)
    except BaseException:
        with suppress(Exception):
            await sink.async_stop()  # close the ports that are open already
        raise
    entry.async_on_unload(sink.async_stop)
    entry.async_on_unload(coordinator.reading_listeners.add(sink.on_reading))
    # Another reading may have come while the output opened its ports.
    if coordinator.latest and coordinator.latest is not latest:
        coordinator.faults.call(sink.on_reading, coordinator.latest)


async def async_remove(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Remove what the outputs of a removed entry have left elsewhere."""
    for kind in SINKS:
        try:
            await kind.async_forget(hass, entry)
        except Exception as err:  # noqa: BLE001 - the other outputs and files must be removed, too
            FaultLog(entry.title).note_fault(kind.section, err)
