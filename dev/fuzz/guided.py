"""Fuzzing with atheris, which prefers inputs that reach new code. random_input.py starts it.

The first byte of an input selects the check. The second byte is the size of the chunks, if the
check needs such a size. The rest is the data to check.
"""

import sys

import atheris

with atheris.instrument_imports(include=["smartyp1"]):
    from . import properties

_BETWEEN_TELEGRAMS = b"\0\0"


def check(data: bytes) -> None:
    """Run the check that the first byte of `data` selects. Ignore inputs of fewer than 3 bytes."""
    if len(data) < 3:
        return
    match data[0] % 4:
        case 0:
            properties.check_feed(data[2:], [data[1]])
        case 1:
            texts = [text for text in data[2:].split(_BETWEEN_TELEGRAMS) if text]
            properties.check_texts(texts, [data[1]])
        case 2:
            properties.check_key(data[1:].decode(errors="replace"))
        case _:
            properties.check_port(data[1:].decode(errors="replace"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
