"""Virtual meter that imitates a HomeWizard P1 or Shelly Pro 3EM for batteries. No I/O.

    meter = VirtualMeter(draw_serial())
    meter.on_reading(reading, time.monotonic())
    answer = meter.ask("192.168.1.20", Question.HOMEWIZARD, time.monotonic())
    homewizard_data(answer)

A client gets the values of the last telegram. After 30 seconds without a telegram, it gets no
values. In each answer, a battery reads only a part of the measured power (see virtual_meter.py).
While the load varies, a battery reads only the power that is expected to last (see
battery_shares.py).
"""

from .announcements import Announcement, AnnouncementKind, announcements_of
from .clients import MAX_CLIENTS, Client, PollRateExceededError, Profile, Question
from .homewizard_api import (
    HOMEWIZARD_IDENTIFIED,
    HOMEWIZARD_SYSTEM,
    homewizard_data,
    homewizard_information,
)
from .identity import draw_serial, homewizard_unique_id, is_serial, shelly_mac
from .local_network_check import is_local_host, is_private
from .meter_values import MeterValues
from .shelly_json_rpc import (
    MAX_FRAME_BYTES,
    RpcFrame,
    answer_frame,
    component_of,
    notification,
    read_frame,
    to_json,
)
from .shelly_methods import (
    TOO_MANY,
    UNAVAILABLE,
    RequestContext,
    RpcError,
    RpcResult,
    Shelly,
    em_status,
    em_unknown,
    emdata_status,
    is_missing,
    shelly_information,
)
from .virtual_meter import MAX_BATTERIES, MAX_SILENCE_S, Unavailable, VirtualMeter

__all__ = [
    "HOMEWIZARD_IDENTIFIED",
    "HOMEWIZARD_SYSTEM",
    "MAX_BATTERIES",
    "MAX_CLIENTS",
    "MAX_FRAME_BYTES",
    "MAX_SILENCE_S",
    "TOO_MANY",
    "UNAVAILABLE",
    "Announcement",
    "AnnouncementKind",
    "Client",
    "MeterValues",
    "PollRateExceededError",
    "Profile",
    "Question",
    "RequestContext",
    "RpcError",
    "RpcFrame",
    "RpcResult",
    "Shelly",
    "Unavailable",
    "VirtualMeter",
    "announcements_of",
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
    "is_missing",
    "is_private",
    "is_serial",
    "notification",
    "read_frame",
    "shelly_information",
    "shelly_mac",
    "to_json",
]
