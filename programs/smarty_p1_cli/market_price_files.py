"""Reader of market prices: month files of the integration, or files in their format."""

from collections.abc import Iterable, Sequence

from smartyp1.prices.contract import Contracts
from smartyp1.prices.market_price_series import HEADER, PriceSeries, PriceSources, QuarterPrice

from .parser import raise_usage_error, shown

_BEGINNING = HEADER.encode()[: HEADER.index(",origin")]


def is_price_file(data: bytes) -> bool:
    """Return whether a file has market prices."""
    return data.startswith(_BEGINNING)


def series_of_files(files: Iterable[tuple[str, bytes]]) -> PriceSeries:
    """Return the prices in files, which all have the prices of one source.

    Raises UsageError for a malformed line.
    """
    series = PriceSeries()
    for name, data in files:
        for number, line in enumerate(data.decode("latin-1").splitlines()[1:], 2):
            try:
                series.replace_price(QuarterPrice.of_line(line))
            except IndexError, TypeError, ValueError:
                raise_usage_error(
                    f"{shown(name)}: line {number} must be such as 2026-06-01T12:00Z,0.1234,"
                )
    return series


def sources_of(series: PriceSeries, contracts: Contracts) -> Sequence[PriceSources]:
    """Return the prices for each contract with a price that follows the market."""
    return [
        PriceSources(
            since,
            None if contract.energy_margin is None else series,
            None if contract.feed_in_margin is None else series,
        )
        for since, contract in contracts.entries
    ]
