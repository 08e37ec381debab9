"""What the plan of a house stands on: the house without the loads that are planned.

Imports `history` only.

Public modules: usual_house.
"""
