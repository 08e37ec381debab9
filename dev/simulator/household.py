"""Household whose powers and registers depend only on the time for which they are requested.

They depend neither on earlier requests nor on the start of the simulator. A register is the sum of
a power over time, and never falls. The mean power of a minute is a whole number of watts, so the
sums of minutes are exact. The consumption repeats after 52 weeks, so at most 52 weeks are computed.
"""

from array import array
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from operator import neg
from threading import RLock
from typing import NamedTuple

from .appliances import SLOT, electric_loads, warmth_and_water
from .heater import HEATER_STEP, HEATER_WATTS, Heater
from .house import House
from .randomness import seeded_random
from .weather import MINUTES, weather_of_day

# Start of day 0. It must be a Monday, because `appliances` computes weekends from the number of the
# day.
EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
DAYS_OF_LIFE = 364
# Maximum number of days in the cache. Three parts of the demo use the cache at the same time: the
# history, the inverter and the platform Leneda. Each of these parts needs up to three different
# days.
CACHED_DAYS = 9

WATT_MINUTES_PER_KWH = 60_000
WH_PER_M3_OF_GAS = 9_800
WH_PER_GJ = 277_778

# Motors import this reactive power, in 0.01 var per W of load.
CENTIVAR_PER_WATT = 7
# Cables and electronics export this reactive power, in var.
CAPACITIVE_VAR = 24

# A minute has six steps of ten seconds. These are the relative deviations of the steps' powers from
# the mean power of the minute. Their sum is 0.
RIPPLE = (0.02, -0.015, 0.005, -0.02, 0.015, -0.005)
STEP = 60 // len(RIPPLE)
_MINUTE = timedelta(minutes=1)


class Registers(NamedTuple):
    """Counted amounts. Energies are in W·min, reactive energies in 0.01 var·min.

    `warmth` is the heat in Wh, and `water` is in litres. `produced` is the energy from the solar
    panels, `car` and `boiler` are energies of two devices. The meter does not measure these three.
    """

    imported: float = 0
    exported: float = 0
    reactive_imported: float = 0
    reactive_exported: float = 0
    warmth: float = 0
    water: float = 0
    produced: float = 0
    car: float = 0
    boiler: float = 0

    def plus(self, other: Iterable[float], times: int = 1) -> Registers:
        """Return the sum of these registers and of the registers `other` multiplied by `times`."""
        return Registers(*(a + b * times for a, b in zip(self, other, strict=True)))

    @property
    def imported_kwh(self) -> float:
        """Return the imported active energy in kWh."""
        return self.imported / WATT_MINUTES_PER_KWH

    @property
    def exported_kwh(self) -> float:
        """Return the exported active energy in kWh."""
        return self.exported / WATT_MINUTES_PER_KWH

    @property
    def produced_kwh(self) -> float:
        """Return the energy that the solar panels have produced, in kWh."""
        return self.produced / WATT_MINUTES_PER_KWH

    @property
    def car_kwh(self) -> float:
        """Return the energy that the electric car has taken, in kWh."""
        return self.car / WATT_MINUTES_PER_KWH

    @property
    def boiler_kwh(self) -> float:
        """Return the energy that the boiler has taken, in kWh."""
        return self.boiler / WATT_MINUTES_PER_KWH

    @property
    def reactive_imported_kvarh(self) -> float:
        """Return the imported reactive energy in kvarh."""
        return self.reactive_imported / 100 / WATT_MINUTES_PER_KWH

    @property
    def reactive_exported_kvarh(self) -> float:
        """Return the exported reactive energy in kvarh."""
        return self.reactive_exported / 100 / WATT_MINUTES_PER_KWH

    @property
    def gas_m3(self) -> float:
        """Return the gas in m³ that provides the heat."""
        return self.warmth / WH_PER_M3_OF_GAS

    @property
    def heat_gj(self) -> float:
        """Return the delivered heat in GJ."""
        return self.warmth / WH_PER_GJ

    @property
    def water_m3(self) -> float:
        """Return the consumed water in m³."""
        return self.water / 1000


class Powers(NamedTuple):
    """Powers and voltages of each connected phase.

    Active powers are in kW, and reactive powers in kvar. A power is positive if it is imported, and
    negative if it is exported. Voltages are in V.
    """

    active: tuple[float, ...]
    reactive: tuple[float, ...]
    voltage: tuple[float, ...]


class _Flows(NamedTuple):
    """Powers in each minute of a day in W, and the amounts in each, by the fields of Registers.

    Heat and water have an amount for each five minutes.
    """

    phases: list[list[int]]
    solar: list[int]
    net: list[int]
    amounts: tuple[list[int], ...]


class _Day(NamedTuple):
    """Powers in each minute of a day in W, and the amounts from midnight (UTC) to each minute.

    `sums` has an array for each field of Registers. For heat and water, a sum is the amount to the
    start of a five-minute interval.
    """

    phases: list[list[int]]
    solar: list[int]
    net: list[int]
    sums: tuple[array[int], ...]


class Household:
    """House with its residents, solar panels and electric car."""

    def __init__(self, house: House, seed: int, heater: Heater | None = None) -> None:
        """Create a household. With different seeds, equal houses have different consumption."""
        self.house = house
        self._seed = seed
        self._heater = heater or Heater()
        self._heated = [Registers()]
        self._at_midnight = [Registers()]
        self._days: dict[int, _Day] = {}
        # Lock for the caches, which the event loop and threads that compute a history share.
        self._lock = RLock()

    def registers_at(self, when: datetime) -> Registers:
        """Return the amounts from EPOCH to `when`. Heat and water rise only every five minutes."""
        index, minute, second = _split(when)
        years, index = divmod(index, DAYS_OF_LIFE)
        day = self._day(index)
        done = _done_of_minute(minute, second)
        today = Registers(
            *(
                sums[minute] + (sums[minute + 1] - sums[minute]) * done
                if len(sums) > MINUTES
                else sums[minute // SLOT]
                for sums in day.sums
            )
        )
        registers = self._midnight(index).plus(today).plus(self._heated_until(when))
        return registers.plus(self._midnight(DAYS_OF_LIFE), years) if years else registers

    def powers_at(self, when: datetime) -> Powers:
        """Return the powers and voltages at the time `when`."""
        days, minute, second = _split(when)
        day = self._day(days % DAYS_OF_LIFE)
        share = (1 + _ripple(minute, int(second) // STEP)) / 1000
        sun = self._sun_of_phases(day.solar[minute])
        loads = [phase[minute] for phase in day.phases]
        loads[0] += HEATER_WATTS * self._heater.is_on(when)
        chance = seeded_random("voltage", self._seed, days, minute, int(second) // STEP)
        return Powers(
            tuple((watts - feed) * share for watts, feed in zip(loads, sun, strict=True)),
            tuple(
                (watts * CENTIVAR_PER_WATT / 100 - CAPACITIVE_VAR / len(loads)) * share
                for watts in loads
            ),
            # Loads lower the voltage of a phase, and feed-in raises it. Real meters send whole
            # volts, although the format allows a decimal. So round the result.
            tuple(
                round(min(max(232 + chance.uniform(-2, 2) - (watts - feed) * 6e-4, 225), 240))
                for watts, feed in zip(loads, sun, strict=True)
            ),
        )

    def _heated_until(self, when: datetime) -> Registers:
        """Return by how much the heater has moved the registers until `when`.

        It raises the imported energy, and lowers the exported energy while the panels feed in.
        """
        count, share = self._heater.count_until(when)
        with self._lock:
            for step in self._heater.steps[len(self._heated) - 1 : count]:
                days, minute, second = _split(step)
                net = self._day(days % DAYS_OF_LIFE).net[minute]
                length = (1 + _ripple(minute, int(second) // STEP)) * (HEATER_STEP / _MINUTE)
                imported = (max(net + HEATER_WATTS, 0) - max(net, 0)) * length
                exported = imported - HEATER_WATTS * length
                self._heated.append(self._heated[-1].plus(Registers(imported, exported)))
        if not count:
            return self._heated[0]
        before, after = self._heated[count - 1 : count + 1]
        return Registers(*(a + (b - a) * share for a, b in zip(before, after, strict=True)))

    def _sun_of_phases(self, watts: int) -> list[float]:
        count, own = self.house.phases, self.house.solar_phase
        if own is None:
            return [watts / count] * count
        return [float(watts if phase == own else 0) for phase in range(count)]

    def _midnight(self, index: int) -> Registers:
        with self._lock:
            while len(self._at_midnight) <= index:
                flows = self._flows_of_day(len(self._at_midnight) - 1)
                self._at_midnight.append(self._at_midnight[-1].plus(map(sum, flows.amounts)))
            return self._at_midnight[index]

    def _day(self, index: int) -> _Day:
        with self._lock:
            if index not in self._days:
                while len(self._days) >= CACHED_DAYS:
                    del self._days[next(iter(self._days))]
                self._days[index] = self._make_day(index)
            return self._days[index]

    def _make_day(self, index: int) -> _Day:
        flows = self._flows_of_day(index)
        sums = (array("q", accumulate(amount, initial=0)) for amount in flows.amounts)
        return _Day(flows.phases, flows.solar, flows.net, tuple(sums))

    def _flows_of_day(self, index: int) -> _Flows:
        sky = weather_of_day(index)
        phases, car, boiler = electric_loads(self.house, self._seed, index, sky)
        load = [*map(sum, zip(*phases, strict=True))]
        peak = self.house.solar_peak
        solar = [int(light * peak) for light in sky.sunlight] if peak else [0] * MINUTES
        net = [watts - feed for watts, feed in zip(load, solar, strict=True)]
        reactive = [watts * CENTIVAR_PER_WATT - CAPACITIVE_VAR * 100 for watts in load]
        amounts = (
            *(_positive(net), _positive(map(neg, net))),
            *(_positive(reactive), _positive(map(neg, reactive))),
            *warmth_and_water(self.house, self._seed, index, sky),
            *(solar, car, boiler),
        )
        return _Flows(phases, solar, net, amounts)


def _split(when: datetime) -> tuple[int, int, float]:
    since = when - EPOCH
    if since < timedelta(0):
        raise ValueError(f"the meters were installed in {EPOCH.year}; they know nothing of {when}")
    minute, second = divmod(since.seconds, 60)
    return since.days, minute, second + since.microseconds / 1e6


def _ripple(minute: int, step: int) -> float:
    return RIPPLE[(step + minute * 5) % len(RIPPLE)]


def _done_of_minute(minute: int, second: float) -> float:
    """Return the share of a minute's energy that has flowed after `second` seconds, from 0 to 1."""
    steps, rest = divmod(second, STEP)
    extra = sum(_ripple(minute, step) for step in range(int(steps))) * STEP
    return (second + extra + _ripple(minute, int(steps)) * rest) / 60


def _positive(flow: Iterable[int]) -> list[int]:
    # A year of days is made for each reading of a year later, and max() takes twice as long.
    return [part if part > 0 else 0 for part in flow]  # noqa: FURB136
