"""Pure functions that compute answers about a meter from its energies, contracts and prices.

Actions, websocket commands and tools of assistants check the user's rights first. Then they return
these answers.

Public modules: bills, days, facts, gas_costs, habits, house, money, outlook, plan, quarter_hours,
shares, what_if, what_if_changes.
"""
