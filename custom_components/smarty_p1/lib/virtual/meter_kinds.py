"""Kinds of meters that a virtual meter can be."""

from enum import StrEnum


class Kind(StrEnum):
    """Kind of meter that other devices know."""

    HOMEWIZARD = "homewizard"
    """HomeWizard P1, version 1 of its local API."""
    SHELLY = "shelly"
    """Shelly Pro 3EM, second generation."""
