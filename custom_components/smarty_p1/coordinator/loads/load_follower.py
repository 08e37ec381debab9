"""Follower of the plan for one load: it measures the load, then sets its power and its switch."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import override

from homeassistant.const import SERVICE_TURN_OFF, SERVICE_TURN_ON
from homeassistant.core import State, callback
from homeassistant.util.unit_conversion import EnergyConverter, PowerConverter

from ...const import DOMAIN
from ...lib.history.luxembourg_time import HOUR, quarter_start
from ...lib.meter.meter_reader import Reading
from ...lib.plan.daily_load import LoadPlan
from ...lib.plan.load_following import Charger, LoadFollowing, LoadReadings, followed
from .entered_loads import is_on
from .entity_actions import async_call_entity
from .meter_power import net_import
from .plan_follower import PlanFollower
from .shown_plans import LOAD_PLANS
from .state_numbers import converted, is_power, number_of, number_to_set

# Nobody knows when in a longer gap the load took its energy.
_MAX_GAP = timedelta(minutes=2)
# Some chargers take half a minute to switch.
_SWITCHING_TIME = timedelta(minutes=1)
_PHASE_KW = 0.23
_MIN_KW = 0.1
# No charger charges with less.
_MIN_AMPERES = 6.0
# 11 and 22 kW are rounded: 16 and 32 A have 11.04 and 22.08 kW.
_ROUNDED = 1.005


class LoadFollower(PlanFollower):
    """Follower of one load whose power or switch the plan sets."""

    _state: LoadFollowing | None = None
    _measured_at: datetime | None = None
    _total_kwh: float | None = None
    _quarter: datetime | None = None
    _taken_kwh = 0.0

    @cached_property
    def _charger(self) -> Charger:
        """Return the powers of the load. Without a setting, it has only its full power."""
        entered = self._entered
        max_kw, min_kw = entered.load.max_kw, entered.load.min_kw
        return Charger(
            (min_kw if entered.power_set_by else max_kw) or max_kw,
            max_kw,
            can_pause=entered.switched_by is not None,
            min_time=timedelta(minutes=entered.min_minutes),
        )

    @callback
    def follow(self, now: datetime, latest: Reading | None) -> None:
        """Measure the load, and set the power that the plan gives it now.

        A load that somebody else has switched on runs until it is switched off.
        """
        kw = self._measure(now)
        plan, is_on = self._plan, self._is_on()
        if plan is None or is_on is None:
            return
        self._state = before = self._found(plan, now, kw, is_on=is_on)
        if not self.is_by_hand and quarter_start(plan.planned_at) == quarter_start(now):
            self._state = self._wanted(before, plan, self._seen(now, latest, kw), now)
            if self._state.kw != before.kw:
                self._hass.async_create_task(
                    self._async_set(self._state.kw, was_on=before.kw > 0), f"{DOMAIN} load"
                )
        self._tell_power(plan, self._charger.max_kw if self.is_by_hand else self._state.kw)

    def _found(
        self, plan: LoadPlan, now: datetime, kw: float | None, *, is_on: bool
    ) -> LoadFollowing:
        """Return the state in which the load is now, whoever has switched it."""
        state = self._state or self._begin(plan, now, is_on=is_on)
        if self._entered.switched_by and is_on != (state.kw > 0):
            return self._switched_by_others(state, now, kw, is_on=is_on)
        if not is_on:
            self.is_by_hand = False
        return state

    def _tell_power(self, plan: LoadPlan, kw: float) -> None:
        """Show the power that the load is given now."""
        if plan.given_kw != kw:
            LOAD_PLANS.show(self._hass, self._subentry_id, plan._replace(given_kw=kw))

    @property
    def gives_power(self) -> bool:
        """Return whether the plan has switched the load on."""
        return self._state is not None and self._state.kw > 0 and not self.is_by_hand

    @property
    @override
    def starts(self) -> tuple[datetime, ...]:
        """Return the last starts by the plan."""
        return self._state.starts if self._state else self._starts

    def _begin(self, plan: LoadPlan, now: datetime, *, is_on: bool) -> LoadFollowing:
        """Return the state after a restart. A load that runs as planned was started by the plan."""
        if not (is_on and plan.runs_now):
            return LoadFollowing(starts=self._starts)
        return LoadFollowing(self._charger.max_kw, now, now, self._starts or (now,))

    def _switched_by_others(
        self, state: LoadFollowing, now: datetime, kw: float | None, *, is_on: bool
    ) -> LoadFollowing:
        """Return the state after somebody else has switched the load. Switches may be slow."""
        if state.switched_at is not None and now - state.switched_at < _SWITCHING_TIME:
            return state
        # Some chargers say on while their contact is open. Their power is then 0.
        self.is_by_hand = is_on and (kw is None or kw >= _MIN_KW)
        return state if is_on else LoadFollowing(0.0, state.changed_at, now, state.starts)

    def _wanted(
        self, state: LoadFollowing, plan: LoadPlan, seen: LoadReadings | None, now: datetime
    ) -> LoadFollowing:
        order = plan.order(now, self._taken_kwh, self._charger.max_kw)
        if plan.quarter is None:
            return LoadFollowing(0.0, now, now, state.starts) if state.kw else state
        if seen is None:
            # Without a reading, the load follows the times of the plan.
            seen = LoadReadings(
                now, now, datetime.min.replace(tzinfo=now.tzinfo), 0, 0, None, None, 0
            )
        return followed(state, self._with_steps(), order, plan.quarter, seen)

    def _with_steps(self) -> Charger:
        """Return the charger with the steps of its setting. A current has whole amperes."""
        state = self._hass.states.get(self._entered.power_set_by or "")
        if state and number_of(state) is not None and not is_power(state):
            return self._charger._replace(step_kw=_PHASE_KW * self._entered.phases)
        return self._charger

    def _is_on(self) -> bool | None:
        """Return whether the load is switched on, None if this is unknown."""
        if self._entered.switched_by is None:
            return self._state is not None and self._state.kw > 0
        return is_on(self._hass.states.get(self._entered.switched_by))

    def _measurement(self) -> State | None:
        source = self._entered.measured_by
        return self._hass.states.get(source) if source else None

    def _measure(self, now: datetime) -> float | None:
        """Note the energy since the last measurement. Return the power, None if it is unknown."""
        since, self._measured_at = self._measured_at or now, now
        if (start := quarter_start(now)) != self._quarter:
            self._quarter, self._taken_kwh = start, 0.0
        state = self._measurement()
        kw, total = (
            converted(PowerConverter, state, "kW"),
            converted(EnergyConverter, state, "kWh"),
        )
        before, self._total_kwh = self._total_kwh, total
        passed = min(_MAX_GAP, max(timedelta(), now - since)) / HOUR
        if total is not None and before is not None:
            self._taken_kwh += max(0.0, total - before)
        elif total is None:
            assumed = self._state.kw if self._state else 0.0
            self._taken_kwh += max(0.0, assumed if kw is None else kw) * passed
        return kw

    def _seen(self, now: datetime, latest: Reading | None, kw: float | None) -> LoadReadings | None:
        """Return the readings of meter and load. Return None if the meter's are unknown."""
        if latest is None or (net := net_import(latest, now)) is None:
            return None
        state = self._measurement()
        return LoadReadings(
            now,
            quarter_start(now),
            latest.received_at,
            *net,
            kw,
            state.last_reported if state else None,
            self._taken_kwh,
        )

    async def _async_set(self, kw: float, *, was_on: bool) -> None:
        """Set and switch the load. A load whose power cannot be set is not switched on."""
        hass, entered = self._hass, self._entered
        name, setting = entered.load.name, entered.power_set_by
        if kw and setting and (state := hass.states.get(setting)):
            amperes = max(_MIN_AMPERES, int(_ROUNDED * kw / (_PHASE_KW * entered.phases)))
            value = number_to_set(state, kw, amperes)
            if not await async_call_entity(hass, name, setting, "set_value", value=value):
                return
        if entered.switched_by and (kw > 0) is not was_on:
            action = SERVICE_TURN_ON if kw else SERVICE_TURN_OFF
            await async_call_entity(hass, name, entered.switched_by, action)
