"""How much a meter may say: whoever has its key can write any telegram."""

import logging
from collections.abc import Callable

from smarty_p1_gateway.meters import LIMIT_TEXTS
from smartyp1.meter import Limits
from smartyp1.p1 import Telegram

from .newest_values import MAX_TITLES

LOGGER = logging.getLogger(__name__)


class MeterBounds:
    """The bounds of each meter, so that none makes series without an end.

    `on_ignored` is called with the kind of what is left out, and how much that is.
    """

    def __init__(self, on_ignored: Callable[[str, int], None]) -> None:
        self._on_ignored = on_ignored
        self._known: dict[bytes, Limits] = {}

    def apply(self, telegram: Telegram) -> Telegram:
        """Return a telegram without what is too much."""
        title = telegram.system_title or b""
        limits = self._known.get(title)
        if limits is None:
            while len(self._known) >= MAX_TITLES:
                del self._known[next(iter(self._known))]
            limits = self._known[title] = Limits(warn=_warner(title))
        before = limits.ignored.copy()
        bounded = limits.apply(telegram)
        for kind, count in (limits.ignored - before).items():
            self._on_ignored(kind, count)
        return bounded


def _warner(title: bytes) -> Callable[[str, float], None]:
    def warn(kind: str, most: float) -> None:
        LOGGER.warning(LIMIT_TEXTS[kind], title.hex().upper(), most)

    return warn
