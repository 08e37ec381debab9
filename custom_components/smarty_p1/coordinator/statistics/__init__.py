"""Long-term statistics that the integration writes, hour by hour, from months and daily amounts.

Nothing is stored about them but the key in their ids: what is missing or differs is written again.
Imports `stored`, and of the sources only what all of them share.
"""
