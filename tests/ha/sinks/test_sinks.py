"""What all outputs have in common."""

from collections.abc import Mapping
from typing import Any

import pytest

from custom_components.smarty_p1 import sinks
from custom_components.smarty_p1.coordinator.meter_coordinator import SmartyCoordinator
from custom_components.smarty_p1.lib.meter import Reading
from custom_components.smarty_p1.sinks.sink import SinkKind
from tests.ha.support import TELEGRAM, Home


async def test_a_reading_that_comes_while_an_output_starts_is_passed_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[Reading | None] = []

    class SlowSink:
        async def async_start(self, latest: Reading | None) -> None:
            passed.append(latest)
            await home.receive(TELEGRAM)

        def on_reading(self, reading: Reading) -> None:
            passed.append(reading)

        async def async_stop(self) -> None: ...

    async def make(_coordinator: SmartyCoordinator, _options: Mapping[str, Any]) -> SlowSink:
        return SlowSink()

    entry = await home.set_up()
    coordinator: SmartyCoordinator = entry.runtime_data
    before = coordinator.latest
    monkeypatch.setattr(sinks, "SINKS", (SinkKind("slow", make),))
    await sinks.async_start(coordinator)

    assert before is not None
    assert coordinator.latest is not before
    assert [reading is before for reading in passed] == [True, False]
    assert passed[1] is coordinator.latest
