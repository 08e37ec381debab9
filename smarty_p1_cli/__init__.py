"""Command line `smarty-p1`: decode, bill, classes, watch, capture, gateway, collect, fleet."""
