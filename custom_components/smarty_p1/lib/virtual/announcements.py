"""Services that a virtual meter announces by mDNS."""

from enum import StrEnum
from typing import NamedTuple

from .device_identity import (
    HOMEWIZARD_NAME,
    HOMEWIZARD_PRODUCT,
    SHELLY_APP,
    SHELLY_FIRMWARE,
    SHELLY_MODEL,
    SHELLY_VERSION,
    shelly_id,
    shelly_mac,
)


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
            "product_name": HOMEWIZARD_NAME,
            "product_type": HOMEWIZARD_PRODUCT,
        }
        return [Announcement("_hwenergy._tcp.local.", f"p1meter-{serial[-6:]}", properties)]
    properties = {
        "gen": "2",
        "app": SHELLY_APP,
        "ver": SHELLY_VERSION,
        "id": shelly_id(serial),
        "mac": shelly_mac(serial),
        "model": SHELLY_MODEL,
        "fw_id": SHELLY_FIRMWARE,
    }
    types = ("_shelly._tcp.local.", "_http._tcp.local.")
    return [Announcement(service_type, shelly_id(serial), properties) for service_type in types]
