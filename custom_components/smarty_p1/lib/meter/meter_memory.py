"""Memory of a meter. It survives a restart of the program."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Protocol, Self

from ..clock_verdict import ClockVerdict
from ..history.market_prices import MarketPrices
from ..history.quarter_hour_meter import QuarterHourMeter
from ..history.quarter_hour_values import QuarterHourValues
from ..history.register_amounts import Energies
from ..json_types import JsonDict, JsonMapping
from ..p1.frame_decryptor import FrameDecryptor
from ..p1.frame_header import TITLE_SIZE
from ..p1.keys import FINGERPRINT_SIZE, key_fingerprint
from ..p1.telegram import Telegram, Verification
from ..stored_json import Range, Size, dump, load
from ..stored_values import Stored, checked_mapping
from .clock_lag import ClockLag
from .flow_rate import FlowRates
from .held_back_totals import Totals
from .key_proof import KeyProof
from .mbus_meters import MBusMeters
from .meter_clock import MeterClock
from .object_count_and_rate_limits import shown_name
from .telegram_outline import Outline

_MAX_COUNTER = (1 << 32) - 1
_MAX_KEYS = 16
# Maximum number of system titles to remember. Only a sender that has a key of the meter can add a
# title, but the limit bounds the memory in any case.
_MAX_TITLES = 16


class DemandMeter(Protocol):
    """Meter of quarter-hours: a `QuarterHourMeter`, or a household that has one."""

    @property
    def values(self) -> QuarterHourValues | None:
        """Return the values after the last reading."""

    def count_telegram(  # noqa: PLR0913, PLR0917 - the values of a telegram
        self,
        time: datetime | None,
        energies: Energies,
        power_kw: float | None,
        serial_number: str | None,
        threshold_kva: float | None = None,
        market: MarketPrices = ...,
        clock: ClockVerdict = ...,
    ) -> bool:
        """Take the values of one telegram. Return whether it counts."""

    def as_dict(self) -> JsonDict:
        """Return the state to be stored as JSON."""


class MeterMemory:
    """Memory of a meter: the state that must survive a restart.

    - `counters`: last frame counters, keyed by fingerprint of the key and by DLMS system title, so
      that recorded frames are never accepted a second time;
    - `names`: the serial number in the first verified telegram of each system title;
    - `system_title` and `serial_number` of the meter, and the time of its `last_telegram`;
    - `key_proof`: the last proof that the keys are right;
    - `clock_deviation`: the time by which the meter's clock is ahead, by the last direct telegram
      or as the user has confirmed it, None if unknown. Telegrams of an MQTT topic need it;
    - `clock`: the deviation that a whole day of direct telegrams has shown;
    - `clock_lag`: the delays of the latest telegrams of an MQTT topic, which are not stored;
    - `totals` and `flow_rates` of the registers and M-Bus meters;
    - `mbus_meters`: the M-Bus meters, their identities and channels;
    - `outline`: the objects and M-Bus meters of the last telegram, without values;
    - `demand_meter`: the quarter-hours and months of the grid tariff.

    `damaged` has the names of the parts that could not be read. These parts started empty.
    """

    def __init__(self, demand_meter: DemandMeter | None = None) -> None:
        self.counters: dict[str, dict[bytes, int]] = {}
        self.names: dict[bytes, str] = {}
        self.system_title: bytes | None = None
        self.serial_number: str | None = None
        self.last_telegram: datetime | None = None
        self.key_proof = KeyProof()
        self.clock_deviation: timedelta | None = None
        self.clock = MeterClock()
        self.clock_lag = ClockLag()
        self.totals = Totals()
        self.mbus_meters = MBusMeters()
        self.flow_rates = FlowRates()
        self.outline = Outline()
        self.demand_meter: DemandMeter = demand_meter or QuarterHourMeter()
        self.damaged: list[str] = []
        self._noted = self.demand_meter.values

    @classmethod
    def from_dict(
        cls,
        stored: Stored,
        load_demand: Callable[[Stored], DemandMeter] = QuarterHourMeter.from_dict,
        demand_meter: DemandMeter | None = None,
    ) -> Self:
        """Return the memory from the result of `as_dict`. Damaged or missing parts start empty.

        `load_demand` reads the quarter-hours and months. If `stored` has no quarter-hours and
        months, the memory gets `demand_meter`. Raises ValueError if `stored` is not a dict.
        """
        memory, data = cls(demand_meter), checked_mapping(stored)
        for part, loader in {**_LOADERS, "demand_meter": load_demand}.items():
            key = _STORED_AS.get(part, part)
            if key not in data and part in _MAY_BE_MISSING:
                continue
            try:
                setattr(memory, part, loader(data[key]))
            except Exception:  # noqa: BLE001 - a file may hold anything, and other parts are good
                memory.damaged.append(part)
        memory._noted = memory.demand_meter.values
        if memory.system_title and memory.serial_number:
            memory.names.setdefault(memory.system_title, shown_name(memory.serial_number))
        return memory

    def as_dict(self) -> JsonDict:
        """Return the memory as JSON values, without the quarter-hours and months.

        Quarter-hours and months are large. So the caller stores `demand_meter.as_dict()` itself
        under the key "demand", in the same file or in another file.
        """
        return {
            **{part: dump(getattr(self, part)) for part in _PLAIN_PARTS},
            "totals": self.totals.as_dict(),
            "mbus_meters": self.mbus_meters.as_dict(),
            "flows": self.flow_rates.as_list(),
        }

    def last_counters(self, key: bytes) -> dict[bytes, int]:
        """Return the last frame counters under the encryption key `key`, keyed by system title."""
        return self.counters.get(key_fingerprint(key), {}).copy()

    def forget_counters(self, key: bytes) -> None:
        """Forget the last frame counters under the encryption key `key`."""
        self.counters.pop(key_fingerprint(key), None)

    def note_counter(self, decryptor: FrameDecryptor, title: bytes, counter: int) -> None:
        """Remember the last frame counter of a system title under the decryptor's key.

        At most _MAX_KEYS keys, and _MAX_TITLES system titles of each key, are remembered. Beyond
        these limits, the key or system title with the oldest counter is forgotten, but never the
        meter's own system title. A forgotten system title is removed from the decryptor, too.
        """
        counters = self.counters.pop(decryptor.fingerprint, {})
        self.counters[decryptor.fingerprint] = counters
        counters.pop(title, None)
        counters[title] = counter
        _forget_first(self.counters, _MAX_KEYS, None)
        for forgotten in _forget_first(counters, _MAX_TITLES, self.system_title):
            decryptor.last_counters.pop(forgotten, None)

    def note_period(self) -> bool:
        """Note the period. Return whether a quarter-hour or month has ended since the last call.

        If so, the caller must store the memory at once. Otherwise, after a crash, the same month
        would end a second time, and a user who adds up the ended months would count it twice.
        """
        before, demand = self._noted, self.demand_meter.values
        self._noted = demand
        if demand is None or demand is before:
            return False
        return (
            before is None
            or before.last_quarter != demand.last_quarter
            or before.month_start != demand.month_start
        )

    def is_named(self, telegram: Telegram) -> bool:
        """Return whether a telegram has the serial number that belongs to its system title.

        The first verified telegram of a system title decides which serial number belongs to it.
        Return True if the telegram is not verified, or if it lacks a serial number or a system
        title.
        """
        title, name = telegram.system_title, telegram.serial_number
        if title is None or name is None or telegram.verification is not Verification.TAG:
            return True
        first = self.names.setdefault(title, shown_name(name))
        _forget_first(self.names, _MAX_TITLES, self.system_title)
        return first == shown_name(name)


type _Fingerprint = Annotated[bytes, Size(FINGERPRINT_SIZE)]
type _Title = Annotated[bytes, Size(TITLE_SIZE)]
type _Counter = Annotated[int, Range(0, _MAX_COUNTER)]
# Annotations of the parts that have no class of their own.
_PLAIN_PARTS: JsonMapping = {
    "counters": Annotated[dict[_Fingerprint, dict[_Title, _Counter]], Size(_MAX_KEYS)],
    "names": Annotated[dict[_Title, str], Size(_MAX_TITLES)],
    "system_title": _Title | None,
    "serial_number": str | None,
    "last_telegram": datetime | None,
    "clock_deviation": timedelta | None,
    "clock": MeterClock,
    "key_proof": KeyProof,
    "outline": Outline,
}


def _counters(stored: Stored) -> dict[str, dict[bytes, int]]:
    counters: dict[bytes, dict[bytes, int]] = load(_PLAIN_PARTS["counters"], stored)
    return {fingerprint.hex(): of_titles for fingerprint, of_titles in counters.items()}


_LOADERS: Mapping[str, Callable[[Stored], Any]] = {
    **{part: partial(load, hint) for part, hint in _PLAIN_PARTS.items()},
    "counters": _counters,
    "totals": Totals.from_dict,
    "mbus_meters": MBusMeters.from_dict,
    "flow_rates": FlowRates.from_list,
}
# Parts that do not count as damaged if a stored file lacks them. The part `demand_meter` can be in
# a file of its own. The parts `outline`, `key_proof` and `mbus_meters` are created again from the
# next telegram, and `clock` from the telegrams of a day.
_MAY_BE_MISSING = {"clock", "demand_meter", "outline", "key_proof", "mbus_meters"}
_STORED_AS = {"flow_rates": "flows", "demand_meter": "demand"}


def _forget_first[K](entries: dict[K, Any], max_entries: int, kept: K | None) -> list[K]:
    forgotten = [key for key in entries if key != kept][: max(0, len(entries) - max_entries)]
    for key in forgotten:
        del entries[key]
    return forgotten
