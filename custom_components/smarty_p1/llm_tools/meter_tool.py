"""Tool that asks one kind of question about a meter, with the rights of the user who asks."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, override

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.llm import LLMContext, Tool, ToolAnnotations, ToolInput, ToolResult

from ..const import DOMAIN
from ..coordinator import RecordsConfigEntry
from ..lib.answers.assistant_facts import shortened
from ..lib.json_types import JsonMapping
from ..services.meter_of_call import ATTR_CONFIG_ENTRY
from ..user_requests.access_rights import may_read
from ..user_requests.request_fields import SchemaFields
from ..user_requests.user_locale import UserLocale
from .exposed_meters import exposed_meters

ATTR_METER = "meter"
_MAX_ARGUMENT_CHARS = 100
_MAX_ERROR_CHARS = 500
_MAX_NAMES = 20
_ENGLISH = UserLocale("en", ".")
_METER = {vol.Optional(ATTR_METER): vol.All(str, vol.Length(max=_MAX_ARGUMENT_CHARS))}
# Each tool shows this field, so a limit in its schema would take much of the bytes of all tools.
_SHOWN_METER = {vol.Optional(ATTR_METER): str}

type Answer = Callable[[ServiceCall], Awaitable[JsonMapping]]
"""Function that checks the rights of a call, and answers it with facts."""


class MeterQuestion(NamedTuple):
    """Kind of question that a tool answers."""

    name: str
    description: str
    fields: SchemaFields
    answer: Answer


class RefusalError(HomeAssistantError):
    """Refusal of a question, with a named reason and a text in English."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(text)
        self.error = error


class MeterTool(Tool):
    """Question about a meter that is exposed to an assistant."""

    integration = DOMAIN
    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )

    def __init__(self, question: MeterQuestion, *, has_several: bool) -> None:
        """Make the tool. With `has_several`, its description has a field for the meter."""
        self.name = f"{DOMAIN}__{question.name}"
        self.description = question.description
        self.parameters = vol.Schema({**question.fields, **(_SHOWN_METER if has_several else {})})
        self._question = question
        self._schema = vol.Schema({**question.fields, **_METER})

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Return the answer, or an error with a named reason."""
        # A model often names fields that it does not fill in.
        given = {
            name: value for name, value in tool_input.tool_args.items() if value not in ("", None)
        }
        name = ""
        try:
            fields = self._schema(given)
            name, entry = await _async_meter(hass, llm_context, fields.pop(ATTR_METER, None))
            data = {ATTR_CONFIG_ENTRY: entry.entry_id, **fields}
            call = ServiceCall(hass, DOMAIN, self._question.name, data, llm_context.context)
            answer = await self._question.answer(call)
        except vol.Invalid as err:
            return _error("invalid_arguments", str(err))
        except RefusalError as err:
            return _error(err.error, str(err))
        except Unauthorized:
            return _error("unauthorized", "This user may not read the meter.")
        except HomeAssistantError as err:
            return await _async_translated(hass, err, name)
        return ToolResult(shortened({ATTR_METER: name, **answer}))


async def _async_meter(
    hass: HomeAssistant, llm_context: LLMContext, name: str | None
) -> tuple[str, RecordsConfigEntry]:
    """Return the exposed meter with a name. Without a name, return the only meter.

    Raises Unauthorized if the user may read no exposed meter.
    """
    meters = await _async_readable(hass, llm_context)
    if name is None and len(meters) == 1:
        return next(iter(meters.items()))
    for known, entry in meters.items():
        if name is not None and known.casefold() == name.strip().casefold():
            return known, entry
    raise RefusalError(
        "meter_unknown", f"Name one of these meters: {', '.join([*meters][:_MAX_NAMES])}"
    )


async def _async_readable(
    hass: HomeAssistant, llm_context: LLMContext
) -> Mapping[str, RecordsConfigEntry]:
    """Return the exposed meters that the user may read, by name.

    Raises Unauthorized if the user may read none of them.
    """
    meters = exposed_meters(hass, llm_context.assistant)
    if not meters:
        raise RefusalError("not_exposed", "No meter is exposed to this assistant.")
    user_id = llm_context.context.user_id if llm_context.context else None
    if user_id is None:
        return meters
    user = await hass.auth.async_get_user(user_id)
    if user is None or not user.is_active:
        raise Unauthorized(context=llm_context.context)
    readable = {name: entry for name, entry in meters.items() if may_read(hass, user, entry)}
    if not readable:
        raise Unauthorized(context=llm_context.context)
    return readable


async def _async_translated(hass: HomeAssistant, err: HomeAssistantError, name: str) -> ToolResult:
    """Return an error with its text in English. The meter has the name that assistants know."""
    key = err.translation_key
    if err.translation_domain != DOMAIN or key is None:
        return _error("refused", "Home Assistant has refused the question.")
    placeholders = {**(err.translation_placeholders or {}), "title": name}
    text = await _ENGLISH.async_text(hass, f"exceptions.{key}.message", **placeholders)
    return _error(key, text)


def _error(reason: str, text: str) -> ToolResult:
    return ToolResult({"error": reason, "error_text": text[:_MAX_ERROR_CHARS]}, error=True)
