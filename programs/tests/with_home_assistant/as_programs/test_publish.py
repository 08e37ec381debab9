"""Data that other programs get of a meter: on a real mosquitto, and from the P1 server."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, override
from zoneinfo import ZoneInfo

import pytest
import pytest_socket
from dsmr_parser import obis_references
from dsmr_parser.clients.protocol import create_tcp_dsmr_reader

from dev.demo.meter_statistics import DOMAIN
from dev.demo.processes import Process
from dev.ports import free_ports
from dev.reliability.process_measurements import is_served
from dev.simulator import Server
from dev.testing.broker import HOST, Broker, Listener, Message
from dev.testing.real_programs import IN_ONE_LOOP, RecordingMeter, module_fixture, until
from dev.testing.sent import iso_time, plain, sent_in
from smartyp1.json_types import JsonDict
from tests.system.home import Home, add_broker
from tests.system.sealed_gateway import DecodedGateway

pytestmark = IN_ONE_LOOP

KEY = bytes.fromhex("B1A2C3D4E5F60718293A4B5C6D7E8F90")
LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
# No two telegrams have it in common; before it come values that stay.
TIME = "meter_date_and_time"
MESSAGE = "Interruption du réseau mardi 3:00"


class HistoricMeter(RecordingMeter):
    """A meter that remembers its telegrams by the time in them."""

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 -- those of a meter
        super().__init__(*arguments)
        self.telegrams: dict[str, list[str]] = {}
        self.message = MESSAGE

    @override
    def telegram_at(self, when: datetime) -> str:
        text = super().telegram_at(when)
        self.telegrams.setdefault(iso_time(text)[:19], []).append(text)
        return text


def groups(messages: list[Message], root: str) -> list[dict[str, str]]:
    """Return a subscriber's values after each telegram, by the name that follows the root.

    An unchanged value is not published with each telegram.
    """
    found: list[dict[str, str]] = []
    known: dict[str, str] = {}
    for message in messages:
        name = message.topic.removeprefix(f"{root}/")
        if name == TIME and name in known:
            found.append(known.copy())
        if name != "availability":
            known[name] = message.payload.decode()
    return found  # the last one may not be complete


@pytest.fixture(scope="module")
def meter() -> HistoricMeter:
    return HistoricMeter(1, KEY)


@module_fixture
async def line(meter: HistoricMeter) -> AsyncIterator[Server]:
    async with Server([meter], interval=1) as line:
        yield line


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("publish")


@pytest.fixture(scope="module")
def broker(directory: Path) -> Broker:
    return Broker(directory)


class Running:
    """A broker that can be killed and started."""

    process: Process

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._context = AsyncExitStack()

    async def start(self) -> None:
        self.process = await self._context.enter_async_context(self._broker.serving())

    async def kill(self) -> None:
        """Kill Home Assistant without a goodbye."""
        os.kill(self.process.pid, signal.SIGKILL)
        await self._context.aclose()


@module_fixture
async def running(broker: Broker) -> AsyncIterator[Running]:
    running = Running(broker)
    await running.start()
    yield running
    await running.kill()


@module_fixture
async def home(
    directory: Path,
    line: Server,
    meter: HistoricMeter,
    broker: Broker,
    running: Running,  # noqa: ARG001 - it runs
) -> AsyncIterator[Home]:
    (directory / "home").mkdir()
    async with Home(directory / "home", meter) as home:
        await home.add_meter(f"socket://{HOST}:{line.ports[0]}", KEY)
        await add_broker(home, broker)
        yield home


async def publish(home: Home, **mqtt: object) -> None:
    options = {"enabled": True, "format": "values", "retain": False, "min_interval": 0}
    options |= {"discovery": False, "discovery_prefix": "homeassistant"}
    await home.set_options(mqtt=options | mqtt)


async def two_groups(listener: Listener, root: str) -> list[dict[str, str]]:
    """Return the published values of at least two telegrams."""
    await until(lambda: len(groups(listener.messages, root)) >= 2)
    return groups(listener.messages, root)


async def test_every_value_has_a_topic(home: Home, broker: Broker, meter: HistoricMeter) -> None:
    root = f"smarty_p1/{meter.device_name}"
    listener = Listener(broker.port, "#")
    async with listener.listening():
        await publish(home)
        for published in await two_groups(listener, root):
            # Each new connection makes the meter send two telegrams within a second.
            telegrams = meter.telegrams[published["meter_date_and_time"][:19]]
            sent = [plain(sent_in(telegram)["1-0:1.8.0"][0]) for telegram in telegrams]
            assert published["active_energy_imported"] in sent
            assert published["message"] == MESSAGE
            assert len(published) > len(sent_in(telegrams[0]))
        assert Message(f"{root}/availability", b"online", retained=False) in listener.messages
    late = Listener(broker.port, f"{root}/#")
    async with late.listening():
        await until(lambda: bool(late.messages))
        first, *rest = late.messages
        assert first == Message(f"{root}/availability", b"online", retained=True)
        assert not any(message.retained for message in rest)


async def test_publishing_survives_the_broker(
    home: Home, broker: Broker, running: Running, meter: HistoricMeter
) -> None:
    listener = Listener(broker.port, "restart/#")

    def times() -> list[str]:
        return [time.decode()[:19] for time in listener.at("restart/meter_date_and_time")]

    async with listener.listening():
        await publish(home, topic="restart")
        await until(lambda: len(times()) >= 2)
        killed = meter.last_telegram
        await running.kill()
        for _ in range(4):
            await meter.sends_another()
            await until(home.shows_last_telegram)
        listener.messages.clear()
        back = meter.last_telegram
        await running.start()
        await until(lambda: len(times()) >= 2)
        assert b"online" in listener.at("restart/availability")
        # Nothing was stored up: of the telegrams sent during the restart, at most the last one
        # arrives.
        missed = {iso_time(killed)[:19] < time < iso_time(back)[:19] for time in times()[1:]}
        assert missed == {False}


@module_fixture
async def served(home: Home) -> int:
    """Return the port of the P1 server."""
    pytest_socket.enable_socket()  # begun between two tests
    p1_port = free_ports()
    server = {"enabled": True, "address": HOST, "port": p1_port}
    await home.set_options(p1_server=server)
    await until(lambda: is_served(p1_port))
    return p1_port


class Wallbox:
    """A program that reads lines until it has the wanted ones, as programs in wallboxes do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.telegrams: list[str] = []

    async def read(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        try:
            text = ""
            while line := await reader.readline():
                text += line.decode("ascii")
                if line.startswith(b"!"):
                    self.telegrams.append(text)
                    text = ""
        finally:
            writer.close()


async def test_other_programs_read_the_p1_server(
    home: Home, meter: HistoricMeter, served: int
) -> None:
    await home.until_settled()
    wallbox = Wallbox(served)
    reading = asyncio.create_task(wallbox.read())
    read: list[Any] = []
    transport, _ = await create_tcp_dsmr_reader(
        HOST, served, "5L", read.append, loop=asyncio.get_running_loop()
    )
    entry = await home.client.run_flow("dsmr", port=f"socket://{HOST}:{served}", dsmr_version="5L")

    async def shown_energy() -> str | None:
        registry = await home.client.command("config/entity_registry/list")
        sensors = {
            each["translation_key"]: each["entity_id"]
            for each in registry
            if each["config_entry_id"] == entry["entry_id"]
        }
        state = (await home.all_states()).get(sensors.get("electricity_imported_total", ""))
        return str(state["state"]) if state else None

    # Loaded again before its first telegram came, it adds its sensors twice, and one set is dead.
    await until(shown_energy)
    # By default, the sensor shows a telegram every half a minute.
    await home.client.set_options(entry["entry_id"], time_between_update=0)
    await until(lambda: min(len(read), len(wallbox.telegrams)) >= 2)
    sent = [text for texts in meter.telegrams.values() for text in texts]
    assert set(wallbox.telegrams) <= set(sent)
    for telegram in read:
        time = telegram[obis_references.P1_MESSAGE_TIMESTAMP].value.astimezone(LUXEMBOURG)
        energy = telegram[obis_references.ELECTRICITY_IMPORTED_TOTAL].value
        texts = meter.telegrams[time.isoformat()[:19]]
        assert str(energy) in {plain(sent_in(text)["1-0:1.8.0"][0]) for text in texts}

    async def shows_energy() -> bool:
        sent = [text for texts in meter.telegrams.values() for text in texts]
        known = {float(plain(sent_in(text)["1-0:1.8.0"][0])) for text in sent}
        # Home Assistant leaves out zeros at the end. Before the first telegram, it shows no number.
        with suppress(ValueError):
            return float(await shown_energy() or "nan") in known
        return False

    await until(shows_energy)
    reading.cancel()
    transport.close()


# Shorter than states are good for without a gateway that announces its end.
SOON = 60.0
# These values depend on the begin of reading, and on the moment at which a telegram came. The power
# and the voltage of each phase follow in steps from the first telegram that was read; the topics of
# the values have no such steps. The flow of gas and water and the power of heat need two captures.
FOLLOWING = ("power_net_l", "voltage_l")
OWN = ("telegrams_", "clock_offset", "demand_", "peak_", "cheapest_", "flow_rate", *FOLLOWING)


def last_of(listener: Listener, root: str, prefix: str) -> dict[str, str]:
    """Return the last message at each topic below a root, and of discovery."""
    last = {}
    for topic, payload, _ in listener.messages:
        for beginning, short in ((f"{root}/", "root/"), (f"{prefix}/", "discovery/")):
            if topic.startswith(beginning):
                text = payload.decode().replace(root, "root")
                last[short + topic.removeprefix(beginning)] = text
    return last


def without_own(payload: str) -> JsonDict:
    """Return states without values that depend on the time of reading."""
    states = json.loads(payload)
    return {
        key: value for key, value in states.items() if key != "power" and not key.startswith(OWN)
    }


def assert_same(own: dict[str, str], other: dict[str, str], device_name: str) -> None:
    """Compare the gateway's messages with the integration's, topic by topic."""
    own = {topic: text for topic, text in own.items() if not topic.endswith("/status")}
    assert sorted(own) == sorted(other)
    assert len(own) > 40
    for topic, text in own.items():
        if topic.startswith("root/states"):
            assert without_own(text) == without_own(other[topic]), topic
        elif topic == f"discovery/device/{DOMAIN}_{device_name}/config":
            # The port of the gateway has a name.
            announced = json.loads(text.replace('"name":"house"', '"name":"Smarty"'))
            wanted = json.loads(other[topic])
            # A gateway knows no household.
            for name in ("sensor_peak_12_months", "sensor_cheapest_reference_power"):
                assert len(wanted["components"][name]) > 1
                wanted["components"][name] = {"platform": "sensor"}
            assert announced == wanted
        else:
            assert text == other[topic], topic


def published(listener: Listener, form: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the last messages of the gateway, and the last messages of the integration."""
    own = last_of(listener, DecodedGateway.root, "homeassistant")
    return own, last_of(listener, f"{form}/house", f"elsewhere-{form}")


async def compare(listener: Listener, meter: RecordingMeter, form: str) -> None:
    """Wait until both have published the meter's last telegram, and compare."""

    async def have_ended() -> bool:
        both = published(listener, form)
        states = [json.loads(each.get("root/states", "{}")) for each in both]
        # Compare the times: energies may be the same as before.
        digits = re.findall(r"^0-0:1\.0\.0\((\d+)", meter.last_telegram, re.MULTILINE)
        times = [re.sub(r"\D", "", state.get("meter_time", "")[2:19]) for state in states]
        # Each new connection makes the meter send two telegrams within a second.
        telegrams = [json.loads(each.get("root/telegram", "{}")) for each in both]
        counters = {telegram.get("frame_counter") for telegram in telegrams}
        return times == 2 * digits and len(counters) == 1

    await until(have_ended)
    assert_same(*published(listener, form), meter.device_name)


async def test_the_gateway_publishes_like_the_integration_and_is_discovered(
    home: Home, broker: Broker, line: Server, meter: HistoricMeter, directory: Path
) -> None:
    listener = Listener(broker.port, "#")

    async def shown() -> str:
        """Return the power that Home Assistant shows of the gateway, by its discovery."""
        power = f"{DOMAIN}_{meter.device_name}_sensor_power_net"
        for entity in await home.client.command("config/entity_registry/list"):
            if (entity["platform"], entity["unique_id"]) == ("mqtt", power):
                return str((await home.all_states())[entity["entity_id"]]["state"])
        return "unknown"

    async def shows_some() -> bool:
        return await shown() not in ("unavailable", "unknown")

    async def shows_last() -> bool:
        imported, exported = map(meter.last_value, ("1-0:1.7.0", "1-0:2.7.0"))
        return float(await shown()) == pytest.approx(imported - exported)

    async def is_unavailable() -> bool:
        return await shown() == "unavailable"

    for form in ("smartyreader", "both"):
        options = f'format = "{form}"\ndiscovery = true'
        port = f"socket://{HOST}:{line.ports[0]}"
        gateway = DecodedGateway(directory, broker.port, port, publish=options, key=KEY)
        listener.messages.clear()
        async with listener.listening(), gateway.running() as process:
            # Under a prefix that its own Home Assistant does not heed.
            elsewhere = {"discovery": True, "discovery_prefix": f"elsewhere-{form}"}
            await publish(home, format=form, topic=f"{form}/house", **elsewhere)
            await until(shows_some)
            # The gateway got its first telegram alone, when it connected, and so did the
            # integration. The integration connects again for its new options. Both get the next
            # telegram, and nothing cuts it off.
            await until(lambda: all("root/states" in each for each in published(listener, form)))  # noqa: B023
            await meter.sends_another()
            line.silence()
            await compare(listener, meter, form)
            await until(shows_last)
            os.kill(process.pid, signal.SIGKILL)
            await until(is_unavailable, within=SOON)
        line.silence(is_silent=False)
    assert KEY.hex() not in gateway.logged().lower()


async def test_the_remaining_one_of_two_publishers_looks_untouched(
    home: Home, broker: Broker, line: Server, meter: HistoricMeter, directory: Path
) -> None:
    root = DecodedGateway.root
    availability = f"{root}/availability"
    discovery = f"homeassistant/device/{DOMAIN}_{meter.device_name}/config"
    port = f"socket://{HOST}:{line.ports[0]}"
    gateway = DecodedGateway(directory, broker.port, port, publish="discovery = true", key=KEY)
    listener = Listener(broker.port, "#")

    def is_untouched() -> bool:
        told = listener.at(availability), listener.at(discovery)
        return told[0][-1:] == [b"online"] and told[1][-1:] not in ([], [b""])

    async def until_left(done: int) -> None:
        """Wait until a publisher has left, and the other one looks untouched again."""
        await until(lambda: b"offline" in listener.at(availability)[done:])
        await until(is_untouched, within=30)

    async with listener.listening():
        async with gateway.running() as process:
            await until(is_untouched)
            await publish(home, topic=root, discovery=True)
            await until(lambda: len(listener.at(discovery)) >= 2 and is_untouched())
            count = len(listener.at(availability))
            await process.stop()
            await until_left(count)
        announced = len(listener.at(discovery))
        async with gateway.running() as process:
            await until(lambda: len(listener.at(discovery)) > announced and is_untouched())
            count = len(listener.at(availability))
            await publish(home, topic=root, discovery=True, enabled=False)
            await until_left(count)
            await process.stop()


async def test_the_end_of_home_assistant_is_published(home: Home, broker: Broker) -> None:
    await publish(home, topic="goodbye")
    listener = Listener(broker.port, "goodbye/#")
    async with listener.listening():
        await two_groups(listener, "goodbye")
        await home.stop()
        await until(lambda: listener.at("goodbye/availability")[-1:] == [b"offline"])
    assert listener.messages[-1] == Message("goodbye/availability", b"offline", retained=False)
    assert home.process.status == 0
    log = home.log.read_text("utf-8")
    assert "custom_components/smarty_p1" not in log  # as in a traceback
