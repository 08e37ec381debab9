"""Page of an output in the options dialog: its form, and the options that it stores."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.core import HomeAssistant

from ...coordinator.entry_types import AnyConfigEntry


class OutputSection(NamedTuple):
    """Page of an output in the options dialog, and section of its options."""

    name: str
    """Section of the entry's options, as in the output's `SinkKind`."""
    schema: Callable[[HomeAssistant, AnyConfigEntry], vol.Schema]
    async_read: Callable[
        [HomeAssistant, AnyConfigEntry, Mapping[str, Any]], Awaitable[dict[str, Any]]
    ]
    """Returns the options to store for what the user typed. Raises FieldError."""
    shown: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    """Returns the stored options as the form shows them."""
