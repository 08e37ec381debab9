"""Times, as the tests write them down."""

from datetime import UTC, datetime


def utc(text: str) -> datetime:
    """Return a time in UTC, such as "2026-06-15 22:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
