"""The command `smarty-p1`: decode and watch."""
