"""Remedies that the message about a silent meter names, by the known cause."""

from collections.abc import Mapping
from enum import StrEnum

from ..failure_detection import Obstacle, ReadingProblem
from ..problem import Problem


class Remedy(StrEnum):
    """Advice about a meter that is not read. The value is a part of the text's key."""

    CABLE = "cable"
    """Nothing arrives at an open port."""
    PORT = "port"
    PERMISSION = "permission"
    BUSY = "busy"
    GATEWAY = "gateway"
    BROKER = "broker"
    ALTERED = "altered"
    ALTERED_OR_KEY = "altered_or_key"
    KEY = "key"
    OTHER_DEVICE = "other_device"
    SWAPPED_CABLES = "other_meter"
    UNENCRYPTED = "unencrypted"
    OLD_TELEGRAMS = "old_telegrams"
    NAMELESS = "nameless"
    ENTITIES = "entities"
    LENEDA = "leneda"


# Only these: an `Obstacle` is each of `ReadingProblem`, but not each `Problem`.
REMEDIES: Mapping[Obstacle, Remedy] = {
    ReadingProblem.NOTHING_RECEIVED: Remedy.CABLE,
    ReadingProblem.PORT_SILENT: Remedy.CABLE,
    ReadingProblem.LINK_LOST: Remedy.CABLE,
    ReadingProblem.PORT_CLOSED: Remedy.GATEWAY,
    ReadingProblem.PORT_UNREACHABLE: Remedy.GATEWAY,
    ReadingProblem.GATEWAY_OFFLINE: Remedy.GATEWAY,
    ReadingProblem.SENSOR_SILENT: Remedy.CABLE,
    ReadingProblem.NO_PULSE: Remedy.CABLE,
    ReadingProblem.PORT_NOT_FOUND: Remedy.PORT,
    ReadingProblem.PORT_PERMISSION: Remedy.PERMISSION,
    ReadingProblem.PORT_BUSY: Remedy.BUSY,
    ReadingProblem.MQTT_MISSING: Remedy.BROKER,
    ReadingProblem.MQTT_DISCONNECTED: Remedy.BROKER,
    ReadingProblem.BROKER_UNAVAILABLE: Remedy.BROKER,
    ReadingProblem.DAMAGED: Remedy.ALTERED,
    ReadingProblem.BYTES_AS_TEXT: Remedy.ALTERED,
    Problem.POOR_LINE: Remedy.ALTERED,
    ReadingProblem.ALTERED_OR_NEW_KEY: Remedy.ALTERED_OR_KEY,
    ReadingProblem.WRONG_KEY: Remedy.KEY,
    ReadingProblem.OTHER_AUTHENTICATION_KEY: Remedy.KEY,
    ReadingProblem.KEY_MISSING: Remedy.KEY,
    ReadingProblem.NOT_P1: Remedy.OTHER_DEVICE,
    ReadingProblem.NOT_SONAR: Remedy.OTHER_DEVICE,
    Problem.OTHER_METER: Remedy.SWAPPED_CABLES,
    Problem.OTHER_METER_UNREADABLE: Remedy.SWAPPED_CABLES,
    Problem.SECURITY_OFF: Remedy.UNENCRYPTED,
    ReadingProblem.REPLAY: Remedy.OLD_TELEGRAMS,
    Problem.CATCHING_UP: Remedy.OLD_TELEGRAMS,
    Problem.TELEGRAMS_LATE: Remedy.OLD_TELEGRAMS,
    ReadingProblem.NO_DEVICE_NAME: Remedy.NAMELESS,
    ReadingProblem.ENTITIES_SILENT: Remedy.ENTITIES,
    ReadingProblem.ENTITY_UNAVAILABLE: Remedy.ENTITIES,
    ReadingProblem.LENEDA_AWAITED: Remedy.LENEDA,
}
"""Remedies for the problems of a source."""


def remedy_for(problem: Obstacle | None) -> Remedy:
    """Return the remedy for the problem of a silent meter."""
    return REMEDIES[problem] if problem else Remedy.CABLE
