"""Stored data of a meter. It is available even before the first telegram."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..lib.advice.household_money import HouseholdMoney
from ..lib.bill.household import Household
from ..lib.bill.household_state import HouseholdState
from ..lib.fault_log import FaultLog
from ..lib.history.luxembourg_time import LUXEMBOURG
from ..lib.history.market_prices import MarketPrices
from ..lib.history.month_file_lines import month_name
from ..lib.meter.meter_memory import MeterMemory
from ..lib.meter.meter_reader import Reading
from ..lib.meter.object_count_and_rate_limits import Limits
from ..lib.p1.telegram import Telegram
from ..lib.prices.entered_contract import (
    contracts_of,
    prices_to_replace,
    unconfirmed_prices,
    wanted_options,
)
from ..lib.problem import Problem
from .entry_types import AnyConfigEntry
from .last_hours import forget_last_hour, last_hour_of
from .leneda.download import LenedaDownload
from .leneda.leneda_data import LenedaData
from .market_prices.measured_prices import MeasuredPrices
from .repair_issues import set_issue
from .statistics.gas_statistics import GasStatistics
from .statistics.meter_statistics import MeterStatistics
from .stored.meter_history import MeterHistory
from .stored.meter_memory_file import MeterStore


@callback
def async_check_prices(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Raise or withdraw the repair issues about high prices and about older published prices.

    This is done now, for network prices also every hour until the entry is unloaded.
    """

    @callback
    def check(now: datetime) -> None:
        year, older = str(now.astimezone(LUXEMBOURG).year), prices_to_replace(now, entry.options)
        set_issue(hass, entry, Problem.NETWORK_PRICES, is_there=older, year=year)

    check(dt_util.utcnow())
    # Options change only with a reload or through the issue's own dialog, so check them once.
    set_issue(hass, entry, Problem.HIGH_PRICES, is_there=unconfirmed_prices(entry.options))
    entry.async_on_unload(async_track_utc_time_change(hass, check, minute=0, second=0))


# A fault of a few captures ends by itself, so a repair issue tells only of totals that are held
# back for longer.
_MAX_UNTOLD = timedelta(hours=3)
# Maximum number of damaged months that a repair issue names.
_MAX_NAMED = 6

_IGNORED = {
    "objects": "%s: more than %d objects that no specification knows; the others are ignored",
    "telegrams": "%s: more than %d plain telegrams a second; the others are ignored",
    "meters": "%s: more than %d meters on the M-Bus; the others are ignored until you delete some",
}


class MeterRecords:
    """Stored data of one meter: frame counters, quarter-hours, history, Leneda's days."""

    def __init__(self, hass: HomeAssistant, entry: AnyConfigEntry) -> None:
        self._store = MeterStore(hass, entry.entry_id)
        self.money = HouseholdMoney(self.household)
        """Function that returns the household's prices and costs after the last reading."""
        self.quarter_hours = self._store.quarter_hours
        self.history = MeterHistory(hass, entry.entry_id)
        self.statistics = MeterStatistics(hass, entry)
        self.leneda = LenedaData(hass, entry, self.statistics.async_remove_hours)
        self.prices = MeasuredPrices(hass, entry)
        self.wanted_options = wanted_options(entry.options, dt_util.now(LUXEMBOURG).date())
        # Powers of the last hour. They survive a reload, but no restart.
        self.last_hour = last_hour_of(hass, entry)
        self.house_powers: Mapping[str, list[str | None]] = {"solar": [], "battery": []}
        """Entities with the powers of inverters and batteries, by kind of source.

        They are known once a card has requested the consumption of the house.
        """
        self._hass = hass
        self._entry = entry
        self._faults = FaultLog(entry.title)
        self._gas = GasStatistics(hass, entry, self.history)
        self._download = LenedaDownload(hass, entry, self.leneda, self.history, self._gas)
        self._refused: frozenset[str] = frozenset()
        # Exchanged M-Bus meters of which the repair issue tells.
        self._exchanged: Mapping[str, str] = {}
        # Totals of which the repair issue tells.
        self._held: set[str] = set()

    @property
    def memory(self) -> MeterMemory:
        """Return the meter's state, which is stored and so survives a restart."""
        return self._store.memory

    @property
    def household(self) -> Household:
        """Return the household with its quarter-hours, contracts and months."""
        return self._store.household

    @property
    def household_state(self) -> HouseholdState | None:
        """Return the quarter-hours and months of the meter. They survive a restart.

        Return None if the meter was never read and there are no days from Leneda.
        """
        return self.household.newest

    @property
    def is_fetching(self) -> bool:
        """Return whether older quarter-hours are still to be downloaded from Leneda."""
        return self._download.is_fetching

    @property
    def has_device(self) -> bool:
        """Return whether the meter has a device. The first set-up of the meter creates it."""
        registry = dr.async_get(self._hass)
        return bool(dr.async_entries_for_config_entry(registry, self._entry.entry_id))

    async def async_open(self) -> None:
        """Load the stored files, and start the download from Leneda.

        The contracts come from the options. Raises UnreadableNowError if the state of the meter or
        its quarter-hours cannot be read now.
        """
        # The set-up may fail later. Nothing may then be written over the files of the next set-up.
        self._entry.async_on_unload(self._async_close_and_forget)
        contracts = contracts_of(self._entry.options)
        await self._store.async_load(contracts)
        self.money = HouseholdMoney(self.household)
        self._tell_of_months(Problem.DAMAGED_MONTH, self.household.meter.damaged)
        self._tell_of_refused()
        self._tell_of_exchange()
        self._tell_of_held()
        await self.prices.async_open(self.household)
        await self.history.async_load()
        await self.leneda.async_start(self.household)
        self._entry.async_on_unload(self.leneda.listeners.add(self.statistics.start_writing))
        self._entry.async_on_unload(self.leneda.listeners.add(self._tell_of_refused))
        self._entry.async_on_unload(self.leneda.listeners.add(self._tell_of_leneda))
        self._tell_of_leneda()
        self.statistics.async_start(self.household, self.leneda)
        if not self.statistics.is_available:
            await self.leneda.async_remove_former()
        async_check_prices(self._hass, self._entry)
        self._gas.start()
        await self._download.async_start()

    def limits(self) -> Limits:
        """Return the limits for a new reader of the meter's telegrams."""
        return Limits(self._kept_meters, self._warn_of_ignored)

    @callback
    def _tell_of_months(
        self, problem: Problem, months: Collection[str], folder: Path | None = None
    ) -> None:
        """Raise the repair issue for a problem of some months, or withdraw it without months."""
        set_issue(
            self._hass,
            self._entry,
            problem,
            is_there=months,
            folder=str(folder or self.quarter_hours.folder),
            months=", ".join(sorted(months)[:_MAX_NAMED]),
        )

    @callback
    def _tell_of_leneda(self) -> None:
        """Raise or withdraw the repair issues about stored and about wrong values of Leneda."""
        for problem, months in (
            (Problem.DAMAGED_LENEDA, self.leneda.damaged),
            (Problem.LENEDA_ZEROS, self.leneda.with_false_zeros),
        ):
            self._tell_of_months(problem, {*map(month_name, months)}, self.leneda.files.folder)

    @callback
    def _tell_of_refused(self) -> None:
        """Raise the repair issue if months have impossible energy, else withdraw it."""
        self._refused = self.household.refused
        self._tell_of_months(Problem.IMPOSSIBLE_MONTH, self._refused)

    @callback
    def forget_exchanged(self, identity: str | None = None) -> None:
        """Forget that an M-Bus meter was exchanged, because the user knows. Default: all meters."""
        self.memory.mbus_meters.forget_exchanged(identity)
        self._tell_of_exchange()
        self.schedule_save()

    @callback
    def _tell_of_exchange(self) -> None:
        """Raise the repair issue if M-Bus meters were exchanged, else withdraw it."""
        self._exchanged = self.memory.mbus_meters.exchanged
        problem = Problem.MBUS_METER_EXCHANGED
        set_issue(self._hass, self._entry, problem, is_there=self.exchanged_meters)

    @callback
    def _tell_of_held(self) -> None:
        """Raise the repair issue if totals are held back, else withdraw it."""
        self._held = self._held_long()
        set_issue(self._hass, self._entry, Problem.TOTAL_HELD_BACK, is_there=self._held)

    def _held_long(self) -> set[str]:
        held = self.memory.totals.held
        return {name for name, index in held.items() if index.held_for >= _MAX_UNTOLD}

    @property
    def exchanged_meters(self) -> Mapping[str, str]:
        """Return identities of exchanged M-Bus meters, each with the identity of the new meter.

        A meter without a device is left out, because the user has deleted its device.
        """
        exchanged = self.memory.mbus_meters.exchanged
        kept = self._kept_meters() if exchanged else set()
        return {old: new for old, new in exchanged.items() if old in kept}

    @callback
    def prices_at(self, telegram: Telegram) -> MarketPrices:
        """Return the market prices now, under the contract that holds at a telegram's time."""
        return self.prices.prices_at(telegram.time or dt_util.utcnow())

    @callback
    def enter(self, reading: Reading) -> None:
        """Add a reading to the stored data.

        This must be fast, because it runs for every telegram.
        """
        call = self._faults.call
        call(self.quarter_hours.append, self.household.meter.take_new())
        call(self.statistics.note_reading)
        call(self.history.note_reading, reading)
        if reading.is_current:
            call(self.last_hour.note_reading, reading)
        outline = self.memory.outline
        self.memory.outline = outline.updated(reading.telegram, reading.channels)
        if self.memory.mbus_meters.exchanged is not self._exchanged:
            self._tell_of_exchange()
        if self._held_long() != self._held:
            self._tell_of_held()
        if self.household.refused != self._refused:
            self._tell_of_refused()

    @callback
    def schedule_save(self) -> None:
        """Save the meter's state within five minutes, if the state has changed."""
        self._store.schedule_save()

    async def async_close(self) -> None:
        """Save the stored data for the last time. Later changes are ignored."""
        await self._download.async_close()
        await self.leneda.async_close()
        await self.history.async_close()
        await self.prices.async_close()
        await self._store.async_close()

    async def _async_close_and_forget(self) -> None:
        await self.async_close()
        self.money.forget()

    def _kept_meters(self) -> set[str]:
        """Return the identities of the M-Bus meters that have a device in Home Assistant.

        They count towards the maximum number of M-Bus meters. If the user deletes the device of a
        meter that was replaced, there is room for another meter.
        """
        meter_id = str(self._entry.unique_id)
        devices = dr.async_entries_for_config_entry(dr.async_get(self._hass), self._entry.entry_id)
        return {
            name.removeprefix(f"{meter_id}_")
            for device in devices
            for domain, name in device.identifiers
            if domain == DOMAIN and name != meter_id
        }

    @callback
    def _warn_of_ignored(self, kind: str, limit: float) -> None:
        LOGGER.warning(_IGNORED[kind], self._entry.title, limit)

    async def async_remove(self) -> None:
        """Remove all stored files of the meter."""
        await self._store.async_remove()
        await self.history.async_remove()
        await self.prices.async_remove()
        await self.leneda.async_forget()
        await self.statistics.async_forget()
        forget_last_hour(self._hass, self._entry)
