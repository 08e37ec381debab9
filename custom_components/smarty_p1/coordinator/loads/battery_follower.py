"""Battery that the user has entered: its input for the plan, and its power by the true readings."""

from datetime import datetime, timedelta

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import PowerConverter

from ...const import CONF_MEASURED_BY, CONF_MODE_CONTROLLED, CONF_MODE_OTHERWISE, CONF_MODE_SET_BY
from ...lib.history.luxembourg_time import HOUR, QUARTER_HOUR, day_end, quarter_start
from ...lib.meter.meter_reader import Reading
from ...lib.passed_pause import has_passed
from ...lib.plan.commanded import Around, EntityKind
from ...lib.plan.house_battery import BatteryRest, alone_kw, battery_kw
from ...lib.plan.house_request import BatteryWish, PlannedHouse
from ...lib.plan.load_control import Mode
from ...lib.plan.load_following import SILENT_AFTER
from .. import RecordsConfigEntry
from ..statistics.load_energy import NoLoadStatisticError, async_load_energies
from .entered_battery import EnteredBattery
from .lost_entities import lost_entities
from .meter_power import net_import
from .order_sender import Orderer, key_of
from .ordered_entities import OrderedEntities
from .refused_loads import switched_battery
from .shown_plans import BATTERY_PLANS, PlannedBattery
from .state_numbers import converted, number_of

_MIN_REST = timedelta(minutes=1)
# The meter shows the effect of a new power after this time.
_REACTION = timedelta(seconds=5)
_MODE_TIME = timedelta(minutes=1)
_STEP_KW = 0.1


class BatteryFollower:
    """Battery of one meter. It sets the battery's power only if the user has chosen how."""

    def __init__(
        self, hass: HomeAssistant, entry: RecordsConfigEntry, orders: OrderedEntities
    ) -> None:
        self.entered: EnteredBattery | None = None
        self._hass = hass
        self._entry = entry
        self._orders = orders
        self._records = entry.runtime_data.load_records
        self._has_ended = False
        self._plan: PlannedBattery | None = None
        self._kw: float | None = None
        """Power that the plan has set, None while the battery regulates itself."""
        self._set_at: datetime | None = None
        self._mode_at: datetime | None = None

    @callback
    def reread_battery(self) -> bool:
        """Take the battery that the user has entered. Return whether it has changed."""
        if (entered := switched_battery(self._hass, self._entry)) == self.entered:
            return False
        self.entered, self._kw, self._plan = entered, None, None
        return True

    @callback
    def end(self, _event: Event | None = None) -> None:
        """Let the battery regulate itself from now on, because Home Assistant or the entry ends."""
        if self.entered and not self._has_ended:
            self._kw = None
            self._order(self.entered)
            self._show(None)
        self._has_ended = True

    @callback
    def release(self) -> None:
        """End the user's hand at the battery."""
        if self.entered:
            name, records = self.entered.subentry_id, self._records
            records.put_control(name, records.control_of(name).released(), is_battery=True)

    @callback
    def go_on(self) -> None:
        """Send the remaining orders, after the answer to an order."""
        if self.entered:
            self._order(self.entered)

    async def async_wish(self, now: datetime) -> BatteryWish | None:
        """Return the battery for a plan. Return None if its charge is unknown."""
        entered = self.entered
        if entered is None or lost_entities(self._hass, entered.entities, now):
            return None
        measured_by = entered.fields.get(CONF_MEASURED_BY)
        try:
            await async_load_energies(self._hass, [measured_by] if measured_by else [], now, now)
        except NoLoadStatisticError:
            measured_by = None
        battery = entered.now(self._hass)
        return battery and BatteryWish(battery, measured_by, entered.sign > 0)

    @callback
    def take_plan(self, planned: PlannedHouse | None, now: datetime) -> None:
        """Take a new plan of the house, None without one."""
        if planned and planned.plan.values:
            quarter, kwh = planned.coming[0].quarter, planned.plan.battery[0]
            self._show(PlannedBattery(now, quarter, kwh, planned.plan.values[1], self._kw))
        else:
            self._show(None)

    @callback
    def follow(self, now: datetime, latest: Reading | None) -> None:
        """Let the battery follow the last reading, if the plan controls it."""
        if self.entered and self.entered.is_controlled and not self._has_ended:
            self._follow(self.entered, now, latest)
            self._order(self.entered)

    def _follow(self, entered: EnteredBattery, now: datetime, latest: Reading | None) -> None:
        """Set the power that costs least until the quarter-hour ends."""
        kw = None
        if latest and not has_passed(latest.received_at, now, SILENT_AFTER):
            if self._is_reacting(now, latest):
                return
            kw = self._wanted_kw(entered, now, latest)
        if self._differs(kw) and self._may_change_mode(kw, now):
            self._mode_at = now if (kw is None) is not (self._kw is None) else self._mode_at
            self._kw, self._set_at = kw, now
        if self._plan and self._plan.given_kw != self._kw:
            self._show(self._plan._replace(given_kw=self._kw))

    def _is_reacting(self, now: datetime, latest: Reading) -> bool:
        """Return whether a reading may be from before the last change. A clock may be put back."""
        set_at = self._set_at
        return set_at is not None and set_at <= now and latest.received_at < set_at + _REACTION

    def _show(self, plan: PlannedBattery | None) -> None:
        self._plan = plan
        if self.entered:
            BATTERY_PLANS.show_value(self._hass, self.entered.subentry_id, plan)

    def _differs(self, kw: float | None) -> bool:
        """Return whether a power is worth a new order: by a step, or because a 0 begins or ends."""
        if kw is None or self._kw is None:
            return kw is not self._kw
        return abs(kw - self._kw) >= _STEP_KW or (kw == 0) is not (self._kw == 0)

    def _may_change_mode(self, kw: float | None, now: datetime) -> bool:
        """Return whether a power keeps the mode, or the mode is old enough to be changed.

        None is the mode in which the battery regulates itself.
        """
        is_steady = has_passed(self._mode_at, now, _MODE_TIME)
        return is_steady or (kw is None) is (self._kw is None)

    def _wanted_kw(self, entered: EnteredBattery, now: datetime, latest: Reading) -> float | None:
        """Return the power that the battery shall have, None if it shall regulate itself."""
        battery, net, start = entered.now(self._hass), net_import(latest, now), quarter_start(now)
        plan = self._plan
        if not battery or not plan or not net:
            return None
        if quarter_start(plan.planned_at) != start:
            return self._kw
        kw, net_kwh = net
        house_kw = kw - self._measured_kw(entered)
        rest_time = max(_MIN_REST, start + QUARTER_HOUR - now)
        rest = BatteryRest(rest_time / HOUR, net_kwh, house_kw)
        wanted = battery_kw(battery, plan.quarter, rest, plan.after)
        can_discharge = not battery.can_only_charge
        if can_discharge and CONF_MODE_SET_BY not in entered.fields:
            return wanted
        more_kw = wanted - alone_kw(battery, house_kw)
        gain_kw = abs(more_kw) if can_discharge else min(more_kw, wanted)
        return wanted if gain_kw >= _STEP_KW else None

    def _measured_kw(self, entered: EnteredBattery) -> float:
        """Return the battery's power by its sensor, or else the power that the plan has set."""
        state = self._hass.states.get(entered.fields.get(CONF_MEASURED_BY, ""))
        kw = converted(PowerConverter, state, "kW")
        return (self._kw or 0.0) if kw is None else kw * entered.sign

    def _order(self, entered: EnteredBattery) -> None:
        """EntityOrder power and mode, unless the user has chosen another mode."""
        hass, fields, now = self._hass, entered.fields, dt_util.utcnow()
        mode, numbers = None, entered.numbers(hass, self._kw or 0.0)
        # No battery is told to charge and to discharge at once.
        if any(not value and number_of(hass.states.get(name)) for name, value in numbers.items()):
            numbers = dict.fromkeys(numbers, 0.0)
        values = {key_of(hass, name): value for name, value in numbers.items()}
        used = dict.fromkeys(values, EntityKind.FOLLOWED)
        if select := fields.get(CONF_MODE_SET_BY):
            key = key_of(hass, select)
            used[key] = EntityKind.SELECT
            mode = Mode(key, fields[CONF_MODE_CONTROLLED], fields[CONF_MODE_OTHERWISE])
        control = self._records.control_of(entered.subentry_id).used(used, now)
        around = Around(hand_end=day_end(now))
        control = control.reported(self._orders.reports(control), now, around)
        if control.has_hand:
            self._kw = None
        control = control.battery(None if self._kw is None else values, mode, now)
        orderer = Orderer(entered.subentry_id, entered.name, is_battery=True)
        self._orders.command(orderer, control)
