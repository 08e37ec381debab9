"""Limits of the stream of frames: size, days for which frames are kept, replicas and messages."""

import logging
from dataclasses import replace
from typing import NamedTuple

from nats.js.api import StreamConfig

LOGGER = logging.getLogger(__name__)

GIGABYTE = 1024**3
DAY_S = 86400.0
DEFAULT_GIGABYTES = 10
DEFAULT_DAYS = 7
DEFAULT_REPLICAS = 3
MESSAGES_A_DAY = 9_504
"""Maximum messages of a meter on a day: one telegram every ten seconds (8,640), plus 10 %."""
MAX_MESSAGE_BYTES = 16 * 1024
"""Maximum size of a message: eight times a telegram with four M-Bus meters.

The limit bounds the space that a meter can fill.
"""
# For each field of StreamSettings, `_LIMITS` names the field of StreamConfig, and `_UNITS` has the
# unit.
_LIMITS = {"gigabytes": "max_bytes", "days": "max_age", "replicas": "num_replicas"}
_UNITS = {"gigabytes": GIGABYTE, "days": DAY_S, "replicas": 1}


class StreamSettings(NamedTuple):
    """Configured limits of the stream. With None, the present limit stays.

    `replicas` also applies to the bucket of meters' names.
    """

    gigabytes: int | None = None
    days: int | None = None
    replicas: int | None = None


def enlarged(config: StreamConfig, settings: StreamSettings) -> StreamConfig:
    """Return `config` with the higher limits of `settings`. A lower limit is only logged."""
    for key, unit in _UNITS.items():
        wanted, has = getattr(settings, key), getattr(config, _LIMITS[key]) or 0
        if wanted is None or has == wanted * unit:
            continue
        if 0 < has < wanted * unit:
            config = replace(config, **{_LIMITS[key]: wanted * unit})
        else:
            text = "%s has more than stream_%s = %d, and keeps it: less could lose frames"
            LOGGER.warning(text, config.name, key, wanted)
    return config
