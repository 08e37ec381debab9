"""The quarter-hours of a meter for whoever asks again and again: read once, and then what is new.

A year takes 600 kB of memory, as long as the meter is loaded, and only once somebody has asked.
"""

from array import array
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from math import isnan, nan
from weakref import WeakKeyDictionary
from zlib import crc32

from homeassistant.util.hass_dict import HassKey

from ..answers import async_aside
from ..const import DOMAIN
from ..coordinator.meter_coordinator import SmartyCoordinator
from ..lib.tariff import (
    QUARTER_HOUR,
    REFERENCE_POWERS,
    Contracts,
    EstimatedQuarterHour,
    Origin,
    PlatformQuarterHour,
    QuarterHour,
    above_each,
    day_start,
)
from .requests import RefusedError, demand_of

KEPT = timedelta(days=400)
ABOVE_CONTRACT = 16
"""More than there are classes."""
_ORIGINS = (None, Origin.PLATFORM, Origin.PLATFORM_ESTIMATED)
_KINDS = (QuarterHour, PlatformQuarterHour, EstimatedQuarterHour)


type Run = tuple[int, int, Origin]
"""The index of the first of some in a row that are not one's own, how many, and whose they are."""


class QuarterHours:
    """Energies in Wh by quarter-hours in a row, the first of which starts at `start`."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self._imported = array("d")
        self._exported = array("d")
        self._origins = bytearray()
        self.past = ""
        """A mark of what is known of the days before today: another one when that is another."""

    @property
    def end(self) -> datetime:
        """Return when the last one ended."""
        return self.start + len(self._imported) * QUARTER_HOUR

    def extend(self, quarters: Iterable[QuarterHour]) -> None:
        """Add later ones, in the order of their time."""
        for quarter in quarters:
            missing = (quarter.start - self.end) // QUARTER_HOUR
            if missing < 0:
                continue
            exported_kwh = quarter.exported_kwh
            self._exported.extend([nan] * missing)
            self._exported.append(nan if exported_kwh is None else exported_kwh * 1000)
            self._origins.extend(bytes(missing))
            self._origins.append(_ORIGINS.index(quarter.origin))
            self._imported.extend([nan] * missing)
            self._imported.append(quarter.imported_kwh * 1000)

    def extend_past(self, quarters: Iterable[QuarterHour], today: datetime) -> None:
        """Add all there are, and mark those of the days before one."""
        self.extend(quarters)
        part = self._slice(self.start, today)
        mark = crc32(self.start.isoformat().encode())
        for values in (self._imported[part], self._exported[part], self._origins[part]):
            mark = crc32(values, mark)
        self.past = f"{mark:08x}"

    def values(self, quantity: str, start: datetime, end: datetime) -> list[int | None]:
        """Return an energy in whole Wh, None where it is not known."""
        part = self._slice(start, end)
        match quantity:
            case "imported":
                exact: Iterable[float] = self._imported[part]
            case "exported":
                exact = self._exported[part]
            case _:
                exact = map(_net, self._imported[part], self._exported[part], strict=True)
        return [None if isnan(wh) else round(wh) for wh in exact]

    def larger(self, start: datetime, above: bytes) -> list[int | None]:
        """Return the larger energy of each quarter-hour in whole Wh, the exported one below 0.

        `above` is the answer of `above`, from `start` on: where it is not 0, the imported energy
        is returned. None is not known.
        """
        first = self._slice(start, self.end).start
        part = slice(first, first + len(above))
        columns = zip(self._imported[part], self._exported[part], above, strict=True)
        return [
            None if isnan(wh) else -round(fed_wh) if fed_wh > wh and not mark else round(wh)
            for wh, fed_wh, mark in columns
        ]

    def above(self, start: datetime, end: datetime, contracts: Contracts) -> bytes:
        """Return how many classes the imported energy of each quarter-hour exceeds.

        Where it exceeds the reference power of its contract, ABOVE_CONTRACT is added.
        """
        part = self._slice(start, end)
        found = bytearray(part.stop - part.start if part.stop > part.start else 0)
        references = [contract.reference_kw for _, contract in contracts.entries]
        least_wh = min([REFERENCE_POWERS[0], *(kw for kw in references if kw)]) * 250
        for index, imported_wh in enumerate(self._imported[part]):
            # Also false where nothing is known. Most of a household's are far below.
            if imported_wh > least_wh:
                time = self.start + (part.start + index) * QUARTER_HOUR
                kw = contracts.at(time).reference_kw
                exceeded = above_each(round(imported_wh, 6), kw)
                found[index] = sum(each in exceeded for each in REFERENCE_POWERS)
                if kw is not None and kw in exceeded and exceeded[kw].quarter_hours:
                    found[index] |= ABOVE_CONTRACT
        return bytes(found)

    def origins(self, start: datetime, end: datetime) -> Iterator[Run]:
        """Yield those that are not one's own."""
        index = 0
        for code, group in groupby(self._origins[self._slice(start, end)]):
            count = len(list(group))
            if origin := _ORIGINS[code]:
                yield index, count, origin
            index += count

    def peak(self, start: datetime, end: datetime) -> QuarterHour | None:
        """Return the one with the highest imported energy; of equal ones, the first."""
        part = self._slice(start, end)
        known = [(wh, -n) for n, wh in enumerate(self._imported[part], part.start) if not isnan(wh)]
        if not known:
            return None
        wh, n = max(known)
        return QuarterHour(self.start - n * QUARTER_HOUR, wh * 4 / 1000)

    def between(self, start: datetime, end: datetime) -> list[QuarterHour]:
        """Return those that are known, as others have them."""
        part = self._slice(start, end)
        columns = self._imported[part], self._exported[part], self._origins[part]
        first = self.start + part.start * QUARTER_HOUR
        return [
            _KINDS[origin](
                first + n * QUARTER_HOUR, wh / 250, None if isnan(fed_wh) else fed_wh / 1000
            )
            for n, (wh, fed_wh, origin) in enumerate(zip(*columns, strict=True))
            if not isnan(wh)
        ]

    def _slice(self, start: datetime, end: datetime) -> slice:
        first, last = ((time - self.start) // QUARTER_HOUR for time in (start, end))
        return slice(max(0, first), max(0, min(last, len(self._imported))))


def _net(imported_wh: float, exported_wh: float) -> float:
    """Return the difference; a meter that does not count what is fed in has no such register."""
    return imported_wh if isnan(exported_wh) else imported_wh - exported_wh


class KnownQuarterHours:
    """The quarter-hours of one meter, of both origins. One answer at a time asks for them."""

    def __init__(self) -> None:
        self._known: QuarterHours | None = None
        self._basis: tuple[object, ...] = ()
        self._last: QuarterHour | None = None

    async def async_read(self, coordinator: SmartyCoordinator) -> QuarterHours:
        """Return what is known now. Raises RefusedError when files cannot be read."""
        demand = demand_of(coordinator)
        end = demand.quarter_start
        # What is imported changes the past, and so may a clock that was wrong.
        basis = day_start(end), coordinator.books.memory.demand_meter.past
        is_same = self._known is not None and basis[0] == self._basis[0]
        hass = coordinator.hass
        try:
            if self._known is None or not is_same or basis[1] is not self._basis[1]:
                start = day_start(end - KEPT)
                found, _ = await coordinator.books.past.async_quarter_hours(start, end)
                known = QuarterHours(start)
                await async_aside(hass, known.extend_past, found, basis[0])
            elif self._last != demand.last_quarter:
                known = self._known
                new = await coordinator.books.quarter_hours.async_read(known.end, end)
                await async_aside(hass, known.extend, new)
            else:
                return self._known
        except OSError as err:
            text = f"The stored quarter-hours cannot be read: {err.strerror}"
            raise RefusedError(code="unreadable", text=text) from err
        self._known, self._basis, self._last = known, basis, demand.last_quarter
        return known


_KNOWN: HassKey[WeakKeyDictionary[SmartyCoordinator, KnownQuarterHours]] = HassKey(
    f"{DOMAIN}_known_quarter_hours"
)


async def async_known_quarter_hours(coordinator: SmartyCoordinator) -> QuarterHours:
    """Return the quarter-hours of a meter. Raises RefusedError when they cannot be read."""
    known = coordinator.hass.data.setdefault(_KNOWN, WeakKeyDictionary())
    if coordinator not in known:
        known[coordinator] = KnownQuarterHours()
    return await known[coordinator].async_read(coordinator)
