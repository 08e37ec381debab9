"""Advice to a household: forecast and goal of a month, reference powers, a battery, hours ahead.

Imports `history`, `prices`, `bill` and `meter`; none of them imports this part.

Public modules: battery_simulation, class_comparison, day_reason, device_advice, energy_shares,
goal, household_money, month_forecast, night_base_load, period_costs, plan_saving,
planned_car_year, solar_house, solar_yield, what_if, what_if_tables, what_if_year.
"""
