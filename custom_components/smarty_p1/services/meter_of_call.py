"""Parts that all actions about one meter share: find the meter, check rights, queue answers."""

from collections.abc import Awaitable, Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import voluptuous as vol
from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError, Unauthorized, UnknownUser
from homeassistant.helpers import service
from homeassistant.helpers.json import json_bytes_sorted

from ..computed_answers.answer_queue import DataVersion, answers_of
from ..const import DOMAIN
from ..coordinator import has_records, has_telegrams
from ..coordinator.counted_household import NothingCountedError
from ..coordinator.entry_types import AnyConfigEntry
from ..coordinator.market_prices.contract_market_prices import async_contract_market_prices
from ..coordinator.meter_coordinator import MeterCoordinator
from ..coordinator.statistics.load_energy import NoLoadStatisticError
from ..coordinator.telegram_source import TelegramMeter
from ..lib.fair_queue import BusyError
from ..lib.history.luxembourg_time import in_utc
from ..lib.plan.coming_quarters import Market
from ..lib.stored_values import YEARS
from ..user_requests.access_rights import may_read
from ..user_requests.request_fields import SchemaFields

ATTR_CONFIG_ENTRY = "config_entry"
METER: SchemaFields = {vol.Optional(ATTR_CONFIG_ENTRY): str}
"""Part of a schema with the config entry of the meter. A single meter need not be named."""


async def async_readable_meter(call: ServiceCall) -> MeterCoordinator:
    """Return the coordinator of the meter that a call names, if the calling user may read it.

    Raises ServiceValidationError if the meter does not exist or is not loaded. Raises Unauthorized
    if the calling user may read none of the meter's entities.
    """
    hass, user_id = call.hass, call.context.user_id
    if user_id is not None:
        user = await hass.auth.async_get_user(user_id)
        if user is None:
            raise UnknownUser(context=call.context, permission=POLICY_READ)
        entry_id = call.data.get(ATTR_CONFIG_ENTRY) or _only_meter(hass)
        entry = entry_id and hass.config_entries.async_get_entry(entry_id)
        # Check the user's rights before everything else, because later errors contain the title of
        # the entry.
        if entry and not may_read(hass, user, entry):
            raise Unauthorized(context=call.context, user_id=user_id, permission=POLICY_READ)
    return coordinator_of(call)


async def async_in_turn[T](
    call: ServiceCall,
    coordinator: MeterCoordinator,
    make: Callable[[], Awaitable[T]],
    version: DataVersion = lambda: None,
    *,
    question: Hashable | None = None,
) -> T:
    """Wait for the user's turn, and return the answer that `make` computes for a call.

    `Answers.async_get` describes how answers are cached. Without `question`, only equal calls share
    an answer. Raises ServiceValidationError if the user has too many questions in the queue, if the
    user has received too many bytes, if no energy was read yet, or if a load has no statistics.
    Raises the other errors of `make`.
    """
    meter = coordinator.config_entry.entry_id
    question = question or (call.service, meter, json_bytes_sorted(call.data))
    try:
        return await answers_of(call.hass).async_get(call.context.user_id, question, make, version)
    except BusyError as err:
        if err.retry_after_s is None:
            raise invalid(translation_key="busy") from None
        raise invalid(translation_key="busy_for", seconds=str(err.retry_after_s)) from None
    except NothingCountedError:
        title = coordinator.config_entry.title
        raise invalid(translation_key="nothing_counted", title=title) from None
    except NoLoadStatisticError as err:
        raise invalid(translation_key="load_not_measured", entity_id=err.entity_id) from None


@contextmanager
def preparing(call: ServiceCall) -> Iterator[None]:
    """Count a call that waits for another service. Raises ServiceValidationError if too many do."""
    with ExitStack() as stack:
        try:
            stack.enter_context(answers_of(call.hass).preparing(call.context.user_id))
        except BusyError:
            raise invalid(translation_key="busy") from None
        yield


async def async_market_of_call(
    call: ServiceCall, coordinator: MeterCoordinator, now: datetime
) -> Market:
    """Return the market's prices for a call, before it waits in the queue of answers.

    Otherwise, the answers of other users would have to wait until Nord Pool responds, which may
    take seconds.
    """
    with preparing(call):
        return await async_contract_market_prices(coordinator, now)


def coordinator_of(call: ServiceCall) -> MeterCoordinator:
    """Return the coordinator of the meter that a call names. The user's rights are not checked.

    Raises ServiceValidationError if the meter does not exist or is not loaded.
    """
    entry = _loaded_entry(call)
    if not has_records(entry):
        raise invalid(translation_key="no_telegrams", title=entry.title)
    return entry.runtime_data


def telegrams_of(call: ServiceCall) -> TelegramMeter:
    """Return the coordinator of a meter that reads telegrams at a port.

    The action call names the meter. Raises ServiceValidationError if there is no such meter, if it
    is not loaded, or if it does not read telegrams at a port.
    """
    entry = _loaded_entry(call)
    if not has_telegrams(entry):
        key = "no_cable" if has_records(entry) else "no_telegrams"
        raise invalid(translation_key=key, title=entry.title)
    return entry.runtime_data


def invalid(*, translation_key: str, **placeholders: str) -> ServiceValidationError:
    """Return an error with a translated text, for an action to raise."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders=placeholders,
    )


def checked_call_time(time: datetime) -> datetime:
    """Return a time in UTC. Home Assistant may be set to another time zone than Luxembourg's.

    Raises ServiceValidationError if the time is not in the years from 1999 to 2100.
    """
    if time.year not in YEARS:
        raise invalid(translation_key="year_unknown", first=str(YEARS[0]), last=str(YEARS[-1]))
    return in_utc(time)


def _loaded_entry(call: ServiceCall) -> AnyConfigEntry:
    entry_id = call.data.get(ATTR_CONFIG_ENTRY) or _only_meter(call.hass)
    return service.async_get_config_entry(call.hass, DOMAIN, entry_id)


def _only_meter(hass: HomeAssistant) -> str | None:
    """Return the entry id of the only loaded meter, None without one.

    Raises ServiceValidationError if several are loaded.
    """
    entries = hass.config_entries.async_loaded_entries(DOMAIN)
    meters = [entry.entry_id for entry in entries if has_records(entry)]
    if len(meters) > 1:
        raise invalid(translation_key="several_meters")
    return meters[0] if meters else None
