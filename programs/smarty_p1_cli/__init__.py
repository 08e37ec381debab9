"""Command line `smarty-p1` with commands for a meter, its bill, a gateway and a fleet."""
