"""What follows from telegrams: totals that do not fall, M-Bus meters, quarter-hours."""
