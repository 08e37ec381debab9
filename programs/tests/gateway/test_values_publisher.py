"""Verified values: published to the broker while they are read, and stored before."""

import json
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dev.encoder import DEVICE_NAME, TITLE, frame, telegram
from dev.meter_port import MeterPort
from smarty_p1_gateway.json_storage import JsonStorage
from smarty_p1_gateway.queue.frame_queue_on_disk import FrameQueue
from smartyp1.json_types import JsonDict
from tests.gateway.loopback import PATIENCE, Broker, Gateway, full, keys, until

pytestmark = pytest.mark.usefixtures("short_delays")

ROOT = "smarty_p1/house"
AVAILABILITY = f"{ROOT}/availability"
IMPORTED = f"{ROOT}/active_energy_imported"
# The same in all telegrams.
VERSION = f"{ROOT}/p1_version"
DISCOVERY = f"homeassistant/device/smarty_p1_{DEVICE_NAME}/config"
OTHER_NAME = "KFM1200500000001"
OTHER_TITLE = b"KFMgp\x00\x00\x01"


type Maker = Callable[[str], Gateway]


@pytest.fixture
def make(tmp_path: Path, broker: Broker, line: MeterPort) -> Maker:
    """Return a function that makes a gateway with the table [publish]."""
    return lambda publish: Gateway(
        tmp_path, broker, line, options=f"{keys(tmp_path)}[publish]\n{publish}\n"
    )


@pytest.mark.parametrize(
    ("publish", "told", "kept"),
    [
        ("", {IMPORTED}, {AVAILABILITY}),
        ('format = "telegram"', {f"{ROOT}/telegram"}, {AVAILABILITY}),
        (
            'format = "both"\nretain = true',
            {IMPORTED, f"{ROOT}/telegram"},
            {AVAILABILITY, IMPORTED},
        ),
        ("discovery = true", {IMPORTED, f"{ROOT}/states"}, {AVAILABILITY, DISCOVERY}),
        ('format = "smartyreader"', {f"{ROOT}/act_energy_imported_p_plus_kWh"}, {AVAILABILITY}),
    ],
)
async def test_the_published_and_the_retained_topics(  # noqa: PLR0913, PLR0917
    make: Maker, broker: Broker, line: MeterPort, publish: str, told: set[str], kept: set[str]
) -> None:
    async with broker.serving():
        async with make(publish).running():
            await line.send(frame(1))
            await until(lambda: told <= {message.topic for message in broker.messages})
            await until(lambda: kept <= broker.kept.keys())
            assert broker.kept[AVAILABILITY] == b"online"
            assert broker.will == (AVAILABILITY, b"offline")
            # Only the newest values matter: no publisher waits for their acknowledgement.
            assert [broker.qos[topic] for topic in (*told, AVAILABILITY)] == [*[0] * len(told), 1]
        assert broker.kept[AVAILABILITY] == b"offline"
    retained = {message.topic for message in broker.messages if message.retain}
    assert kept <= retained
    assert retained & told == (told if "retain" in publish else set())


async def test_the_connection_of_the_port_is_sent_also_without_a_telegram(
    make: Maker, broker: Broker, line: MeterPort
) -> None:
    connection, gateway = f"{ROOT}/connection", make("discovery = true")
    async with broker.serving():
        async with gateway.running():
            await line.send(frame(1))
            await until(lambda: broker.kept.get(connection) == b"receiving")
            await until(lambda: DISCOVERY in broker.kept)
            component = json.loads(broker.kept[DISCOVERY])["components"]["sensor_connection"]
            topics = [each["topic"] for each in component["availability"]]
            assert topics == [AVAILABILITY, component["state_topic"]] == [AVAILABILITY, connection]
        assert broker.kept[connection] == b"offline"
        async with gateway.running():
            await until(lambda: broker.kept[connection] == b"waiting")
            await line.stop()
            await until(lambda: broker.kept[connection] == b"port_unreachable")
            assert broker.kept[AVAILABILITY] == b"offline"
            assert broker.messages[-1].topic == connection


async def test_the_connection_follows_each_offline_of_a_meter_that_sends_nothing(
    make: Maker, broker: Broker, line: MeterPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.mqtt.mqtt_values_publisher._STALE_AFTER_S", 0.1)
    both = {AVAILABILITY, f"{ROOT}/connection"}
    async with broker.serving(), make("discovery = true").running():
        await line.send(frame(1))
        await until(lambda: broker.at(AVAILABILITY)[-2:] == [b"online", b"offline"])
        before = [message.payload for message in broker.messages if message.topic in both]
        # The state has not changed, and is not due for a minute.
        assert b"receiving" in before
        await until(
            lambda: (
                [message.payload for message in broker.messages if message.topic in both][-2:]
                == [b"offline", b"receiving"]
            )
        )


async def test_sensors_that_only_a_household_has_are_removed(
    make: Maker, broker: Broker, line: MeterPort
) -> None:
    async with broker.serving(), make("discovery = true").running():
        await line.send(frame(1))
        await until(lambda: DISCOVERY in broker.kept)
        components = json.loads(broker.kept[DISCOVERY])["components"]
    removed = {name for name, fields in components.items() if fields.keys() == {"platform"}}
    assert removed >= {"sensor_peak_12_months", "sensor_cheapest_reference_power"}


async def test_retained_topics_of_earlier_options_are_removed(
    make: Maker, broker: Broker, line: MeterPort
) -> None:
    async with broker.serving():
        async with make("discovery = true\nretain = true").running():
            await line.send(frame(1))
            await until(lambda: {IMPORTED, DISCOVERY} <= broker.kept.keys())
            assert json.loads(broker.kept[DISCOVERY])["device"]["name"] == "house"
            assert broker.kept[IMPORTED] == b"1.000"
        async with make("").running():
            await line.send(frame(2))
            await until(lambda: broker.kept.keys() == {AVAILABILITY})


async def test_a_change_while_the_machine_was_off_is_an_event(
    make: Maker, broker: Broker, line: MeterPort
) -> None:
    gateway = make("discovery = true")
    events = [f"{ROOT}/events/{name}" for name in ("disturbance", "message")]

    def counted(counter: int, failures: int, message: str) -> bytes:
        return frame(counter, telegram(f"0-0:96.7.21({failures:05})", f"0-0:96.13.0({message})"))

    async with broker.serving():
        async with gateway.running():
            await line.send(counted(1, 7, ""))
            await until(lambda: len(broker.at(f"{ROOT}/states")) == 1)
        async with gateway.running():
            await line.send(counted(2, 9, "48616C6C6F"))
            await until(lambda: all(broker.at(topic) for topic in events))
        async with gateway.running():
            await line.send(counted(3, 9, "48616C6C6F"))
            await until(lambda: len(broker.at(f"{ROOT}/states")) == 3)
    told = [[json.loads(event) for event in broker.at(topic)] for topic in events]
    assert told == [
        [{"event_type": "power_failure", "count": 2}],
        [{"event_type": "message", "text": "Hallo"}],
    ]


async def test_a_silent_meter_becomes_unavailable(
    make: Maker, broker: Broker, line: MeterPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smarty_p1_gateway.mqtt.mqtt_values_publisher._STALE_AFTER_S", 0.1)
    async with broker.serving(), make("").running():
        await line.send(frame(1))
        await broker.until(AVAILABILITY, b"online", b"offline")
        await line.send(frame(2))
        await broker.until(AVAILABILITY, b"online", b"offline", b"online", b"offline")


@pytest.mark.parametrize("fails_at_start", [False, True])
async def test_values_that_cannot_be_stored_are_not_published(
    make: Maker,
    broker: Broker,
    line: MeterPort,
    caplog: pytest.LogCaptureFixture,
    *,
    fails_at_start: bool,
) -> None:
    caplog.set_level(logging.INFO)
    gateway = make("")
    queue = gateway.path.with_name("smarty-p1-queue.sqlite3")
    async with broker.serving(), AsyncExitStack() as second:
        async with gateway.running():
            await line.send(frame(1))
            await broker.until(IMPORTED, b"1.000")
            if not fails_at_start:
                with full(queue, "memory"):
                    await line.send(frame(2))
                    await until(lambda: broker.kept[AVAILABILITY] == b"offline")
                    assert broker.at(IMPORTED) == [b"1.000"]
                # The next attempt does not wait for the next telegram.
                await broker.until(IMPORTED, b"1.000", b"2.000")
                assert broker.at(AVAILABILITY) == [b"online", b"offline", b"online"]
        if fails_at_start:
            with full(queue, "memory"):
                await second.enter_async_context(gateway.running())
                await line.send(frame(4))
                await until(lambda: "Nothing can be stored" in caplog.text)
                assert broker.at(IMPORTED) == [b"1.000"]
                assert broker.kept[AVAILABILITY] == b"offline"
            await broker.until(IMPORTED, b"1.000", b"4.000")
    assert caplog.text.count("It can be stored again, and values are published") == 1


async def test_telegrams_during_a_write_of_the_memory_wait_for_the_next_write(
    make: Maker, broker: Broker, line: MeterPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write, begun, put, waiting = threading.Semaphore(0), [], [], []
    write, remember, written = (
        FrameQueue.store_contents,
        JsonStorage.put_content,
        JsonStorage.written,
    )

    def write_slowly(queue: FrameQueue, contents: Iterable[tuple[str, str]]) -> None:
        begun.append(contents)
        assert may_write.acquire(timeout=PATIENCE)
        write(queue, contents)

    def note(memory: JsonStorage, name: str, content: Callable[[], JsonDict]) -> None:
        put.append(name)
        remember(memory, name, content)

    async def note_waiting(memory: JsonStorage) -> bool:
        waiting.append(memory)
        return await written(memory)

    monkeypatch.setattr(FrameQueue, "store_contents", write_slowly)
    monkeypatch.setattr(JsonStorage, "put_content", note)
    monkeypatch.setattr(JsonStorage, "written", note_waiting)
    meter = f"meter {TITLE.hex().upper()}"
    async with broker.serving(), make("").running():
        await line.send(frame(1))
        # Until the broker is reached, the newest reading takes the place of the one before.
        await until(lambda: len(begun) == 1 and len(waiting) == 1)
        # The write in progress lacks the counter of this frame.
        await line.send(frame(2))
        await until(lambda: put.count(meter) == 2)
        may_write.release()
        try:
            await until(lambda: len(begun) == 2)
            await broker.until(IMPORTED, b"1.000")
        finally:
            may_write.release(100)
        await broker.until(IMPORTED, b"1.000", b"2.000")


async def test_discovery_that_the_broker_refuses_is_logged_once_and_values_come(
    make: Maker, broker: Broker, line: MeterPort, caplog: pytest.LogCaptureFixture
) -> None:
    broker.refuses = lambda topic: topic.startswith("homeassistant")
    async with broker.serving(), make("discovery = true").running():
        for counter in (1, 2, 3):
            await line.send(frame(counter))
            await broker.until_last(IMPORTED, b"%d.000" % counter)
    assert caplog.text.count(f"house: {DISCOVERY}, the broker refuses what is published") == 1
    assert "the broker is away" not in caplog.text


@pytest.mark.parametrize("publish", ["", "retain = true\ndiscovery = true"])
async def test_a_restarted_broker_gets_every_topic(
    make: Maker, broker: Broker, line: MeterPort, publish: str
) -> None:
    async with make(publish).running():
        async with broker.serving():
            await line.send(frame(1))
            await broker.until(IMPORTED, b"1.000")
            kept = broker.kept.keys() - {AVAILABILITY}
            broker.kept.clear()
        broker.messages.clear()
        async with broker.serving():
            await broker.until(VERSION, b"42")
            await broker.until(IMPORTED, b"1.000")
            await until(lambda: {AVAILABILITY, *kept} <= broker.kept.keys())
            await line.send(frame(2))
            await broker.until(IMPORTED, b"1.000", b"2.000")
            assert broker.at(VERSION) == [b"42"]


async def test_a_late_subscriber_gets_the_retained_values_and_no_unknown_one(
    make: Maker, broker: Broker, line: MeterPort
) -> None:
    power = f"{ROOT}/active_power_imported"
    async with broker.serving(), make("retain = true").running():
        await line.send(frame(1, telegram("1-0:1.7.0(00.100*kW)")))
        await until(lambda: {VERSION, power} <= broker.kept.keys())
        await line.send(frame(2, telegram("1-0:1.7.0()")))
        await broker.until(power, b"0.100", b"")
        assert broker.kept[VERSION] == b"42"
        assert power not in broker.kept
        await line.send(frame(3, telegram("1-0:1.7.0(00.100*kW)")))
        await broker.until(power, b"0.100", b"", b"0.100")
        assert broker.kept[power] == b"0.100"


async def test_a_meter_read_at_two_ports_in_turns_is_published_by_its_newest_telegram(
    tmp_path: Path, broker: Broker, line: MeterPort, shed: MeterPort
) -> None:
    gateway = Gateway(tmp_path, broker, line, shed, options=f"{keys(tmp_path)}[publish]\n")
    gateway.remove_names()
    power = f"smarty_p1/{DEVICE_NAME}/active_power_imported"
    kilowatts = ["0.100", "0.200", "0.100", "0.200"]
    async with broker.serving(), gateway.running():
        for counter, (text, port) in enumerate(zip(kilowatts, (line, shed) * 2, strict=True), 1):
            await port.send(frame(counter, telegram(f"1-0:1.7.0(0{text}*kW)")))
            await broker.until(power, *(kilowatt.encode() for kilowatt in kilowatts[:counter]))


async def test_two_meters_whose_cables_are_swapped_both_stay(
    tmp_path: Path, broker: Broker, line: MeterPort, shed: MeterPort
) -> None:
    options = f"{keys(tmp_path, title='*')}[publish]\ndiscovery = true\nretain = true\n"
    gateway = Gateway(tmp_path, broker, line, shed, options=options)
    meters = ((TITLE, DEVICE_NAME), (OTHER_TITLE, OTHER_NAME))
    topics = [f"homeassistant/device/smarty_p1_{name}/config" for _, name in meters]
    async with broker.serving(), gateway.running():
        await _send_both((line, shed), meters, range(1, 3))
        await until(lambda: all(topic in broker.kept for topic in topics))
        broker.messages.clear()
        await _send_both((shed, line), meters, range(3, 6))
        # Announced again, by the other port, and forgotten by none.
        await until(lambda: all(broker.at(topic) for topic in topics))
        await _send_both((shed, line), meters, range(6, 7))
        for root in (ROOT, "smarty_p1/shed"):
            await broker.until_last(f"{root}/active_energy_imported", b"6.000")
        for topic in topics:
            assert json.loads(broker.kept[topic])["components"]


async def _send_both(
    lines: tuple[MeterPort, ...], meters: tuple[tuple[bytes, str], ...], counters: range
) -> None:
    for counter in counters:
        for port, (title, name) in zip(lines, meters, strict=True):
            text = telegram(f"1-0:1.8.0({counter:010.3f}*kWh)", name=name)
            await port.send(frame(counter, text, title=title))


async def test_a_port_goes_on_with_its_meter_when_no_broker_was_there(
    tmp_path: Path, broker: Broker, line: MeterPort, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    options = f"{keys(tmp_path, title='*')}[publish]\n"
    gateway = Gateway(tmp_path, broker, line, options=options)
    async with gateway.running():
        await line.send(frame(1))
        await until(lambda: "house: the meter is" in caplog.text)
    async with broker.serving(), gateway.running():
        # A frame of the neighbour's meter, which the cable brings once.
        await _send_both((line,), ((OTHER_TITLE, OTHER_NAME),), range(9, 10))
        await line.send(frame(2))
        await broker.until(IMPORTED, b"2.000")
