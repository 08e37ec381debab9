"""The command `smarty-p1`: decode, watch, gateway and collect."""
