"""Texts of MQTT discovery: names, icons, and the origin with the integration's version."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.icon import async_get_icons
from homeassistant.helpers.translation import async_get_translations
from homeassistant.loader import async_get_integration

from ..const import DOCUMENTATION_URL, DOMAIN
from ..lib.publish import DiscoveryNames

_COMPONENT = f"component.{DOMAIN}."


async def async_load_texts(hass: HomeAssistant) -> DiscoveryNames:
    """Return the English names and the icons of devices and entities."""
    names: dict[str, str] = {}
    for category in ("device", "entity"):
        texts = await async_get_translations(hass, "en", category, {DOMAIN})
        names |= {key.removeprefix(_COMPONENT): text for key, text in texts.items()}
    icons: dict[str, Any] = await async_get_icons(hass, "entity", {DOMAIN})
    return DiscoveryNames(names, icons.get(DOMAIN, {}))


async def async_load_origin(hass: HomeAssistant) -> dict[str, str]:
    """Return the origin of the discovery messages: this integration, its version and web page."""
    integration = await async_get_integration(hass, DOMAIN)
    return {
        "name": DOMAIN,
        "sw_version": str(integration.version),
        "support_url": DOCUMENTATION_URL,
    }
