"""The day from which an entered contract holds.

- A first entry holds for all that is recorded.
- A value put into an empty field holds from the 1st of this month, or of that of the day entered;
  a second price, as a changed one.
- A changed one holds from the day entered. Without one, it holds from the running quarter-hour on,
  or from the next one when the greater part of it has passed.

With a day to come, all of it waits until then.
"""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

from .calendar import QUARTER_HOUR, midnight, month_start, quarter_start
from .contract import BEGINNING, MAX_CONTRACTS, Contract, Contracts

# A night price changes the price of a part of the day, so it holds from its day.
_NEVER_FILLED = {"second_price", "second_hours"}
# A price is fixed or follows the market: the two are one value.
_ALTERNATIVES = {
    "energy_price": "energy_margin",
    "energy_margin": "energy_price",
    "feed_in_price": "feed_in_margin",
    "feed_in_margin": "feed_in_price",
}


def with_entered(
    contracts: Contracts, contract: Contract, since: date | None, now: datetime | None
) -> Contracts:
    """Return the contracts with an entered one, and the day from which changes are valid.

    Contracts of later days are forgotten. If the last contract is entered again with another day,
    it holds from that day instead. Before the first reading, `now` is None.
    """
    if since is not None:
        return _with_day(contracts, contract, since, now)
    if contract == contracts.latest:
        return contracts
    if now is None or contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    start = _next_change(now)
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
    if now is None or start > now:
        return contracts.changed(contract, start)
    if contracts.entries == Contracts().entries:
        return replace(contracts, entries=((BEGINNING, contract),))
    month = _filled(contracts, contracts.latest, contract, month_start(start))
    kept = (entry for entry in month.entries if entry[0] < start)
    # Add an equal contract, too, so that the same entry changes nothing after a restart.
    return replace(contracts, entries=(*kept, (start, contract))[-MAX_CONTRACTS:])


def _next_change(now: datetime) -> datetime:
    start = quarter_start(now)
    return start + QUARTER_HOUR if now - start >= QUARTER_HOUR / 2 else start


def _filled(contracts: Contracts, before: Contract, after: Contract, since: datetime) -> Contracts:
    """Return the contracts with newly filled fields filled from a moment on."""
    since = since.astimezone(UTC)
    result = contracts
    for start, contract in (
        (since, contracts.at(since)),
        *(entry for entry in contracts.entries if entry[0] > since),
    ):
        result = result.changed(_put_in(contract, before, after), start)
    return result


def _put_in(contract: Contract, before: Contract, after: Contract) -> Contract:
    """Return a contract with its empty fields filled, if they were empty before, too."""
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
