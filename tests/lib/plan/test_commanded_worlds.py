"""Orders of the plan against devices that are late, refuse, vanish and forget, and their users.

A world is a house with one load or battery. Everything in it follows from its seed.
"""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

import pytest

from smartyp1.plan.commanded import Around, Commanded, EntityKind, EntityOrder, EntityReport
from smartyp1.plan.daily_load import LoadPlan, Run
from smartyp1.plan.limit_guard import (
    Cap,
    GuardedLoad,
    GuardOrder,
    RelayState,
    SeenLoad,
    SeenNumber,
    SeenSwitch,
)
from smartyp1.plan.load_control import LoadControl, Mode, Setting
from smartyp1.plan.load_record import LoadRecord
from smartyp1.stored_json import dump, load
from tests.lib.plan.commanded_devices import Clock, Device

START = datetime(2026, 6, 16, 20, tzinfo=UTC)
HOURS = 2
LOOK_S, TICK_S = 45, 15
REACHED_S = 1500
"""Longest time from which on any device answers until the wish is reached."""
PLAIN_S = 150
"""The same for a device without faults."""
LIMITED_S = 60
MAX_A, MIN_A, MAX_KW = 16.0, 6.0, 11.0
MODES = ("Auto", "Charge")
KINDS = ("switch", "charger", "number", "battery", "battery number", "start")
ENTITIES = {
    "switch": {"switch": EntityKind.SWITCH},
    "charger": {"switch": EntityKind.SWITCH, "number": EntityKind.NUMBER},
    "number": {"number": EntityKind.NUMBER},
    "battery": {"battery": EntityKind.FOLLOWED, "mode": EntityKind.SELECT},
    "battery number": {"battery": EntityKind.FOLLOWED},
    "start": {"start": EntityKind.START},
}
FIRST = {"switch": "off", "number": "6.0", "battery": "0.0", "mode": "Auto", "start": "unknown"}
ORDERS_AN_HOUR = {
    EntityKind.SWITCH: 31,
    EntityKind.NUMBER: 61,
    EntityKind.FOLLOWED: 781,
    EntityKind.SELECT: 31,
    EntityKind.START: 31,
}
NIGHTLY_ORDERS = 20
"""Orders of a number after which its power may wait."""
RESERVED_ORDERS = 4
"""Orders of them that are kept for a lower power."""
BY_ALL = {"orders", "refuses", "ignores", "vanish", "forget", "range", "crash", "restart", "limit"}
BY_STATE = {*BY_ALL, "hands", "own will", "reached"}
MUST_HAPPEN = {
    **{kind: {*BY_STATE, "limited", "guard"} for kind in KINDS[:3]},
    **dict.fromkeys(KINDS[3:5], BY_STATE),
    "start": BY_ALL,
}


class World:
    """House with a load, its plan, its user and the grid operator."""

    def __init__(self, seed: int, on: str = "on", off: str = "off") -> None:
        self.on, self.off = on, off
        self.first = {**FIRST, "switch": off}
        self.random = random = Random(seed)  # noqa: S311 - no secret
        self.kind = KINDS[seed % len(KINDS)]
        chance = random.random
        self.has_faults, self.has_hands = chance() < 0.7, chance() < 0.5
        self.has_ends, self.has_limits = chance() < 0.5, chance() < 0.4
        self.has_own_will, self.plan_decides = chance() < 0.4, chance() < 0.8
        self.happened: set[str] = set()
        self.clock = Clock()
        self.entities = ENTITIES[self.kind]
        self.devices = {
            name: Device(self.clock, random, self.first[name], has_faults=self.has_faults)
            for name in self.entities
        }
        for name, device in self.devices.items():
            device.on_report = partial(self._on_report, name)
        self.record = LoadRecord()
        self.stored = dump(self.record)
        self.flights: dict[str, EntityOrder] = {}
        self.sent: dict[str, list[int]] = {name: [] for name in self.entities}
        self.down_until = self.started_at = -999
        self.life = 0
        self.disturbed_at = 0
        self.ruled_at = 0
        """Last time at which somebody else decided."""
        self.limit_since: int | None = None
        self.limit_kw, self.limits_after_s = 0.0, 2500
        self.relay, self.guarded = RelayState(), GuardedLoad()
        self.cap: Cap | None = None
        self.obeyed: set[int] = set()
        """Begins of the limits that were obeyed in time."""
        self.strays: Counter[str] = Counter()
        self.hand: tuple[str, str, int] | None = None
        self.chosen: dict[str, tuple[str, int]] = {}
        """States by hand and when they are shown, until they have changed and no hand is known."""
        self.connected_at = 0
        self.runs = self._runs()
        self.plan_ends = random.choice((10**9, random.randint(0, HOURS * 3600)))
        self.planned_at = -900
        self.pressed: list[str] = []
        self.battery_wish: float | None = None
        self.changed_at = 0
        self.wish_since = 0
        self.last_wish: object = None

    @property
    def control(self) -> LoadControl:
        return self.record.control

    @control.setter
    def control(self, control: LoadControl) -> None:
        self.record = replace(self.record, control=control)

    def _runs(self) -> list[tuple[int, int, float]]:
        """Return begin, end and power in kW of the runs of the night."""
        runs, at = [], self.random.randint(0, 1800)
        while at < HOURS * 3600:
            end = at + self.random.choice((900, 1800, 3600))
            kw = self.random.choice((MAX_KW, 4.2, 7.0)) if self.kind != "switch" else MAX_KW
            runs.append((at, end, kw))
            at = end + self.random.choice((900, 1800, 5400))
        return runs

    def time(self, now: int) -> datetime:
        return START + timedelta(seconds=now)

    def _on_report(self, name: str, is_called: bool) -> None:  # noqa: FBT001 - a callback
        self.look(name if is_called else None)

    # What happens

    def run(self) -> None:
        end = HOURS * 3600
        for at in range(0, end, TICK_S):
            self.clock.at(at, self.guard)
        for at in range(0, end, LOOK_S):
            self.clock.at(at, self.look)
        happen, random = self.clock.at, self.random
        for rate, is_on, event in (
            (2000, self.has_faults, self.fail),
            (2500, self.has_hands, self.switch_by_hand),
            (3500, self.has_own_will, self.change_by_itself),
            (4000, self.has_ends, self.end),
            (self.limits_after_s, self.has_limits, self.limit),
        ):
            time = random.expovariate(1 / rate)
            while is_on and time < end:
                happen(int(time), event)
                time += random.expovariate(1 / rate)
        self.clock.run(end)

    def fail(self) -> None:
        device = self.random.choice(list(self.devices.values()))
        fault = self.random.choice(("refuses", "ignores", "vanish", "forget", "range"))
        self.happened.add(fault)
        self.disturbed_at = max(self.disturbed_at, self.clock.now)
        match fault:
            case "refuses":
                device.refuses = self.random.randint(1, 5)
                device.bad_until = 10**9
            case "ignores":
                device.ignores = self.random.randint(1, 2)
                device.bad_until = 10**9
            case "range":
                device.change_range(self.random.choice((10.0, 1e9)))
            case _:
                if fault == "forget" and self.kind != "start":
                    device.after_outage = next(
                        self.first[name] for name, at in self.devices.items() if at is device
                    )
                    self.strays["off"] += device.value != device.after_outage
                device.vanish(self.random.choice((20, 100, 400, 900)))
                if self.hand and self.hand[2] >= self.clock.now:
                    # Nobody in Home Assistant has seen it.
                    self.hand = None
                device.after_outage = None
        if fault in {"refuses", "ignores"}:
            # The hand also ends without a further order.
            self.clock.at(self.clock.now + 900, lambda: self._mend(device))

    def _mend(self, device: Device) -> None:
        if device.refuses or device.ignores:
            device.refuses = device.ignores = 0
            device.bad_until = max(self.clock.now, device.back_at)

    def switch_by_hand(self) -> None:
        """Let somebody change the load in Home Assistant. What is shown late has no context."""
        name, device = self.random.choice(list(self.devices.items()))
        at = (
            next(at for at in self.control.entities if at.entity_id == name)
            if (self.control.entities)
            else None
        )
        is_running = self.clock.now >= self.down_until
        if name == "start" or not device.is_there or at is None or not is_running:
            return
        value = {
            "switch": self.off if device.value == self.on else self.on,
            "number": self.random.choice(("7.0", "12.0")),
            "battery": "1234.0",
            "mode": "Backup",
        }[name]
        # What it is already, or is about to report by itself, is no change with a context.
        if value in {device.value, device.shown, at.wish, at.hand} or name in self.flights:
            return
        self.disturbed_at = self.clock.now
        if device.late_s > 4:
            self.strays["on" if value == self.on else "off"] += 1
            device.set(value)
            return
        self.happened.add("hands")
        # The state is a hand from now on.
        self.hand = name, value, self.clock.now + device.late_s
        self.chosen[name] = value, self.hand[2]
        device.set(value, is_called=True)

    def change_by_itself(self) -> None:
        """Let the box start, stop or jump by itself."""
        name, device = self.random.choice(list(self.devices.items()))
        if name == "start" or not device.is_there:
            return
        values = {"switch": (self.on, self.off), "number": ("32.0", "8.0"), "battery": ("99.0",)}
        value = self.random.choice(values.get(name, ("Backup",)))
        if value == device.value:
            return
        self.disturbed_at = self.clock.now
        if value == self.on and self.random.random() < 0.5:
            self.connected_at = self.clock.now
        self.strays["on" if value == self.on else "off"] += 1
        self.happened.add("own will")
        if self.hand and self.hand[0] == name:
            self.hand = None
        device.set(value)

    def end(self) -> None:
        """End Home Assistant. A crash loses what was not stored; a call may still arrive."""
        if self.clock.now < self.down_until:
            return
        is_crash = self.random.random() < 0.5
        stored = self.stored if is_crash else dump(self.record)
        text = json.dumps(stored)
        assert len(text) < 8000
        self.record = load(LoadRecord, json.loads(text))
        self.relay = load(RelayState, dump(self.relay))
        self.guarded, self.cap = load(GuardedLoad, json.loads(json.dumps(dump(self.guarded)))), None
        self.life += 1
        self.flights.clear()
        self.down_until = self.clock.now + self.random.choice((10, 90, 600))
        self.started_at = self.down_until + 20
        self.disturbed_at = self.down_until
        if is_crash or (self.hand and self.hand[2] >= self.clock.now):
            # Nobody in Home Assistant has seen it.
            self.hand = None
        self.happened.add("crash" if is_crash else "restart")

    def limit(self) -> None:
        if self.limit_since is None:
            self.limit_kw, self.limit_since = self.random.choice((0.0, 4.2)), self.clock.now
        else:
            self.limit_since = None
        self.disturbed_at = max(self.disturbed_at, self.clock.now)
        self.happened.add("limit")
        self.look()

    # What the planner does

    def look(self, called: str | None = None) -> None:
        now, time = self.clock.now, self.time(self.clock.now)
        if now < self.down_until:
            return
        self.guard()
        control = self.control.used(self.entities, time)
        if control.switch:
            control = control.with_entity(replace(control.switch, on=self.on, off=self.off))
        is_trusted = now >= self.started_at
        reports = {
            name: EntityReport(device.shown, name == called, is_trusted)
            for name, device in self.devices.items()
        }
        around = Around(
            is_needed=bool(self._run_kw(now)),
            connected_at=self.time(self.connected_at),
            plan_decides=self.plan_decides,
            hand_end=time + timedelta(hours=1),
            is_limited=self.cap is not None,
        )
        control = control.reported(reports, time, around)
        self._check_hands(control)
        control = self._wished(control, now)
        control, orders = control.due(time, self._permits)
        self.control = control
        for order in orders:
            self._send(order)
        self._check(now)

    def _run_kw(self, now: int) -> float:
        """Return the power by the plan, or by the stored runs if no new plan comes."""
        if now < self.plan_ends:
            return next((kw for begin, end, kw in self.runs if begin <= now < end), 0.0)
        return self.record.plan.run_kw(self.time(now), self.control.left_kwh, MAX_KW)

    def _wished(self, control: LoadControl, now: int) -> LoadControl:
        time = self.time(now)
        if now < self.plan_ends and self.planned_at // 900 < now // 900:
            self.planned_at = now
            left = [run for run in self.runs if run[1] > now][:2]
            runs = tuple(Run(self.time(begin), self.time(end)) for begin, end, _ in left)
            plan = LoadPlan(runs, mean_kw=left[0][2] if left else 0.0)
            self.record = replace(self.record, plan=plan)
            control = replace(control, left_kwh=99.0)
        kw = self._run_kw(now)
        wish: object = kw
        if self.kind == "start":
            begin = next((begin for begin, end, _ in self.runs if begin <= now < end), None)
            name = None if begin is None else f"run {begin}"
            start = control.of("start", EntityKind.START).asked(name, time, is_safe=False)
            control, wish = control.with_entity(start), name
        elif self.kind.startswith("battery"):
            if now - self.changed_at >= 60:
                self.changed_at = now
                watts = self.random.choice((-2345.0, 1000.0, 4000.0))
                self.battery_wish = watts if kw else None
            wish = self.battery_wish
            mode = Mode("mode", MODES[1], MODES[0]) if self.kind == "battery" else None
            values = None if wish is None else {"battery": self.battery_wish or 0.0}
            control = control.battery(values, mode, time)
        else:
            control, wish = self._powered(control, kw, time)
        if wish != self.last_wish:
            self.last_wish, self.wish_since = wish, now
        return control

    def _powered(
        self, control: LoadControl, kw: float, time: datetime
    ) -> tuple[LoadControl, object]:
        setting, cap = None, self.cap
        if cap:
            kw = min(kw, cap.kw) if cap.kw and "number" in self.entities else 0.0
        if "number" in self.entities:
            lowest = MIN_A if "switch" in self.entities else 0.0
            amperes = max(MIN_A, float(int(kw * MAX_A / MAX_KW)))
            top = cap.top if cap and cap.top is not None else MAX_A
            amperes = min(amperes, top, self.devices["number"].shown_top)
            setting = Setting("number", amperes, lowest)
        fits = cap is None and self.clock.now % 1800 < 900
        return control.powered(kw, setting, time, fits_full=fits), (kw, cap and cap.kw)

    # What the guard does

    def guard(self) -> None:
        """Look at the limit, as the guard does each 15 seconds and after each report."""
        if self.clock.now < self.down_until or not {"switch", "number"} & self.devices.keys():
            return
        time = self.time(self.clock.now)
        self.relay = self.relay.seen(time, is_limited=self.limit_since is not None)
        cap_kw = self.limit_kw if self.relay.counts else None
        decision = self.guarded.looked(self._seen_load(), cap_kw, self.relay, time)
        if (self.cap is None) is not (decision.cap is None):
            self.disturbed_at = max(self.disturbed_at, self.clock.now)
        self.guarded, self.cap = decision.load, decision.cap
        for order in decision.orders:
            self._guard_sends(order)

    def _seen_load(self) -> SeenLoad:
        switch = number = None
        if at := self.devices.get("switch"):
            is_on = None if at.shown is None else at.shown == self.on
            switch = SeenSwitch("switch", self.off, is_on)
        if at := self.devices.get("number"):
            value, lowest = None if at.shown is None else float(at.shown), MIN_A if switch else 0.0
            number = SeenNumber("number", value, lowest, MAX_KW / MAX_A, 1.0)
        min_kw = MIN_A * MAX_KW / MAX_A if number else MAX_KW
        return SeenLoad(MAX_KW, min_kw, None, switch, number)

    def _guard_sends(self, order: GuardOrder) -> None:
        device, life = self.devices[order.entity_id], self.life
        self.happened.add("guard")

        def arrive() -> None:
            if life == self.life or self.random.random() < 0.5:
                device.call(order.value)
                self.look()

        self.clock.at(self.clock.now + device.latency_s, arrive)

    def _permits(self, at: Commanded, order: EntityOrder) -> bool:
        number = float(order.value) if order.kind is EntityKind.NUMBER else None
        is_off = order.value == at.off
        return not self.cap or self.cap.permits(order.entity_id, number, is_off=is_off)

    def _send(self, order: EntityOrder) -> None:
        name, now = order.entity_id, self.clock.now
        device = self.devices[name]
        at = self.control.of(name, order.kind)
        before = self.flights.get(name)
        if before is not None and self.time(now) - before.sent_at < timedelta(minutes=2):
            assert at.is_safe, ("two orders at a time", before, order)
        assert device.shown is not None, "it would be skipped"
        hour = [sent for sent in self.sent[name] if now - sent < 3600]
        assert len(hour) < ORDERS_AN_HOUR[order.kind], "too many orders"
        self.sent[name].append(now)
        self.happened.add("orders")
        self._check_order(order)
        self.stored = dump(self.record)
        self.flights[name] = order
        life = self.life

        def arrive() -> None:
            alive = life == self.life
            if not alive and self.random.random() < 0.5:
                return
            is_done = device.call(order.value)
            if (
                is_done
                and order.kind is EntityKind.START
                and device.calls[-1:] == [(self.clock.now, order.value)]
            ):
                self.pressed.append(order.value)
            if alive:
                if self.flights.get(name) is order:
                    del self.flights[name]
                self.control = self.control.answered(
                    order, self.time(self.clock.now), is_done=is_done
                )
                self.look()

        self.clock.at(now + device.latency_s, arrive)

    # What must hold

    def _check_order(self, order: EntityOrder) -> None:
        now, devices = self.clock.now, self.devices
        if self.hand and self.cap is None:
            name, value, since = self.hand
            is_back = order.value == value
            assert order.entity_id != name or now < since or is_back, ("a hand is touched", order)
        is_start = order.value == self.on and devices["switch"].value != self.on
        if is_start and "number" in devices and not self.has_own_will:
            number = self.control.of("number", EntityKind.NUMBER)
            is_set = number.is_obeyed or number.is_by_hand or number.wish is None
            # A number that is capped is set again. Its lower power is no fault.
            is_set = is_set or devices["number"].number <= float(number.wish or 0.0)
            unset_at = self.control.unset_at or self.time(now)
            assert is_set or self.time(now) - unset_at >= timedelta(minutes=5), "first the power"
        if order.kind is EntityKind.FOLLOWED and "mode" in devices and float(order.value):
            assert devices["mode"].shown == MODES[1], "not without its mode"

    def _check_hands(self, control: LoadControl) -> None:
        """Own orders are never taken for somebody's hand, and a hand is known at once."""
        now = self.clock.now
        if self.hand and now >= self.hand[2] and self.devices[self.hand[0]].is_there:
            at = control.of(self.hand[0], self.entities[self.hand[0]])
            if at.state == self.hand[1] and not at.is_by_hand:
                is_over = now - self.hand[2] >= 3600
                assert is_over or at.wish == self.hand[1], ("no hand", at)
            if not at.is_by_hand:
                self.hand = None
        if not control.has_hand:
            self.chosen = {
                name: (value, shown_at)
                for name, (value, shown_at) in self.chosen.items()
                if now <= shown_at or self.devices[name].value == value
            }
            return
        assert control.hand_until is not None
        assert control.hand_until <= self.time(now + 3600)
        causes = (
            bool(self.chosen),
            self.strays["off"] >= 2,
            self.strays["on"] >= 4,
            self.strays.total() > 0 and (not self.plan_decides or self.life > 0),
            self.strays.total() > 0 and "mode" in self.devices,
        )
        assert any(causes), ("a hand without anybody", control)

    def _wanted(self) -> dict[str, str | float | None]:  # noqa: PLR0911 - one for each kind
        """Return what the devices must be in the end. None: anything."""
        kw = self._run_kw(self.clock.now)
        limited = self.cap is not None
        match self.kind:
            case "switch":
                return {"switch": self.on if kw and not limited else self.off}
            case "charger":
                if limited and not self.limit_kw:
                    return {"switch": self.off, "number": None}
                amps = float(int((min(kw, self.limit_kw) if limited else kw) * MAX_A / MAX_KW))
                switch = self.on if kw else self.off
                return {"switch": switch, "number": max(MIN_A, amps) if kw else None}
            case "number":
                if limited:
                    kw = min(kw, self.limit_kw)
                return {"number": max(MIN_A, float(int(kw * MAX_A / MAX_KW))) if kw else 0.0}
            case "start":
                return {}
        if self.battery_wish is None and (self.has_hands or self.has_own_will):
            # The battery is left alone after it was given back.
            return {}
        return {"battery": self.battery_wish or 0.0, "mode": MODES[bool(self.battery_wish)]}

    def _check(self, now: int) -> None:
        if self.kind == "start":
            assert len(self.pressed) == len(set(self.pressed)), "pressed twice"
            return
        bad_until = max(device.bad_until for device in self.devices.values())
        since = max(self.wish_since, self.disturbed_at, self.ruled_at, bad_until)
        if self.control.has_hand:
            self.ruled_at = now
        is_plain = not (self.has_faults or self.has_ends or self.strays.total())
        bound = (PLAIN_S if is_plain else REACHED_S) + max(
            d.latency_s for d in self.devices.values()
        )
        if now - since > bound and not self.control.has_hand:
            for name, wanted in self._wanted().items():
                if name not in self.devices or self._is_spent(name, wanted):
                    continue
                device = self.devices[name]
                is_reached = wanted is None or device.value == wanted
                if isinstance(wanted, float):
                    is_reached = min(wanted, device.top) + 0.51 >= device.number
                    is_reached &= device.number >= min(wanted, device.top) - 0.51
                assert is_reached, ("not reached", name, wanted, device.value, self.control)
                self.happened.add("reached")
        self._check_limit(now, bad_until)

    def _is_spent(self, name: str, wanted: str | float | None) -> bool:
        """Return whether a number has no orders left: it gets 50 a night."""
        if name != "number" or not isinstance(wanted, float):
            return False
        orders = NIGHTLY_ORDERS - (RESERVED_ORDERS if wanted > self.devices[name].number else 0)
        return len(self.sent[name]) > orders

    def _check_limit(self, now: int, bad_until: int) -> None:
        """Check that a limit is obeyed while the device answers, whoever has switched it on."""
        since = max(self.limit_since or 0, bad_until, self.disturbed_at, self.down_until + 20)
        slow = max(device.latency_s + device.late_s for device in self.devices.values()) > 30
        if self.limit_since is None or self.kind.startswith("battery") or slow or self.has_own_will:
            return
        if now - since < LIMITED_S:
            return
        amps = self.devices["number"].number if "number" in self.devices else MAX_A
        if "switch" in self.devices and self.devices["switch"].value == self.off:
            amps = 0.0
        is_obeyed = amps <= (MIN_A + 0.51 if self.limit_kw and "number" in self.devices else 0.0)
        assert is_obeyed, ("limit", amps, self.limit_kw, self.control)
        self.happened.add("limited")
        self.obeyed.add(self.limit_since)


def run(seeds: range, *states: str) -> dict[str, set[str]]:
    """Return what happened to each kind of load or battery."""
    happened: dict[str, set[str]] = {}
    for seed in seeds:
        world = World(seed, *states)
        try:
            world.run()
        except AssertionError as err:
            err.add_note(f"seed {seed}, a {world.kind}")
            raise
        happened.setdefault(world.kind, set()).update(world.happened)
    return happened


def obey(signals: int) -> None:
    """Run worlds until this number of limits was obeyed by devices that answer."""
    seed = 10**6
    while signals > 0:
        world, seed = World(seed), seed + 1
        world.has_limits, world.has_own_will, world.limits_after_s = True, False, 300
        world.run()
        signals -= len(world.obeyed)


def test_a_limit_is_obeyed_within_a_minute_while_the_device_answers() -> None:
    obey(50)


@pytest.mark.slow
def test_a_thousand_limits_are_obeyed_within_a_minute_while_the_device_answers() -> None:
    obey(1000)


def test_orders_are_carried_out_and_hands_kept_by_any_device() -> None:
    assert run(range(300)) == MUST_HAPPEN


def test_a_slow_order_to_be_on_is_no_hand_after_an_ignored_order_to_be_off() -> None:
    run(range(56262, 56263))


def test_a_refused_order_to_a_slow_battery_is_sent_again_although_it_shows_its_old_power() -> None:
    run(range(502071, 502072))


@pytest.mark.parametrize("seed", [500490, 502614])
def test_a_limit_does_not_wait_until_a_state_may_no_longer_be_a_late_one(seed: int) -> None:
    run(range(seed, seed + 1))


def test_a_lock_is_ordered_as_a_switch_is() -> None:
    for seeds in (range(0, 300, 18), range(1, 300, 18)):
        run(seeds, "unlocked", "locked")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_orders_of_many_worlds(part: int) -> None:
    run(range(300 + part * 10_000, 300 + (part + 1) * 10_000))
