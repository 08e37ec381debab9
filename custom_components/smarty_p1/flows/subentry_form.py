"""Form of a subentry of a meter: name, amounts, and the sensor that measures it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    SubentryFlowResult,
)
from homeassistant.const import CONF_NAME, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.data_entry_flow import AbortFlow, section
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    EntityWithDeviceFilterSelectorConfig,
    StateSelector,
    StateSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..const import (
    CONF_MEASURED_BY,
    CONF_MODE_CONTROLLED,
    CONF_MODE_OTHERWISE,
    CONF_OFF_WHEN,
    CONF_ON_WHEN,
)
from ..coordinator.loads.entered_loads import MOST, subentries_of
from ..coordinator.loads.refused_loads import COMMANDED, commanded
from ..coordinator.statistics.load_energy import NoLoadStatisticError, async_load_energies
from ..lib.json_types import JsonDict, JsonMapping, without
from ..lib.markdown_text import in_markdown
from ..user_requests.request_fields import SchemaFields
from ..user_requests.user_locale import async_user_locale
from .form import Form, Input
from .form_errors import FieldError, FormErrors
from .form_inputs import amounts_in

_MAX_NAME_CHARS = 60
_MAX_STATES, _MAX_CHARS = 20, 100
MEASURED = EntitySelector(
    EntitySelectorConfig(
        filter=[
            EntityWithDeviceFilterSelectorConfig(domain="sensor", device_class=kind)
            for kind in ("energy", "power")
        ]
    )
)
"""Field for a sensor of a load's own energy or power."""

_UNMEASURED = "measured_by_missing"
# Fields that may not have the same option.
_DIFFERENT = ((CONF_ON_WHEN, CONF_OFF_WHEN), (CONF_MODE_CONTROLLED, CONF_MODE_OTHERWISE))


def entity_field(*domains: str) -> EntitySelector:
    """Return a field for an entity of these domains."""
    return EntitySelector(EntitySelectorConfig(domain=[*domains]))


def state_field(entity_id: str, *, multiple: bool = False) -> StateSelector:
    """Return a field for a state, an option or several states of an entity."""
    hidden = [STATE_UNAVAILABLE, STATE_UNKNOWN]
    return StateSelector(
        StateSelectorConfig(entity_id=entity_id, hide_states=hidden, multiple=multiple)
    )


class Page(NamedTuple):
    """Page of a subentry's dialog."""

    step: str
    fields: SchemaFields
    check: Callable[[dict[str, Any], FormErrors], dict[str, Any]]
    """Function that returns the data to store. It adds an error for each field that does not fit
    the others. It gets only the amounts that are right."""
    sections: Mapping[str, Collection[str]] = {}
    """Names of the fields that are in a section, by the section's name."""
    unmeasured: Mapping[vol.Marker, Any] = {}
    """Further fields for a load without a sensor that measures it."""
    suggested: Mapping[str, Any] = {}
    """Values that are shown for a new subentry."""
    states: Callable[[Mapping[str, Any]], SchemaFields] = lambda _data: {}
    """Function that returns the fields of the next page: what states of chosen entities mean."""

    def parts(self, fields: SchemaFields) -> dict[str, SchemaFields]:
        """Return the fields by section. Those of the section "" are always shown."""
        of = {field: name for name, inner in self.sections.items() for field in inner}
        parts = {name: dict[vol.Marker, Any]() for name in ("", *self.sections)}
        for marker, field in fields.items():
            parts[of.get(str(marker), "")][marker] = field
        return parts


class SubentryForm:
    """Form of a dialog that adds a subentry, or changes the given one.

    `reason` tells the user why the meter cannot have more such subentries.
    """

    def __init__(self, flow: ConfigSubentryFlow, subentry_type: str, reason: str) -> None:
        self._flow = flow
        self._type, self._reason = subentry_type, reason
        self._form = Form(flow, lambda: self._title)
        self._title = self._name = ""
        self._steps = f"config_subentries.{subentry_type}.step"
        self._asked = set[str]()
        self._data: JsonMapping = {}
        """Values of the first page."""
        self._states: SchemaFields = {}

    def ask_once(self, field: str, key: str) -> None:
        """Add an error, unless the dialog has shown it before: the user may want it so."""
        if key not in self._asked:
            self._asked.add(key)
            self._form.inputs.refuse(field, key)

    @property
    def entry(self) -> ConfigEntry:
        """Return the entry of the meter."""
        return self._flow._get_entry()  # noqa: SLF001 - the form is a part of the dialog

    @property
    def changed(self) -> ConfigSubentry | None:
        """Return the subentry that is changed, None for a new one."""
        is_change = self._flow.source == SOURCE_RECONFIGURE
        return self._flow._get_reconfigure_subentry() if is_change else None  # noqa: SLF001

    def refuse_more(self) -> None:
        """Raise AbortFlow if the meter has as many subentries as it may have."""
        most = MOST[self._type]
        if len(subentries_of(self.entry, self._type)) >= most:
            raise AbortFlow(self._reason, in_markdown({"most": str(most)}))

    async def async_ask(self, page: Page, typed: Input) -> SubentryFlowResult:
        """Show the page. If its values are right, show the next one, or store them."""
        shown = dict[str, Any]()
        if subentry := self.changed:
            self._title = subentry.title
            shown = {CONF_NAME: subentry.title, **subentry.data}
        read = await self._form.async_accept(
            typed, lambda submitted: self._async_read(page, submitted, shown)
        )
        if read is None:
            return await self._async_show(page, shown)
        self._name, self._data = read
        self._states = page.states(self._data)
        return await self.async_ask_states(None)

    async def async_ask_states(self, typed: Input) -> SubentryFlowResult:
        """Show the page with the states of the chosen entities, if any. Store all values."""
        flow, data, subentry = self._flow, self._data, self.changed
        if self._states:
            read = await self._form.async_accept(typed, self._async_with_states)
            if read is None:
                before = subentry.data if subentry else {}
                changing = await self._form.async_changing()
                return await self._form.async_show("states", self._states, before, changing)
            data = read
        if subentry:
            return flow.async_update_and_abort(self.entry, subentry, title=self._name, data=data)
        # Other dialogs may have been open.
        self.refuse_more()
        return flow.async_create_entry(title=self._name, data=data)

    async def _async_with_states(self, typed: JsonDict) -> JsonMapping:
        for name, value in typed.items():
            states = [value] if isinstance(value, str) else value
            if not 0 < len(states) <= _MAX_STATES or len(max(states, key=len)) > _MAX_CHARS:
                self._form.inputs.refuse(name, "states_missing")
        for one, other in _DIFFERENT:
            if one in typed and typed[one] == typed[other]:
                self._form.inputs.refuse(other, "same_option")
        return {**self._data, **typed}

    async def _async_show(self, page: Page, before: JsonMapping) -> SubentryFlowResult:
        """Show the page. A section with an error is open."""
        shown, suggested = dict[vol.Marker, Any](), dict[str, Any](before or page.suggested)
        locale = await async_user_locale(self._flow.hass)
        for name, part in page.parts(self._fields(page, before)).items():
            if not name:
                shown |= part
                continue
            suggested[name] = locale.amounts(_within(part, suggested), amounts_in(part))
            is_open = any(str(marker) in self._form.inputs.errors for marker in part)
            shown[vol.Optional(name)] = section(vol.Schema(part), {"collapsed": not is_open})
        changing = await self._form.async_changing()
        return await self._form.async_show(page.step, shown, suggested, changing)

    async def _async_read(
        self, page: Page, typed: JsonDict, before: JsonMapping
    ) -> tuple[str, JsonDict]:
        """Return name and data of the subentry. Raises FieldError."""
        inputs = self._form.inputs
        data = dict[str, Any]()
        for section_name, part in page.parts(self._fields(page, before)).items():
            place = f"{self._steps}.{page.step}"
            entered = without(typed, page.sections)
            if section_name:
                place += f".sections.{section_name}"
                # A section that was not submitted stays as it is, or as it was suggested.
                kept = vol.Schema(part)(_within(part, before or page.suggested))
                entered = typed.get(section_name, kept)
            data |= inputs.read_all(entered, part, place)
        name = " ".join(data.pop(CONF_NAME).split())
        if not (0 < len(name) <= _MAX_NAME_CHARS and name.isprintable()):
            inputs.refuse(CONF_NAME, "load_name")
        taken = commanded(self._flow.hass, self.changed)
        for field in COMMANDED:
            if data.get(field) in taken:
                inputs.refuse(field, "has_other_owner", entity=data[field])
        data = page.check(data, inputs)
        await self._async_check_measured(page, data, before)
        return name, data

    def _fields(self, page: Page, before: JsonMapping) -> SchemaFields:
        """Return the fields of the page, with those that are asked for without a sensor."""
        fields = dict[vol.Marker, Any]()
        has_asked = _UNMEASURED in self._asked
        is_unmeasured = has_asked or (before and CONF_MEASURED_BY not in before)
        for marker, field in page.fields.items():
            fields[marker] = field
            if marker == CONF_MEASURED_BY and is_unmeasured:
                fields.update(page.unmeasured)
        return fields

    async def _async_check_measured(
        self, page: Page, data: JsonMapping, before: JsonMapping
    ) -> None:
        """Raise FieldError for a sensor without statistics. Ask once for a missing sensor."""
        if source := data.get(CONF_MEASURED_BY):
            now = dt_util.utcnow()
            try:
                await async_load_energies(self._flow.hass, [source], now, now)
            except NoLoadStatisticError:
                # A found sensor has a state class. If it is new, its statistics come in minutes.
                if source not in page.suggested.values():
                    raise FieldError(CONF_MEASURED_BY, "load_has_no_statistics") from None
        elif not before or CONF_MEASURED_BY in before:
            self.ask_once(CONF_MEASURED_BY, _UNMEASURED)


def _within(part: SchemaFields, values: JsonMapping) -> JsonDict:
    """Return the values of the fields of a section."""
    return {name: values[name] for name in map(str, part) if name in values}
