"""Rules for the start of a contract that a user enters in the options.

- The first contract ever entered holds for all recorded time.
- A value in a field that was empty before holds from the 1st of the month of the entered day.
  Without an entered day, it holds from the 1st of the current month.
- A changed value, or a new second price, holds from the entered day. Without an entered day, it
  holds from the start of the running quarter-hour. If more than half of this quarter-hour has
  passed, it holds from the next quarter-hour.

If the entered day is in the future, the whole contract holds from that day.
"""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

from .calendar import QUARTER_HOUR, midnight, month_start, quarter_start
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

    `since` is None if the user has entered no day. Contracts that begin at the same time as
    `contract`, or later, are dropped. If `contract` equals the latest contract, only the first day
    of the latest contract is changed to `since`. `now` is None before the first reading.
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
    if contracts.entries[-1] == (start, contract):
        return contracts
    if contract == contracts.latest:
        contracts = contracts.before_latest
    # If the latest contract begins on the same day, `contract` replaces it. The field `replaced`
    # then already has the entries from before the latest contract, so do not change it. If the
    # latest contract begins on a later day, it is dropped. But the day `since` may be a typing
    # error, so copy the entries to `replaced`.
    if contracts.entries[-1][0] != start:
        contracts = _remembering(contracts)
    if now is None or start > now:
        return contracts.changed(contract, start)
    if contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    month = _filled(contracts, contracts.latest, contract, month_start(start))
    kept = (entry for entry in month.entries if entry[0] < start)
    # Add `contract` even if the previous contract is equal. Otherwise the day in the options would
    # differ from the stored contracts, so `contract` would be entered again at every restart.
    return replace(contracts, entries=(*kept, (start, contract))[-MAX_CONTRACTS:])


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


def _put_in(contract: Contract, before: Contract, after: Contract) -> Contract:
    """Return `contract` with its empty fields filled from `after`, the entered contract.

    `before` is the contract that `after` replaces. A field is filled only if it is empty in
    `before`, too. Otherwise the user has changed an old value, and the new value must not hold
    before the entered day.
    """
    values = {
        field.name: getattr(after, field.name)
        for field in fields(contract)
        if field.name not in _NEVER_FILLED
        and _is_empty(before, field.name)
        and _is_empty(contract, field.name)
    }
    return replace(contract, **values)


def _is_empty(contract: Contract, name: str) -> bool:
    names = {name, _ALTERNATIVES.get(name, name)}
    return all(getattr(contract, field) is None for field in names)
