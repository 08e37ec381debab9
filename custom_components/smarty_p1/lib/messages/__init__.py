"""Messages to the household: when one is due, and how many a day may have.

Imports `p1`, `meter`, `entities`, `history`, `prices`, `bill`, `advice` and `plan`. Values go in; a
message, or None, comes out, with the state to remember. A message has a translation key and values,
and no text.

Public modules: goal_watch, message, meter_watches, monthly_report, outbox, plan_watch, sun_watch.
"""
