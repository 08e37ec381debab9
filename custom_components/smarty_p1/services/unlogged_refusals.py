"""Refusals of questions that a user sends by websocket.

Home Assistant logs an ERROR for each refusal of an action, although nothing in the program is
wrong. A dashboard that asks again and again would fill the log. Home Assistant logs no line for a
question whose format is invalid, so a refusal becomes such an error.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import voluptuous as vol
from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError

from ..computed_answers.answer_queue import asking_connection
from ..const import DOMAIN
from ..user_requests.user_locale import async_user_locale

type Action = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]


class RefusedQuestionError(ServiceValidationError, vol.Invalid):  # type: ignore[misc] # untyped
    """Refusal in the language of the user who asks."""


def without_log_line(action: Action) -> Action:
    """Return an action whose refusals Home Assistant does not log, if a user asks by websocket.

    A script's action still raises ServiceValidationError, because `continue_on_error` does not
    apply to a question whose format is invalid.
    """

    @wraps(action)
    async def answer(call: ServiceCall) -> ServiceResponse:
        try:
            return await action(call)
        except ServiceValidationError as err:
            if asking_connection() is None:
                raise
            raise RefusedQuestionError(
                await _async_text(call, err),
                translation_domain=err.translation_domain,
                translation_key=err.translation_key,
                translation_placeholders=err.translation_placeholders,
            ) from None

    return answer


async def _async_text(call: ServiceCall, err: ServiceValidationError) -> str:
    if err.translation_domain != DOMAIN or err.translation_key is None:
        return str(err)
    locale = await async_user_locale(call.hass, call.context.user_id)
    key = f"exceptions.{err.translation_key}.message"
    return await locale.async_text(call.hass, key, **(err.translation_placeholders or {}))
