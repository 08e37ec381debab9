"""What a load's control orders, row by row. The worlds of `test_commanded_worlds` mix them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from smartyp1.plan.commanded import Around, EntityKind, EntityOrder, EntityReport, Told
from smartyp1.plan.load_control import LoadControl, Mode, Setting
from smartyp1.stored_json import dump, load

START = datetime(2026, 6, 16, 20, tzinfo=UTC)
SWITCH, NUMBER = {"switch.car": EntityKind.SWITCH}, {"number.car": EntityKind.NUMBER}
BATTERY = {"number.battery": EntityKind.FOLLOWED, "select.mode": EntityKind.SELECT}
MODE = Mode("select.mode", "Charge", "Auto")


class House:
    """House with a load whose devices obey at once, unless a test says otherwise."""

    def __init__(self, entities: Mapping[str, EntityKind], **states: str | None) -> None:
        self.entities = entities
        self.states: dict[str, str | None] = {
            name: states.get(kind, {"switch": "off", "select": "Auto"}.get(kind, "0.0"))
            for name, kind in entities.items()
        }
        self.control = LoadControl()
        self.s = 0
        self.orders: list[tuple[int, str]] = []
        self.kw, self.value = 0.0, 16.0
        self.is_urgent = self.is_last_chance = self.fits_full = False
        self.values: dict[str, float] | None = None
        self.run: str | None = None
        self.around = Around(is_needed=True)
        self.is_trusted = True
        self.answers: bool | None = True
        """None: a call that hangs."""
        self.obeys = True
        self.pending: list[EntityOrder] = []

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.s)

    def look(self, *called: str) -> None:
        control = self.control.used(self.entities, self.now)
        reports = {
            name: EntityReport(state, name in called, self.is_trusted)
            for name, state in self.states.items()
        }
        control = control.reported(reports, self.now, self.around)
        kinds = set(self.entities.values())
        setting = Setting("number.car", self.value, 0.0) if EntityKind.NUMBER in kinds else None
        if EntityKind.FOLLOWED in kinds:
            control = control.battery(
                self.values, MODE if EntityKind.SELECT in kinds else None, self.now
            )
        elif EntityKind.START in kinds:
            start = control.of("button.dishes", EntityKind.START)
            control = control.with_entity(start.asked(self.run, self.now, is_safe=False))
        elif kinds:
            control = control.powered(
                self.kw,
                setting,
                self.now,
                is_urgent=self.is_urgent,
                is_last_chance=self.is_last_chance,
                fits_full=self.fits_full,
            )
        self.control, orders = control.due(self.now)
        for order in orders:
            self.orders.append((self.s, order.value))
            if self.answers is None:
                self.pending.append(order)
            else:
                self.answer(order, is_done=self.answers)
        if orders and self.answers is not None:
            self.look()

    def answer(self, order: EntityOrder, *, is_done: bool) -> None:
        if is_done and self.obeys:
            self.states[order.entity_id] = order.value
        self.control = self.control.answered(order, self.now, is_done=is_done)

    def until(self, s: int, step: int = 10) -> list[tuple[int, str]]:
        """Let the time pass. Return the orders since the last call."""
        before = len(self.orders)
        while self.s < s:
            self.s = min(s, (self.s // step + 1) * step)
            self.look()
        return self.orders[before:]

    def change(self, *, by_call: bool = False, **states: str | None) -> list[tuple[int, str]]:
        """Let somebody or the device change states. Return the orders that follow at once."""
        before = len(self.orders)
        names = {kind: name for name, kind in self.entities.items()}
        for kind, state in states.items():
            self.states[names[EntityKind(kind)]] = state
        self.look(*([names[EntityKind(kind)] for kind in states] if by_call else ()))
        return self.orders[before:]

    def restart(self, seconds: int = 60, switch: str | None = None) -> None:
        text = json.dumps(dump(self.control))
        self.control = load(LoadControl, json.loads(text))
        self.s += seconds
        if switch:
            self.change(switch=switch)
        else:
            self.look()

    def told(self) -> Told | None:
        return next((why for why in Told if self.control.told(self.now, why)), None)


def running(entities: Mapping[str, EntityKind] = SWITCH) -> House:
    """Return a house whose load the plan has switched on an hour ago."""
    house = House(entities)
    house.kw = 11.0
    house.look()
    house.until(3600, step=300)
    house.orders.clear()
    return house


def resting() -> House:
    """Return a house whose load the plan has switched off an hour ago."""
    house = running()
    house.kw = 0.0
    house.look()
    house.until(7200, step=300)
    house.orders.clear()
    return house


# Hands


@pytest.mark.parametrize("after_s", [20, 3000])
def test_a_call_in_home_assistant_decides_until_the_end_of_the_hand(after_s: int) -> None:
    house = running()
    house.around = Around(is_needed=True, hand_end=START + timedelta(hours=9))
    house.kw = 0.0
    house.look()
    start = house.s
    house.until(start + after_s)
    house.change(switch="on", by_call=True)
    assert house.control.is_by_hand
    assert not house.until(9 * 3600 - 10, step=60)[1:]
    assert house.control.hand_until == START + timedelta(hours=9)
    assert house.until(9 * 3600 + 60) == [(9 * 3600, "off")]


def test_a_hand_lasts_a_day_at_most_and_until_the_car_leaves_or_by_plan() -> None:
    for end in ("day", "leaves", "by plan", "switched off"):
        house = resting()
        house.around = Around(hand_end=START + timedelta(days=5))
        house.change(switch="on", by_call=True)
        assert house.control.hand_until == house.now + timedelta(days=1)
        at = house.s
        if end == "day":
            assert house.until(at + 86_390, step=600) == []
            assert house.until(at + 86_500) == [(at + 86_400, "off")]
        elif end == "leaves":
            house.around = Around(is_gone=True)
            assert house.until(at + 60) == [(at + 10, "off")]
        elif end == "by plan":
            house.control = house.control.released()
            assert house.until(at + 60) == [(at + 10, "off")]
        else:
            house.change(switch="off", by_call=True)
            assert not house.control.has_hand


def test_a_switch_that_is_on_before_its_first_order_is_somebodys() -> None:
    house = House(SWITCH, switch="on")
    assert house.until(600) == []
    assert house.control.is_by_hand


def test_another_hand_lasts_until_its_own_end() -> None:
    house = running(NUMBER)
    for hours, number in ((1, "7.0"), (3, "12.0")):
        house.until(house.s + 600)
        house.around = Around(hand_end=house.now + timedelta(hours=hours))
        house.change(number=number, by_call=True)
        assert house.control.hand_until == house.around.hand_end


def test_a_hand_while_the_car_is_away_is_kept() -> None:
    house = resting()
    house.around = Around(is_gone=True)
    house.until(house.s + 60)
    house.change(switch="on", by_call=True)
    house.until(house.s + 600)
    assert house.control.is_by_hand


def test_an_off_by_hand_is_kept_too() -> None:
    house = running()
    house.around = Around(is_needed=True, hand_end=house.now + timedelta(hours=2))
    assert house.change(switch="off", by_call=True) == []
    at = house.s
    assert house.control.has_hand
    assert not house.control.is_by_hand
    assert house.until(at + 7300) == [(at + 7200, "on")]


# Changes without a call


def test_a_switch_that_goes_off_by_itself_is_tried_again_and_the_second_time_is_a_hand() -> None:
    house = running()
    at = house.s
    assert house.change(switch="off") == []
    assert house.until(at + 600) == [(at + 300, "on")]
    assert house.told() is None
    assert house.change(switch="off") == []
    assert house.told() is Told.STOPPED
    assert house.until(at + 3600) == []
    house.control = house.control.released()
    assert house.told() is None


def test_a_switch_that_goes_off_without_missing_energy_is_no_hand() -> None:
    house = running()
    house.around = Around(is_needed=False)
    for _ in range(2):
        house.change(switch="off")
        house.until(house.s + 600)
    assert [value for _, value in house.orders] == ["on", "on"]
    assert not house.control.has_hand


def test_a_switch_that_goes_off_twice_in_an_hour_is_tried_again_twice() -> None:
    house = running()
    house.change(switch="off")
    at = house.s
    house.until(at + 2400)
    house.change(switch="off")
    assert house.told() is None
    assert house.until(at + 3600) == [(at + 2700, "on")]


def test_a_box_that_starts_by_itself_is_switched_off_four_times_then_it_is_a_hand() -> None:
    house = resting()
    for n in range(3):
        assert house.change(switch="on") == [(house.s, "off")], n
        assert house.told() is None
        house.until(house.s + 1000)
    assert house.change(switch="on") == []
    assert house.told() is Told.STARTS_ITSELF
    assert house.control.is_by_hand


@pytest.mark.parametrize("plan_decides", [True, False])
def test_a_box_that_starts_when_a_car_is_plugged_in(plan_decides: bool) -> None:  # noqa: FBT001
    house = resting()
    for _ in range(6 if plan_decides else 1):
        house.around = Around(connected_at=house.now, plan_decides=plan_decides)
        house.until(house.s + 200)
        assert bool(house.change(switch="on")) is plan_decides
        assert house.control.is_by_hand is not plan_decides
        house.until(house.s + 800)


def test_a_late_report_of_the_state_before_an_order_is_no_hand() -> None:
    house = running()
    house.obeys = False
    house.kw = 0.0
    house.look()
    house.until(house.s + 60)
    house.change(switch="off")
    house.orders.clear()
    house.change(switch="on")
    house.until(house.s + 20)
    house.change(switch="off")
    assert house.orders == []
    assert not house.control.has_hand
    assert house.control.main is not None
    assert house.control.main.is_obeyed


def test_a_report_of_an_earlier_order_says_nothing_about_the_delay() -> None:
    house = House(SWITCH)
    house.around, house.obeys = Around(plan_decides=False), False
    for kw, begin in ((11.0, 0), (0.0, 130), (11.0, 260)):
        house.until(begin)
        house.kw = kw
        house.look()
    # Five minutes late: on, off, and on again.
    for state, at in (("on", 300), ("off", 430), ("on", 560)):
        house.until(at)
        house.change(switch=state)
        house.kw = 0.0 if state == "off" else 11.0
    assert not house.control.has_hand


def test_a_late_report_of_an_order_before_a_restart_is_no_hand() -> None:
    house = House(SWITCH)
    house.kw, house.obeys = 11.0, False
    house.look()
    house.until(20)
    house.kw = 0.0
    house.restart()
    assert [value for _, value in house.orders] == ["on", "off"]
    house.s += 65
    house.change(switch="on")
    assert not house.control.has_hand


# Restarts


@pytest.mark.parametrize(
    ("was", "found", "wished", "orders", "is_hand"),
    [
        ("off, not seen", "on", 0.0, ["off"], False),
        ("on", "on", 0.0, ["off"], False),
        ("on", "on", 11.0, [], False),
        ("off", "on", 0.0, [], True),
        ("on", "off", 11.0, ["on"], False),
        # What is found at once may be old: an order to be off does no harm.
        ("on", "off", 0.0, ["off"], False),
        ("hand on", "on", 0.0, [], True),
        ("hand off", "off", 11.0, [], True),
    ],
)
def test_a_state_that_is_found_after_a_restart(
    was: str,
    found: str,
    wished: float,
    orders: list[str],
    is_hand: bool,  # noqa: FBT001
) -> None:
    house = resting() if was in {"off", "hand on"} else running()
    if was == "off, not seen":
        house.answers = None
        house.kw = 0.0
        house.look()
        house.answers = True
    if was.startswith("hand"):
        house.change(switch=found, by_call=True)
    house.orders.clear()
    house.kw = wished
    house.restart(switch=found)
    house.until(house.s + 200)
    assert [value for _, value in house.orders] == orders
    assert house.control.has_hand is is_hand


def test_a_load_waits_for_home_assistant_and_a_minute_but_not_to_be_off() -> None:
    house = resting()
    house.is_trusted = False
    house.kw = 11.0
    house.restart()
    at = house.s
    assert house.until(at + 120) == []
    house.is_trusted = True
    assert house.until(at + 300) == [(at + 180, "on")]
    house.is_trusted = False
    house.restart()
    house.kw = 0.0
    assert house.until(house.s + 10) == [(house.s, "off")]


def test_an_entity_that_was_unavailable_is_judged_after_a_minute_and_forgot_its_order() -> None:
    house = running()
    house.change(switch=None)
    house.until(house.s + 300)
    at = house.s
    assert house.change(switch="off") == []
    assert house.until(at + 200) == [(at + 60, "on")]
    assert not house.control.has_hand


# Times


@pytest.mark.parametrize("wished", [0.0, 11.0])
def test_only_a_safe_order_overtakes_a_call_that_hangs(wished: float) -> None:
    house = resting() if wished else running()
    house.answers = None
    house.kw = wished
    house.look()
    house.kw = 0.0 if wished else 11.0
    at = house.s
    orders = [value for _, value in house.until(at + 110)]
    assert orders == (["off"] if wished else [])
    # The answer to an order that was overtaken says nothing.
    old = house.pending[0]
    if wished:
        house.control = house.control.answered(old, house.now, is_done=True)
        main = house.control.main
        assert main is not None
        assert main.is_open


def test_an_order_that_is_not_shown_is_sent_again_and_has_a_message_after_ten_minutes() -> None:
    house = running()
    house.obeys = False
    house.kw = 0.0
    house.look()
    at = house.s
    orders = house.until(at + 590)
    assert [s - at for s, _ in orders] == [160, 330, 520]
    assert house.told() is None
    house.until(at + 800)
    assert house.told() is Told.DOES_NOT_OBEY
    [failing] = house.control.told(house.now, Told.DOES_NOT_OBEY)
    assert (failing.entity_id, failing.ordered, failing.state) == ("switch.car", "off", "on")
    house.answers = False
    house.until(at + 1500)
    house.change(switch=None)
    assert house.told() is None
    # Once it is back, it does not wait for the retry.
    house.answers = house.obeys = True
    house.change(switch="on")
    assert house.states == {"switch.car": "off"}
    assert house.told() is None


def test_a_call_that_hangs_is_made_again_after_two_minutes() -> None:
    house = running()
    house.answers = None
    house.kw = 0.0
    house.look()
    at = house.s
    assert [s - at for s, _ in house.until(at + 300)] == [130, 270]


def test_an_order_to_an_entity_that_vanishes_is_made_again_when_it_is_back() -> None:
    house = running()
    house.obeys = False
    house.kw = 0.0
    house.look()
    house.change(switch=None)
    house.until(house.s + 30)
    assert house.change(switch="on") == [(house.s, "off")]


def test_a_lower_power_does_not_wait_for_the_retry_of_a_higher_one() -> None:
    house = running(NUMBER)
    house.answers, house.value = False, 20.0
    house.until(house.s + 300)
    house.answers, house.value = True, 6.0
    assert house.until(house.s + 10) == [(house.s, "6.0")]


def test_a_slow_device_is_waited_for() -> None:
    house = running()
    house.obeys = False
    for wished, state in ((0.0, "off"), (11.0, "on")):
        house.kw = wished
        house.look()
        house.until(house.s + 140)
        house.change(switch=state)
        house.until(house.s + 900)
    house.kw = 0.0
    house.look()
    at = house.s
    # Twice the longest delay.
    assert [s - at for s, _ in house.until(at + 400)] == [290]


@pytest.mark.parametrize("fails", [1, 4])
def test_a_refused_off_is_sent_again(fails: int) -> None:
    house = running()
    house.answers = False
    house.kw = 0.0
    house.look()
    at = house.s
    while len(house.orders) < fails:
        house.until(house.s + 10)
    house.answers = True
    house.until(house.s + 200)
    assert [s - at for s, _ in house.orders] == [0, 10, 30, 70, 150][: fails + 1]
    assert house.states == {"switch.car": "off"}


# Numbers


def test_a_number_that_jumps_is_corrected_with_growing_pauses_and_is_no_hand() -> None:
    house = running(SWITCH | NUMBER)
    at = house.s
    house.change(number="32.0")
    corrected = [house.s - at]
    for _ in range(3):
        house.until(house.s + 10)
        house.change(number="32.0")
        while house.states["number.car"] == "32.0":
            house.until(house.s + 10)
        corrected.append(house.s - at)
    assert corrected == [0, 20, 50, 100]
    assert not house.control.has_hand
    house.change(number="8.0", by_call=True)
    assert house.control.has_hand


def test_a_number_is_set_each_half_minute_at_most_but_falls_at_once() -> None:
    house = running(NUMBER)
    at = house.s
    for n in range(12):
        house.value = 10.0 + n % 2
        house.until(house.s + 10)
    assert [s - at for s, _ in house.orders] == [10, 40, 70, 100]
    house.is_urgent, house.value = True, 6.0
    house.until(house.s + 10)
    assert house.orders[-1] == (house.s, "6.0")
    house.value = 9.0
    assert house.until(house.s + 20) == []


def test_a_number_is_set_fifty_times_a_night_at_most_until_its_last_chance() -> None:
    house = running(NUMBER)
    for n in range(1200):
        house.value = 10.0 + n % 2
        house.until(house.s + 30, step=30)
    assert 40 <= len(house.orders) <= 50
    house.value, house.is_last_chance = 16.0, True
    assert house.until(house.s + 10) == [(house.s, "16.0")]


def test_a_start_may_use_the_settings_that_are_kept_for_lower_powers() -> None:
    house = running(SWITCH | NUMBER)
    for n in range(360):
        house.value = 10.0 + n % 2
        house.until(house.s + 30, step=30)
    house.kw = 0.0
    house.until(house.s + 300)
    house.kw, house.value = 9.0, 16.0
    house.until(house.s + 40)
    assert house.states == {"switch.car": "on", "number.car": "16.0"}


def test_a_number_that_jumps_all_night_is_set_fifty_times_at_most() -> None:
    house = running(NUMBER)
    for _ in range(1200):
        house.change(number="32.0")
        house.until(house.s + 30, step=30)
    assert 40 <= len(house.orders) <= 50
    assert not house.control.has_hand


def test_a_load_without_a_switch_goes_to_its_lowest_power() -> None:
    house = running(NUMBER)
    house.kw = 0.0
    assert house.until(house.s + 10) == [(house.s, "0.0")]


@pytest.mark.parametrize("fits_full", [True, False])
def test_a_number_that_is_unavailable_delays_a_load_by_five_minutes(fits_full: bool) -> None:  # noqa: FBT001
    house = House(SWITCH | NUMBER, number=None)
    house.kw, house.fits_full = 11.0, fits_full
    assert house.until(290) == []
    assert house.until(900) == ([(310, "on")] if fits_full else [])
    house.change(number="9.0")
    assert house.states["number.car"] == "16.0"


def test_a_load_starts_after_five_minutes_if_its_number_shows_nothing() -> None:
    house = House(SWITCH | NUMBER, number="6.0")
    house.kw, house.obeys = 11.0, False
    begin = next(s for s, value in house.until(1200) if value == "on")
    assert 300 <= begin <= 600


def test_a_device_may_round_or_cap_a_number() -> None:
    house = running(NUMBER)
    house.obeys = False
    for value, shown in ((9.7, "10.0"), (15.0, "13.0")):
        house.value = value
        house.until(house.s + 60)
        house.change(number=shown)
        house.orders.clear()
        assert house.until(house.s + 900) == []


@pytest.mark.parametrize(("value", "shown"), [(16.0, "0.0"), (6.0, "20.0")])
def test_a_number_at_0_or_above_its_order_does_not_obey(value: float, shown: str) -> None:
    house = House(NUMBER)
    house.kw, house.value, house.obeys = 11.0, value, False
    house.look()
    house.change(number=shown)
    house.until(1800)
    assert house.told() is Told.DOES_NOT_OBEY


def test_a_device_that_caps_a_number_for_a_while_gets_it_again() -> None:
    house = running(NUMBER)
    house.obeys, house.value = False, 15.0
    house.look()
    house.change(number="13.0")
    house.obeys = True
    assert house.until(house.s + 1200) == [(house.s, "15.0")]
    house.value, house.obeys = 9.7, False
    house.until(house.s + 60)
    house.change(number="10.0")
    house.orders.clear()
    assert house.until(house.s + 5000) == []


def test_a_number_that_has_refused_is_not_capped_by_the_first_order_that_it_ignores() -> None:
    house = House(NUMBER, number="6.0")
    house.kw, house.answers = 11.0, False
    house.look()
    house.until(300)
    house.answers, house.obeys = True, False
    house.until(460)
    house.obeys = True
    house.until(1000)
    assert house.states["number.car"] == "16.0"


# Batteries


def test_a_battery_is_given_back_power_first_and_then_left_alone() -> None:
    house = House(BATTERY)
    house.look()
    assert house.orders == []
    house.values = {"number.battery": 4000.0}
    house.until(600)
    assert [value for _, value in house.orders] == ["Charge", "4000.0"]
    house.orders.clear()
    house.values = None
    house.until(700)
    assert [value for _, value in house.orders] == ["0.0", "Auto"]
    house.orders.clear()
    house.change(followed="77.0", select="Backup")
    house.until(2000)
    assert house.orders == []


@pytest.mark.parametrize("is_hand", [False, True])
def test_after_a_crash_a_battery_is_given_back_unless_it_is_somebodys(is_hand: bool) -> None:  # noqa: FBT001
    house = House(BATTERY)
    house.values = {"number.battery": 4000.0}
    house.until(600)
    house.orders.clear()
    if is_hand:
        house.change(select="Backup", by_call=True)
    house.values = None
    house.restart()
    house.until(house.s + 30)
    assert [value for _, value in house.orders] == ([] if is_hand else ["0.0", "Auto"])
    house.values = {"number.battery": 1000.0}
    house.until(house.s + 600)
    assert house.states["select.mode"] == ("Backup" if is_hand else "Charge")


@pytest.mark.parametrize("answers", [None, False])
def test_the_own_mode_waits_for_0_but_not_for_a_number_that_refuses(answers: bool | None) -> None:  # noqa: FBT001
    house = House(BATTERY)
    house.values = {"number.battery": 4000.0}
    house.until(600)
    house.orders.clear()
    house.values, house.answers = None, answers
    house.look()
    assert [value for _, value in house.orders][:1] == ["0.0"]
    assert len(house.orders) == (1 if answers is None else 2)


def test_nothing_but_0_is_set_without_the_mode() -> None:
    house = House(BATTERY)
    house.answers = False
    house.values = {"number.battery": 4000.0}
    house.until(3000)
    assert {value for _, value in house.orders} == {"Charge"}
    assert house.told() is Told.DOES_NOT_OBEY


@pytest.mark.parametrize(("kind", "old"), [("followed", "4000.0"), ("select", "Charge")])
def test_a_late_order_from_before_a_battery_was_given_back_is_taken_back(
    kind: str, old: str
) -> None:
    house = House(BATTERY)
    house.values = {"number.battery": 4000.0}
    house.until(20)
    house.values = None
    assert house.until(90) == [(30, "0.0"), (30, "Auto")]
    house.change(by_call=False, **{kind: old})
    house.until(900)
    assert {*house.states.values()} == {"0.0", "Auto"}
    # Later, somebody else decides it.
    house.change(by_call=False, **{kind: old})
    assert house.until(2000) == []


def test_another_mode_is_somebodys_but_another_power_is_set_again() -> None:
    house = House(BATTERY)
    house.values = {"number.battery": 4000.0}
    house.until(900)
    house.orders.clear()
    house.change(followed="10.0")
    assert house.orders == [(900, "4000.0")]
    house.change(select="Backup")
    house.values = {"number.battery": 1000.0}
    assert house.until(2000) == []
    assert house.control.has_hand


# Ends


def test_a_switch_that_is_no_longer_chosen_is_switched_off_until_it_is_seen() -> None:
    house = running()
    house.entities = {}
    house.answers = False
    house.until(house.s + 100)
    house.answers = True
    house.until(house.s + 400)
    assert house.states["switch.car"] == "off"
    house.look()
    assert not house.control.entities


@pytest.mark.parametrize("how", ["by hand", "a day"])
def test_a_load_that_somebody_switched_on_stays_and_a_day_is_enough(how: str) -> None:
    house = running()
    if how == "by hand":
        house.change(switch="off", by_call=True)
        house.kw = 0.0
        house.look()
        house.change(switch="on", by_call=True)
        house.orders.clear()
    house.entities = {}
    house.answers = False
    house.look()
    if how == "by hand":
        assert house.orders == []
        assert not house.control.entities
    else:
        house.until(house.s + 86_000, step=300)
        assert house.control.entities
        house.until(house.s + 1000)
        assert not house.control.entities


# Starts, own count, no plan


def test_an_appliance_is_started_once_for_each_run_also_over_a_crash() -> None:
    house = House({"button.dishes": EntityKind.START}, start="unknown")
    house.run = "1"
    house.until(600)
    house.restart()
    house.until(house.s + 600)
    house.run = None
    house.until(house.s + 600)
    house.run, house.answers = "2", None
    house.until(house.s + 30)
    house.restart()
    house.answers = True
    house.until(house.s + 900)
    house.run, house.answers = "3", False
    house.look()
    house.answers = True
    house.until(house.s + 100)
    assert [value for _, value in house.orders] == ["1", "2", "3", "3"]
    assert house.control.has_started


def test_the_own_count_is_power_times_the_time_in_which_it_was_on() -> None:
    house = running()
    house.control = replace(house.control, left_kwh=20.0)
    since = START
    for _ in range(180):
        house.control = house.control.counted(since, 11.0, house.now)
        house.until(house.s + 20)
    assert house.control.own_kwh == pytest.approx(11.0, abs=0.1)
    assert house.control.left_kwh == pytest.approx(9.0, abs=0.1)
    house.control = house.control.counted(since, 11.0, house.now)
    assert house.control.quarter_kwh == pytest.approx(0.0, abs=0.01)
    house.until(house.s + 300)
    house.control = house.control.counted(since, 12.0, house.now)
    assert house.control.quarter_kwh == pytest.approx(1.0, abs=0.01)
    house.kw = 0.0
    house.until(house.s + 20)
    before = house.control.own_kwh
    house.until(house.s + 600)
    house.control = house.control.counted(since, 12.0, house.now)
    assert house.control.own_kwh == before
    assert house.control.counted(house.now, 12.0, house.now).own_kwh == 0.0


def test_the_own_count_knows_no_energy_of_a_time_in_which_nobody_saw_the_load_on() -> None:
    house = running()

    def count(seconds: int) -> float:
        """Return the energy by the own count after this time, with looks every 20 seconds."""
        begin, before = START, house.control.own_kwh
        for _ in range(seconds // 20):
            house.until(house.s + 20)
            house.control = house.control.counted(begin, 12.0, house.now)
        return house.control.own_kwh - before

    assert count(300) == pytest.approx(1.0, abs=0.1)
    house.change(switch=None)
    assert count(3600) == pytest.approx(0.0, abs=0.1)
    house.change(switch="on")
    assert count(300) == pytest.approx(1.0, abs=0.1)
    house.restart(3600, switch="on")
    assert count(300) == pytest.approx(1.0, abs=0.1)
    # The computer was asleep.
    house.s += 3600
    assert count(300) == pytest.approx(1.0, abs=0.1)
    # A load that is only planned.
    house.control, house.entities = LoadControl(), {}
    assert count(320) == pytest.approx(1.0, abs=0.1)
    house.restart(600)
    assert count(20) == 0.0
