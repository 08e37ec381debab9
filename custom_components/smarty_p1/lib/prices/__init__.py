"""What a kWh costs: published prices and levies, contracts, market prices of each hour.

Imports `history`. Knows no month and no bill.

Public modules: contract, contract_json, contract_terms, entered_contract, kwh_price,
market_price_lists, network_prices, price_file, price_series, running_price, stored_costs,
time_of_use, zone_price_response.
"""
