"""Each fault, on the bytes of one meter."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag

from dev.simulator import FAULTS, Fault, Meter
from dev.simulator.faults import Delivery, FaultyPort
from tests.dev.simulator.support import KEY, open_frame

WHEN = datetime(2026, 5, 4, 10, 17, 33, tzinfo=UTC)
FIRST = 1000


def frames(*faults: str, count: int = 40, seed: int = 1) -> list[Delivery]:
    port = FaultyPort(faults, seed)
    meter = Meter(1, KEY, counter=FIRST)
    return [port.deliver(meter, WHEN + n * timedelta(seconds=10)) for n in range(count)]


HEALTHY = [delivery.data for delivery in frames()]


def test_no_fault_no_change() -> None:
    assert [open_frame(data).counter for data in HEALTHY] == list(range(FIRST, FIRST + 40))
    assert not any(delivery.close for delivery in frames())


@pytest.mark.parametrize("name", FAULTS)
def test_same_seed_same_faults(name: str) -> None:
    assert frames(f"{name}=0.5", seed=3) == frames(f"{name}=0.5", seed=3)


def test_noise_stands_before_a_whole_frame() -> None:
    noises = [
        delivery.data.removesuffix(healthy)
        for delivery, healthy in zip(frames("noise"), HEALTHY, strict=True)
    ]
    assert all(noises)
    assert len(set(noises)) == len(noises)
    noise = b"".join(noises)
    assert noise.count(b"\xdb\x08SAG") > 40
    assert b"\x82\xff\xff" in noise
    assert b"\x82\x80\x00" in noise


def test_flip_changes_one_bit() -> None:
    for delivery, healthy in zip(frames("flip"), HEALTHY, strict=True):
        wrong = int.from_bytes(delivery.data) ^ int.from_bytes(healthy)
        assert len(delivery.data) == len(healthy)
        assert wrong.bit_count() == 1


def test_other_key_lasts() -> None:
    deliveries = frames("other-key=1/5", count=20)
    assert [delivery.data == data for delivery, data in zip(deliveries, HEALTHY, strict=False)] == (
        [True] * 4 + [False] * 16
    )
    with pytest.raises(InvalidTag):
        open_frame(deliveries[9].data)


def test_silence_uses_no_counter() -> None:
    deliveries = frames("silence=1/2", count=8)
    assert [bool(delivery.data) for delivery in deliveries] == [True, False] * 4
    counters = [open_frame(delivery.data).counter for delivery in deliveries if delivery.data]
    assert counters == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("flip", Fault("flip")),
        ("flip=0.2", Fault("flip", probability=0.2)),
        ("close=1/7", Fault("close", every=7)),
    ],
)
def test_switches(text: str, fault: Fault) -> None:
    assert Fault.parse(text) == fault
