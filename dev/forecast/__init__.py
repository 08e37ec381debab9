"""Benchmark of the month's cost forecast, with homes from files of the platform Leneda."""
