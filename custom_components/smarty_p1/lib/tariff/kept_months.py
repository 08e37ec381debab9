"""Limits on the months that are kept: shown, in memory and in files."""

from datetime import timedelta

KEPT_MONTHS = 24
"""Number of months before the shown month."""
KEPT_TIME = timedelta(days=762)
"""Time for which quarter-hours stay in files.

25 months in days: two years with a leap day, and a month of 31 days.
"""
MAX_MONTHS = 36
"""Maximum months of a `Row`: two years, the running month, and 11 months for wrong clocks."""
