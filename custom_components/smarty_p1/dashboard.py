"""The dashboard "Smarty": serves its module, and lets every page of the frontend load it.

The cards, and what puts them together, are in that module; its sources are in `frontend/` at the
root of the repository. Beside it are its texts, of which it loads those of the user's language.
"""

import hashlib
from pathlib import Path

from homeassistant.components.frontend import DOMAIN as FRONTEND, add_extra_js_url
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .const import DOMAIN

MODULE_URL = f"/{DOMAIN}/smarty-p1.js"
_FOLDER = Path(__file__).parent / "frontend"


async def async_setup_dashboard(hass: HomeAssistant) -> None:
    """Offer the dashboard where there is a frontend; to be called once."""
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
    # Browsers keep them for a month: another version, or none but another content, is another URL.
    # The module asks for the texts with the query it came with.
    digest = hashlib.sha256(b"".join(files.values())).hexdigest()[:8]
    add_extra_js_url(hass, f"{MODULE_URL}?v={version}-{digest}")


def _read_files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(_FOLDER.glob("smarty-p1.*"))}
