"""Move of contracts and gas prices that earlier versions stored, into lists in the options.

Earlier versions had only the latest contract in the options: its terms, and `surcharge_price_since`
as its first day. The meter's file had all contracts, each with the time from which it holds.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from ...const import (
    CONF_CONTRACTS,
    CONF_ENERGY_FEE_PER,
    CONF_GAS_FIXED_PRICE,
    CONF_GAS_PRICE,
    CONF_GAS_PRICES,
    CONF_METER_AMPERE,
    CONF_SECOND_PRICE_DAYS,
    CONF_SECOND_PRICE_FROM,
    CONF_SECOND_PRICE_TO,
    CONF_SINCE,
    CONF_WITH_LEVIES,
)
from ...lib.history.luxembourg_time import LUXEMBOURG, local_day
from ...lib.prices.contract import NO_CONTRACT, Contract
from ...lib.prices.entered_contract import (
    TERM_OPTIONS,
    Terms,
    contract_of,
    entered_contracts,
    in_order,
)
from ...lib.prices.time_of_use import WEEKDAYS, parsed
from ..chosen_entity_ids import ENTITIES_BEFORE
from ..entry_types import AnyConfigEntry, without
from ..repair_issues import Problem, raise_issue
from .meter_memory_file import MeterStore

MINOR_VERSION = 2
"""Minor version of config entries whose options have the list of contracts."""

_SINCE = "surcharge_price_since"
_TERMS = {
    *TERM_OPTIONS.values(),
    CONF_ENERGY_FEE_PER,
    CONF_SECOND_PRICE_FROM,
    CONF_SECOND_PRICE_TO,
    CONF_SECOND_PRICE_DAYS,
    *ENTITIES_BEFORE,
}
_GAS = {CONF_GAS_PRICE, CONF_GAS_FIXED_PRICE}
_MOVED = {*_GAS, *_TERMS, _SINCE, *ENTITIES_BEFORE.values()}


async def async_migrate_contracts(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Move the contracts of an earlier version to the list in the options, once.

    If the meter's file has lost them, only the contract in the options is known. It then holds from
    its first day, or else from today. A repair issue says that earlier prices are unknown.

    An earlier version may also have run since the move. Its contract is then added to the list.

    Raises UnreadableNowError if the file cannot be read now. Then nothing is moved.
    """
    flat, contracts = _Flat(entry.options), entered_contracts(entry.options)
    is_first, is_lost = entry.minor_version < MINOR_VERSION, False
    if is_first and not contracts:
        stored = await MeterStore(hass, entry.entry_id).async_contracts()
        contracts = _moved(stored or (), flat)
        is_lost = stored is None and await _async_has_lost(hass, entry, flat)
    elif not is_first and not flat.options:
        return
    contracts = _with_latest(contracts, flat, is_lost=is_lost)
    options = without(entry.options, _MOVED)
    if contracts:
        options[CONF_CONTRACTS] = [*contracts]
    _move_gas_prices(options, flat.options)
    hass.config_entries.async_update_entry(entry, options=options, minor_version=MINOR_VERSION)
    if is_lost:
        raise_issue(hass, entry, Problem.EARLIER_PRICES, day=contracts[0][CONF_SINCE])


def _move_gas_prices(options: dict[str, Any], flat: Mapping[str, Any]) -> None:
    """Add the gas prices of an earlier version to `options`.

    They hold from the beginning, or from today if other prices are known.
    """
    prices = {name: flat[name] for name in _GAS & flat.keys()}
    rows: Sequence[Terms] = options.get(CONF_GAS_PRICES, ())
    if CONF_GAS_PRICE not in prices or (rows and without(rows[-1], {CONF_SINCE}) == prices):
        return
    today = dt_util.now(LUXEMBOURG).date().isoformat()
    others = [row for row in rows if row.get(CONF_SINCE) != today]
    options[CONF_GAS_PRICES] = [*others, {**prices, CONF_SINCE: today}] if rows else [prices]


class _Flat:
    """Contract of an earlier version in the options."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = {name: value for name, value in options.items() if name in _MOVED}
        self.terms = {name: value for name, value in self.options.items() if name in _TERMS}
        self.contract = contract_of(self.terms)

    def entities_before(self, contract: Contract) -> dict[str, str]:
        """Return the price entities of `contract`, the one before this contract."""
        margins = contract.energy_margin, contract.feed_in_margin
        return {
            entity: entity_id
            for (entity, before), margin in zip(ENTITIES_BEFORE.items(), margins, strict=True)
            if margin is not None
            and (entity_id := self.options.get(before) or self.options.get(entity))
        }


async def _async_has_lost(hass: HomeAssistant, entry: AnyConfigEntry, flat: _Flat) -> bool:
    """Return whether earlier contracts are lost: an entry that was set up before had a file."""
    if not flat.terms or dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        return bool(flat.terms)
    return await MeterStore(hass, entry.entry_id).async_has_months()


def _with_latest(contracts: Sequence[Terms], flat: _Flat, *, is_lost: bool) -> Sequence[Terms]:
    """Return the contracts with that of the options, if the meter's file does not have it yet."""
    if not flat.terms or (contracts and contract_of(contracts[-1]) == flat.contract):
        return contracts
    if not contracts and not is_lost:
        return [flat.terms]
    since = flat.options.get(_SINCE) or dt_util.now(LUXEMBOURG).date().isoformat()
    others = [contract for contract in contracts if contract.get(CONF_SINCE) != since]
    return in_order([*others, {CONF_SINCE: since, **flat.terms}])


def _moved(stored: Sequence[tuple[datetime, Contract]], flat: _Flat) -> Sequence[Terms]:
    """Return the stored contracts as options. `flat` is the latest of them.

    A contract that began within a day holds from the midnight before. Of two contracts with one
    day, the later one remains. The price entities of the last two contracts are known.
    """
    items: dict[date | None, Terms] = {}
    for left, (since, contract) in zip(range(len(stored))[::-1], stored, strict=True):
        terms = _terms_of(contract)
        if not left and contract == flat.contract:
            terms = flat.terms
        elif left <= 1:
            terms |= flat.entities_before(contract)
        if items or left < len(stored) - 1:
            day = local_day(since)
            items[day] = {CONF_SINCE: day.isoformat(), **terms}
        elif contract != NO_CONTRACT:
            items[None] = terms
    return [*items.values()]


def _terms_of(contract: Contract) -> dict[str, Any]:
    """Return the options that have the terms of a contract, without its price entities."""
    if contract == NO_CONTRACT:
        return {}
    terms = contract.terms
    hours = terms.pop("second_hours")
    options = {TERM_OPTIONS[name]: value for name, value in terms.items() if value is not None}
    options[CONF_METER_AMPERE] = str(contract.meter_ampere)
    options[CONF_WITH_LEVIES] = bool(contract.has_levies)
    if hours is not None:
        span, days = parsed(hours)
        if span:
            options[CONF_SECOND_PRICE_FROM], options[CONF_SECOND_PRICE_TO] = map(str, span)
        if days:
            options[CONF_SECOND_PRICE_DAYS] = [WEEKDAYS[day] for day in sorted(days)]
    return options
