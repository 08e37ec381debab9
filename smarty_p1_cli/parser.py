"""How a command line is read, and what of it may be said again: anything in it may be a key."""

import argparse
import re
from typing import Any, NoReturn, override

from smartyp1.p1 import KeyFormatError, parse_key

PROGRAM = "smarty-p1"
# None of what sets a secret apart in an address.
FILE_NAME = re.compile(r"(?:[A-Za-z]:)?[^:@%?#&;=]+")


class Parser(argparse.ArgumentParser):
    """Does not repeat what it cannot make sense of: it may be a key."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of argparse
        # What an abbreviation is for may be unclear, and the error would repeat it with its value.
        super().__init__(**options, allow_abbrev=False)

    @override
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message = "unrecognized arguments; a key with blanks needs quotes"
        elif "invalid choice" in message:
            message = self.get_default("expects") or (
                "the first argument must be decode, watch, capture, gateway, collect or fleet"
            )
        elif "ignored explicit argument" in message:
            message = f"{message.partition(':')[0]} takes no value"
        super().error(message)


def shown(name: str) -> str:
    """Return the name of a file, unless it may be a key or an address with a password in it."""
    try:
        parse_key(name)
    except KeyFormatError:
        return name if FILE_NAME.fullmatch(name) else "the file"
    return "a file whose name is a key"
