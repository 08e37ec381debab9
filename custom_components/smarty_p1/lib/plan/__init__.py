"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` and `prices` only.

Public modules: added_cost, coming_quarters, commanded, daily_load, house_battery, house_plan,
house_request, limit_guard, limit_log, limit_price, load_control, load_following, load_record,
next_kwh_price, planned_load, usual_house.
"""
