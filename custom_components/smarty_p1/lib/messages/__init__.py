"""Messages to the household: when one is due, and how many a day may have.

Imports `history`, `prices`, `bill` and `advice`. Values go in; a message, or None, comes out,
with the state to remember. A message has a translation key and values, and no text.

Public modules: excess_warning, goal_watch, grid_watch, message, monthly_report, outbox,
silence_watch, state, voltage_watch, water_watch.
"""
