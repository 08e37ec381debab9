"""The shares of clients: the true value, a part of it, or 0."""

import re
from collections.abc import Iterator

import pytest

from smartyp1.client_admission import plain_address
from smartyp1.local_network_check import is_local_host, is_private
from smartyp1.virtual.battery_shares import LoadForecast
from smartyp1.virtual.clients import MAX_CLIENTS, PollRateExceededError, Question
from smartyp1.virtual.device_identity import draw_serial
from smartyp1.virtual.virtual_meter import Unavailable, VirtualMeter

from .support import house, of_power

SERIAL = "02a1b2c3d4e5"
BATTERY = "192.168.1.20"
STRANGER = "192.168.1.30"


def day(
    meter: VirtualMeter, *, telegrams: float = 10, poll: float, seconds: int, watts: float
) -> Iterator[float]:
    """Let telegrams come, and yield the times of polls."""
    next_telegram = 0.0
    for n in range(int(seconds / poll)):
        now = n * poll + 0.05
        while next_telegram <= now:
            meter.on_reading(of_power(watts), next_telegram)
            next_telegram += telegrams
        yield now


def power(meter: VirtualMeter, now: float, question: Question = Question.HOMEWIZARD) -> float:
    answer = meter.answer_question(BATTERY, question, now).power_w
    assert answer is not None
    return answer


def test_an_unknown_client_gets_the_true_value_at_any_rate_of_polls() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    for now in day(meter, poll=0.4, seconds=60, watts=-1234):
        assert meter.answer_question(STRANGER, Question.EM_STATUS, now) is meter.values(now)
        assert meter.values(now).power_w == -1234


def test_phases_are_shared_and_energies_and_voltages_are_not() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    reading = house()
    for n in range(3):
        meter.on_reading(reading, n * 10)
    true = meter.values(20)
    for now in (20.1, 21.1, 22.1):
        told = meter.answer_question(BATTERY, Question.HOMEWIZARD, now)
    assert told.power_w == pytest.approx(234.5)
    for phase, all_of_it in zip(told.phases, true.phases, strict=True):
        assert all_of_it.power_w is not None
        assert phase.power_w == pytest.approx(all_of_it.power_w / 10)
        assert phase.voltage_v == all_of_it.voltage_v
    assert (told.imported_kwh, told.exported_kwh) == (25678.901, 1234.567)


def test_a_pause_does_not_change_the_pace() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    told = [
        power(meter, now)
        for now in day(meter, poll=1, seconds=120, watts=1400)
        if not 50 < now < 90
    ]
    assert told[-20:] == [pytest.approx(140)] * 20


def test_a_small_power_is_given_in_few_answers() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    # A battery that does not ignore 30 W.
    told = [power(meter, now) for now in day(meter, poll=1, seconds=10, watts=200)]
    assert told == [pytest.approx(200 / 6)] * 6 + [pytest.approx(0)] * 4
    # A power that is too small for two answers is given in one.
    meter.on_reading(of_power(50), 10)
    assert [power(meter, 10.05 + n) for n in range(3)] == [50, 0, 0]


def test_a_share_of_a_small_power_is_given_in_one_answer() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY, STRANGER])

    def told(now: float) -> list[float | None]:
        asking = (BATTERY, STRANGER)
        return [
            meter.answer_question(address, Question.HOMEWIZARD, now).power_w for address in asking
        ]

    for now in day(meter, poll=1, seconds=10, watts=0):
        told(now)
    meter.on_reading(of_power(100), 10)
    assert [told(10.05 + n) for n in range(10)] == [[pytest.approx(50)] * 2, *[[0, 0]] * 9]


@pytest.mark.parametrize("telegrams", [1, 5, 10])
@pytest.mark.parametrize("is_udp", [False, True])
@pytest.mark.parametrize("batteries", [1, 2, 3])
def test_a_value_is_given_once_for_any_delay_of_the_next(
    telegrams: float, batteries: int, *, is_udp: bool
) -> None:
    addresses = [f"192.168.1.{20 + n}" for n in range(batteries)]
    meter = VirtualMeter(SERIAL, () if is_udp else addresses)
    question = Question.UDP if is_udp else Question.EM_STATUS

    def told(now: float) -> float:
        powers = [meter.answer_question(address, question, now).power_w for address in addresses]
        return sum(watts for watts in powers if watts is not None)

    for now in day(meter, telegrams=telegrams, poll=0.5, seconds=80, watts=0):
        told(now)
    meter.on_reading(of_power(700), 80)
    watts = [told(80.05 + n / 2) for n in range(58)]
    within = round(2 * telegrams)
    assert sum(watts[:within]) == pytest.approx(700, rel=0.05)
    assert watts[within:] == [0] * (58 - within)


def test_a_battery_that_asks_in_several_ways_gets_the_value_once() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    ways = (Question.HOMEWIZARD, Question.EM_STATUS, Question.SHELLY_STATUS, Question.UDP)
    for now in day(meter, poll=1, seconds=60, watts=0):
        for way in ways:
            power(meter, now, way)
    meter.on_reading(of_power(700), 60)
    told = [power(meter, 60.05 + n, way) for n in range(20) for way in ways]
    assert sum(told) == pytest.approx(700)


@pytest.mark.parametrize(("batteries", "each"), [(1, 560), (2, 280), (4, 140)])
def test_batteries_share_the_value(batteries: int, each: float) -> None:
    addresses = [f"192.168.1.{20 + n}" for n in range(batteries)]
    meter = VirtualMeter(SERIAL, [*addresses, "192.168.1.99"])
    for now in day(meter, poll=1, seconds=40, watts=5600):
        meter.answer_question(STRANGER, Question.HOMEWIZARD, now)
        told = [
            meter.answer_question(address, Question.HOMEWIZARD, now).power_w
            for address in addresses
        ]
    assert told == [pytest.approx(each)] * batteries
    # A battery that has gone counts no more.
    now += 25
    meter.on_reading(of_power(5600), now)
    told = [meter.answer_question(BATTERY, Question.HOMEWIZARD, now + n).power_w for n in (0, 1, 2)]
    assert told[-1] == pytest.approx(560)


def asks_by_udp(meter: VirtualMeter, address: str, seconds: int) -> float:
    """Let a client ask each second; return its last value."""
    for now in day(meter, poll=1, seconds=seconds, watts=2800):
        told = meter.answer_question(address, Question.UDP, now).power_w
    assert told is not None
    return told


def test_a_client_by_udp_is_a_battery_where_none_is_named() -> None:
    meter = VirtualMeter(SERIAL)
    assert asks_by_udp(meter, STRANGER, 40) == pytest.approx(280)
    assert meter.profile(meter.clients[0]) == "battery"


def test_others_that_ask_by_udp_get_no_answer_where_batteries_are_named() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    assert asks_by_udp(meter, BATTERY, 40) == pytest.approx(280)
    with pytest.raises(Unavailable):
        meter.answer_question(STRANGER, Question.UDP, 40.1)
    stranger = meter.clients[-1]
    assert (stranger.address, meter.profile(stranger)) == (STRANGER, "unanswered")


def test_a_battery_that_has_more_than_its_new_share_gives_nothing_back() -> None:
    meter = VirtualMeter(SERIAL)
    asks_by_udp(meter, BATTERY, 80)
    meter.on_reading(of_power(2800), 80)
    for n in range(8):
        told = meter.answer_question(BATTERY, Question.UDP, 80.05 + n).power_w
    assert told == pytest.approx(280)
    meter.answer_question(STRANGER, Question.UDP, 87.5)
    assert meter.answer_question(BATTERY, Question.UDP, 88.05).power_w == 0


def test_newcomers_by_udp_have_one_share_together() -> None:
    meter = VirtualMeter(SERIAL)
    assert asks_by_udp(meter, BATTERY, 80) == pytest.approx(280)
    for n in range(60):
        meter.answer_question(f"10.0.0.{n}", Question.UDP, 79.1 + n / 100)
    meter.on_reading(of_power(2800), 80)
    told = [(n, meter.answer_question(BATTERY, Question.UDP, 80.05 + n).power_w) for n in range(10)]
    assert told == [(n, pytest.approx(140)) for n in range(10)]
    # Silent clients are forgotten at once, and the battery is never silent.
    for n in range(3 * MAX_CLIENTS):
        meter.answer_question(f"10.0.1.{n}", Question.UDP, 90)
    assert BATTERY in {client.address for client in meter.clients}
    meter.on_reading(of_power(2800), 115)
    assert meter.answer_question(BATTERY, Question.UDP, 115).power_w == pytest.approx(280)


def test_a_battery_that_paused_is_a_newcomer() -> None:
    meter = VirtualMeter(SERIAL)
    asks_by_udp(meter, BATTERY, 80)
    meter.on_reading(of_power(2800), 120)
    told = [
        meter.answer_question(each, Question.UDP, 120.1).power_w for each in (STRANGER, BATTERY)
    ]
    assert told == [pytest.approx(280)] * 2


def test_at_most_eight_that_ask_by_udp_have_a_share_each() -> None:
    meter = VirtualMeter(SERIAL)
    addresses = [f"192.168.1.{100 + n}" for n in range(12)]
    for now in day(meter, poll=1, seconds=100, watts=13500):
        told = [meter.answer_question(address, Question.UDP, now).power_w for address in addresses]
    # Eight batteries have eight of nine shares; the ninth is for all others.
    assert told[:8] == [pytest.approx(150)] * 8


def test_the_forecast_of_the_load_is_the_estimate_with_the_least_error() -> None:
    forecast = LoadForecast()
    # For 600, the last load was 500 wrong, and the median of the last three 100.
    *_, part = (forecast.part(load) for load in (500, 500, 100, 600))
    assert part == pytest.approx(500 / 600)
    # A load that comes and goes without order is low in eight of fifteen telegrams.
    unsteady = LoadForecast()
    loads = [2200 if sign == "x" else 200 for sign in 6 * "xxx.xx..x.x...."]
    expected = [load * unsteady.part(load) for load in loads]
    assert expected[-15:] == pytest.approx([200] * 15)
    # Batteries that have read too much already read a twentieth, never the other sign.
    assert forecast.part(600, after=(900,)) == 0.05


def test_silent_between_telegrams() -> None:
    meter = VirtualMeter(SERIAL, is_silent=True)
    told: list[float | None] = []
    for now in day(meter, poll=1, seconds=40, watts=700):
        try:
            told.append(meter.answer_question(STRANGER, Question.UDP, now).power_w)
        except Unavailable:
            told.append(None)
    # The whole of it, once a telegram.
    assert told == ([700] + [None] * 9) * 4


def test_a_battery_with_pushed_values_gets_the_whole_power_unless_it_polls() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    for n in range(4):
        meter.on_reading(of_power(700), 10 * n)
        assert meter.push(BATTERY, 10 * n).power_w == 700
        # The whole power is pushed once.
        assert meter.push(BATTERY, 10 * n + 1).power_w == 0
    for n in range(10):
        meter.answer_question(BATTERY, Question.EM_STATUS, 30.1 + n)
    meter.on_reading(of_power(700), 40)
    assert meter.push(BATTERY, 40).power_w == pytest.approx(70)


def test_nothing_before_the_first_telegram_and_after_half_a_minute_without_one() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    with pytest.raises(Unavailable):
        meter.answer_question(STRANGER, Question.HOMEWIZARD, 0)
    meter.on_reading(of_power(700), 100)
    assert meter.answer_question(STRANGER, Question.HOMEWIZARD, 129.9).power_w == 700
    for address in (STRANGER, BATTERY):
        with pytest.raises(Unavailable):
            meter.answer_question(address, Question.HOMEWIZARD, 130.1)


@pytest.mark.parametrize(("seconds", "usual"), [(0.4, 10), (0.5, 0.5), (30, 30), (31, 10)])
def test_the_usual_interval_is_of_half_a_second_to_half_a_minute(
    seconds: float, usual: float
) -> None:
    meter = VirtualMeter(SERIAL)
    for n in range(3):
        meter.on_reading(of_power(700), n * seconds)
    assert meter.telegram_interval == usual


@pytest.mark.parametrize("poll", [0.5, 1])
def test_a_possible_battery_is_reported_until_the_listener_accepts(poll: float) -> None:
    told: list[tuple[str, float]] = []

    def on_fast(address: str, interval: float) -> bool:
        told.append((address, interval))
        return len(told) == 3

    meter = VirtualMeter(SERIAL, [BATTERY], on_fast=on_fast)
    for now in day(meter, poll=poll, seconds=60, watts=700):
        meter.answer_question(BATTERY, Question.HOMEWIZARD, now)
        meter.answer_question(STRANGER, Question.EM_STATUS, now)
        if now % 10 < 0.1:
            meter.answer_question("192.168.1.40", Question.HOMEWIZARD, now)
    assert told == [(STRANGER, pytest.approx(poll))] * 3


def test_clients_are_bounded_and_batteries_are_kept() -> None:
    meter = VirtualMeter(SERIAL, [BATTERY])
    meter.on_reading(of_power(700), 0)
    meter.answer_question(BATTERY, Question.HOMEWIZARD, 0)
    for n in range(3 * MAX_CLIENTS):
        meter.answer_question(f"10.0.0.{n}", Question.HOMEWIZARD, 1)
    assert len(meter.clients) == MAX_CLIENTS
    assert meter.clients[0].address == BATTERY
    # A host that has many addresses of IPv6 replaces one other, and then its own.
    for n in range(3 * MAX_CLIENTS):
        meter.answer_question(f"fd00::{n:x}", Question.HOMEWIZARD, 2)
    addresses = [client.address for client in meter.clients]
    assert [address for address in addresses if ":" in address] == [f"fd00::{0xBF:x}"]
    assert len(addresses) == MAX_CLIENTS
    # The next newcomer replaces the client that was silent for longest.
    meter.answer_question("fd01::1", Question.HOMEWIZARD, 3)
    assert [client.address for client in meter.clients][-2:] == [f"fd00::{0xBF:x}", "fd01::1"]


def test_only_a_client_that_asks_without_end_is_refused() -> None:
    meter = VirtualMeter(SERIAL)
    meter.on_reading(of_power(700), 0)
    for n in range(200):
        meter.answer_question(STRANGER, Question.HOMEWIZARD, 1 + n / 1000)
    with pytest.raises(PollRateExceededError):
        meter.answer_question(STRANGER, Question.HOMEWIZARD, 1.1)
    assert meter.answer_question(BATTERY, Question.HOMEWIZARD, 1.2).power_w == 700
    assert meter.answer_question(STRANGER, Question.HOMEWIZARD, 2.1).power_w == 700


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


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("192.168.1.20", True),
        ("192.168.1.20:8080", True),
        ("[fd00::1]:8080", True),
        ("[fe80::1%25eth0]", True),
        ("homeassistant", True),
        ("HomeAssistant.local.:80", True),
        ("smarty.fritz.box", True),
        ("", True),
        ("elsewhere.example", False),
        ("elsewhere.example:80", False),
        ("192.168.1.20.elsewhere.example", False),
        ("notlocal.com", False),
        ("[elsewhere.example]", False),
        ("a.local@elsewhere.example", False),
        pytest.param("a" * 300, False, id="long"),
    ],
)
def test_the_allowed_host_names_of_the_server(host: str, *, local: bool) -> None:
    assert is_local_host(host) is local


def test_a_drawn_serial_number_belongs_to_no_device() -> None:
    drawn = {draw_serial() for _ in range(50)}
    assert len(drawn) == 50
    # Locally administered, and of one device: bit 1 of the first byte is set, bit 0 is not.
    assert all(int(serial[:2], 16) & 3 == 2 for serial in drawn)
    assert all(re.fullmatch("[0-9a-f]{12}", serial) for serial in drawn)
