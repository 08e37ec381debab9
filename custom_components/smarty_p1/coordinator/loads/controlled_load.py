"""Load that the plan controls: its measured energy, and the power that the plan gives it now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, isfinite

from homeassistant.const import ATTR_ASSUMED_STATE
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.util import dt as dt_util

from ...lib.history.luxembourg_time import quarter_start
from ...lib.meter.meter_reader import Reading
from ...lib.passed_pause import has_passed
from ...lib.plan.commanded import Around, Commanded, EntityKind, EntityReport, Phase
from ...lib.plan.daily_load import WAITING, LoadPlan
from ...lib.plan.load_control import LoadControl, Setting
from ...lib.plan.load_following import Charger, LoadFollowing, LoadReadings, followed, set_to
from ...lib.plan.load_record import NOT_STARTED_AFTER, LoadRecord
from ...lib.plan.next_kwh_price import NO_KWH
from .entered_loads import MIN_AMPERES, PHASE_KW, EnteredLoad, is_in
from .load_power import LoadPower
from .meter_power import net_import
from .order_sender import key_of
from .ordered_entities import OrderedEntities
from .state_numbers import is_power, kw_of, lowest_of, number_of, number_to_set

_PLANNING_TIME = timedelta(minutes=5)
# Some chargers say on while their contact is open. Their power is then 0.
_MIN_KW = 0.1
# 11 and 22 kW are rounded: 16 and 32 A have 11.04 and 22.08 kW.
_ROUNDED = 1.005
_ANY_KW = 0.1
# A status may show a press so late.
_SHOWN_WITHIN = timedelta(seconds=150)
_BELIEVED_TRIES = 3
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ControlledLoad:
    """Load of a household. Its state is a `LoadControl`, and it returns the next one."""

    def __init__(self, hass: HomeAssistant, entered: EnteredLoad, orders: OrderedEntities) -> None:
        self._hass = hass
        self._entered = entered
        self._orders = orders
        self.entered_at = dt_util.utcnow()
        self.power = LoadPower(hass, entered.measured_by, entered.load.max_kw)
        self._without_since: datetime | None = None
        """Time since which there is no plan of the running quarter-hour."""
        self._last_charger: Charger | None = None
        self._pressed: tuple[str | None, datetime] = None, _NEVER
        """Button that somebody else has pressed last."""

    @property
    def _entities(self) -> dict[str, EntityKind]:
        entered = self._entered
        kinds = {
            entered.switched_by: EntityKind.START if entered.load.hours else EntityKind.SWITCH,
            entered.power_set_by: EntityKind.NUMBER,
        }
        return {key_of(self._hass, name): kind for name, kind in kinds.items() if name}

    def _used(self, control: LoadControl, now: datetime) -> LoadControl:
        """Return the control with the entities and the states that the user has chosen now."""
        entered, control = self._entered, control.used(self._entities, now)
        if (switch := control.switch) is None:
            return control
        on, off = entered.on_when, entered.off_when
        if entered.switched_by and entered.stopped_by:
            on, off = (key_of(self._hass, at) for at in (entered.switched_by, entered.stopped_by))
        return control.with_entity(replace(switch, on=on, off=off))

    @callback
    def followed(self, record: LoadRecord, now: datetime, latest: Reading | None) -> LoadControl:
        """Return the control of the load with the orders that are wished now."""
        entered, control = self._entered, self._used(record.control, now)
        states = self._states(control, now)
        if entered.load.hours is not None:
            return self._started(control.reported(states, now), record.plan, now)
        control = control.reported(states, now, self._around(record, now))
        state, before = self._wanted(control, record.plan, now, latest), control.following
        wished = state.kw
        if control.has_hand:
            state = _paused(before, now)
            wished = entered.load.max_kw if control.is_by_hand else 0.0
        if record.max_kw < inf:
            wished = 0.0 if record.max_kw < self.charger.min_kw else min(wished, record.max_kw)
            state = state if wished else _paused(before, now)
        plan, most_kw = record.plan, self.charger.max_kw
        quarter = plan.quarter
        order = plan.order(now, control.left_kwh, control.quarter_kwh, most_kw)
        return replace(control, following=state).powered(
            wished,
            self._setting(wished, record.top),
            now,
            # The house may not draw more than a power that the user has entered.
            is_urgent=bool(quarter and isfinite(quarter.max_kwh)),
            is_last_chance=order.is_last_chance,
            fits_full=wished >= most_kw,
        )

    def _states(self, control: LoadControl, now: datetime) -> dict[str, EntityReport]:
        """Return the states of the entities. A switch that is on without power or order is off."""
        states, switch, kw = self._orders.reports(control), control.switch, self.power.measure(now)
        if switch is None:
            return states
        report, has_no_power = states[switch.entity_id], kw is not None and kw < _MIN_KW
        if self._entered.stopped_by:
            report = self._proven(switch, kw, now)._replace(is_trusted=report.is_trusted)
        elif kw is not None and self._is_assumed(switch, report):
            report = self._by_power(switch, report, kw)
        elif switch.ordered != switch.on and has_no_power and report.value == switch.on:
            report = report._replace(value=switch.off)
        return {**states, switch.entity_id: report}

    def _is_assumed(self, switch: Commanded, report: EntityReport) -> bool:
        """Return whether the switch's state is only assumed from the last order of the plan."""
        if switch.phase is Phase.HAND or report.value is None or report.is_called:
            return False
        state = self._hass.states.get(self._entered.switched_by or "")
        return bool(state and state.attributes.get(ATTR_ASSUMED_STATE))

    def _by_power(self, switch: Commanded, report: EntityReport, kw: float) -> EntityReport:
        """Return the report of an assumed switch, with the state that the power shows."""
        is_on = kw >= _MIN_KW or (report.value == switch.on and self._is_shown_on(switch, kw))
        return report._replace(value=switch.on if is_on else switch.off)

    def _proven(self, switch: Commanded, kw: float | None, now: datetime) -> EntityReport:
        """Return which button of a load counts, by somebody's press, its status or its power.

        A load that does not charge has no power, whether it was started or not. So a start that had
        power once, or that was sent three times, is believed.
        """
        states = switch.off, switch.on
        called = key_of(self._hass, self._orders.called or "")
        if called in states:
            self._pressed = called, now
        pressed, at = self._pressed
        if at > (switch.sent_at or _NEVER) and not has_passed(at, now, _SHOWN_WITHIN):
            return EntityReport(pressed, is_called=True)
        is_on = self._is_shown_on(switch, kw)
        return EntityReport(None if is_on is None else states[is_on])

    def _is_shown_on(self, switch: Commanded, kw: float | None) -> bool | None:
        entered = self._entered
        if entered.shown_by:
            return is_in(self._hass, entered.shown_by, entered.shown_when)
        if kw is None or kw >= _MIN_KW or switch.ordered != switch.on:
            return None if kw is None else kw >= _MIN_KW
        return switch.phase is Phase.HELD or switch.tries >= _BELIEVED_TRIES

    def _around(self, record: LoadRecord, now: datetime) -> Around:
        """Return the facts that distinguish a person's action from one of the device itself."""
        entered = self._entered
        return Around(
            record.control.left_kwh > NO_KWH,
            record.ready_at[-1] if record.ready_at else None,
            entered.plan_decides,
            entered.load.hand_end(now),
            is_gone=entered.is_there(self._hass) is False,
            is_limited=record.max_kw < inf,
        )

    @property
    def charger(self) -> Charger:
        """Return the powers of the load. Without a setting, it has only its full power.

        A setting that is unavailable is believed for some minutes.
        """
        entered, setting = self._entered, self._settable
        min_time, max_kw = timedelta(minutes=entered.min_minutes), entered.load.max_kw
        if setting is None:
            return self._last_charger or Charger(max_kw, max_kw, self._can_pause, min_time)
        least = step_kw = _ANY_KW
        if not is_power(setting):
            # A current has whole amperes.
            step_kw = PHASE_KW * entered.phases
            least = MIN_AMPERES * step_kw
        min_kw = min(entered.load.min_kw or least, max_kw)
        self._last_charger = Charger(min_kw, max_kw, self._can_pause, min_time, step_kw)
        return self._last_charger

    @property
    def _can_pause(self) -> bool:
        """Return whether a switch, or a number that goes down to 0, can turn the load off."""
        return self._entered.switched_by is not None or lowest_of(self._settable) <= 0

    @property
    def _settable(self) -> State | None:
        """Return the state of the number. Return None if no number is available."""
        state = self._hass.states.get(self._entered.power_set_by or "")
        return state if number_of(state) is not None else None

    def _setting(self, kw: float, top: float) -> Setting | None:
        """Return the number that sets a power, at most to `top`. Return None without one."""
        entered, state = self._entered, self._settable
        if entered.power_set_by is None:
            return None
        key = key_of(self._hass, entered.power_set_by)
        if state is None:
            return Setting(key, kw, 0.0)
        amperes = max(MIN_AMPERES, int(_ROUNDED * kw / (PHASE_KW * entered.phases)))
        value = min(number_to_set(state, kw, amperes), top)
        return Setting(key, value, max(0.0, lowest_of(state)))

    def set_kw(self, record: LoadRecord) -> float | None:
        """Return the power that its number shows, or else the given one. None if it is only told.

        A charger may have a lower limit of its own.
        """
        entered = self._entered
        kw = kw_of(self._settable, PHASE_KW * entered.phases)
        return self._wished_kw(record) if kw is None else min(kw, entered.load.max_kw)

    def shown(self, record: LoadRecord) -> LoadPlan:
        """Return the plan of the load with what it is given now. An order is no power yet."""
        kw, hand_until = self._wished_kw(record), record.control.hand_until
        return replace(record.plan, given_kw=kw and self.set_kw(record), hand_until=hand_until)

    def _wished_kw(self, record: LoadRecord) -> float | None:
        """Return the power that the load shall have now. Return None if the plan only tells."""
        entered, control = self._entered, record.control
        if not entered.is_controlled or entered.load.hours is not None:
            return None
        kw = control.following.kw
        if control.has_hand:
            kw = entered.load.max_kw if control.is_by_hand else 0.0
        return min(kw, record.max_kw)

    def _wanted(
        self,
        control: LoadControl,
        plan: LoadPlan,
        now: datetime,
        latest: Reading | None,
    ) -> LoadFollowing:
        state, charger = control.following, self.charger
        if quarter_start(plan.planned_at) != quarter_start(now):
            return self._without_plan(control, plan, now)
        self._without_since = None
        if plan.quarter is None:
            return _paused(state, now)
        order = plan.order(now, control.left_kwh, control.quarter_kwh, charger.max_kw)
        return followed(state, charger, order, plan.quarter, self._seen(control, now, latest))

    def _without_plan(self, control: LoadControl, plan: LoadPlan, now: datetime) -> LoadFollowing:
        """Return the state by the runs of the last plan, which end in time."""
        state, charger = control.following, self.charger
        self._without_since = self._without_since or now
        if not has_passed(self._without_since, now, _PLANNING_TIME):
            # The plan of this quarter-hour is still being made.
            return state
        most_kw = plan.quarter.max_kwh * 4 if plan.quarter else inf
        kw = min(most_kw, plan.run_kw(now, control.left_kwh, charger.max_kw))
        return set_to(state, charger, kw, now) if kw else _paused(state, now)

    def _started(self, control: LoadControl, plan: LoadPlan, now: datetime) -> LoadControl:
        """Return the control of an appliance: one start for each planned run."""
        if (start := next(control.all_of(EntityKind.START), None)) is None:
            return control
        wish = None
        if plan.runs_now and plan.state in WAITING:
            is_old = has_passed(start.sent_at, now, NOT_STARTED_AFTER)
            was_started = not start.is_open and not is_old
            wish = start.ordered if was_started else plan.runs[0].begin.isoformat()
        return control.with_entity(start.asked(wish, now, is_safe=False))

    def _seen(self, control: LoadControl, now: datetime, latest: Reading | None) -> LoadReadings:
        """Return the readings of meter and load. Without the meter's, it is silent for long."""
        state, net = self._hass.states.get(self._entered.measured_by or ""), net_import(latest, now)
        return LoadReadings(
            now,
            quarter_start(now),
            latest.received_at if latest and net else _NEVER,
            *(net or (0.0, 0.0)),
            self.power.measure(now),
            state.last_reported if state else None,
            control.quarter_kwh,
        )


def _paused(state: LoadFollowing, now: datetime) -> LoadFollowing:
    return LoadFollowing(0.0, now, now, state.starts) if state.kw else state
