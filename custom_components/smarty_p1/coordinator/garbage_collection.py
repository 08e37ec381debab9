"""Pause of Python's garbage collector during work on a year of data.

The many new objects make the collector traverse all objects of Home Assistant again and again. Each
traversal stops Home Assistant for a fifth of a second, longer on a small computer. The new objects
have no reference cycles, so reference counting frees all of them.
"""

import gc
from collections.abc import Callable


def without_collection[**P, T](work: Callable[P, T]) -> Callable[P, T]:
    """Return a function that calls `work` while the garbage collector is disabled."""

    def do(*args: P.args, **kwargs: P.kwargs) -> T:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            if was_enabled:
                gc.enable()

    return do
