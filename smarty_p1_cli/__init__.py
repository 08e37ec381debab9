"""Command line `smarty-p1` with the commands decode, watch, capture, gateway, collect and fleet."""
