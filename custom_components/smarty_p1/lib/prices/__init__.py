"""Price of a kWh: published prices and levies, contracts, market prices of each hour.

Imports `history`. Knows no month and no bill.

All modules are public.
"""
