"""Messages to the household: when one is due, and how many a day may have.

Imports `p1`, `history`, `prices`, `bill` and `advice`. Values go in; a message, or None, comes
out, with the state to remember. A message has a translation key and values, and no text.

Public modules: excess_warning, goal_watch, grid_watch, message, monthly_report, outbox,
phase_watch, plan_watch, silence_remedy, silence_watch, state, sun_watch, voltage_watch,
water_watch.
"""
