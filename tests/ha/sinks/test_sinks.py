"""What all outputs have in common."""

from collections.abc import Mapping
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1 import sinks
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.meter import Reading
from custom_components.smarty_p1.sinks.sink import SinkKind
from tests.ha.conftest import EntryMaker
from tests.ha.meter import MeterPort
from tests.ha.support import TELEGRAM, receive, set_up


async def test_a_reading_that_comes_while_an_output_starts_is_passed_on(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed: list[Reading | None] = []

    class SlowSink:
        async def async_start(self, latest: Reading | None) -> None:
            passed.append(latest)
            await receive(hass, port, TELEGRAM)

        def on_reading(self, reading: Reading) -> None:
            passed.append(reading)

        async def async_stop(self) -> None: ...

    async def make(_coordinator: SmartyCoordinator, _options: Mapping[str, Any]) -> SlowSink:
        return SlowSink()

    entry = await set_up(hass, port, make_entry)
    coordinator: SmartyCoordinator = entry.runtime_data
    before = coordinator.latest
    monkeypatch.setattr(sinks, "SINKS", (SinkKind("slow", make),))
    await sinks.async_start(coordinator)

    assert before is not None
    assert coordinator.latest is not before
    assert [reading is before for reading in passed] == [True, False]
    assert passed[1] is coordinator.latest
