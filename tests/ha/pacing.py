"""Telegrams at certain times."""

from .meter import with_value
from .support import TELEGRAM


def with_power(kilowatts: str) -> str:
    """Return a telegram that can be told apart."""
    return with_value(TELEGRAM, "1-0:1.7.0", f"({kilowatts}*kW)")
