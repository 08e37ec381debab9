"""Decorator for commands about one meter. It checks rights, finds the meter and queues answers."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_NOT_FOUND, WebSocketCommandHandler
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.components.websocket_api.messages import construct_result_message
from homeassistant.core import HomeAssistant
from homeassistant.helpers.json import json_bytes, json_bytes_sorted

from ..computed_answers.answer_queue import answers_of, async_aside
from ..const import DOMAIN
from ..coordinator import loaded_live
from ..coordinator.counted_household import NothingCountedError, data_version
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.telegram_source import TelegramSource
from ..lib.fair_queue import BusyError
from ..lib.json_types import JsonDict
from ..user_requests.access_rights import readable_meter
from ..user_requests.request_fields import SchemaFields

type Request = Mapping[str, Any]
type IsKept = Callable[[MeterCoordinator, Request], bool]
type _Answer = Callable[[MeterCoordinator, Request], Awaitable[bytes]]
type Prepare = Callable[[MeterCoordinator, Request], Awaitable[Request]]

_MAX_ID_CHARS = 64
METER = {vol.Required("entry_id"): vol.All(str, vol.Length(max=_MAX_ID_CHARS))}


NOT_FOUND = ERR_NOT_FOUND, "There is no such meter."
NOT_LOADED = "not_loaded", "The meter is not loaded; smarty_p1/meters says why."
NOTHING_COUNTED = "nothing_counted", "No energy of this meter has been read yet."
NO_PORT = "no_port", "This meter is not read at a port, so this is not known of it."
BUSY = "busy", "This user has asked for too much at once; ask again later."
BUSY_FOR = "busy", "This user has received too much at once; ask again in {seconds} seconds."
"""Error codes for programs, with an explanation for authors of cards."""


async def _async_unprepared(_coordinator: MeterCoordinator, msg: Request) -> Request:
    return msg


def meter_command(  # noqa: PLR0913 - one keyword for each rule of a command
    name: str,
    fields: SchemaFields | None = None,
    is_kept: IsKept = lambda _coordinator, _msg: False,
    *,
    prepare: Prepare = _async_unprepared,
    is_until_now: bool = False,
    needs_port: bool = False,
    has_pulse_readers: bool = False,
) -> Callable[[_Answer], WebSocketCommandHandler]:
    """Return a decorator for a function that answers a command about a loaded meter.

    The decorator registers the command. If several users wait for answers, they take turns. An
    answer is cached if `is_kept` returns True for its request. It is cached until the meter's
    quarter-hours or contract change. With `is_until_now`, it is cached only until the next
    telegram. With `needs_port`, meters without a port are refused; with `has_pulse_readers`, pulse
    readers are answered, too. `prepare` adds to a request what
    other services answer. It runs before the queue, so that a slow service keeps no others waiting.
    """

    def decorate(answer: _Answer) -> WebSocketCommandHandler:
        @websocket_command({vol.Required("type"): f"{DOMAIN}/{name}", **METER, **(fields or {})})
        @async_response
        async def handle(hass: HomeAssistant, connection: ActiveConnection, msg: JsonDict) -> None:
            entry = readable_meter(
                hass, connection.user, msg["entry_id"], or_pulse_reader=has_pulse_readers
            )
            # Only the function that answers knows what it can read of a pulse reader.
            coordinator: Any = loaded_live(entry) if entry else None
            if coordinator is None:
                connection.send_error(msg["id"], *(NOT_LOADED if entry else NOT_FOUND))
                return
            if needs_port and not isinstance(coordinator.source, TelegramSource):
                connection.send_error(msg["id"], *NO_PORT)
                return

            def version() -> object:
                if (
                    not is_kept(coordinator, msg)
                    or (household := coordinator.records.household_state) is None
                ):
                    return None
                return data_version(coordinator), household.time if is_until_now else None

            question = json_bytes_sorted({key: msg[key] for key in msg.keys() - {"id"}})
            answers, user_id = answers_of(hass), connection.user.id
            try:
                with answers.preparing(user_id):
                    make = partial(answer, coordinator, await prepare(coordinator, msg))
                result = await answers.async_get(user_id, question, make, version)
            except BusyError as err:
                code, text = BUSY if err.retry_after_s is None else BUSY_FOR
                connection.send_error(msg["id"], code, text.format(seconds=err.retry_after_s))
            except NothingCountedError:
                connection.send_error(msg["id"], *NOTHING_COUNTED)
            else:
                connection.send_message(construct_result_message(msg["id"], result))

        return handle

    return decorate


async def async_rendered[**P](
    hass: HomeAssistant, make: Callable[P, object], *args: P.args, **kwargs: P.kwargs
) -> bytes:
    """Return the result of `make` as JSON. `make` runs in the thread that computes answers."""
    return await async_aside(hass, lambda: json_bytes(make(*args, **kwargs)))
