"""Faults of a fleet on trial: kills, forged frames, wrong clocks, keys that change."""
