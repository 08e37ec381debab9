"""Unexpected errors: each costs only the listener, output, message or task that has it."""

from collections.abc import Callable
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1 import sinks
from custom_components.smarty_p1.coordinator.background_tasks import SupervisedTask
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.coordinator.meter_records import MeterRecords
from custom_components.smarty_p1.coordinator.repair_issues import Remedies
from custom_components.smarty_p1.coordinator.statistics.meter_statistics import MeterStatistics
from custom_components.smarty_p1.coordinator.stored.meter_history import MeterHistory
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.coordinator.telegram_source import TelegramSource
from custom_components.smarty_p1.entity import StateWriter
from custom_components.smarty_p1.flows.paused_entry import pause_entry
from custom_components.smarty_p1.lib.failure_detection import FailureDetection
from custom_components.smarty_p1.lib.messages import meter_watches
from custom_components.smarty_p1.lib.meter.meter_reader import Reading
from custom_components.smarty_p1.messages import meter_watch
from custom_components.smarty_p1.sinks import mqtt_topics, p1_server, virtual_meter_server
from custom_components.smarty_p1.sinks.sink import SinkKind
from dev.ports import free_ports
from smartyp1.json_types import JsonDict

from .meter import with_value
from .recipients import options as message_options
from .sinks.test_virtual_meter_server import stored
from .support import (
    ENERGY,
    TELEGRAM,
    Home,
    own_log,
    remove_entry,
    smarty_entry,
    unload_entry,
    wait_until,
)
from .test_messages import House, house, message, phone  # noqa: F401 - fixtures

NEXT = with_value(TELEGRAM, "1-0:1.8.0", "(000300.000*kWh)")
LAST = with_value(TELEGRAM, "1-0:1.8.0", "(000300.001*kWh)")


def fail(*_args: object, **_more: object) -> NoReturn:
    raise RuntimeError("nobody expects this")


async def fail_later(*_args: object, **_more: object) -> NoReturn:
    fail()


# Parts that get each reading, or the change of a condition.
PARTS: list[tuple[type, str]] = [
    (MeterRecords, "enter"),
    (MonthFiles, "append"),
    (MeterStatistics, "note_reading"),
    (MeterHistory, "note_reading"),
    (FailureDetection, "clock_judged"),
    (Remedies, "apply"),
    (StateWriter, "write"),
    (p1_server.P1ServerSink, "on_reading"),
    (virtual_meter_server.VirtualMeterSink, "on_reading"),
    (meter_watch._MeterWatch, "_on_reading"),
]


@pytest.mark.parametrize(("owner", "name"), PARTS)
async def test_a_failing_part_costs_no_reading(
    home: Home, caplog: pytest.LogCaptureFixture, owner: type, name: str
) -> None:
    p1_port, http_port = free_ports(), free_ports()
    p1 = {"enabled": True, "address": "127.0.0.1", "port": p1_port}
    virtual = stored(http_port)
    entry = await home.set_up(
        p1_server=p1, virtual_meter=virtual, **message_options("silent", "grid")
    )
    coordinator: MeterCoordinator = entry.runtime_data
    heard: list[Reading] = []
    saved: list[None] = []
    coordinator.reading_listeners.add(fail)
    coordinator.reading_listeners.add(heard.append)
    with (
        patch.object(owner, name, fail),
        patch.object(MeterRecords, "schedule_save", lambda _records: saved.append(None)),
    ):
        # Both come in one chunk.
        await home.port.send(home.port.next_frame(NEXT) + home.port.next_frame(LAST))
        await home.wait_until(lambda: len(heard) >= 2)
        await home.let_pass(61)
        await home.receive(NEXT)
    assert coordinator.latest is heard[-1]
    assert len(saved) >= 3
    assert [line for line in own_log(caplog) if line[0] == "ERROR" and "RuntimeError" in line[1]]
    if owner is not StateWriter:
        assert float(home.state_of(ENERGY).state) >= 300


def kind_of(kind: SinkKind, make: Callable[..., Any]) -> SinkKind:
    return kind._replace(async_make=make)


class Broken:
    """Output that fails at its start, and once more when it is stopped after that."""

    async_start = async_stop = staticmethod(fail_later)
    on_reading = staticmethod(fail)


async def make_broken(*_: object) -> Broken:
    return Broken()


@pytest.mark.parametrize("make", [fail_later, make_broken])
@pytest.mark.parametrize("broken", sinks.SINKS, ids=lambda kind: kind.section)
async def test_a_failing_output_costs_only_itself_and_is_tried_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, broken: SinkKind, make: Callable[..., Any]
) -> None:
    monkeypatch.setattr(sinks, "_DELAY_S", 0.01)
    port = free_ports()
    p1 = {"enabled": True, "address": "127.0.0.1", "port": port}
    kinds = tuple(kind_of(kind, make) if kind is broken else kind for kind in sinks.SINKS)
    started: list[str] = []
    real_start = p1_server.P1ServerSink.async_start

    async def note_start(sink: p1_server.P1ServerSink, latest: Reading | None) -> None:
        await real_start(sink, latest)
        started.append("p1")

    monkeypatch.setattr(p1_server.P1ServerSink, "async_start", note_start)
    monkeypatch.setattr(sinks, "SINKS", kinds)
    entry = await home.set_up(p1_server=p1)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.latest
    is_p1 = broken is p1_server.KIND
    assert started == ([] if is_p1 else ["p1"])
    assert await unload_entry(home.hass, entry)


async def test_an_output_comes_when_its_library_is_there(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Remove the library of MQTT, as it is without the MQTT integration, and install it again."""
    monkeypatch.setattr(sinks, "_DELAY_S", 0.01)
    made: list[str] = []

    def import_module(name: str) -> NoReturn:
        made.append(name)
        raise ModuleNotFoundError("No module named 'paho'")

    mqtt = {"enabled": True, "topic": "smarty_p1/house"}
    with patch.object(mqtt_topics, "import_module", import_module):
        entry = await home.set_up(mqtt=mqtt)
        assert entry.state is ConfigEntryState.LOADED
        assert entry.runtime_data.latest
        await home.wait_until(lambda: len(made) >= 3)
    errors = [text for level, text in own_log(caplog) if level == "ERROR"]
    assert [text for text in errors if "error in mqtt (ModuleNotFoundError)" in text]
    assert len(errors) <= 2
    assert await unload_entry(home.hass, entry)


async def test_a_meter_is_read_again_although_the_end_of_a_pause_fails(home: Home) -> None:
    entry = await home.set_up()
    paused: MeterCoordinator = entry.runtime_data
    with patch.object(TelegramSource, "read_again", fail):
        async with pause_entry(home.hass, entry):
            assert not paused.source.line.is_open
        await home.wait_until(lambda: entry.runtime_data is not paused)
    await home.wait_until(lambda: entry.state is ConfigEntryState.LOADED)
    await home.wait_until(lambda: entry.runtime_data.line.is_open)


async def test_an_entry_is_removed_although_an_output_cannot_clear(
    home: Home, hass_storage: JsonDict, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await home.set_up()
    assert await unload_entry(home.hass, entry)
    key = f"smarty_p1.{entry.entry_id}.retained"
    stored = {"key": key, "version": 1, "minor_version": 1, "data": {"smarty_p1/house/meter": ""}}
    hass_storage[key] = stored
    with patch.object(mqtt_topics, "import_module", fail):
        await remove_entry(home.hass, entry)
    await home.hass.async_block_till_done()
    assert "error in mqtt (RuntimeError)" in caplog.text
    assert not [name for name in hass_storage if entry.entry_id in name]


@pytest.mark.parametrize(
    "part", ["async_fill_when_known", "async_watch_sources", "async_watch_messages"]
)
async def test_a_meter_is_read_although_a_part_of_its_set_up_fails(home: Home, part: str) -> None:
    failing = fail_later if part == "async_watch_messages" else fail
    with patch(f"custom_components.smarty_p1.{part}", failing):
        entry = await home.set_up(fill_energy=True)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.latest


DECISIONS = ("warn_of_excess", "watch_voltage", "watch_water")


@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_failing_decision_costs_no_other_message(
    house: House,  # noqa: F811 - fixture
    phone: Any,  # noqa: ANN401, F811 - fixture
    decision: str,
) -> None:
    await house.set_up(message("old"), **message_options("grid", "soon_above", "water_at_night"))
    await house.hear("old")
    with patch.object(meter_watches, decision, fail):
        await house.hear("a text of the operator")
    assert [text for _, text in phone.shown] == ["a text of the operator"]


@pytest.mark.parametrize(
    "failing", ["_async_goal", "_async_report", "_check_recipients", "async_save"]
)
async def test_a_silence_sends_a_message_although_something_else_fails(
    house: House,  # noqa: F811 - fixture
    phone: Any,  # noqa: ANN401, F811 - fixture
    failing: str,
) -> None:
    await house.set_up(**message_options("silent", "above_goal"))
    await house.receive(TELEGRAM)
    owner = meter_watch.MessageStore if failing == "async_save" else meter_watch._MeterWatch
    work = fail if failing == "_check_recipients" else fail_later
    with patch.object(owner, failing, work):
        await house.go_to("2026-11-17 13:01:00")
    assert [title for title, _ in phone.shown] == ["No readings from the meter"]


async def test_a_task_goes_on_after_errors_and_at_once_when_it_is_due(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    entry = smarty_entry(title="Smarty")
    entry.add_to_hass(hass)
    calls: list[int] = []

    async def work() -> None:
        calls.append(len(calls))
        if len(calls) < 12:
            fail()

    task = SupervisedTask(hass, entry, work, "the work", first=1e6, longest=1e6)
    for count in range(1, 13):
        task.start()
        await wait_until(hass, lambda count=count: len(calls) == count)  # type: ignore[misc]
    errors = [text for level, text in own_log(caplog) if level == "ERROR"]
    assert errors == [
        "Smarty: error in the work (RuntimeError); it is tried again",
        "Smarty: error in the work (RuntimeError), 10 times; it is tried again",
    ]
