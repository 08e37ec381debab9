"""Picture of a bill. It marks the values for which the set-up dialog asks."""

from pathlib import Path

from homeassistant.components.frontend import DOMAIN as FRONTEND
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

_URL = f"/{DOMAIN}/bill.svg"
_FILE = Path(__file__).parents[1] / "pictures" / "bill.svg"
_IS_SERVED: HassKey[bool] = HassKey(f"{DOMAIN}_bill_picture")


async def async_bill_picture(hass: HomeAssistant) -> str:
    """Return the URL of the picture. The first call makes Home Assistant serve the picture.

    The integration's set-up cannot do this, because the first dialog is shown before the set-up.
    """
    if FRONTEND in hass.config.components and _IS_SERVED not in hass.data:
        hass.data[_IS_SERVED] = True
        paths = [StaticPathConfig(_URL, str(_FILE), cache_headers=False)]
        await hass.http.async_register_static_paths(paths)
    return _URL
