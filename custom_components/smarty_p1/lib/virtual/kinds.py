"""Which meters it can be."""

from enum import StrEnum


class Kind(StrEnum):
    """A meter that others know."""

    HOMEWIZARD = "homewizard"
    """HomeWizard P1, version 1 of its local API."""
    SHELLY = "shelly"
    """Shelly Pro 3EM, second generation."""
