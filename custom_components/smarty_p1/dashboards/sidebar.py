"""Dashboard "Smarty" in the sidebar. It is registered if the user chose it for a meter.

The dashboard is registered at each start and stored nowhere. Integrations cannot change the
collection of user dashboards, and an entry in that collection would stay after the last meter was
removed. So users cannot edit this dashboard, but they can add an editable dashboard of the same
kind.

A page that was open when the first meter was added has not loaded the module with the cards. So
until the next start of Home Assistant, the sidebar's path has a redirecting panel instead of the
dashboard. This panel loads the module, and then redirects to the dashboard. A path can have only
one panel, so the dashboard needs a second path. Both paths are registered at each start, so
bookmarks of both keep working.
"""

from itertools import count
from typing import override

from homeassistant.components.frontend import (
    DOMAIN as FRONTEND,
    async_panel_exists,
    async_register_built_in_panel,
    async_remove_panel,
)

# Home Assistant 2026.11 exports these names. 2026.10 has them at the same place, but its types do
# not say so: remove the `type: ignore` when 2026.11 is the oldest version.
from homeassistant.components.lovelace import (  # type: ignore[attr-defined,unused-ignore]
    CONF_REQUIRE_ADMIN,
    CONF_SHOW_IN_SIDEBAR,
    CONF_TITLE,
    DOMAIN as LOVELACE,
    LOVELACE_DATA,
)
from homeassistant.components.lovelace.const import MODE_YAML
from homeassistant.components.lovelace.dashboard import LovelaceConfig
from homeassistant.components.panel_custom import async_register_panel
from homeassistant.const import CONF_ICON, CONF_ID, CONF_MODE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import json_bytes, json_fragment

from ..const import CONF_SIDEBAR
from ..coordinator import has_records
from ..coordinator.entry_types import AnyConfigEntry, known_meters
from ..lib.json_types import JsonDict, without
from .cards_view import late_module

_STRATEGY = "custom:smarty-p1"
_PATH = "smarty-p1"
_SECOND_PATH_SUFFIX = "-dashboard"
# Custom element in the card module. It redirects from the first path of the dashboard to the second
# path.
_REDIRECT_PANEL = "smarty-p1-opener"
_CONFIG: JsonDict = {"strategy": {"type": _STRATEGY}}
_TITLE = "Smarty"
_ICON = "mdi:meter-electric"


class _SidebarDashboard(LovelaceConfig):
    """Dashboard whose views are created by the strategy in the card module."""

    def __init__(self, hass: HomeAssistant, url_path: str, *, is_listed: bool) -> None:
        # Entry in Home Assistant's list of dashboards. The dashboard exists at two paths, but is
        # listed only once.
        listed = {
            CONF_ID: url_path,
            CONF_TITLE: _TITLE,
            CONF_ICON: _ICON,
            CONF_MODE: MODE_YAML,
            CONF_SHOW_IN_SIDEBAR: True,
            CONF_REQUIRE_ADMIN: False,
        }
        super().__init__(hass, url_path, listed if is_listed else None)

    @property
    @override
    def mode(self) -> str:
        """Return YAML mode. In this mode, users cannot edit the dashboard."""
        return MODE_YAML

    @override
    async def async_get_info(self) -> JsonDict:
        """Return the mode, and 0 as the number of views. The browser creates the views later."""
        return {CONF_MODE: self.mode, "views": 0}

    @override
    async def async_load(self, force: bool) -> JsonDict:
        """Return the configuration with the strategy that creates the views."""
        return _CONFIG

    @override
    async def async_json(self, force: bool) -> json_fragment:
        """Return the dashboard's configuration as JSON. It only names the strategy."""
        return json_fragment(json_bytes(_CONFIG))


def is_possible(hass: HomeAssistant) -> bool:
    """Return whether Home Assistant has dashboards and a sidebar."""
    return FRONTEND in hass.config.components and LOVELACE_DATA in hass.data


def _dashboards(hass: HomeAssistant) -> dict[str | None, LovelaceConfig]:
    """Return Home Assistant's dashboards by path.

    2026.11 has no other way for an integration to add a dashboard that is stored nowhere.
    """
    dashboards: dict[str | None, LovelaceConfig] = hass.data[LOVELACE_DATA].dashboards
    return dashboards


async def async_shown_dashboard(hass: HomeAssistant) -> str | None:
    """Return the path of a dashboard with the strategy `_STRATEGY`.

    Return None if there is no such dashboard.
    """
    if not is_possible(hass):
        return None
    for path, dashboard in list(_dashboards(hass).items()):
        try:
            config = await dashboard.async_load(force=False)
        except HomeAssistantError, OSError:
            # The dashboard is empty, or its file cannot be read. So skip this dashboard.
            continue
        strategy = config.get("strategy")
        if isinstance(strategy, dict) and strategy.get("type") == _STRATEGY:
            return path or LOVELACE
    return None


def free_path(hass: HomeAssistant) -> str:
    """Return a path for the dashboard that is free both with and without `_SECOND_PATH_SUFFIX`."""
    taken = _dashboards(hass)

    def is_free(path: str) -> bool:
        return path not in taken and not async_panel_exists(hass, path)

    paths = (_PATH if number == 1 else f"{_PATH}-{number}" for number in count(1))
    return next(path for path in paths if is_free(path) and is_free(f"{path}{_SECOND_PATH_SUFFIX}"))


async def async_show_in_sidebar(hass: HomeAssistant, entry: AnyConfigEntry) -> None:
    """Register the dashboard if the user chose it and it is not registered yet.

    This runs when the meter `entry` is set up. The user's choice may be in the options of another
    meter, even of a disabled meter.
    """
    is_chosen = has_records(entry) and any(
        meter.options.get(CONF_SIDEBAR) for meter in known_meters(hass)
    )
    if not is_chosen or not is_possible(hass) or _own_paths(hass):
        return
    path = free_path(hass)
    other_path = f"{path}{_SECOND_PATH_SUFFIX}"
    dashboards = _dashboards(hass)
    dashboards[path] = _SidebarDashboard(hass, path, is_listed=True)
    dashboards[other_path] = _SidebarDashboard(hass, other_path, is_listed=False)
    _register(hass, other_path, is_shown=False)
    if module_url := late_module(hass):
        await async_register_panel(
            hass,
            path,
            _REDIRECT_PANEL,
            _TITLE,
            _ICON,
            module_url=module_url,
            config={"path": f"/{other_path}"},
        )
    else:
        _register(hass, path, is_shown=True)


def _register(hass: HomeAssistant, path: str, *, is_shown: bool) -> None:
    async_register_built_in_panel(
        hass,
        LOVELACE,
        frontend_url_path=path,
        sidebar_title=_TITLE,
        sidebar_icon=_ICON,
        config={CONF_MODE: MODE_YAML},
        show_in_sidebar=is_shown,
    )


@callback
def async_hand_over(hass: HomeAssistant, removed: AnyConfigEntry) -> None:
    """Pass the option CONF_SIDEBAR of a removed meter to another meter.

    The dashboard then stays in the sidebar. If no meter is left, remove the dashboard.
    """
    if not removed.options.get(CONF_SIDEBAR):
        return
    for entry in known_meters(hass):
        if has_records(entry):
            options = {**entry.options, CONF_SIDEBAR: True}
            hass.config_entries.async_update_entry(entry, options=options)
            return
    _unregister(hass)


def is_in_sidebar(hass: HomeAssistant) -> bool:
    """Return whether the sidebar shows the dashboard."""
    return bool(_own_paths(hass))


async def async_set_sidebar(hass: HomeAssistant, entry: AnyConfigEntry, *, is_shown: bool) -> None:
    """Show or hide the dashboard, and store the choice in the options.

    All meters share the dashboard, so only `entry` keeps the option CONF_SIDEBAR, and only if the
    dashboard is shown.
    """
    for meter in known_meters(hass):
        options = without(meter.options, {CONF_SIDEBAR})
        if is_shown and meter is entry:
            options[CONF_SIDEBAR] = True
        hass.config_entries.async_update_entry(meter, options=options)
    if is_shown:
        await async_show_in_sidebar(hass, entry)
    else:
        _unregister(hass)


@callback
def _unregister(hass: HomeAssistant) -> None:
    for path in _own_paths(hass):
        del _dashboards(hass)[path]
        async_remove_panel(hass, path)


def _own_paths(hass: HomeAssistant) -> list[str]:
    if not is_possible(hass):
        return []
    dashboards = _dashboards(hass)
    return [
        path
        for path, dashboard in dashboards.items()
        if path and isinstance(dashboard, _SidebarDashboard)
    ]
