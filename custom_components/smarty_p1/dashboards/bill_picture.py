"""Picture of a bill, on which the values are marked that the set-up dialog asks for."""

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
    """Return the URL of the picture. The first call lets Home Assistant serve the picture.

    The first dialog is shown before the integration is set up, so the set-up would be too late.
    """
    if FRONTEND in hass.config.components and _IS_SERVED not in hass.data:
        hass.data[_IS_SERVED] = True
        paths = [StaticPathConfig(_URL, str(_FILE), cache_headers=False)]
        await hass.http.async_register_static_paths(paths)
    return _URL
