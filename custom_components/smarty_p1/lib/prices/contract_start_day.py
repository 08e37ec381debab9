"""Rules for the start of a contract that a user enters in the options.

- The first contract ever entered holds for all recorded time.
- A value in a field that was empty before holds from the 1st of the month of the entered day.
  Without an entered day, it holds from the 1st of the current month.
- A changed value, or a new second price, holds from the entered day. Without an entered day, it
  holds from the start of the running quarter-hour. If more than half of this quarter-hour has
  passed, it holds from the next quarter-hour.

If the entered day is in the future, the whole contract holds from that day.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from ..history.calendar import QUARTER_HOUR, midnight, month_start, quarter_start
from .contract import BEGINNING, MAX_CONTRACTS, Contract, Contracts

# An empty field usually means that the user did not know the value. So a value entered later holds
# from the 1st of the month. But in the fields of `_NEVER_FILLED`, an empty field has a meaning of
# its own. So a new value in such a field is a change, and holds from the entered day. Without a
# second price, all hours have the first price. A missing category means category A. Missing levies
# mean a bill without levies.
_NEVER_FILLED = {"second_price", "second_hours", "consumer_category", "has_levies"}
# A price is either fixed, or a margin on the market's price. Each kind of price has its own field.
# Usually one of the two fields is empty on purpose. So these fields count as empty only if neither
# of them has a value.
_ALTERNATIVES = {
    "energy_price": "energy_margin",
    "energy_margin": "energy_price",
    "feed_in_price": "feed_in_margin",
    "feed_in_margin": "feed_in_price",
}


def with_entered(
    contracts: Contracts, contract: Contract, since: date | None, now: datetime | None
) -> Contracts:
    """Return the contracts after a user has entered `contract`, with `since` as its first day.

    `since` is None if the user has entered no day. Contracts that are still to come are dropped. If
    `contract` equals the latest contract, only the first day of the latest contract is changed to
    `since`. `now` is None before the first reading.
    """
    if since is not None:
        return _with_day(contracts, contract, since, now)
    if contract == contracts.latest:
        return contracts
    if now is None or contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    start = _next_change(now)
    # If the latest contract begins at `start` or later, `contract` replaces it. The field
    # `replaced` then already has the entries from before the latest contract, so do not change it.
    if contracts.entries[-1][0] < start:
        contracts = _remembering(contracts)
    month = _filled(contracts, contracts.at(start), contract, month_start(now))
    return month.changed(contract, start)


def _with_day(
    contracts: Contracts, contract: Contract, since: date, now: datetime | None
) -> Contracts:
    start = midnight(since)
    if contract == contracts.latest:
        if _was_entered_for(contracts, start):
            return contracts
        contracts = contracts.before_latest
    if now is None or start > now:
        return _remembering_for(contracts, start).changed(contract, start)
    begun = tuple(entry for entry in contracts.entries if entry[0] <= now)
    contracts = _remembering_for(replace(contracts, entries=begun), start)
    if contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    return _with_changed_values(contracts, contract, start)


def _with_changed_values(contracts: Contracts, contract: Contract, start: datetime) -> Contracts:
    """Return `contracts` with the values that the user has changed in `contract`.

    The changed values hold from `start` on. A price can be announced late, so `contracts` may have
    contracts that begin after `start`. In these contracts, only the changed values are replaced.
    """
    month = _filled(contracts, contracts.latest, contract, month_start(start))
    later = [begin for begin, _ in contracts.entries if begin > start]
    changed = (
        (begin, _with_changes(month.at(begin), contracts.latest, contract))
        for begin in (start, *later)
    )
    kept = (entry for entry in month.entries if entry[0] < start)
    return replace(contracts, entries=(*kept, *changed)[-MAX_CONTRACTS:])


def _was_entered_for(contracts: Contracts, start: datetime) -> bool:
    """Return whether the user entered the latest contract with the first day `start`.

    If `contracts.replaced` has a contract that begins at `start`, this contract existed before the
    latest change. So the user entered the latest change for another day: return False.
    """
    return contracts.entries[-1][0] == start and start not in dict(contracts.replaced)


def _remembering_for(contracts: Contracts, start: datetime) -> Contracts:
    """Return `contracts` with the entries to restore if the day `start` is a typing error.

    Usually, these are the present entries. But if the latest contract was entered for the same
    day, the new contract replaces it. The field `replaced` then already has the entries from before
    the latest contract, so `contracts` is returned unchanged.
    """
    return contracts if _was_entered_for(contracts, start) else _remembering(contracts)


def _remembering(contracts: Contracts) -> Contracts:
    """Return `contracts` with a copy of their entries in the field `replaced`.

    Call this function before a new contract is added. If the user later corrects the day of the new
    contract, `before_latest` returns the copied entries. Do not call this function if the new
    contract replaces the latest contract. In this case, `replaced` must keep the entries from
    before the latest contract. The default `Contracts` is returned unchanged.
    """
    if contracts.entries == Contracts().entries:
        return contracts
    return replace(contracts, replaced=contracts.entries)


def _next_change(now: datetime) -> datetime:
    start = quarter_start(now)
    return start + QUARTER_HOUR if now - start >= QUARTER_HOUR / 2 else start


def _filled(contracts: Contracts, before: Contract, after: Contract, since: datetime) -> Contracts:
    """Return `contracts` with empty fields filled by values that the user has entered now.

    The fields are filled in all contracts that hold at `since` or later. `after` is the entered
    contract, and `before` the contract that it replaces. `_put_in` fills the fields of one
    contract.
    """
    since = since.astimezone(UTC)
    result = contracts
    for start, contract in (
        (since, contracts.at(since)),
        *(entry for entry in contracts.entries if entry[0] > since),
    ):
        result = result.changed(_put_in(contract, before, after), start)
    return result


def _with_changes(contract: Contract, before: Contract, after: Contract) -> Contract:
    """Return `contract` with each value of `after` that differs between `before` and `after`."""
    old, new = before.terms, after.terms
    changed = {name: new.get(name) for name in old | new if new.get(name) != old.get(name)}
    return Contract.of_terms(contract.terms | changed)


def _put_in(contract: Contract, before: Contract, after: Contract) -> Contract:
    """Return `contract` with its empty fields filled from `after`, the entered contract.

    `before` is the contract that `after` replaces. A field is filled only if it is empty in
    `before`, too. If it has a value in `before`, the user has changed this value from the entered
    day on. So the new value must not be used before that day.
    """
    old, terms = before.terms, contract.terms
    filled = {
        name: value
        for name, value in after.terms.items()
        if name not in _NEVER_FILLED and _is_empty(old, name) and _is_empty(terms, name)
    }
    return Contract.of_terms(terms | filled)


def _is_empty(terms: Mapping[str, Any], name: str) -> bool:
    return all(terms.get(term) is None for term in (name, _ALTERNATIVES.get(name, name)))
