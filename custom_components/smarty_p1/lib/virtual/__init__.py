"""A Smarty as meters that batteries and chargers know: HomeWizard P1, Shelly Pro 3EM. No I/O.

    meter = VirtualMeter(draw_serial())
    meter.on_reading(reading, time.monotonic())
    answer = meter.ask("192.168.1.20", Question.HOMEWIZARD, time.monotonic())
    homewizard_data(answer)

Every client gets the true last value, or none after half a minute without a telegram; only those
that the user calls batteries get their part of it at each poll (`VirtualMeter`).
"""

from .addresses import is_local_host, is_private, plain_address
from .announcements import Announcement, announcements
from .clients import MOST_CLIENTS, Client, Profile, Question, TooManyAsked
from .homewizard import (
    HOMEWIZARD_IDENTIFIED,
    HOMEWIZARD_SYSTEM,
    homewizard_data,
    homewizard_information,
)
from .identity import draw_serial, homewizard_unique_id, is_serial, shelly_mac
from .kinds import Kind
from .meter_values import MeterValues
from .shelly import (
    TOO_MANY,
    UNAVAILABLE,
    Asked,
    RpcError,
    RpcResult,
    Shelly,
    em_status,
    em_unknown,
    emdata_status,
    shelly_information,
)
from .shelly_frames import (
    MOST_FRAME_BYTES,
    Frame,
    answer_frame,
    component_of,
    notification,
    read_frame,
    to_json,
)
from .virtual_meter import LONGEST_SILENCE, MAX_BATTERIES, Unavailable, VirtualMeter

__all__ = [
    "HOMEWIZARD_IDENTIFIED",
    "HOMEWIZARD_SYSTEM",
    "LONGEST_SILENCE",
    "MAX_BATTERIES",
    "MOST_CLIENTS",
    "MOST_FRAME_BYTES",
    "TOO_MANY",
    "UNAVAILABLE",
    "Announcement",
    "Asked",
    "Client",
    "Frame",
    "Kind",
    "MeterValues",
    "Profile",
    "Question",
    "RpcError",
    "RpcResult",
    "Shelly",
    "TooManyAsked",
    "Unavailable",
    "VirtualMeter",
    "announcements",
    "answer_frame",
    "component_of",
    "draw_serial",
    "em_status",
    "em_unknown",
    "emdata_status",
    "homewizard_data",
    "homewizard_information",
    "homewizard_unique_id",
    "is_local_host",
    "is_private",
    "is_serial",
    "notification",
    "plain_address",
    "read_frame",
    "shelly_information",
    "shelly_mac",
    "to_json",
]
