"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` and `prices` only.

Public modules: added_cost, announced_starts, coming_quarters, daily_load, house_battery,
house_plan, limit_price, load_following, load_memory, next_kwh_price, planned_load, usual_house.
"""
