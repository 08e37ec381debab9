"""Pure functions that compute answers about a meter from its energies, contracts and prices.

Actions, websocket commands and tools of assistants check the user's rights first. Then they return
these answers.

Public modules: assistant_facts, bills, days, gas_costs, habits, outlook, plan, quarter_hours,
shares, solar_house, what_if, what_if_changes.
"""
