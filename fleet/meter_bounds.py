"""How much a meter may say, and under which name: whoever has its key can write any telegram."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from smarty_p1_gateway.meters import LIMIT_TEXTS
from smartyp1.meter import Limits
from smartyp1.p1 import Telegram

from .partition_state import MOST_METERS

LOGGER = logging.getLogger(__name__)

OTHER_METER = "other_meter"


@dataclass(slots=True)
class _Known:
    """What a meter has said since this collector reads its partition."""

    limits: Limits
    name: str | None = None


class MeterBounds:
    """The bounds of each meter of a partition, so that none makes series without an end.

    `on_ignored` is called with the kind of what is left out, and how much that is.
    """

    def __init__(self, on_ignored: Callable[[str, int], None]) -> None:
        self._on_ignored = on_ignored
        self._known: dict[bytes, _Known] = {}

    def apply(self, telegram: Telegram) -> Telegram | None:
        """Return a telegram without what is too much, None when it names another meter."""
        title = telegram.system_title or b""
        known = self._known.get(title)
        if known is None:
            while len(self._known) >= MOST_METERS:
                del self._known[next(iter(self._known))]
            known = self._known[title] = _Known(Limits(warn=_warner(title)))
        if telegram.serial_number is not None:
            if known.name is None:
                known.name = telegram.serial_number
            if telegram.serial_number != known.name:
                return None
        before = known.limits.ignored.copy()
        bounded = known.limits.apply(telegram)
        for kind, count in (known.limits.ignored - before).items():
            self._on_ignored(kind, count)
        return bounded


def _warner(title: bytes) -> Callable[[str, float], None]:
    def warn(kind: str, most: float) -> None:
        LOGGER.warning(LIMIT_TEXTS[kind], title.hex().upper(), most)

    return warn
