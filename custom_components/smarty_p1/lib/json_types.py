"""Types of objects whose values may have any type (decoded JSON, options); their parts."""

from collections.abc import Container, Iterator, Mapping
from typing import Any

type JsonDict = dict[str, Any]
type JsonMapping = Mapping[str, Any]


def without[K, V](entries: Mapping[K, V], keys: Container[K]) -> dict[K, V]:
    """Return the entries of a mapping except those with `keys`."""
    return {key: value for key, value in entries.items() if key not in keys}


def leaves(tree: JsonMapping, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted path and the text of each leaf of a nested mapping."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
