"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` and `prices` only.

Public modules: added_cost, announced_starts, battery, bill_steps, coming_quarters, daily_load,
house_plan, limit_price, load_following, planned_load, task, usual_house.
"""
