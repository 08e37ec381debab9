"""Types of objects whose values may have any type (decoded JSON, options), and a choice of keys."""

from collections.abc import Container, Mapping
from typing import Any

type JsonDict = dict[str, Any]
type JsonMapping = Mapping[str, Any]


def without[K, V](entries: Mapping[K, V], keys: Container[K]) -> dict[K, V]:
    """Return the entries of a mapping except those with `keys`."""
    return {key: value for key, value in entries.items() if key not in keys}
