"""The platform for the tests of the integration, with its received requests."""

from datetime import UTC, datetime, timedelta

KEY = "1f3a5c7e9b2d4f608a1c3e5d7f9b2a4c"
ENERGY_ID = "LUXE-AB-CD-12345"
POINT = "LU0000012345678901234000000000001"
PRODUCTION_POINT = "LU0000012345678901234000070000001"
IMPORTED = "1-1:1.29.0"
EXPORTED = "1-1:2.29.0"
REMAINING = "1-65:1.29.9"
COVERED = "1-65:1.29.3"
PRIVATE = (KEY, ENERGY_ID, POINT, PRODUCTION_POINT)

QUARTER_HOUR = timedelta(minutes=15)


def utc(text: str) -> datetime:
    """Return a moment, such as `2026-11-18 23:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
