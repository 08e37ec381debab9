"""Messages to the household: when one is due, and how many a day may have.

Imports `p1`, `history`, `prices`, `bill` and `advice`. Values go in; a message, or None, comes
out, with the state to remember. A message has a translation key and values, and no text.

All modules are public.
"""
