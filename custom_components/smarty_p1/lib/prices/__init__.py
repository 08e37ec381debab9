"""Price of a kWh: published prices and levies, contracts, market prices of each hour.

Imports `history`. Knows no month and no bill.

Public modules: agreed_prices, contract, contract_json, contract_terms, entered_contract, kwh_price,
market_price_lists, market_price_series, prices_from_stored_costs, published_prices, running_price,
time_of_use, zone_price_response.
"""
