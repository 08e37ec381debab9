"""Limits for the telegrams of each meter, because the owner of a key can forge any telegram."""

import logging
from collections.abc import Callable
from functools import partial

from smarty_p1_gateway.decoded_meters import LIMIT_TEXTS
from smartyp1.meter.object_count_and_rate_limits import Limits
from smartyp1.p1.frame_header import title_text
from smartyp1.p1.telegram import Telegram

from .frames.frame_order import of_title

LOGGER = logging.getLogger(__name__)


class MeterObjectLimits:
    """Limits of all meters. They bound the number of series that a meter creates.

    `on_ignored` is called with the kind and the number of the objects dropped from a telegram.
    """

    def __init__(self, on_ignored: Callable[[str, int], None]) -> None:
        self._on_ignored = on_ignored
        self._known: dict[bytes, Limits] = {}

    def apply(self, telegram: Telegram) -> Telegram:
        """Return `telegram` without the objects that exceed the limits of its meter."""
        title = telegram.system_title or b""
        limits = of_title(self._known, title, lambda: Limits(warn=partial(_warn, title)))
        before = limits.ignored.copy()
        bounded = limits.apply(telegram)
        for kind, count in (limits.ignored - before).items():
            self._on_ignored(kind, count)
        return bounded


def _warn(title: bytes, kind: str, limit: float) -> None:
    LOGGER.warning(LIMIT_TEXTS[kind], title_text(title), limit)
