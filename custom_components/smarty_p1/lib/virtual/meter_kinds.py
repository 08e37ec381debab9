"""Kinds of meters that a virtual meter can imitate."""

from enum import StrEnum


class Kind(StrEnum):
    """Kind of meter that a virtual meter imitates."""

    HOMEWIZARD = "homewizard"
    """HomeWizard P1, version 1 of its local API."""
    SHELLY = "shelly"
    """Shelly Pro 3EM, second generation."""
