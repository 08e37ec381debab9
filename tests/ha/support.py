"""Small helpers of the tests."""

import asyncio
import builtins
import io
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.recorder.models import StatisticMeanType, StatisticMetaData
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HassJob, HomeAssistant, State
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.device_registry import DeviceEntry, DeviceRegistry
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.async_ import get_scheduled_timer_handles
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.smarty_p1.const import LOGGER
from custom_components.smarty_p1.lib.prices.contract_terms import CONTRACT_TERMS
from smartyp1.json_types import JsonDict, JsonMapping

from .dialogs import open_details, open_options
from .meter import (
    OTHER_SERIAL,
    SERIAL,
    EntryMaker,
    MeterPort,
    stored_telegram,
    with_registers,
    with_value,
)

RECORDED = pytest.mark.usefixtures("recorder_mock", "fast_rows", "without_hourly_statistics")
# Later than the clock that tests of loads replace: states are recent then, and timers are set by
# the true clock.
ON_30_NOVEMBER = [pytest.mark.begins_at("2026-11-30T12:00:00Z"), RECORDED]
TELEGRAM = stored_telegram("three_phase_gas_water_heat")
OF_TELEGRAM = datetime(2025, 7, 3, 8, 30, 1, tzinfo=UTC)
"""When the meter has sent TELEGRAM: what comes much later is not of now."""
OTHER_METER = TELEGRAM.replace(SERIAL.encode().hex().upper(), OTHER_SERIAL.encode().hex().upper())
FORGED = with_value(TELEGRAM, "1-0:1.8.0", "(099999.999*kWh)")
NAMELESS = with_value(stored_telegram("plain"), "0-0:42.0.0", None)
OTHER_TITLE = bytes.fromhex("5341476770041030")
ENERGY = "smarty_energy_imported"

_GAS = {"gas_price", "gas_fixed_price"}
_TERMS = CONTRACT_TERMS.keys() - {"since"}

PATIENCE = 40.0
_TRIES = 500


class Passed:
    """The seconds by which a test has put forward the clock that sources are judged by."""

    seconds = 0.0


async def wait_until(hass: HomeAssistant, condition: Callable[[], bool]) -> None:
    """Wait for an effect of bytes from a real port."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)
    await hass.async_block_till_done()


@contextmanager
def failing(path: Path, number: int, *, only_writing: bool = False) -> Iterator[None]:
    """Let the disk give this error for a file, or for the files of a folder."""
    real = io.open

    def opened(file: Any, *args: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
        is_read = "r" in str(args[:1] or more.get("mode", "r"))
        if str(file).startswith(str(path)) and not (only_writing and is_read):
            raise OSError(number, os.strerror(number), str(file))
        return real(file, *args, **more)

    with patch.object(io, "open", opened), patch.object(builtins, "open", opened):
        yield


async def let_pass(hass: HomeAssistant, seconds: float) -> None:
    """Put the clock of the sources forward, and fire the timers that run out."""
    Passed.seconds += seconds
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    for entry in hass.config_entries.async_entries("smarty_p1"):
        # A timer that was set before has only passed the real seconds.
        if source := getattr(entry, "runtime_data", None):
            source.check_condition()
    await hass.async_block_till_done()


async def fall_silent(hass: HomeAssistant, entry: MockConfigEntry, seconds: float = 61) -> None:
    """Let time pass for one source only, in which it receives nothing."""
    Passed.seconds += seconds
    entry.runtime_data.check_condition()
    await hass.async_block_till_done()


async def let_pass_until(
    hass: HomeAssistant, seconds: float, condition: Callable[[], bool]
) -> None:
    """Let time pass again and again, with moments for real connections in between."""
    # Tries, since a timeout would run out with all other timers. A busy machine gets longer
    # moments.
    for tries in range(_TRIES):
        if condition():
            await hass.async_block_till_done()
            return
        await let_pass(hass, seconds)
        await asyncio.sleep(0.01 * (1 + tries // 10))
    pytest.fail("what was waited for did not come")


def at(clock: str, kwh: float, kw: float = 0.0) -> str:
    """Return a telegram of 3 July 2025, summer time, with this index and power."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"(250703{clock.replace(':', '')}S)")
    text = with_value(text, "1-0:1.7.0", f"({kw:06.3f}*kW)")
    return with_registers(text, kwh)


def with_power(kilowatts: str) -> str:
    """Return a telegram with a power that distinguishes it."""
    return with_value(TELEGRAM, "1-0:1.7.0", f"({kilowatts}*kW)")


def smarty_entry(**values: Any) -> MockConfigEntry:  # noqa: ANN401 - fields of any type
    """Return an entry of the integration, as this version makes it."""
    return MockConfigEntry(**{"domain": "smarty_p1", "version": 2, **values})


def with_contract(options: JsonMapping) -> JsonDict:
    """Return options whose terms and gas prices have become entered ones, from the beginning."""
    of_gas = {name: value for name, value in options.items() if name in _GAS}
    terms = {name: value for name, value in options.items() if name in _TERMS}
    others = {name: value for name, value in options.items() if name not in terms | of_gas}
    return {
        **others,
        **({"contracts": [terms]} if terms else {}),
        **({"gas_prices": [of_gas]} if of_gas else {}),
    }


async def set_up(
    hass: HomeAssistant,
    port: MeterPort,
    make_entry: EntryMaker,
    first: str = TELEGRAM,
    **options: Any,  # noqa: ANN401 - JSON
) -> MockConfigEntry:
    """Set a meter up that sends its first telegram at once, and others when the test sends."""
    port.greeting = port.next_frame(first)
    entry = make_entry(port.url)
    if options:
        hass.config_entries.async_update_entry(entry, options=with_contract(options))
    await load(hass, entry)
    port.greeting = b""
    return entry


async def load(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set up an entry, and wait for its effects."""
    assert await set_up_entry(hass, entry)
    await hass.async_block_till_done()


async def set_up_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    return await hass.config_entries.async_setup(entry.entry_id)


async def unload_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    return await hass.config_entries.async_unload(entry.entry_id)


async def reload_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> bool:
    return await hass.config_entries.async_reload(entry.entry_id)


async def remove_entry(hass: HomeAssistant, entry: ConfigEntry[Any]) -> JsonDict:
    return await hass.config_entries.async_remove(entry.entry_id)


async def recorder_done(hass: HomeAssistant) -> None:
    """Wait until the recorder has written all that has come."""
    await async_wait_recording_done(hass)


async def wait_for_telegram(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Wait for the first telegram of a meter that is set up, and for its effects."""
    await wait_until(hass, lambda: entry.runtime_data.last_update_success)


async def reload(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Reload an entry, and wait for the first telegram of its meter."""
    assert await reload_entry(hass, entry)
    await wait_for_telegram(hass, entry)


async def receive(hass: HomeAssistant, port: MeterPort, text: str) -> None:
    """Wait until Home Assistant has taken in a telegram."""
    coordinator = hass.config_entries.async_entries("smarty_p1")[0].runtime_data
    before = coordinator.readings
    await port.wait_for_clients(1)
    await port.send_telegram(text)
    await wait_until(hass, lambda: coordinator.readings > before)


async def call(hass: HomeAssistant, action: str, **data: object) -> Any:  # noqa: ANN401 - JSON
    return await hass.services.async_call(
        "smarty_p1", action, data, blocking=True, return_response=True
    )


async def refusal(answer: Awaitable[object]) -> str | None:
    """Return why an action refuses to answer: the translation key of its error."""
    with pytest.raises(ServiceValidationError) as raised:
        await answer
    return raised.value.translation_key


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity that exists; a sensor needs no domain."""
    state = hass.states.get(entity_id if "." in entity_id else f"sensor.{entity_id}")
    assert state, entity_id
    return state


def values(hass: HomeAssistant) -> dict[str, str]:
    """Return the values of all sensors, by entity id without the domain."""
    return {
        state.entity_id.removeprefix("sensor."): state.state
        for state in hass.states.async_all("sensor")
    }


def issue_of(hass: HomeAssistant, entry: ConfigEntry, problem: str) -> ir.IssueEntry | None:
    """Return a raised issue of an entry; an issue that awaits its entry is not raised."""
    issue = ir.async_get(hass).async_get_issue("smarty_p1", f"{problem}_{entry.entry_id}")
    return issue if issue and issue.active else None


def said(issue: ir.IssueEntry | None) -> dict[str, str]:
    """Return the placeholders of a raised issue."""
    assert issue
    return issue.translation_placeholders or {}


def device_of(registry: DeviceRegistry, entry: MockConfigEntry, identifier: str) -> DeviceEntry:
    device = registry.async_get_device_by_identifier(
        ("smarty_p1", identifier), config_entry_id=entry.entry_id
    )
    assert device is not None
    return device


def metadata_of_sums(name: str, unit: str, unit_class: str | None = None) -> StatisticMetaData:
    """Return the metadata of a statistic with sums, as the recorder writes it for an entity."""
    return StatisticMetaData(
        mean_type=StatisticMeanType.NONE,
        has_sum=True,
        name=None,
        source="recorder",
        statistic_id=name,
        unit_class=unit_class,
        unit_of_measurement=unit,
    )


def entered_data(entry: ConfigEntry) -> JsonDict:
    """Return the data of an entry that a dialog has entered."""
    data = dict(entry.data)
    data.pop("statistics_key", None)
    return data


async def changes_of(hass: HomeAssistant, name: str) -> dict[datetime, float]:
    """Return the value of each hour of a statistic, as the Energy dashboard shows it."""
    await async_wait_recording_done(hass)

    def read() -> dict[datetime, float]:
        start = datetime(2000, 1, 1, tzinfo=UTC)
        found = statistics_during_period(hass, start, None, {name}, "hour", None, {"change"})
        return {
            datetime.fromtimestamp(row["start"], UTC): row["change"] or 0.0
            for row in found.get(name, [])
        }

    return await get_instance(hass).async_add_executor_job(read)


def tasks(hass: HomeAssistant, end: str) -> int:
    """Return how many tasks run whose name has this end."""
    return sum(
        task.get_name().endswith(end) and not task.done() for task in asyncio.all_tasks(hass.loop)
    )


def links(hass: HomeAssistant) -> int:
    """Return how many tasks keep a port open."""
    return tasks(hass, " link")


def health_timers(hass: HomeAssistant) -> int:
    """Return how many timers wait for the next moment at which a source may do otherwise."""
    return sum(
        isinstance(job, HassJob) and "Coordinator._on_timer" in repr(job.target)
        for handle in get_scheduled_timer_handles(hass.loop)
        if not handle.cancelled()
        for job in handle._args or ()
    )


def own_log(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return the level and text of each line the integration logged, debugging left out."""
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name.startswith(LOGGER.name) and record.levelno >= logging.INFO
    ]


class Home:
    """A Home Assistant, the port of the meter that it reads, and the meter's entry."""

    entry: MockConfigEntry

    def __init__(self, hass: HomeAssistant, port: MeterPort, make_entry: EntryMaker) -> None:
        self.hass = hass
        self.port = port
        self.make_entry = make_entry

    async def set_up(self, first: str = TELEGRAM, **options: Any) -> MockConfigEntry:  # noqa: ANN401 - JSON
        """Return the entry of the meter, after its first telegram."""
        self.entry = await set_up(self.hass, self.port, self.make_entry, first, **options)
        return self.entry

    def answer(self) -> None:
        """Let the meter send a telegram to each client that connects."""
        self.port.greeting = lambda: self.port.next_frame(TELEGRAM)

    async def page(self, page: str = "contracts") -> ConfigFlowResult:
        return await open_options(self.hass, self.entry, page)

    async def details(self) -> ConfigFlowResult:
        """Open the second page of the contract."""
        return await open_details(self.hass, self.entry)

    async def receive(self, *texts: str) -> None:
        for text in texts:
            await receive(self.hass, self.port, text)

    async def reload(self) -> None:
        await reload(self.hass, self.entry)

    async def again(self, first: str = TELEGRAM, options: JsonMapping | None = None) -> None:
        """Reload the entry, with other options if they are given, and a telegram at once."""
        self.port.greeting = self.port.next_frame(first)
        if options is not None:
            self.hass.config_entries.async_update_entry(self.entry, options=with_contract(options))
        await self.reload()
        self.port.greeting = b""

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        await wait_until(self.hass, condition)

    async def let_pass(self, seconds: float) -> None:
        await let_pass(self.hass, seconds)

    def state_of(self, entity_id: str) -> State:
        return state_of(self.hass, entity_id)

    def values(self) -> dict[str, str]:
        return values(self.hass)

    def issue(self, problem: str) -> ir.IssueEntry | None:
        return issue_of(self.hass, self.entry, problem)
