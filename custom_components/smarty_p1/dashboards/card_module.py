"""The module of the cards: serves it, and lets every page of the frontend load it.

The cards, and what puts them together to a dashboard, are in that module; its sources are in
`frontend/` at the root of the repository.
"""

import hashlib
from pathlib import Path

from homeassistant.components.frontend import DOMAIN as FRONTEND, add_extra_js_url
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

MODULE_URL = f"/{DOMAIN}/smarty-p1.js"
_LATE_MODULE: HassKey[str] = HassKey(f"{DOMAIN}_late_module")
_MODULE = Path(__file__).parents[1] / "frontend" / "smarty-p1.js"


async def async_serve_cards(hass: HomeAssistant) -> None:
    """Offer the cards where there is a frontend; to be called once."""
    if FRONTEND not in hass.config.components:
        return
    await hass.http.async_register_static_paths(
        [StaticPathConfig(MODULE_URL, str(_MODULE), cache_headers=True)]
    )
    version = (await async_get_integration(hass, DOMAIN)).version
    content = await hass.async_add_executor_job(_MODULE.read_bytes)
    # Browsers keep it for a month: another version, or none but another content, is another URL.
    digest = hashlib.sha256(content).hexdigest()[:8]
    url = f"{MODULE_URL}?v={version}-{digest}"
    add_extra_js_url(hass, url)
    if hass.state is CoreState.running:
        hass.data[_LATE_MODULE] = url


def late_module(hass: HomeAssistant) -> str | None:
    """Return the URL of the module if there may be pages that were opened before it was offered."""
    return hass.data.get(_LATE_MODULE)
