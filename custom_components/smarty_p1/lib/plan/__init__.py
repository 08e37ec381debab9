"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` and `prices` only.

Public modules: added_cost, battery, bill_steps, coming_quarters, daily_load, follow, house_plan,
limit_price, planned_load, task, told_starts, usual_house.
"""
