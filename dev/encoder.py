"""Encoder of telegrams and frames for tests and fuzzers.

It shares no code with the decoder under test.
"""

import binascii
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .simulator.frame import AUTHENTICATION_KEY, encipher
from .simulator.telegram import crc16

KEY = bytes.fromhex("AABBCCDDEEFF00112233445566778899")
TITLE = b"SAGgp\x04\x10\x2e"
DEVICE_NAME = "SAG1030790002574"
FRAMES = Path(__file__).with_name("frames")


@dataclass(frozen=True)
class StoredExample:
    """Frame or unencrypted telegram from a file, and the content that a decoder must find in it.

    `data` has the bytes on the line. `key`, `authentication_key` and `frame_counter` are None if
    the telegram is unencrypted.
    """

    key: bytes | None
    authentication_key: bytes | None
    data: bytes
    telegram: str
    expect: dict[str, Any]
    frame_counter: int | None


@cache
def stored_example(name: str) -> StoredExample:
    """Return the stored frame or telegram. `name` is its file name without `.json`."""
    content = json.loads((FRAMES / f"{name}.json").read_text("utf-8"))
    key, authentication_key = content["key"], content["authentication_key"]
    return StoredExample(
        key and bytes.fromhex(key),
        authentication_key and bytes.fromhex(authentication_key),
        bytes.fromhex(content["bytes"]),
        content["telegram"],
        content["expect"],
        content["frame_counter"],
    )


def seal(text: str) -> bytes:
    """Return the telegram `text` as bytes, with the correct CRC after its last `!`."""
    body = text[: text.rindex("!") + 1].encode("latin-1")
    return body + b"%04X\r\n" % crc16(body)


def with_value(text: str, reference: str, value: str | None) -> str:
    """Return the telegram `text` with another value of the object `reference`.

    `value` includes the brackets, such as "(012345.678*kWh)". If the telegram does not have the
    object, a line with the object is added before the `!`. If `value` is None, the line with the
    object is removed.
    """
    lines = text.split("\r\n")
    at = [n for n, line in enumerate(lines) if line.startswith(f"{reference}(")]
    if value is None:
        del lines[at[0]]
    elif at:
        lines[at[0]] = f"{reference}{value}"
    else:
        end = next(n for n, line in enumerate(lines) if line.startswith("!"))
        lines.insert(end, f"{reference}{value}")
    return "\r\n".join(lines)


def telegram(*lines: str, name: str | None = DEVICE_NAME) -> bytes:
    """Return a telegram with the usual first lines, the lines `lines`, and a correct CRC.

    `name` is the serial number of the meter. If it is None, the telegram has no serial number.
    """
    own = [f"0-0:42.0.0({binascii.hexlify(name.encode()).decode()})"] if name else []
    return seal("\r\n".join(["/Lux5\\253694471_M", "", "1-3:0.2.8(42)", *own, *lines, "!"]))


def frame(
    counter: int,
    text: bytes | None = None,
    *,
    key: bytes = KEY,
    title: bytes = TITLE,
    authentication_key: bytes = AUTHENTICATION_KEY,
) -> bytes:
    """Return an encrypted frame with the frame counter `counter` and the telegram `text`.

    If `text` is None, the only register in the telegram is an imported energy of `counter` kWh.
    """
    plain = telegram(f"1-0:1.8.0({counter:010.3f}*kWh)") if text is None else text
    return encipher(
        plain.decode("latin-1"),
        key=key,
        system_title=title,
        counter=counter,
        authentication_key=authentication_key,
    )
