"""Meters that other integrations read, in a real Home Assistant: by MQTT discovery and by dsmr."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from dev.demo.client import Client, ClientError
from dev.demo.meter_statistics import DOMAIN
from dev.simulator import Meter, Server
from dev.simulator.house import House
from dev.testing.broker import HOST, Broker
from dev.testing.real_programs import IN_ONE_LOOP, PATIENCE, RecordingMeter, until
from smartyp1.json_types import JsonDict
from tests.system.home import Home, add_broker

pytestmark = IN_ONE_LOOP

# The house draws much at any hour, so the energy of a minute is far more than a step of 1 Wh.
HOUSE = House(standby=4000)
FLOWS = "/api/config/config_entries/flow"
TOPIC = "smarty-board/sensor"
SENSORS = {
    "energy_imported": ("1-0:1.8.0", "kWh", "energy", "total_increasing"),
    "energy_exported": ("1-0:2.8.0", "kWh", "energy", "total_increasing"),
    "power_imported": ("1-0:1.7.0", "kW", "power", "measurement"),
}
# Without the total to the grid, which dsmr shows as unknown while it is 0.
DSMR = {
    "energy_imported": "electricity_imported_total",
    "power_imported": "current_electricity_usage",
}
SAID = re.compile(
    r"Values received: (\d+), one every (\d+)\ss\. "
    r"The energy rises in steps of 1\sWh\..* ±(\d+)\sW at 1\skW .*\n\n"
    r"The values come from (.+) and cannot be verified"
)
# Seconds for which readings are compared.
COMPARED_S = 60.0


def value_at(meter: Meter, reference: str, when: datetime) -> float:
    """Return a number of the telegram that a meter sends at a time."""
    match = re.search(
        rf"^{re.escape(reference)}\(([0-9.]+)\*", Meter.telegram_at(meter, when), re.MULTILINE
    )
    assert match
    return float(match[1])


async def run_board(broker: Broker, meter: Meter) -> None:
    """Publish the values of a meter every ten seconds until cancelled."""
    for name, (_, unit, device_class, state_class) in SENSORS.items():
        config = {
            "name": name,
            "unique_id": f"board_{name}",
            "state_topic": f"{TOPIC}/{name}/state",
            "unit_of_measurement": unit,
            "device_class": device_class,
            "state_class": state_class,
            "device": {"identifiers": ["board"], "name": "board", "manufacturer": "Espressif"},
        }
        await broker.publish(f"homeassistant/sensor/board/{name}/config", json.dumps(config))
    while True:
        now = datetime.now(UTC)
        for name, (reference, *_) in SENSORS.items():
            await broker.publish(f"{TOPIC}/{name}/state", f"{value_at(meter, reference, now):.3f}")
        await asyncio.sleep(10)


async def sensors_of(client: Client, platform: str) -> dict[str, str]:
    """Return the entity ids of a platform by the ends of their unique ids or translation keys."""
    entities = await client.command("config/entity_registry/list")
    return {
        entity["translation_key"] or entity["unique_id"]: entity["entity_id"]
        for entity in entities
        if entity["platform"] == platform
    }


@pytest_asyncio.fixture(loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    """Yield a Home Assistant with a board at one meter, and with dsmr at the other."""
    board_meter, meter = (RecordingMeter(number, house=HOUSE) for number in (1, 2))
    broker = Broker(tmp_path_factory.mktemp("broker"))
    async with (
        broker.serving(),
        Server([meter], interval=10) as line,
        Home(tmp_path_factory.mktemp("home"), meter) as home,
    ):
        board = asyncio.create_task(run_board(broker, board_meter))
        await add_broker(home, broker)
        port = f"socket://{HOST}:{line.ports[0]}"
        await home.client.run_flow("dsmr", port=port, dsmr_version="5L")
        yield home
        board.cancel()


async def add(client: Client, **chosen: object) -> tuple[str, int, str]:
    """Add a meter of entities.

    Return its entry id, its promised power in W, and its integration.
    """
    menu = await client.post(FLOWS, handler=DOMAIN)
    path = f"{FLOWS}/{menu['flow_id']}"
    await client.post(path, next_step_id="entities")
    step = await client.post(path, **chosen)
    while step["type"] in {"progress", "progress_done"}:
        await asyncio.sleep(1)
        step = await client.get(path)
    assert step["step_id"] == "contract_without_cable", step
    said = SAID.match(step["description_placeholders"]["meter"])
    assert said, step
    switches = [field["name"] for field in step["data_schema"] if "boolean" in field["selector"]]
    step = await client.post(path, **dict.fromkeys(switches, False))
    count, seconds, watts, integration = said.groups()
    # A trial takes 120 s. The first report of a busy machine is late.
    assert int(count) * int(seconds) >= 60
    return step["result"]["entry_id"], int(watts), integration


async def counted(client: Client, entry_id: str) -> tuple[datetime, float]:
    """Return the time of the last reading, and the energy in kWh that was counted until then."""
    answer: JsonDict = await client.command(f"{DOMAIN}/bill", entry_id=entry_id)
    month = answer["months"][-1]
    return datetime.fromisoformat(month["until"]), month["imported_kwh"]


async def shown(house: Home, entities: Iterable[str]) -> tuple[datetime, list[float]]:
    """Return the time of the last report of some entities, and their values."""
    states = await house.all_states()
    found = [states[name] for name in entities]
    times = [datetime.fromisoformat(state["last_reported"]) for state in found]
    return max(times), [float(state["state"]) for state in found]


async def compare(house: Home, entry_id: str, watts: int, entities: Mapping[str, str]) -> None:
    """Compare the energy counted in some minutes with the entities.

    A busy machine delays the entities, but never the count behind them.
    """
    samples: list[tuple[datetime, float, float]] = []

    async def is_read() -> bool:
        before = await shown(house, entities.values())
        try:
            time, energy = await counted(house.client, entry_id)
        except ClientError:
            return False  # the count has not begun
        # A sample with a changed report is dropped: the report is not read yet.
        if before == await shown(house, entities.values()) and time == before[0]:
            total = before[1][[*entities].index("energy_imported")]
            samples.append((time, energy, total))
        if not samples or (samples[-1][0] - samples[0][0]).total_seconds() < COMPARED_S:
            return False
        # Less energy than promised would prove nothing.
        return samples[-1][2] - samples[0][2] > watts / 4000

    await until(is_read, within=PATIENCE + COMPARED_S, every=2)
    for _, energy, total in samples:
        # The counted energy is rounded to 1 Wh at both ends.
        assert energy - samples[0][1] == pytest.approx(total - samples[0][2], abs=0.0011)


async def test_the_energy_of_the_entities_is_counted(house: Home) -> None:
    client = house.client
    found: dict[str, dict[str, str]] = {}

    async def are_there() -> bool:
        board, dsmr = await sensors_of(client, "mqtt"), await sensors_of(client, "dsmr")
        if not (len(board) >= len(SENSORS) and set(DSMR.values()) <= dsmr.keys()):
            return False
        found["mqtt"] = {name: board[f"board_{name}"] for name in SENSORS}
        found["dsmr"] = {name: dsmr[key] for name, key in DSMR.items()}
        states = await house.all_states()
        wanted = [name for names in found.values() for name in names.values()]
        return all(states.get(name, {}).get("state", "unknown")[0].isdigit() for name in wanted)

    await until(are_there)
    fields = [
        {name: entity if "power" in name else [entity] for name, entity in names.items()}
        for names in found.values()
    ]
    added = await asyncio.gather(*(add(client, **chosen) for chosen in fields))
    assert [integration for *_, integration in added] == ["MQTT", "DSMR Smart Meter"]
    await asyncio.gather(
        *(
            compare(house, entry_id, watts, names)
            for (entry_id, watts, _), names in zip(added, found.values(), strict=True)
        )
    )
