"""Attacks on the line: junk between telegrams, and names without end."""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from homeassistant.helpers import device_registry as dr, entity_registry as er

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.meter import object_count_and_rate_limits
from smartyp1.json_types import JsonDict
from tests.ha.coordinator.conftest import House
from tests.ha.meter import OTHER_KEY, SYSTEM_TITLE, encipher, seal, with_value, without_channels
from tests.ha.support import (
    FORGED,
    OTHER_METER,
    OTHER_TITLE,
    TELEGRAM,
    Passed,
    state_of,
    wait_for_telegram,
    wait_until,
)

DAMAGED = seal(TELEGRAM).replace(b"1.8.0(0", b"1.8.0(9")
MAX_OBJECTS = 64
MAX_METERS = 16


def small_frame(counter: int, title: bytes = SYSTEM_TITLE) -> bytes:
    """Return a frame of 31 bytes that can be made without a key."""
    return b"\xdb\x08" + title + b"\x82\x00\x12\x30" + counter.to_bytes(4) + bytes(13)


JUNK: dict[str, Callable[[int], bytes]] = {
    "small frames": small_frame,
    "small frames of another meter": lambda n: small_frame(n, OTHER_TITLE),
    "small frames of any meter": lambda n: small_frame(n, n.to_bytes(8)),
    "frames with another key": lambda n: encipher(FORGED, n, key=OTHER_KEY),
    "plain telegrams": lambda _: seal(FORGED),
    "plain telegrams of another meter": lambda _: seal(OTHER_METER),
    "recorded frames": lambda _: encipher(TELEGRAM, 1),
    "damaged telegrams": lambda _: DAMAGED,
    "telegrams of another meter with the same key": lambda n: encipher(
        OTHER_METER, n, system_title=OTHER_TITLE
    ),
}


@pytest.mark.usefixtures("fast_line")
async def test_junk_among_good_telegrams_changes_nothing(house: House) -> None:
    await house.begin()
    counter = 500
    for kind, junk in JUNK.items():
        for _ in range(3):
            for _ in range(5):
                counter += 1
                await house.send(junk(counter))
                assert house.energy == "25678.901", kind
                assert not house.is_troubled, kind
            await house.passes(10)
            assert house.energy == "25678.901", kind
            assert not house.is_troubled, kind
            await house.send(house.good())
    assert not house.log


@pytest.mark.usefixtures("patient_link")
async def test_listeners_are_not_called_at_each_rejection(house: House) -> None:
    foreign = JUNK["small frames of another meter"]
    await house.begin()
    await house.send(*map(foreign, range(500, 505)))
    await house.passes(31)
    calls: list[None] = []
    house.coordinator.async_add_listener(lambda: calls.append(None))
    await house.send(foreign(505))
    assert house.energy == "unavailable"
    assert len(calls) == 1
    await house.port.send(b"".join(map(foreign, range(1000, 2000))))
    await wait_until(
        house.hass, lambda: house.coordinator.source.reception.rejections.total() >= 1000
    )
    assert len(calls) == 1
    Passed.seconds += 61
    await house.send(foreign(2000))
    # The counters of rejected data go on.
    assert len(calls) == 2


@pytest.fixture
def many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plain telegrams come faster than they may."""
    monkeypatch.setattr(object_count_and_rate_limits, "MAX_TELEGRAMS_AT_ONCE", 1000)


def invented_telegrams(number: int) -> Iterator[bytes]:
    """Yield plain telegrams, each with meters and objects that no other has."""
    random = Random(1)  # noqa: S311 - no secret
    for n in range(number):
        text = without_channels(TELEGRAM)
        for channel in range(1, 5):
            name = f"EVIL{n:06}{channel}" + "X" * random.choice([0, 200])
            text = with_value(text, f"0-{channel}:24.1.0", "(003)")
            text = with_value(text, f"0-{channel}:96.1.0", f"({name.encode().hex()})")
            text = with_value(text, f"0-{channel}:24.2.1", "(250703103000S)(00001.000*m3)")
        for part in range(10):
            text = with_value(text, f"1-0:{n % 250}.{part}.9", f"({'y' * 500})")
        yield seal(text)


@pytest.mark.usefixtures("fast_line", "many_at_once")
async def test_names_without_end(house: House, hass_storage: JsonDict) -> None:
    first = seal(without_channels(TELEGRAM))
    await house.begin(first, key=None)
    hass, entry, port = house.hass, house.entry, house.port

    def devices() -> list[dr.DeviceEntry]:
        return dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)

    # The first ones within one chunk: their devices are not there yet when the next is read.
    frames = list(invented_telegrams(50))
    await port.send(b"".join(frames[:20]))
    await wait_until(hass, lambda: entry.runtime_data.readings == 21)
    await house.send(*frames[20:])
    await hass.async_block_till_done()

    assert len(devices()) == 1 + MAX_METERS
    assert all(len(device.serial_number or "") <= 64 for device in devices())
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert len(entities) < 200
    assert all(len(entity.unique_id) < 128 for entity in entities)

    assert len(house.log) == 2
    told = await async_get_config_entry_diagnostics(hass, entry)
    assert told["ignored"]["meters"] >= 4 * 40
    assert told["ignored"]["objects"] >= 10 * 40
    assert len(told["telegram"]["objects"]) < 200

    await house.unload()
    stored = hass_storage[f"smarty_p1.{entry.entry_id}.meter"]["data"]
    assert len(stored["totals"]["indexes"]) <= MAX_OBJECTS
    assert len(str(stored)) < 20_000

    await house.again(first)
    await wait_for_telegram(hass, entry)
    await house.send(*invented_telegrams(10))
    assert len(devices()) == 1 + MAX_METERS


async def test_a_meter_that_is_deleted_makes_room(house: House) -> None:
    await house.begin()
    hass, registry = house.hass, dr.async_get(house.hass)

    def with_gas(number: int) -> bytes:
        """Return a telegram with another meter on channel 1."""
        name = f"GAS {number:08}".encode().hex().upper()
        return house.port.next_frame(with_value(TELEGRAM, "0-1:96.1.0", f"({name})"))

    def gas_meters() -> dict[str | None, str]:
        devices = dr.async_entries_for_config_entry(registry, house.entry.entry_id)
        return {device.serial_number: device.id for device in devices}

    await house.send(*map(with_gas, range(30)))
    await hass.async_block_till_done()
    assert len(gas_meters()) == 1 + MAX_METERS
    assert "GAS 00000029" not in gas_meters()
    assert len(house.log) == 1

    # The meter that was there from the beginning is read as ever.
    await house.send(house.good())
    assert state_of(hass, "gas_meter_7401").state == "678.901"

    registry.async_remove_device(gas_meters()["GAS 00000001"])
    await house.send(with_gas(29))
    await hass.async_block_till_done()
    assert "GAS 00000029" in gas_meters()
    assert state_of(hass, "gas_meter_0029").state == "678.901"
