"""P1 port as a stream of bytes: opening, reopening and probing of a port.

The package needs serialx.

All modules are public.
"""
