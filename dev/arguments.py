"""Functions that read numbers from the command line, for the parameter `type` of argparse."""

from argparse import ArgumentTypeError

LAST_PORT = 65535


def count(text: str) -> int:
    """Return the whole number in `text`. Raises ArgumentTypeError unless it is at least 1."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return number


def positive(text: str) -> float:
    """Return the number in `text`. Raises ArgumentTypeError unless it is above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def port(text: str) -> int:
    """Return the TCP port in `text`. Raises ArgumentTypeError if it is none."""
    number = count(text)
    if number > LAST_PORT:
        raise ArgumentTypeError(f"{text!r} is not a port")
    return number
