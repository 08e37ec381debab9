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

# Fields that never count as empty, so that a value in them does not hold from the 1st of the month.
# A new second price also changes the price of hours that had a price before. A missing category
# means category A, and missing levies mean a bill without levies.
_NEVER_FILLED = {"second_price", "second_hours", "consumer_category", "has_levies"}
# A price is either fixed, or a margin on the market's price. Each kind of price has its own field.
# If one of the two fields has a value, the other field does not count as empty.
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

    Contracts of later days are dropped. If `contract` equals the latest contract and only the day
    differs, the latest contract now holds from the new day. `now` is None before the first reading.
    """
    if since is not None:
        return _with_day(contracts, contract, since, now)
    if contract == contracts.latest:
        return contracts
    if now is None or contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    start = _next_change(now)
    # If the latest contract begins at `start` or later, `contract` corrects it. Then keep the
    # remembered entries from before both contracts.
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
    # If the latest contract begins on the same day, `contract` corrects it. Then keep the
    # remembered entries from before both contracts. But remember a contract that begins on a later
    # day, because the day `since` may be a typing error.
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

    If the user later corrects the day of the new contract, `before_latest` returns these entries.
    Do not call this function if the new contract corrects the latest contract, because then
    `replaced` must keep the entries from before both contracts.
    """
    if contracts.entries == Contracts().entries:
        return contracts
    return replace(contracts, replaced=contracts.entries)


def _next_change(now: datetime) -> datetime:
    start = quarter_start(now)
    return start + QUARTER_HOUR if now - start >= QUARTER_HOUR / 2 else start


def _filled(contracts: Contracts, before: Contract, after: Contract, since: datetime) -> Contracts:
    """Fill the empty fields of all contracts that hold at `since` or later. Return the contracts.

    `_put_in` fills the fields of one contract.
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

    A field counts as empty if neither `contract` nor `before` has a value for it. `before` is the
    contract that `after` replaces.
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
