"""No collection of garbage while a year is worked on.

So many new objects make Python look through all that Home Assistant holds, again and again, and
nothing else runs meanwhile: a fifth of a second on a computer, more on a small one. What is made
here holds no circles.
"""

import gc
from collections.abc import Callable


def without_collection[**P, T](work: Callable[P, T]) -> Callable[P, T]:
    """Return the same work, for an executor, during which no garbage is collected."""

    def do(*args: P.args, **kwargs: P.kwargs) -> T:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return work(*args, **kwargs)
        finally:
            if was_enabled:
                gc.enable()

    return do
