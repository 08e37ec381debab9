"""Stored memory of a meter: each part goes on, or begins anew by itself, for any file."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, seal, stored_example, with_value
from dev.testing.random_examples import examples
from dev.testing.times import utc
from smartyp1.bill.household import Household
from smartyp1.entities.mbus_sensors import sensors_of_mbus_meter
from smartyp1.entities.meter_sensors import SENSORS
from smartyp1.entities.quarter_hour_power_sensors import DEMAND_SENSORS
from smartyp1.entities.tariff_sensors import TARIFF_SENSORS
from smartyp1.json_types import JsonDict
from smartyp1.meter.meter_identity import NamedMeter
from smartyp1.meter.meter_memory import MeterMemory
from smartyp1.meter.meter_reader import MeterReader, Reading
from smartyp1.meter.meter_session import MeterSession
from smartyp1.p1.frame_decryptor import FrameDecryptor
from smartyp1.p1.keys import key_fingerprint
from smartyp1.prices.contract import Contract
from tests.json_copy import through_json
from tests.lib.bill.support import Disk

type Path = tuple[str | int, ...]

TELEGRAM = stored_example("three_phase_gas_water_heat").telegram
NOW = utc("2025-07-03 08:30")
CONTRACT = Contract(reference_kw=3, surcharge=0.1)
FINGERPRINT = key_fingerprint(KEY)
HEX_TITLE = TITLE.hex()


def at(clock: str, kwh: float, gas_m3: float) -> bytes:
    """Return a telegram of a moment of summer time, with two indexes."""
    text = with_value(TELEGRAM, "0-0:1.0.0", f"({clock}S)")
    text = with_value(text, "1-0:1.8.0", f"({kwh:010.3f}*kWh)")
    return seal(with_value(text, "0-1:24.2.1", f"({clock}S)({gas_m3:09.3f}*m3)"))


def heard(memory: MeterMemory, *texts: bytes, first: int = 1) -> list[Reading]:
    """Return the readings of telegrams that go on from a memory; its counters begin anew."""
    session = MeterSession(NamedMeter(DEVICE_NAME, MeterReader(memory), FrameDecryptor(KEY)))
    frames = (frame(counter, text) for counter, text in enumerate(texts, first))
    events = [event for data in frames for event in session.feed(data, NOW, 0)]
    return [event for event in events if isinstance(event, Reading)]


def kept(memory: MeterMemory) -> JsonDict:
    """Return a memory as a file holds it."""
    whole = memory.as_dict() | {"demand": memory.demand_meter.as_dict()}
    content: JsonDict = through_json(whole)
    return content


def restored(stored: object) -> MeterMemory:
    """Return the memory of a file's content, with the same contract as before."""
    return MeterMemory.from_dict(
        stored,
        lambda demand: Household.from_dict(demand, CONTRACT, files=FILES),
        Household(CONTRACT),
    )


def a_memory(household: Household) -> MeterMemory:
    """Return a memory after an hour in which a month began, and in which an index fell at last."""
    memory = MeterMemory(household)
    quarters = ("250630233000", "250630234500", "250701000000", "250701001500", "250701002000")
    gas = (600, 601, 602, 603, 602.5)
    hour = [at(each, 100 + n, gas[n]) for n, each in enumerate(quarters)]
    assert len(heard(memory, *hour)) == len(quarters)
    memory.serial_number = DEVICE_NAME
    return memory


_HOUSEHOLD = Household(CONTRACT)
STORED = kept(a_memory(_HOUSEHOLD))
DISK = Disk()
DISK.write(_HOUSEHOLD)
FILES = DISK.files
# A single entry of each kind is as good as all.
_TOTALS = STORED["totals"]
_REGISTER = next(iter(_TOTALS["registers"].items()))
[_INDEX] = (index for index in _TOTALS["indexes"] if index[0].startswith("GAS"))
STORED["totals"] |= {"registers": dict([_REGISTER]), "indexes": [_INDEX]}
STORED["flows"] = [flow for flow in STORED["flows"] if flow[0] == _INDEX[0]]
# Attributes of the memory whose key in the file is different.
PARTS = {"demand": "demand_meter", "flows": "flow_rates"}


def paths_in(data: object, path: Path = ()) -> list[Path]:
    """Return the ways to all that is in some data, and to the data itself."""
    items: list[tuple[str | int, object]] = []
    if isinstance(data, dict):
        items = [*data.items()]
    elif isinstance(data, list):
        items = [*enumerate(data)]
    return [path, *(way for key, each in items for way in paths_in(each, (*path, key)))]


def replaced(data: object, path: Path, value: object) -> Any:  # noqa: ANN401 - as JSON is
    """Return the data with something else in one place."""
    if not path:
        return value
    changed = through_json(data)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
VALUES: list[object] = ["x", "0001-01-01T00:00:00+14:00", True, -1, 10**30, 1e300, None, [[]], {}]
TIMES = st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
ANYTHING = st.sampled_from(VALUES) | TIMES | JSON


def assert_goes_on(memory: MeterMemory) -> None:
    """Read two telegrams, make the states of the entities, and store the memory."""
    telegrams = at("250701002500", 105, 605), at("250701003500", 106, 606)
    readings = heard(memory, *telegrams, first=(1 << 32) - 2)
    assert len(readings) == 2
    for reading in readings:
        mbus = [
            each
            for identity in reading.channels
            if (meter := reading.meter(identity))
            for each in sensors_of_mbus_meter(identity, meter)
        ]
        for each in (*SENSORS, *DEMAND_SENSORS, *TARIFF_SENSORS, *mbus):
            if each.exists_fn(reading):
                each.value_fn(reading)
            if each.attributes_fn:
                each.attributes_fn(reading)
    assert restored(kept(memory)).damaged == []


def test_the_stored_memory_is_whole() -> None:
    whole = "clock clock_deviation counters demand flows key_proof last_telegram mbus_meters names"
    assert STORED.keys() == {*f"{whole} outline serial_number system_title totals".split()}
    assert all(STORED.values())
    assert all(STORED["totals"].values())
    assert STORED["demand"]["version"] == 3
    [stretch] = STORED["demand"]["stretches"]
    assert stretch["spans"] == []
    memory = restored(STORED)
    assert kept(memory) == STORED
    assert_goes_on(memory)


@settings(max_examples=examples(100))
@given(st.sampled_from(paths_in(STORED)[1:]), ANYTHING)
def test_any_stored_content_goes_on_or_begins_anew_by_itself(path: Path, value: object) -> None:
    memory = restored(replaced(STORED, path, value))
    part = str(path[0])
    assert memory.damaged in ([], [PARTS.get(part, part)])
    assert_goes_on(memory)


@given(ANYTHING)
def test_content_without_an_object_is_refused(value: object) -> None:
    if not isinstance(value, dict):
        with pytest.raises(ValueError):  # noqa: PT011 - it says nothing of what is stored
            restored(value)


REGISTER = ("totals", "registers", _REGISTER[0])
INDEX = ("totals", "indexes", 0)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("counters",), []),
        (("counters", FINGERPRINT), 3),
        (("counters", FINGERPRINT, HEX_TITLE), "3"),
        (("counters", FINGERPRINT, HEX_TITLE), True),
        (("counters", FINGERPRINT, HEX_TITLE), -1),
        (("counters", FINGERPRINT, HEX_TITLE), 1 << 32),
        (("counters",), {f"{n:016x}": {} for n in range(17)}),
        (("totals", "falls"), [1]),
        (REGISTER, ["101.5", 0, 100.0]),
        (REGISTER, [101.5, 0]),
        ((*INDEX, 3), "noon"),
        ((*INDEX, 3), "2025-07-03T10:30:00"),
        (("system_title",), "5341"),
        (("outline", "objects"), ["x"] * 9),
        (("last_telegram",), 5),
        (("last_telegram",), "2025-07-03T08:35:01"),
        (("flows",), None),
        (("flows",), [["GAS", "m3"]]),
        (("demand",), None),
        (("demand",), []),
        (("demand",), {"version": 4}),
    ],
)
def test_a_part_that_is_malformed_begins_anew(path: Path, value: object) -> None:
    part, new = str(path[0]), kept(MeterMemory(Household(CONTRACT)))
    memory = restored(replaced(STORED, path, value))
    assert memory.damaged == [PARTS.get(part, part)]
    assert kept(memory) == STORED | {part: new[part]}


@pytest.mark.parametrize("part", ["counters", "totals"])
def test_a_part_that_was_always_stored_is_missed(part: str) -> None:
    stored = {key: content for key, content in STORED.items() if key != part}
    assert restored(stored).damaged == [part]
