"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` and `prices` only.

Public modules: best_start, coming_quarters, usual_house.
"""
