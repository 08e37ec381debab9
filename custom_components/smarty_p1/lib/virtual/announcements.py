"""Services that a virtual meter announces by mDNS."""

from enum import StrEnum
from typing import NamedTuple

from .homewizard_api import NAME, PRODUCT
from .identity import shelly_id, shelly_mac
from .shelly_methods import APP, FIRMWARE, MODEL, VERSION


class AnnouncementKind(StrEnum):
    """Kind of meter that a virtual meter imitates."""

    HOMEWIZARD = "homewizard"
    """HomeWizard P1, version 1 of its local API."""
    SHELLY = "shelly"
    """Shelly Pro 3EM, second generation."""


class Announcement(NamedTuple):
    """Service that a virtual meter announces by mDNS. `name` is also the name of the host."""

    service_type: str
    name: str
    properties: dict[str, str]


def announcements_of(kind: AnnouncementKind, serial: str) -> list[Announcement]:
    """Return the services that a virtual meter of this kind and serial number announces."""
    if kind is AnnouncementKind.HOMEWIZARD:
        properties = {
            "api_enabled": "1",
            "path": "/api/v1",
            "serial": serial,
            "product_name": NAME,
            "product_type": PRODUCT,
        }
        return [Announcement("_hwenergy._tcp.local.", f"p1meter-{serial[-6:]}", properties)]
    properties = {
        "gen": "2",
        "app": APP,
        "ver": VERSION,
        "id": shelly_id(serial),
        "mac": shelly_mac(serial),
        "model": MODEL,
        "fw_id": FIRMWARE,
    }
    types = ("_shelly._tcp.local.", "_http._tcp.local.")
    return [Announcement(service_type, shelly_id(serial), properties) for service_type in types]
