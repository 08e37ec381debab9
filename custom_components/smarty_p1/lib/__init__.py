"""Library that does not need Home Assistant. The wheel installs it under the name `smartyp1`."""
