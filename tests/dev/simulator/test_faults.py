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


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"replay"}))
def test_every_fifth(name: str) -> None:
    deliveries = frames(f"{name}=1/5", count=10)
    healthy = [(data, False) for data in HEALTHY[:10]]
    assert deliveries[:4] == healthy[:4]
    assert deliveries[4] != healthy[4]


def test_probability() -> None:
    silent = [not delivery.data for delivery in frames("silence=0.25", count=400)]
    assert 60 < sum(silent) < 140


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


def test_cut_tail() -> None:
    for delivery, healthy in zip(frames("cut-tail"), HEALTHY, strict=True):
        assert delivery.data
        assert delivery.data != healthy
        assert healthy.startswith(delivery.data)


def test_cut_middle() -> None:
    for delivery, healthy in zip(frames("cut-middle"), HEALTHY, strict=True):
        data = delivery.data
        assert 2 <= len(data) < len(healthy)
        assert any(
            data == healthy[:n] + healthy[len(healthy) - len(data) + n :]
            for n in range(1, len(data))
        )


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


def test_other_authentication_key_changes_the_tag_only() -> None:
    for delivery, healthy in zip(frames("other-authentication-key"), HEALTHY, strict=True):
        assert delivery.data[:-12] == healthy[:-12]
        assert delivery.data[-12:] != healthy[-12:]


def test_plain() -> None:
    for n, delivery in enumerate(frames("plain")):
        text = Meter(1).telegram_at(WHEN + n * timedelta(seconds=10))
        assert delivery.data == text.encode()


def test_no_p1() -> None:
    assert all(b"/" not in delivery.data for delivery in frames("no-p1"))
    assert all(b"temp=" in delivery.data for delivery in frames("no-p1"))


def test_replay_sends_an_earlier_frame_behind_the_new_one() -> None:
    for n, delivery in enumerate(frames("replay")):
        new = open_frame(delivery.data)
        assert new.counter == FIRST + n
        if n:
            earlier = open_frame(new.rest)
            assert FIRST <= earlier.counter < new.counter
            assert earlier.rest == b""


def test_silence_uses_no_counter() -> None:
    deliveries = frames("silence=1/2", count=8)
    assert [bool(delivery.data) for delivery in deliveries] == [True, False] * 4
    counters = [open_frame(delivery.data).counter for delivery in deliveries if delivery.data]
    assert counters == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]


def test_close() -> None:
    assert [delivery.close for delivery in frames("close=1/3", count=6)] == [False, False, True] * 2


def test_faults_add_up() -> None:
    for delivery in frames("noise", "cut-tail", "close", "replay"):
        assert delivery.data
        assert delivery.close


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


@pytest.mark.parametrize(
    "text", ["", "tea", "flip=2", "flip=-1", "flip=1/0", "flip=nan", "flip=1/x"]
)
def test_bad_switches(text: str) -> None:
    with pytest.raises(ValueError, match=r"no fault|neither"):
        Fault.parse(text)
