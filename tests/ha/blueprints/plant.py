"""A house with solar panels, a battery and a Smarty meter, second by second and always the same."""

from datetime import UTC, datetime, timedelta
from math import pi, sin

from tests.ha.meter import with_value
from tests.ha.support import TELEGRAM

INTERVAL = 10
"""Seconds from one telegram to the next."""
REFERENCE_KW = 3.0
CAPACITY_WH = 10_000
MAX_W = 5_000
RESERVE = 20

_START = datetime(2026, 4, 13, 22, tzinfo=UTC)
_SLEW_W = 1_000
"""A second."""
_DELAY = 2
"""Seconds until a setting acts."""
_QUARTER = 900


def house_w(second: int) -> float:
    """Return what the house draws, less what its panels yield, at a second of the day."""
    hour = second / 3600
    load = 350 + 60 * sin(second / 97) + (90 if second % 2400 < 900 else 0)
    load += 2_000 if second % 3600 < 150 else 0  # a kettle
    load += 3_000 if 7 <= hour < 8.4 and second % 600 < 420 else 0  # a boiler
    load += 1_800 if 11.5 <= hour < 12.5 and second % 90 < 45 else 0  # an oven
    load += 4_500 if 17.6 <= hour < 19.2 else 0  # a car
    load += 3_300 if 18 <= hour < 19 and second % 120 < 70 else 0  # the cooker beside it
    load += 9_000 if 20.5 <= hour < 22 else 0  # more than the battery can cover
    sun = max(0.0, sin(pi * (hour - 6) / 13)) if 6 <= hour < 19 else 0.0
    shade = 0.35 if (second // 60) % 7 in {2, 5} else 1.0
    return load - 4_600 * sun * shade


class Plant:
    """Its battery follows one setting, in W, or in its own mode takes what would be fed in."""

    def __init__(self, start_hour: float, charge: float) -> None:
        self.second = round(start_hour * 3600)
        self.stored_wh = CAPACITY_WH * charge / 100
        self.given_w = 0.0
        self.setting_w = 0.0
        self.is_own_control = True
        self.imported_wh, self.exported_wh = 10_000_000.0, 5_000_000.0
        self.quarters: list[float] = []
        """The mean import of each quarter-hour in kW."""
        self.could_have_been: list[float] = []
        """The same with the battery at its best, had all of it been known before."""
        self.without_battery: list[float] = []
        """The same, had there been no battery."""
        self.least_charge = self.charge
        self._waiting: list[tuple[int, float, bool]] = []
        self._before_wh = self.imported_wh
        self._need_ws = self._could_ws = 0.0
        self._usable_wh = self._above_reserve_wh

    @property
    def charge(self) -> float:
        """Return how full the battery is, in percent."""
        return self.stored_wh / CAPACITY_WH * 100

    @property
    def net_w(self) -> float:
        return house_w(self.second) - self.given_w

    @property
    def time(self) -> datetime:
        return _START + timedelta(seconds=self.second)

    def obey(self, setting_w: float, *, is_own_control: bool) -> None:
        """Take a setting, which acts a little later."""
        self._waiting.append((self.second + _DELAY, setting_w, is_own_control))

    def run(self) -> str:
        """Let the time to the next telegram pass, and return that."""
        for _ in range(INTERVAL):
            self._second()
        return self.telegram()

    def telegram(self) -> str:
        """Return the telegram of this moment."""
        local = self.time + timedelta(hours=2)
        text = with_value(TELEGRAM, "0-0:1.0.0", f"({local:%y%m%d%H%M%S}S)")
        net_kw = self.net_w / 1000
        for reference, value, unit in (
            ("1-0:1.7.0", max(0, net_kw), "kW"),
            ("1-0:2.7.0", max(0, -net_kw), "kW"),
        ):
            text = with_value(text, reference, f"({value:06.3f}*{unit})")
        for reference, wh in (("1-0:1.8.0", self.imported_wh), ("1-0:2.8.0", self.exported_wh)):
            text = with_value(text, reference, f"({wh // 1 / 1000:010.3f}*kWh)")
        return text

    @property
    def _above_reserve_wh(self) -> float:
        """Return what may be used: to a percent above the reserve, where it is to stop."""
        return max(0.0, self.stored_wh - CAPACITY_WH * (RESERVE + 1) / 100)

    def _second(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.second:
            _, self.setting_w, self.is_own_control = self._waiting.pop(0)
        house = house_w(self.second)
        wanted = min(0.0, house) if self.is_own_control else self.setting_w
        wanted = max(-MAX_W, min(MAX_W, wanted))
        if (wanted > 0 and self.stored_wh <= 0) or (wanted < 0 and self.charge >= 100):
            wanted = 0.0
        self.given_w += max(-_SLEW_W, min(_SLEW_W, wanted - self.given_w))
        self.stored_wh -= self.given_w / 3600
        self.least_charge = min(self.least_charge, self.charge)
        net = house - self.given_w
        self.imported_wh += max(0.0, net) / 3600
        self.exported_wh += max(0.0, -net) / 3600
        self._note_the_best(house)
        self.second += 1
        if self.second % _QUARTER == 0:
            self._end_quarter()

    def _note_the_best(self, house: float) -> None:
        """Note what the house needs, and what the battery could take off it in this second."""
        self._need_ws += max(0.0, house)
        self._could_ws += min(max(0.0, house), MAX_W)

    def _end_quarter(self) -> None:
        self.quarters.append((self.imported_wh - self._before_wh) * 4 / 1000)
        self._before_wh = self.imported_wh
        self.without_battery.append(self._need_ws / _QUARTER / 1000)
        above_ws = max(0.0, self._need_ws - REFERENCE_KW * 1000 * _QUARTER)
        best_ws = self._need_ws - min(above_ws, self._could_ws, self._usable_wh * 3600)
        self.could_have_been.append(best_ws / _QUARTER / 1000)
        self._need_ws = self._could_ws = 0.0
        self._usable_wh = self._above_reserve_wh
