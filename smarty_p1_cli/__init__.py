"""Command line `smarty-p1`: decode, watch, capture, gateway, collect and fleet."""
