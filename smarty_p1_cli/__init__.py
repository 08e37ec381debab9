"""The command `smarty-p1`: decode, watch, capture, gateway and collect."""
