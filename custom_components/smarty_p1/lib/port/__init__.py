"""P1 port as a stream of bytes: opening, reopening and probing of a port.

The package needs serialx.

Public modules: address_masking, errors, hosts, port_stream, probing, reconnecting_port,
serial_port.
"""
