"""Bound for dicts that grow with what is received. A dict keeps the order of insertion."""

from typing import Any


def keep_newest(entries: dict[Any, Any], max_entries: int) -> None:
    """Remove the entries that were added first, until there are at most `max_entries`."""
    while len(entries) > max_entries:
        del entries[next(iter(entries))]
