"""Plan of a house: loads with a deadline and a battery, at the prices of the bill.

Imports `history` only.

Public modules: usual_house.
"""
