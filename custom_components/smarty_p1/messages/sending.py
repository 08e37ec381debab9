"""Texts of messages in Home Assistant's language, and their way to the recipients."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from homeassistant.components import persistent_notification
from homeassistant.components.notify.const import (
    ATTR_MESSAGE,
    ATTR_TITLE,
    DOMAIN as NOTIFY,
    SERVICE_SEND_MESSAGE,
    NotifyEntityFeature,
)
from homeassistant.const import ATTR_ENTITY_ID, ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator.entry_types import AnyConfigEntry, short_title
from ..lib.history.luxembourg_time import LUXEMBOURG, local_day
from ..lib.markdown_text import as_plain
from ..lib.messages.message import KINDS, PHRASES, HouseholdMessage, Kind, Line, PlaceholderValue
from ..user_requests.user_locale import UserLocale
from .message_options import other_meters

# A phone shows about this many characters on the lock screen.
_MAX_CHARS = 140
_TIMEOUT_S = 60
_MINUS = "\N{MINUS SIGN}"
# Values that choose another phrase than one of a message.
_PHRASE_KEYS = {"meter": "device.{}.name"}
# Kinds whose newest message says all: that a leak or a silence is over, for example.
_ONE_NOTIFICATION = {*Kind} - {Kind.GRID, Kind.NO_SUN}
_MISSING = "\0"


def gone_recipients(hass: HomeAssistant, recipients: Iterable[str]) -> list[str]:
    """Return the recipients that Home Assistant does not have, or no longer has."""
    return [entity_id for entity_id in recipients if hass.states.get(entity_id) is None]


async def async_send(
    hass: HomeAssistant, entry: AnyConfigEntry, recipients: Iterable[str], message: HouseholdMessage
) -> dict[str, str]:
    """Send a message. Return the recipients that did not get it, each with the reason.

    Without a recipient, or if none gets it, Home Assistant shows the message as a notification.
    """
    title, text = await _async_texts(hass, entry, message)
    recipients = [*recipients]
    # A recipient that does not answer must not delay the others.
    errors = await asyncio.gather(
        *(_async_send_one(hass, entity_id, title, text) for entity_id in recipients)
    )
    failed = {name: error for name, error in zip(recipients, errors, strict=True) if error}
    if len(failed) == len(recipients):
        place = _notification_id(entry, message)
        persistent_notification.async_create(hass, as_plain(text), title, place)
    return failed


def _notification_id(entry: AnyConfigEntry, message: HouseholdMessage) -> str | None:
    """Return the id of a notification, which replaces the one with the same id.

    Return None for a text of the operator: a newer one says nothing about it.
    """
    kind = KINDS.get(message.key)
    if message.key == "operator_message":
        return None
    name = kind if kind in _ONE_NOTIFICATION else message.identity
    return f"{DOMAIN}_{entry.entry_id}_{name}"


async def _async_send_one(hass: HomeAssistant, entity_id: str, title: str, text: str) -> str:
    """Send a message to one recipient. Return the name of the error, "" after a success."""
    state = hass.states.get(entity_id)
    # Home Assistant's action ignores an entity that is missing or unavailable, without an error.
    if state is None or state.state == STATE_UNAVAILABLE:
        return STATE_UNAVAILABLE
    data = {ATTR_ENTITY_ID: entity_id, ATTR_MESSAGE: f"{title}\n{text}"}
    if state.attributes.get(ATTR_SUPPORTED_FEATURES, 0) & NotifyEntityFeature.TITLE:
        data |= {ATTR_TITLE: title, ATTR_MESSAGE: text}
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            await hass.services.async_call(NOTIFY, SERVICE_SEND_MESSAGE, data, blocking=True)
    except Exception as err:  # noqa: BLE001 - each integration has its own errors
        # An error's text may contain an address or a token, so name only its type.
        return type(err).__name__
    return ""


async def _async_texts(
    hass: HomeAssistant, entry: AnyConfigEntry, message: HouseholdMessage
) -> tuple[str, str]:
    """Return the title and the text of a message. If there are several meters, name the meter."""
    locale = UserLocale.of_home_assistant(hass)
    months, short_months, weekdays = [
        (await locale.async_text(hass, f"common.{names}")).split(",")
        for names in ("months", "short_months", "weekdays")
    ]
    short_day = await locale.async_text(hass, "common.short_day", day="{day}", month="{month}")
    writer = _Writer(hass, locale, months, short_months, weekdays, short_day)
    title = await writer.async_text(f"{message.key}_title", message.values)
    # A month's name can begin with a small letter.
    title = title[:1].upper() + title[1:]
    if not message.names_meters and other_meters(hass, entry):
        title = f"{short_title(entry)}{locale.punctuated(':')}{title}"
    if KINDS.get(message.key) is Kind.MONTHLY_REPORT:
        lines = [await writer.async_line(line) for line in message.lines]
        # In a first month without prices, the title says all that is known.
        return title, "\n".join(lines) or title
    text = await writer.async_text(f"{message.key}_text", message.values)
    return title[:_MAX_CHARS], text if len(text) <= _MAX_CHARS else f"{text[: _MAX_CHARS - 1]}…"


class _Writer(NamedTuple):
    """Texts of messages in a language. A placeholder's name says the unit of its value."""

    hass: HomeAssistant
    locale: UserLocale
    months: Sequence[str]
    short_months: Sequence[str]
    weekdays: Sequence[str]
    short_day: str
    """Notation of a day and its short month."""

    async def async_text(
        self, key: str, values: Mapping[str, PlaceholderValue], **more: str
    ) -> str:
        shown = {name: self._shown(name, value) for name, value in values.items()} | more
        day, comma, time = shown.get("until_at", "").partition(", ")
        # Of a period within a day, the text names the day once. A moment has only `until_at`.
        is_period = values.get("when") != "at"
        if is_period and comma and shown.get("from_at", "").startswith(day + comma):
            shown["until_at"] = time
        for name in PHRASES:
            shown[name] = await self._async_phrase(name, shown)
        text = await self.locale.async_text(self.hass, f"common.message_{key}", **shown)
        return text.replace(f"{_MISSING} ", "").replace(f" {_MISSING}", "")

    async def _async_phrase(self, name: str, shown: Mapping[str, str]) -> str:
        """Return the phrase of a value that chooses one, _MISSING without the value."""
        if name not in shown:
            return _MISSING
        key = _PHRASE_KEYS.get(name, f"common.message_{name}_{{}}").format(shown[name])
        return (await self.locale.async_text(self.hass, key, **shown, serial="")).strip()

    async def async_line(self, line: Line) -> str:
        causes = [
            f"{await self.async_text(f'report_{name}', {})} {self._signed(amount)}"
            for name, amount in line.causes
        ]
        text = await self.async_text(f"report_{line.key}", line.values, causes=", ".join(causes))
        return text[:1].upper() + text[1:]

    def _signed(self, amount: float) -> str:
        sign = "+" if amount > 0 else _MINUS
        return sign + self.locale.number(f"{abs(amount):.2f}")

    def _shown(self, name: str, value: PlaceholderValue) -> str:
        """Return the value of a placeholder as the language writes it."""
        _, _, unit = name.rpartition("_")
        if isinstance(value, str):
            return self._name_or_moment(unit, value)
        # A report has whole kWh; what a load lacks may be less than one.
        is_of_load = name in {"missing_kwh", "got_kwh", "needed_kwh"}
        decimals = 1 if is_of_load else {"kw": 1, "eur": 2, "volts": 1}.get(unit, 0)
        # Adding 0 turns -0 into 0.
        number = f"{round(value, decimals) + 0:.{decimals}f}".replace("-", _MINUS)
        return self.locale.number(number.removesuffix(".0"))

    def _name_or_moment(self, unit: str, value: str) -> str:
        if unit == "at":
            return self._moment(value)
        if unit not in {"month", "day"}:
            return value
        day = datetime.fromisoformat(value).astimezone(LUXEMBOURG)
        return (
            self.months[day.month - 1]
            if unit == "month"
            else f"{self.weekdays[day.weekday()]} {self.locale.day_of_month(day)}"
        )

    def _moment(self, text: str) -> str:
        """Return the time of day in Luxembourg, after the day if it is not today, as on cards."""
        with suppress(ValueError):
            moment = datetime.fromisoformat(text).astimezone(LUXEMBOURG)
            if moment.date() == local_day(dt_util.utcnow()):
                return f"{moment:%H:%M}"
            day, month = self.locale.day_of_month(moment), self.short_months[moment.month - 1]
            return f"{self.short_day.format(day=day, month=month)}, {moment:%H:%M}"
        return text
