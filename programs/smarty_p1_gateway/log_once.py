"""Warnings that are logged once."""

import logging

LOGGER = logging.getLogger(__name__)


class LogOnce:
    """Logger of warnings, each once, so that a device that sends garbage does not fill the log."""

    def __init__(self, limit: int) -> None:
        """Log at most `limit` warnings."""
        self._limit = limit
        self._logged = set[object]()

    def warn(self, text: str, *names: object, key: object = None) -> None:
        """Log `text` with `names`. Do nothing if a warning with the same `key` was logged.

        Without `key`, warnings are the same if their texts and names are.
        """
        key = key or (text, names)
        if key not in self._logged and len(self._logged) < self._limit:
            self._logged.add(key)
            LOGGER.warning(text, *names)
