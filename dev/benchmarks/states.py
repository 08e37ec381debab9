"""What a telegram costs inside Home Assistant.

Bytes -> all states written are compared, in one Home Assistant, with its own dsmr integration, and
with entities of nobody whose values are set and written without any work.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest.mock import patch

from dsmr_parser.clients.protocol import create_dsmr_protocol
from homeassistant import loader
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockEntityPlatform,
    async_test_home_assistant,
)

from custom_components.smarty_p1.coordinator import port_coordinator

from .frames import KEY, series

FRAMES = 200
A_DAY = 86_400
SERIAL = "SAG1030790002574"

type Receive = Callable[[bytes], None]


class StatesResult(NamedTuple):
    """Microseconds a telegram, for so many entities each."""

    entities: int
    own: float
    other: float

    @property
    def ratio(self) -> float:
        """Return how many times less the project's integration takes."""
        return self.other / self.own


class _NoTransport:
    """A transport without a port."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol

    def close(self) -> None:
        """Tell the protocol, which is waited for."""
        self._protocol.connection_lost(None)


@asynccontextmanager
async def home_assistant() -> AsyncGenerator[HomeAssistant]:
    """Run a Home Assistant that finds the integration, and unload everything at the end."""
    # Half a minute after entities were enabled, Home Assistant loads their entries once more: in
    # the middle of what is measured, where that takes so long.
    no_reload = patch("homeassistant.config_entries.RELOAD_AFTER_UPDATE_DELAY", A_DAY)
    with no_reload, TemporaryDirectory() as config:
        async with async_test_home_assistant(config_dir=config) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            await async_setup_component(hass, "homeassistant", {})
            yield hass
            for entry in hass.config_entries.async_entries():
                await hass.config_entries.async_unload(entry.entry_id)
            await hass.async_stop(force=True)


def _enable(hass: HomeAssistant, entry: ConfigEntry[Any], number: int | None = None) -> int:
    """Enable so many entities of an entry, or all; return how many that are."""
    registry = er.async_get(hass)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    number = len(entities) if number is None else number
    for index, entity in enumerate(entities):
        disabled_by = None if index < number else er.RegistryEntryDisabler.USER
        registry.async_update_entity(entity.entity_id, disabled_by=disabled_by)
    return min(number, len(entities))


async def _set_up_dsmr(hass: HomeAssistant, frames: list[bytes]) -> tuple[int, Receive]:
    """Set the dsmr integration up; return how many entities it has, and what takes the bytes."""
    entry = MockConfigEntry(
        domain="dsmr",
        unique_id=SERIAL,
        data={
            "port": "/dev/null",
            "dsmr_version": "MSn",
            "protocol": "dsmr_protocol",
            "serial_id": SERIAL,
            "serial_id_gas": None,
            "encryption_key": KEY.hex(),
        },
        options={"time_between_update": 0},
    )
    entry.add_to_hass(hass)
    receivers: list[Receive] = []

    async def connect(_port: str, version: str, callback: Any, **options: Any) -> Any:  # noqa: ANN401
        factory, _ = create_dsmr_protocol(version, callback, **options)
        protocol = factory()
        receivers.append(protocol.data_received)
        return _NoTransport(protocol), protocol

    with patch("homeassistant.components.dsmr.sensor.create_dsmr_reader", connect):
        assert await hass.config_entries.async_setup(entry.entry_id)  # noqa: S101
        await hass.async_block_till_done()
        receivers[-1](frames.pop(0))
        await hass.async_block_till_done()
        number = _enable(hass, entry)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        receivers[-1](frames.pop(0))
        await hass.async_block_till_done()
    return number, receivers[-1]


@contextmanager
def _fed(frames: list[bytes]) -> Iterator[list[Receive]]:
    """Let ports deliver one of the frames at once; yield what takes the bytes of each port."""
    receivers: list[Receive] = []

    class Link:
        """A port that delivers one frame at once, and then what the benchmark feeds."""

        is_open = True

        def __init__(self, _url: str, on_data: Receive, *_: object, **_options: object) -> None:
            receivers.append(on_data)

        def confirm(self) -> None:
            """Take note of nothing."""

        async def run(self) -> None:
            receivers[-1](frames.pop(0))
            await asyncio.Event().wait()

    with patch.object(port_coordinator, "Link", Link):
        yield receivers


async def _set_up_entry(hass: HomeAssistant, serial: str) -> ConfigEntry[Any]:
    entry: ConfigEntry[Any] = MockConfigEntry(
        domain="smarty_p1",
        title="benchmark",
        unique_id=serial,
        data={CONF_PORT: f"socket://{serial}:1", "encryption_key": KEY.hex()},
    )
    entry.add_to_hass(hass)  # type: ignore[attr-defined]
    assert await hass.config_entries.async_setup(entry.entry_id)  # noqa: S101
    await hass.async_block_till_done()
    return entry


async def add_meter(hass: HomeAssistant, serial: str, frames: list[bytes]) -> Receive:
    """Set a meter up with the entities that are enabled by default; return as below."""
    with _fed(frames) as receivers:
        await _set_up_entry(hass, serial)
    return receivers[-1]


async def _set_up_own(hass: HomeAssistant, frames: list[bytes], number: int) -> tuple[int, Receive]:
    """Set the project's integration up with at most so many entities; return as above."""
    with _fed(frames) as receivers:
        entry = await _set_up_entry(hass, SERIAL)
        number = _enable(hass, entry, number)
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    return number, receivers[-1]


def _microseconds(receive: Receive, frames: list[bytes]) -> float:
    start = time.process_time()
    for frame in frames:
        receive(frame)
    return (time.process_time() - start) / len(frames) * 1e6


class AloneResult(NamedTuple):
    """Microseconds a telegram, and of Home Assistant for writing the same states alone."""

    entities: int
    own: float
    other: float

    @property
    def ratio(self) -> float:
        """Return how many times longer the whole way takes."""
        return self.own / self.other


class _PlainSensor(SensorEntity):
    """A sensor whose value is set from outside."""

    _attr_should_poll = False
    _attr_has_entity_name = True


class _PlainEvent(EventEntity):
    """An event that never comes."""

    _attr_should_poll = False
    _attr_has_entity_name = True


async def _make_plain(hass: HomeAssistant, entities: list[Entity]) -> list[Entity]:
    """Add an entity without a coordinator for each one of the integration, described as it is."""
    plain: list[Entity] = []
    for number, entity in enumerate(entities):
        copy: Any = _PlainSensor() if isinstance(entity, SensorEntity) else _PlainEvent()
        copy.entity_description = entity.entity_description
        copy._attr_name = f"plain {number}"  # noqa: SLF001 - no translations here
        copy._attr_unique_id = f"plain {number}"  # noqa: SLF001
        domain = entity.entity_id.partition(".")[0]
        platform = MockEntityPlatform(hass, domain=domain, platform_name="plain")
        await platform.async_add_entities([copy])
        plain.append(copy)
    return plain


def _shown(entity: Entity) -> tuple[Any, Mapping[str, Any] | None]:
    value = entity.native_value if isinstance(entity, SensorEntity) else None
    return value, entity.extra_state_attributes


def _alone(entities: list[Any], rows: list[list[tuple[Any, Any]]]) -> float:
    start = time.process_time()
    for row in rows:
        for entity, (value, attributes) in zip(entities, row, strict=True):
            entity._attr_native_value = value  # noqa: SLF001 - Home Assistant's idiom
            if attributes is not None:
                entity._attr_extra_state_attributes = attributes  # noqa: SLF001
            entity.async_write_ha_state()
    return (time.process_time() - start) / len(rows) * 1e6


async def compare_with_home_assistant(rounds: int) -> AloneResult:
    """Time the whole way and the writing alone in turns; the best round of each counts."""
    frames = series((rounds + 1) * FRAMES)
    async with home_assistant() as hass:
        values = frames[:FRAMES]
        receive = await add_meter(hass, SERIAL, values)
        platforms = async_get_platforms(hass, "smarty_p1")
        written = [each for platform in platforms for each in platform.entities.values()]
        plain = await _make_plain(hass, written)
        rows = []
        for frame in values:
            receive(frame)
            rows.append([_shown(each) for each in written])
        times = []
        for index in range(1, rounds + 1):
            chunk = frames[index * FRAMES : (index + 1) * FRAMES]
            times.append((_microseconds(receive, chunk), _alone(plain, rows)))
            await hass.async_block_till_done()
    own, alone = (min(column) for column in zip(*times, strict=True))
    return AloneResult(len(written), own, alone)


async def compare_states(rounds: int) -> StatesResult:
    """Time both integrations in turns on the same frames; the best round of each counts."""
    frames = series((rounds + 1) * FRAMES)
    async with home_assistant() as hass:
        first = frames[:FRAMES]
        number, other = await _set_up_dsmr(hass, first)
        found, own = await _set_up_own(hass, first, number)
        if found != number:
            message = f"{found} entities cannot be compared with {number}"
            raise RuntimeError(message)
        times = []
        for index in range(1, rounds + 1):
            chunk = frames[index * FRAMES : (index + 1) * FRAMES]
            times.append((_microseconds(own, chunk), _microseconds(other, chunk)))
            await hass.async_block_till_done()
    best_own, best_other = (min(column) for column in zip(*times, strict=True))
    return StatesResult(number, best_own, best_other)
