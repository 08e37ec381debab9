"""Private texts in each place of a line that can carry a text, for tests of reports."""

import json
import re
from collections.abc import Iterator

from dev.encoder import DEVICE_NAME, KEY, TITLE, frame, seal

PRIVATE_TEXTS = (
    KEY.hex().upper(),
    DEVICE_NAME,
    "SAG1O30790002574",
    "SAG1030790\xfe02574",
    "GAS 079000257401",
    "GAS 0790\x0702574O1",
    "LU0000012345678901234000000000001",
    "Josephine Muller",
    "8 Rue Haute",
    "jo.muller@example.lu",
)
"""A key, serial numbers with and without an altered character, a metering point, and a person."""
_OTHER_KEY = bytes(range(16))


def telegram_with(text: str, name: str = DEVICE_NAME) -> bytes:
    """Return a telegram of the meter `name` that has a text in all its other places."""
    octets = text.encode("latin-1").hex()
    digits = "".join(re.findall("[0-9]", text))
    printable = "".join(filter(str.isprintable, text.encode("ascii", "ignore").decode()))
    lines = [
        f"/Lux5\\{printable}",
        "",
        f"1-3:0.2.8({text})",
        "0-0:1.0.0(250703103000S)",
        f"0-0:42.0.0({name.encode('latin-1').hex()})",
        "1-0:1.8.0(025678.901*kWh)",
        f"1-0:2.8.0({text}*kWh)",
        f"1-0:3.8.0({digits[:15]}*kvarh)",
        f"1-0:1.7.0(00.100*{text})",
        f"1-1:31.4.0({text}*A)({digits}*A)",
        f"0-0:96.3.10({digits})",
        *(f"0-0:96.13.{number}({octets})" for number in range(6)),
        "0-1:24.1.0(003)",
        f"0-1:96.1.0({octets})",
        f"0-1:24.2.1(250703103000S)(00678.900*{text})",
        f"0-2:24.1.0({digits})",
        f"0-2:96.1.0({text})",
        f"0-2:24.2.1({text})({text}*m3)",
        f"9-9:99.99.99({text})",
        f"0-0:96.1.1({octets})({digits})",
        f"1-0:32.7.0({text}",
        f"{text}({text})",
        text,
        "!",
    ]
    return seal("\r\n".join(lines))


def line_with(text: str, first_counter: int, name: str = DEVICE_NAME) -> bytes:
    """Return the bytes of a line with a text in frames, telegrams and between them.

    The first frame and the fourth one can be verified with the key of the encoder.
    """
    noise, sent = text.encode("latin-1"), telegram_with(text, name)
    title = noise[:8].ljust(8, b"x")
    whole = frame(first_counter, sent)
    return b"\r\n".join(
        (
            noise,
            whole,
            frame(first_counter + 1, sent, key=_OTHER_KEY),
            frame(first_counter + 1, sent, title=title),
            whole[:-40] + noise,
            frame(first_counter + 2, sent),
            sent,
            sent[:-6] + b"0000\r\n",
            sent[: len(sent) // 2] + noise,
            noise * 20,
        )
    )


def private_parts(content: str) -> list[str]:
    """Return the parts of a report that tell a private text, in any of its spellings."""
    lower = content.lower()
    return [part for text in PRIVATE_TEXTS for part in _spellings(text) if part in lower]


def _spellings(text: str) -> Iterator[str]:
    """Yield the spellings of a private text, and its longer parts."""
    octets = text.encode("latin-1")
    yield from {text.lower(), json.dumps(text)[1:-1].lower(), octets.hex(), TITLE.hex()}
    yield from {octets[:8].hex(), text[:8].lower(), *re.findall("[0-9]{6,}", text)}
    yield from (word.lower() for word in re.findall("[A-Za-z]{5,}", text))
