"""The past of a household as one table: a row is energy in one quarter-hour.

table = table_of(spans, leneda)

Imports `history` and `prices`. Needs numpy. Arrays never leave `energy_table`, `bill` and `advice`.

Public modules: filled_market_prices, table, wall_clock.
"""
