"""The grid operator's limit, second by second: relays, devices, shares and the end of power.

The devices here know nothing of the guard. A kill keeps only what is stored.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from smartyp1.plan.commanded import Around, Commanded, EntityKind, EntityOrder, EntityReport
from smartyp1.plan.limit_guard import (
    Cap,
    Claim,
    GuardedLoad,
    RelayState,
    SeenLoad,
    SeenNumber,
    SeenSwitch,
    shares,
)
from smartyp1.plan.load_control import LoadControl, Setting
from smartyp1.stored_json import dump, load

NOW = datetime(2026, 6, 16, 20, tzinfo=UTC)
TICK_S = 15
AMPERE_KW = 0.69
SWITCH, NUMBER = "switch.car", "number.car"


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def restarted[T](value: T) -> T:
    return load(type(value), json.loads(json.dumps(dump(value))))


# Relays


@pytest.mark.parametrize(
    ("looks", "counts"),
    [
        # A known state decides.
        ([(0, False)], False),
        ([(0, True)], True),
        # Only a known free state frees: one that was never known, or whose file is lost, limits.
        ([(0, None)], True),
        ([(0, None), (30, False), (149, False)], True),
        ([(0, None), (30, False), (150, False)], False),
        # What was free stays so for 15 minutes, also over a restart.
        ([(0, False), (60, None), (959, None)], False),
        ([(0, False), (60, None), (960, None)], True),
        ([(0, False), (60, None), (960, None), (970, False), (1089, False)], True),
        ([(0, False), (60, None), (960, None), (970, False), (1090, False)], False),
        # A lost relay ends no limit.
        ([(0, True), (60, None), (9999, None)], True),
        # Relays bounce.
        ([(0, True), (60, False), (179, False)], True),
        ([(0, True), (60, False), (180, False)], False),
        ([(0, True), (60, False), (120, True), (130, False), (249, False)], True),
        ([(0, False), (60, True)], True),
    ],
)
def test_only_a_known_free_state_frees(looks: list[tuple[int, bool | None]], counts: bool) -> None:  # noqa: FBT001
    relay = RelayState()
    for seconds, is_limited in looks:
        relay = restarted(relay).seen(at(seconds), is_limited=is_limited)
    assert relay.counts is counts
    # Further looks in the same second change nothing that is stored.
    assert relay.seen(at(looks[-1][0]), is_limited=looks[-1][1]) == relay


# Devices


class House:
    """Car by switch and number, its plan, the guard, and a relay. One look each second."""

    def __init__(self, limit_kw: float = 4.2, *kinds: EntityKind) -> None:
        kinds = kinds or (EntityKind.SWITCH, EntityKind.NUMBER)
        self.kinds = {SWITCH if kind is EntityKind.SWITCH else NUMBER: kind for kind in kinds}
        self.limit_kw = limit_kw
        self.lowest: float | None = 6.0 if len(kinds) > 1 else 0.0
        self.s = 0
        self.is_limited: bool | None = False
        self.is_on, self.amperes = True, 16.0
        self.unreadable = set[str]()
        self.deaf = set[str]()
        self.late_s = 0
        self.late: list[tuple[int, Callable[[], None]]] = []
        self.wished_kw = 11.0
        self.hand_end_s = 9 * 3600
        self.relay, self.guarded = RelayState(), GuardedLoad()
        self.cap: Cap | None = None
        self.control = LoadControl()
        self.orders: list[tuple[int, str]] = []
        self.called: str | None = None
        self.stored: tuple[Any, ...] = ()

    @property
    def kw(self) -> float:
        return self.amperes * AMPERE_KW if self.is_on or SWITCH not in self.kinds else 0.0

    def kill(self, down_s: int = 0) -> None:
        """End all that is only in memory."""
        self.relay, self.guarded, self.control = map(restarted, self.stored)
        self.cap = None
        self.late = []
        self.s += down_s

    def run(self, seconds: int, step: int = 1) -> None:
        for _ in range(0, seconds, step):
            self.s += step
            for due in [due for due in self.late if due[0] <= self.s]:
                self.late.remove(due)
                due[1]()
            self.guard()
            self.follow()
            self.stored = self.relay, self.guarded, self.control

    def switch(self, *, is_on: bool) -> None:
        """Let somebody switch the load in Home Assistant."""
        self.is_on, self.called = is_on, SWITCH
        self.follow()

    def seen(self) -> SeenLoad:
        switch = number = None
        if SWITCH in self.kinds:
            switch = SeenSwitch(SWITCH, "off", None if SWITCH in self.unreadable else self.is_on)
        if NUMBER in self.kinds:
            value = None if NUMBER in self.unreadable else self.amperes
            number = SeenNumber(NUMBER, value, self.lowest, AMPERE_KW, 1.0)
        return SeenLoad(11.04, 4.14 if number else 11.04, None, switch, number)

    def guard(self) -> None:
        self.relay = self.relay.seen(at(self.s), is_limited=self.is_limited)
        cap_kw = self.limit_kw if self.relay.counts else None
        decision = self.guarded.looked(self.seen(), cap_kw, self.relay, at(self.s))
        self.guarded, self.cap = decision.load, decision.cap
        for order in decision.orders:
            self._send(order.entity_id, order.value)

    def follow(self) -> None:
        """Let the plan order what it wishes."""
        now, cap = at(self.s), self.cap
        states = {SWITCH: "on" if self.is_on else "off", NUMBER: str(self.amperes)}
        reports = {
            name: EntityReport(
                None if name in self.unreadable else states[name], name == self.called
            )
            for name in self.kinds
        }
        self.called = None
        around = Around(is_needed=True, hand_end=at(self.hand_end_s), is_limited=cap is not None)
        control = self.control.used(self.kinds, now).reported(reports, now, around)
        kw = self.wished_kw
        if control.has_hand:
            kw = 11.0 if control.is_by_hand else 0.0
        if cap:
            kw = min(kw, cap.kw) if cap.kw >= 4.14 else 0.0
        setting = None
        if NUMBER in self.kinds:
            top = cap.top if cap and cap.top is not None else 16.0
            setting = Setting(NUMBER, min(top, max(6.0, kw // AMPERE_KW)), self.lowest or 0.0)
        control = control.powered(kw, setting, now, fits_full=True)
        control, orders = control.due(now, self._permits)
        for order in orders:
            self._send(order.entity_id, order.value)
            control = control.answered(order, now, is_done=True)
        self.control = control

    def _permits(self, entity: Commanded, order: EntityOrder) -> bool:
        number = float(order.value) if order.kind is EntityKind.NUMBER else None
        is_off = order.value == entity.off
        return not self.cap or self.cap.permits(order.entity_id, number, is_off=is_off)

    def _send(self, entity_id: str, value: str) -> None:
        self.orders.append((self.s, value))
        if entity_id not in self.deaf:
            self.late.append((self.s + self.late_s, lambda: self._obey(value)))

    def _obey(self, value: str) -> None:
        if value in {"on", "off"}:
            self.is_on = value == "on"
        else:
            self.amperes = float(value)

    def limit(self) -> list[tuple[int, str]]:
        """Let the operator limit the load for two minutes. Return the orders by their seconds."""
        self.run(700, 10)
        begin = self.s + 1
        self.orders.clear()
        self.is_limited = True
        self.run(120)
        return [(s - begin, value) for s, value in self.orders]


def test_a_limit_is_the_number_rounded_down_and_ends_with_it() -> None:
    house = House(4.8)
    assert house.limit() == [(0, "6.0")]
    assert house.is_on
    house.is_limited = False
    house.run(120)
    assert house.amperes == 6.0
    house.run(60)
    assert house.amperes == 15.0


@pytest.mark.parametrize(
    ("limit_kw", "fault", "orders"),
    [
        # Below its minimum.
        (4.1, None, [(0, "off")]),
        (0.0, None, [(0, "off")]),
        # Unreadable.
        (4.8, "unreadable", [(0, "off")]),
        # Not shown within 30 seconds. It is ordered again and again until then.
        (4.8, "deaf", [(0, "6.0"), (14, "6.0"), (28, "6.0"), (30, "off")]),
    ],
)
def test_a_load_that_cannot_have_its_limit_is_off(
    limit_kw: float, fault: str | None, orders: list[tuple[int, str]]
) -> None:
    house = House(limit_kw)
    house.run(700, 10)
    if fault:
        getattr(house, fault).add(NUMBER)
    house.run(60)
    begin = house.s + 1
    house.orders.clear()
    house.is_limited = True
    house.run(61)
    # After it is off, the plan tries to set its number.
    sent = [(s - begin, value) for s, value in house.orders]
    assert sent[: len(orders)] == orders
    assert "on" not in dict(sent).values()
    assert not house.is_on


def test_without_a_switch_the_number_goes_to_its_lowest_value_or_the_entered_minimum() -> None:
    house = House(0.0, EntityKind.NUMBER)
    assert house.limit() == [(0, "0.0")]
    assert not house.guarded.is_over(at(house.s))
    for lowest in (6.0, None):
        house = House(0.0, EntityKind.NUMBER)
        house.lowest = lowest
        assert round(float(house.limit()[0][1])) == 6
        # This is above the limit, so the user is told.
        assert house.guarded.is_over(at(house.s))


def test_a_load_that_does_not_obey_is_told_and_ordered_again_until_it_obeys() -> None:
    house = House(0.0, EntityKind.SWITCH)
    house.run(700, 10)
    house.deaf = {SWITCH}
    house.is_limited = True
    house.run(60)
    assert not house.guarded.is_over(at(house.s))
    house.run(2)
    assert house.guarded.is_over(at(house.s))
    house.run(600, 10)
    orders = len(house.orders)
    assert orders < 30
    house.deaf.clear()
    house.run(60)
    assert not house.is_on
    assert not house.guarded.is_over(at(house.s))


def test_an_unavailable_switch_is_off_as_soon_as_it_is_back() -> None:
    house = House(0.0, EntityKind.SWITCH)
    house.run(700, 10)
    house.unreadable = house.deaf = {SWITCH}
    house.is_limited = True
    house.run(600, 10)
    assert house.is_on
    house.unreadable = house.deaf = set()
    house.run(60)
    assert not house.is_on


def test_an_appliance_finishes_its_run_and_starts_no_other() -> None:
    seen = SeenLoad(2.0, 2.0, 2.0, SeenSwitch("button.dishes", "off", None), only_starts=True)
    relay = RelayState().seen(NOW, is_limited=True)
    decision = GuardedLoad().looked(seen, 0.0, relay, NOW)
    assert (decision.orders, decision.load.over_since) == ([], None)
    assert decision.cap
    assert not decision.cap.permits("button.dishes", None, is_off=False)
    decision = GuardedLoad().looked(seen, 2.0, relay, NOW)
    assert decision.cap
    assert decision.cap.permits("button.dishes", None, is_off=False)


# Hands, and the end of power


@pytest.mark.parametrize("limit_kw", [0.0, 4.8])
@pytest.mark.parametrize("late_s", [0, 20])
@pytest.mark.parametrize("killed_at", [None, *range(1, 130, 4), *range(131, 249, 4)])
def test_a_hand_is_kept_and_comes_back_after_the_limit_also_if_it_is_killed_in_any_second(
    limit_kw: float, late_s: int, killed_at: int | None
) -> None:
    house = House(limit_kw)
    house.wished_kw, house.is_on = 0.0, False
    house.run(700, 10)
    house.switch(is_on=True)
    house.run(100)
    assert house.amperes == 15.0
    house.late_s = late_s
    house.is_limited = True
    for second in range(1, 250):
        if second == killed_at:
            house.kill()
        if second == 130:
            house.is_limited = False
        house.run(1)
        if max(killed_at or 0, 0) + 60 <= second <= 130:
            assert house.kw <= limit_kw, second
    house.run(700, 10)
    assert (house.is_on, house.amperes) == (True, 15.0)
    assert house.control.is_by_hand


@pytest.mark.parametrize("killed_at", range(61))
@pytest.mark.parametrize("fault", [None, "deaf"])
def test_a_kill_in_any_second_delays_a_limit_by_less_than_a_minute(
    killed_at: int, fault: str | None
) -> None:
    house = House(4.8)
    house.run(700, 10)
    if fault:
        house.deaf.add(NUMBER)
    house.late_s = 3
    house.is_limited = True
    house.run(killed_at)
    house.kill(down_s=5)
    house.run(60)
    assert house.kw <= 4.8


def test_what_a_person_does_in_a_limit_counts_after_it() -> None:
    for is_on in (True, False):
        house = House(0.0 if is_on else 4.8)
        house.is_on = not is_on
        house.wished_kw = 0.0 if is_on else 11.0
        house.limit()
        house.switch(is_on=is_on)
        house.run(30)
        assert not house.is_on
        house.is_limited = False
        house.run(900, 10)
        assert house.is_on is is_on
        assert house.control.has_hand


def test_a_load_that_is_switched_off_by_hand_before_it_obeys_stays_off_after_the_limit() -> None:
    house = House(0.0, EntityKind.SWITCH)
    house.is_on = False
    house.run(700, 10)
    assert house.is_on
    house.deaf = {SWITCH}
    house.is_limited = True
    house.run(5)
    house.switch(is_on=False)
    house.run(30)
    house.deaf.clear()
    house.is_limited = False
    house.run(900, 10)
    assert not house.is_on
    assert house.control.has_hand


def test_the_plan_goes_on_after_a_limit() -> None:
    for limit_kw in (0.0, 4.8):
        house = House(limit_kw)
        house.limit()
        house.is_limited = False
        house.orders.clear()
        house.run(200)
        assert (house.is_on, house.amperes) == (True, 15.0)
        assert not house.control.has_hand
        assert len(house.orders) <= 2


# Shares


def claims(*rows: tuple[float, float, bool, float | None, float]) -> dict[str, Claim]:
    return {
        str(number): Claim(4.0, max_kw, min_kw, needs, shown, given)
        for number, (max_kw, min_kw, needs, shown, given) in enumerate(rows)
    }


@pytest.mark.parametrize(
    ("rows", "given"),
    [
        # By order of entry: the first one has what it needs.
        ([(3.0, 1.4, True, 3.0, 3.0), (1.2, 1.2, True, 0.0, 0.0)], [3.0, 1.0]),
        ([(3.0, 1.4, True, 11.0, 0.0), (1.2, 1.2, True, 1.2, 0.0)], [3.0, 1.0]),
        # The next one has all of it once the first one is done.
        ([(3.0, 1.4, False, 0.0, 3.0), (1.2, 1.2, True, 0.0, 1.0)], [2.8, 1.2]),
        # A rise waits until the fall of the other is shown.
        ([(3.0, 1.4, True, 0.0, 0.0), (4.0, 1.2, True, 4.0, 4.0)], [0.0, 1.0]),
        ([(3.0, 1.4, True, 0.0, 0.0), (4.0, 1.2, True, None, 4.0)], [0.0, 1.0]),
        ([(3.0, 1.4, True, 0.0, 0.0), (4.0, 1.2, True, 1.0, 1.0)], [3.0, 1.0]),
        # A first one that cannot run with all of it leaves it to the next one.
        ([(11.0, 4.1, True, 0.0, 0.0), (1.2, 1.2, True, 0.0, 0.0)], [2.8, 1.2]),
    ],
)
def test_shares_are_by_order_of_entry_and_shown_power(
    rows: Iterable[tuple[float, float, bool, float | None, float]], given: list[float]
) -> None:
    found = shares(claims(*rows))
    assert [found[name] for name in sorted(found)] == given


# Looks of the planner that fail


def test_a_load_whose_looks_fail_is_switched_off_once_and_then_left_alone() -> None:
    seen = SeenLoad(11.0, 11.0, None, SeenSwitch(SWITCH, "off", is_on=True), is_lost=True)
    decision = GuardedLoad().looked(seen, None, None, NOW)
    assert [order.value for order in decision.orders] == ["off"]
    is_off = seen._replace(switch=SeenSwitch(SWITCH, "off", is_on=False))
    guarded = decision.load.looked(is_off, None, None, at(15)).load
    # Somebody switches it on again.
    decision = restarted(guarded).looked(seen, None, None, at(30))
    assert not decision.orders
    found = decision.load.looked(seen._replace(is_lost=False), None, None, at(45)).load
    assert found == replace(found, is_let_go=False)
    assert found.looked(seen, None, None, at(60)).orders
