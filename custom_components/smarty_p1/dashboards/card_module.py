"""Delivery of the JavaScript module with the dashboard cards by Home Assistant's web server.

The module contains the cards and the dashboard's strategy. Its sources are in `frontend/` at the
root of the repository. The module loads its texts in the user's language from a separate file.
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
_FOLDER = Path(__file__).parents[1] / "frontend"


async def async_serve_cards(hass: HomeAssistant) -> None:
    """Serve the card module and its texts if Home Assistant has a frontend. Call this once."""
    if FRONTEND not in hass.config.components:
        return
    files = await hass.async_add_executor_job(_read_files)
    await hass.http.async_register_static_paths(
        [
            StaticPathConfig(f"/{DOMAIN}/{name}", str(_FOLDER / name), cache_headers=True)
            for name in files
        ]
    )
    version = (await async_get_integration(hass, DOMAIN)).version
    # Browsers cache the files for a month. So the query of the URL changes with the version and the
    # content. The module requests its texts with the same query.
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:8]
    url = f"{MODULE_URL}?v={version}-{digest}"
    add_extra_js_url(hass, url)
    if hass.state is CoreState.running:
        hass.data[_LATE_MODULE] = url


def late_module(hass: HomeAssistant) -> str | None:
    """Return the URL of the card module if Home Assistant was running before the module was served.

    A page that was already open at that time has not loaded the module. Return None if the module
    was served during the start of Home Assistant: no page can have been open then.
    """
    return hass.data.get(_LATE_MODULE)


def _read_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(_FOLDER.glob("smarty-p1.*"))}
