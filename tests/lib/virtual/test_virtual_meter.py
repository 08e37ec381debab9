"""Who gets the true value, who a share of it, and who nothing."""

from collections.abc import Iterator

import pytest

from smartyp1.virtual import (
    MOST_CLIENTS,
    Question,
    TooManyAsked,
    Unavailable,
    VirtualMeter,
    draw_serial,
    is_private,
    is_serial,
    plain_address,
)

from .support import house, of_power

SERIAL = "02a1b2c3d4e5"
BATTERY = "192.168.1.20"
STRANGER = "192.168.1.30"


def day(
    meter: VirtualMeter, *, telegrams: float = 10, poll: float, seconds: int, watts: float
) -> Iterator[float]:
    """Let telegrams come, and yield the times at which somebody polls."""
    next_telegram = 0.0
    for n in range(int(seconds / poll)):
        now = n * poll + 0.05
        while next_telegram <= now:
            meter.on_reading(of_power(watts), next_telegram)
            next_telegram += telegrams
        yield now


def power(meter: VirtualMeter, now: float, question: Question = Question.HOMEWIZARD) -> float:
    answer = meter.ask(BATTERY, question, now).power_w
    assert answer is not None
    return answer


def test_an_unknown_client_gets_the_true_value_however_often_it_asks() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    for now in day(meter, poll=0.4, seconds=60, watts=-1234):
        assert meter.ask(STRANGER, Question.EM_STATUS, now) is meter.values(now)
        assert meter.values(now).power_w == -1234


@pytest.mark.parametrize("poll", [0.4, 1, 2, 5])
@pytest.mark.parametrize("question", [Question.HOMEWIZARD, Question.EM_STATUS])
def test_what_a_battery_gets_between_two_telegrams_is_the_value_once(
    poll: float, question: Question
) -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    told = [
        (now, power(meter, now, question)) for now in day(meter, poll=poll, seconds=60, watts=-900)
    ]
    assert all(watts < 0 for _, watts in told)
    assert sum(watts for now, watts in told if 40 <= now < 50) == pytest.approx(-900, rel=0.02)


def test_phases_are_shared_and_energies_and_voltages_are_not() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    reading = house()
    for n in range(3):
        meter.on_reading(reading, n * 10)
    true = meter.values(20)
    for now in (20.1, 21.1, 22.1):
        told = meter.ask(BATTERY, Question.HOMEWIZARD, now)
    assert told.power_w == pytest.approx(234.5)
    for phase, all_of_it in zip(told.phases, true.phases, strict=True):
        assert all_of_it.power_w is not None
        assert phase.power_w == pytest.approx(all_of_it.power_w / 10)
        assert phase.voltage_v == all_of_it.voltage_v
    assert (told.imported_kwh, told.exported_kwh) == (25678.901, 1234.567)


def test_a_meter_of_a_second_is_not_shared() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    told = [power(meter, now) for now in day(meter, telegrams=1, poll=1, seconds=20, watts=700)]
    assert told[-10:] == [700] * 10


def test_a_battery_that_polls_seldom_gets_all_of_it() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    told = [power(meter, now) for now in day(meter, poll=25, seconds=200, watts=700)]
    assert told[1:] == [700] * (len(told) - 1)


def test_a_pause_does_not_change_the_pace() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    times = [now for now in day(meter, poll=1, seconds=120, watts=700) if not 50 < now < 90]
    assert [power(meter, now) for now in times][-20:] == [pytest.approx(70)] * 20


def test_whoever_asks_by_udp_is_a_battery() -> None:
    meter = VirtualMeter(SERIAL)
    for now in day(meter, poll=1, seconds=40, watts=700):
        told = meter.ask(STRANGER, Question.UDP, now).power_w
    assert told == pytest.approx(70)
    assert meter.profile(meter.clients[0]) == "battery"


def test_silent_between_telegrams() -> None:
    meter = VirtualMeter(SERIAL, is_silent=True)
    told: list[float | None] = []
    for now in day(meter, poll=1, seconds=40, watts=700):
        try:
            told.append(meter.ask(STRANGER, Question.UDP, now).power_w)
        except Unavailable:
            told.append(None)
    # The whole of it, once a telegram.
    assert told == ([700] + [None] * 9) * 4


def test_a_battery_that_is_told_by_itself_gets_all_of_it_unless_it_polls() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    for now in day(meter, poll=1, seconds=80, watts=700):
        if now < 40:
            assert meter.push(BATTERY, now).power_w == 700
        else:
            meter.ask(BATTERY, Question.EM_STATUS, now)
    assert meter.push(BATTERY, now).power_w == pytest.approx(70)


def test_nothing_before_the_first_telegram_and_after_half_a_minute_without_one() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    with pytest.raises(Unavailable):
        meter.ask(STRANGER, Question.HOMEWIZARD, 0)
    meter.on_reading(of_power(700), 100)
    assert meter.ask(STRANGER, Question.HOMEWIZARD, 129.9).power_w == 700
    for address in (STRANGER, BATTERY):
        with pytest.raises(Unavailable):
            meter.ask(address, Question.HOMEWIZARD, 130.1)


def test_who_may_be_a_battery_is_told_once() -> None:
    told: list[tuple[str, float]] = []
    meter = VirtualMeter(SERIAL, [BATTERY], on_fast=lambda *fast: told.append(fast))
    for now in day(meter, poll=1, seconds=60, watts=700):
        meter.ask(BATTERY, Question.HOMEWIZARD, now)
        meter.ask(STRANGER, Question.EM_STATUS, now)
        if round(now) % 10 == 0:
            meter.ask("192.168.1.40", Question.HOMEWIZARD, now)
    assert told == [(STRANGER, pytest.approx(1))]


def test_clients_are_bounded_and_batteries_are_kept() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    meter.on_reading(of_power(700), 0)
    meter.ask(BATTERY, Question.HOMEWIZARD, 0)
    for n in range(3 * MOST_CLIENTS):
        meter.ask(f"10.0.0.{n}", Question.HOMEWIZARD, 1)
    assert len(meter.clients) == MOST_CLIENTS
    assert meter.clients[0].address == BATTERY


def test_one_that_asks_without_end_is_refused_and_the_others_are_not() -> None:
    meter = VirtualMeter(SERIAL)
    meter.on_reading(of_power(700), 0)
    for n in range(200):
        meter.ask(STRANGER, Question.HOMEWIZARD, 1 + n / 1000)
    with pytest.raises(TooManyAsked):
        meter.ask(STRANGER, Question.HOMEWIZARD, 1.1)
    assert meter.ask(BATTERY, Question.HOMEWIZARD, 1.2).power_w == 700
    assert meter.ask(STRANGER, Question.HOMEWIZARD, 2.1).power_w == 700


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("192.168.1.20", True),
        ("172.31.0.1", True),
        ("::ffff:10.1.2.3", True),
        ("fe80::1%eth0", True),
        ("fd00::1", True),
        ("127.0.0.1", True),
        ("100.64.0.1", False),
        ("8.8.8.8", False),
        ("203.0.113.7", False),
        ("2001:db8::1", False),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_whose_addresses_are_private(address: str, *, private: bool) -> None:
    plain = plain_address(address)
    assert plain is not None
    assert is_private(plain) is private


def test_a_serial_number_is_nobodys() -> None:
    drawn = {draw_serial() for _ in range(50)}
    assert len(drawn) == 50
    # Locally administered, and of one device: bit 1 of the first byte is set, bit 0 is not.
    assert all(int(serial[:2], 16) & 3 == 2 and is_serial(serial) for serial in drawn)
    assert not is_serial("00a1b2c3d4e5")
