"""Decoder of the bytes from the P1 port of Luxembourg's "Smarty" meter to verified telegrams.

    decoder = Decoder(parse_key("..."))
    for event in decoder.feed(data):  # any chunks, as they come
        match event:
            case Telegram():
                print(event.time, event.objects["1-0:1.8.0"], "kWh")
            case Rejection():
                print("rejected:", event.reason)

The package does no I/O and needs only `cryptography`. The package `port` opens and reads ports.
"""

from .checksum import crc16
from .decoder import Decoder, Event, LineDecoder
from .frame_decryptor import BEGINNING_SIZE, FrameDecryptor
from .frame_finder import FrameSplitter
from .frame_header import MAX_FRAME_SIZE, Frame, read_frame
from .keys import (
    DEFAULT_AUTHENTICATION_KEY,
    FINGERPRINT_SIZE,
    KeyFormatError,
    P1Error,
    key_fingerprint,
    keys_fingerprint,
    parse_key,
)
from .local_time import hour_after, hour_before
from .obis import (
    CHANNELS,
    CONTROL_STATES,
    DEVICE_NAME,
    MBUS_DEVICE_TYPES,
    MBUS_FIELDS,
    MESSAGES,
    METER_TIME,
    OBJECTS,
    VOLTAGE_COUNTERS,
    mbus_reference,
)
from .rejection_reasons import Reason, Rejection
from .telegram import Telegram, Verification
from .telegram_parser import read_lines
from .value_converters import Capture, MBusReading, Value, identifier, is_filler

__all__ = [
    "BEGINNING_SIZE",
    "CHANNELS",
    "CONTROL_STATES",
    "DEFAULT_AUTHENTICATION_KEY",
    "DEVICE_NAME",
    "FINGERPRINT_SIZE",
    "MAX_FRAME_SIZE",
    "MBUS_DEVICE_TYPES",
    "MBUS_FIELDS",
    "MESSAGES",
    "METER_TIME",
    "OBJECTS",
    "VOLTAGE_COUNTERS",
    "Capture",
    "Decoder",
    "Event",
    "Frame",
    "FrameDecryptor",
    "FrameSplitter",
    "KeyFormatError",
    "LineDecoder",
    "MBusReading",
    "P1Error",
    "Reason",
    "Rejection",
    "Telegram",
    "Value",
    "Verification",
    "crc16",
    "hour_after",
    "hour_before",
    "identifier",
    "is_filler",
    "key_fingerprint",
    "keys_fingerprint",
    "mbus_reference",
    "parse_key",
    "read_frame",
    "read_lines",
]
