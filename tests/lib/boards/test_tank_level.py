"""The level behind a sensor's readings: geometry, echoes, and the sensor's blind range."""

from math import isclose, pi

import pytest
from hypothesis import assume, given, strategies as st

from smartyp1.boards.tank_level import Shape, Sonar, Tank
from tests.lib.boards.support import cut, sizes

distances = st.integers(1, 764)
shapes = st.sampled_from(Shape)


@given(st.lists(distances, max_size=20), sizes)
def test_three_digits_are_centimetres(sent: list[int], lengths: list[int]) -> None:
    sonar = Sonar()
    data = b"".join(b"R%03d\r" % distance for distance in sent)
    readings = [reading for chunk in cut(data, lengths) for reading in sonar.feed(chunk, 0)]

    assert [reading.distance_cm for reading in readings] == sent


def test_four_digits_that_are_too_near_for_millimetres_are_centimetres() -> None:
    read = Sonar().feed(b"R0299\rR0025\rR1068\r", 0)
    assert [reading.distance_cm for reading in read] == [299, 25, 106.8]


@pytest.mark.parametrize("code", [b"000", b"765", b"0000", b"5000", b"9998", b"9999"])
def test_codes_that_are_no_distance(code: bytes) -> None:
    sonar = Sonar()

    assert [reading.distance_cm for reading in sonar.feed(b"R" + code + b"\r", 0)] == [None]
    assert sonar.distance_cm(0) is None


@given(st.binary(max_size=60), sizes)
def test_a_reading_behind_noise(noise: bytes, lengths: list[int]) -> None:
    sonar, chunked = Sonar(), Sonar()
    data = noise + b"R123\r" + noise
    readings = sonar.feed(data, 0)

    assert readings == [r for chunk in cut(data, lengths) for r in chunked.feed(chunk, 0)]
    assert 123 in [reading.distance_cm for reading in readings]
    assert len(sonar._buffer) < 10


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\r\r\r",
        b"R12\r",
        b"R12345\r",
        b"r123\r",
        b"R12 3\r",
        b"R1\xb23\r",
        b"R-12\r",
        b"123\r",
    ],
)
def test_noise_is_no_reading(noise: bytes) -> None:
    assert Sonar().feed(noise, 0) == []


def feed(sonar: Sonar, *sent: int, at: float = 0) -> None:
    """Send readings, ten a second."""
    for number, distance in enumerate(sent):
        sonar.feed(b"R%03d\r" % distance, at + number / 10)


@given(st.lists(st.integers(1, 764), max_size=24), distances)
def test_fewer_echoes_than_readings_change_nothing(echoes: list[int], distance: int) -> None:
    sonar = Sonar()
    feed(sonar, *echoes, *[distance] * 25)

    assert sonar.distance_cm(5) == distance


def test_readings_of_before_are_forgotten() -> None:
    sonar = Sonar()
    feed(sonar, *[100] * 50)
    feed(sonar, *[150] * 26, at=5)
    assert sonar.distance_cm(7.6) == 150
    assert sonar.distance_cm(60) is None


def test_unknown_while_most_readings_show_nothing() -> None:
    sonar = Sonar()
    feed(sonar, *[100] * 11, *[765] * 10)
    assert sonar.distance_cm(2.1) == 100
    feed(sonar, *[765] * 2, at=2.1)
    assert sonar.distance_cm(2.3) is None


def test_starting_anew() -> None:
    sonar = Sonar()
    sonar.feed(b"R100\rR1", 0)
    sonar.start_anew()
    assert sonar.feed(b"23\r", 0) == []
    assert sonar.distance_cm(0) is None


def test_one_reading_may_be_an_echo() -> None:
    sonar = Sonar()
    feed(sonar, 60, 120, 120, 120)
    assert not sonar.is_settled
    feed(sonar, 765, at=0.4)
    assert sonar.is_settled
    sonar.start_anew()
    assert not sonar.is_settled


tanks = st.builds(
    Tank,
    empty_cm=st.floats(60, 500),
    full_cm=st.floats(0, 50),
    volume_l=st.floats(1, 1e5),
    shape=shapes,
)


@given(tanks, st.floats(0, 1), st.floats(0, 1))
def test_more_water_is_more(tank: Tank, one: float, other: float) -> None:
    assume(abs(one - other) > 1e-6)
    shares = [
        tank.share(tank.full_cm + part * (tank.empty_cm - tank.full_cm))
        for part in sorted((one, other))
    ]

    assert shares[0] is not None
    assert shares[1] is not None
    assert 0 <= shares[1] < shares[0] <= 1


@given(st.floats(0, 1))
def test_a_lying_cylinder_is_a_circle(depth: float) -> None:
    """Against thin slices of a circle of radius 1, added up."""
    tank = Tank(200, 0, 1, Shape.LYING_CYLINDER)
    slices = 4000
    heights = [2 * depth * (number + 0.5) / slices - 1 for number in range(slices)]
    area = sum(2 * (1 - height**2) ** 0.5 for height in heights) * 2 * depth / slices

    share = tank.share(200 - 200 * depth)
    assert share is not None
    assert isclose(share, area / pi, abs_tol=1e-4)


def test_a_little_beyond_is_clamped_and_much_is_unknown() -> None:
    tank = Tank(220, 20, 5000, Shape.UPRIGHT)
    assert [tank.share(distance) for distance in (228, 12)] == [0, 1]
    assert [tank.share(distance) for distance in (232, 8, None)] == [None, None, None]
    assert Tank(40, 20, 5000, Shape.UPRIGHT).share(42.5) == 0


@pytest.mark.parametrize(
    ("empty", "full", "volume"), [(20, 20, 1), (20, 30, 1), (20, -1, 1), (20, 1, 0)]
)
def test_a_tank_that_cannot_be(empty: float, full: float, volume: float) -> None:
    with pytest.raises(ValueError, match="empty"):
        Tank(empty, full, volume, Shape.UPRIGHT)
