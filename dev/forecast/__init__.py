"""Benchmark of the month's cost forecast, with simulated homes and files of the platform Leneda."""
