"""Library without Home Assistant; installed from the wheel, its name is `smartyp1`."""
