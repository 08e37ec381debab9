"""Form field to choose the value in a board's JSON messages that counts pulses."""

from collections.abc import Sequence
from typing import Any

import voluptuous as vol
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
from homeassistant.util import dt as dt_util

from ...const import CONF_FIRST_COUNT, CONF_FIRST_COUNT_AT, CONF_MESSAGE
from ...lib.boards.board_message import Counted, MessageForm, MessageValue
from ...lib.json_types import JsonDict, JsonMapping, without
from ...lib.markdown_text import TextPlaceholders
from ...lib.stored_json import dump

CONF_VALUE = "value"
EACH = "each_message"
_BEGIN = (CONF_FIRST_COUNT, CONF_FIRST_COUNT_AT)


def value_field(values: Sequence[MessageValue], best: MessageValue | None) -> dict[Any, Any]:
    """Return a field that offers the values, and every message as one pulse. `best` is chosen."""
    options = [
        SelectOptionDict(value=str(number), label=_label(value))
        for number, value in enumerate(values)
    ]
    options.append(SelectOptionDict(value=EACH, label=EACH))
    default: Any = str(values.index(best)) if best else vol.UNDEFINED
    selector = SelectSelector(
        SelectSelectorConfig(
            options=options, translation_key="pulse_value", mode=SelectSelectorMode.DROPDOWN
        )
    )
    return {vol.Required(CONF_VALUE, default=default): selector}


def value_placeholders(best: MessageValue | None) -> TextPlaceholders:
    """Return the placeholders of texts that offer a value: its path, count and active state."""
    if best is None:
        return {}
    return {
        "path": best.shown_path,
        "value": best.text,
        "active": _label(best),
    }


def with_chosen_value(data: JsonMapping, values: Sequence[MessageValue], chosen: str) -> JsonDict:
    """Return an entry's data with the chosen value, and with its current count to begin with."""
    if chosen == EACH:
        return {**data, CONF_MESSAGE: dump(MessageForm(Counted.EACH))}
    value = values[int(chosen)]
    begin = {} if value.count is None else begin_at(value.count)
    return {**without(data, _BEGIN), CONF_MESSAGE: dump(value.form), **begin}


def begin_at(count: int) -> JsonDict:
    """Return the data of an entry that counts on from `count`, which was read now."""
    return {CONF_FIRST_COUNT: count, CONF_FIRST_COUNT_AT: dt_util.utcnow().timestamp()}


def _label(value: MessageValue) -> str:
    if value.form.counted is Counted.STATE:
        return f"{value.shown_path}: {value.active}"
    return f"{value.shown_path} ({value.text})"
