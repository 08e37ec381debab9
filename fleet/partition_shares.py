"""How the partitions are divided among the collectors. No I/O."""

from collections.abc import Iterable

from .subjects import MOST_PARTITIONS


def share_of(partitions: int, members: int) -> int:
    """Return how many partitions one of so many collectors may have at most."""
    return -(-partitions // max(1, members))


def to_release(owned: Iterable[int], share: int) -> list[int]:
    """Return the partitions that are more than a share: those that were taken last.

    Whoever was away gets its own back, and everybody goes on with what it knows.
    """
    return [*owned][share:]


def count_members(keys: Iterable[str], prefix: str, own: str) -> int:
    """Return how many collectors there are by the keys of their leases, this one included."""
    names = {key.removeprefix(prefix) for key in keys if key.startswith(prefix)}
    return min(len(names | {own}), MOST_PARTITIONS)
