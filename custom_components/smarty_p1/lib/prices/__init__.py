"""What a kWh costs: published prices and levies, contracts, market prices of each hour.

Imports `history`. Knows no month and no bill.

Public modules: contract, contract_json, kwh_price, market_price_lists, network_prices,
past_market_prices, price_file, price_series, time_of_use.
"""
