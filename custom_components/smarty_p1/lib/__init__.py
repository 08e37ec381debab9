"""Everything that knows nothing of Home Assistant; elsewhere the package `smarty_p1`."""
