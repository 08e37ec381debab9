"""Content of a telegram, read without the tested program."""

import re


def iso_time(telegram: str) -> str:
    """Return the time in a telegram."""
    return as_iso(sent_in(telegram)["0-0:1.0.0"][0])


def as_iso(text: str) -> str:
    """Return a time of a telegram as ISO 8601 has it."""
    parts = re.fullmatch("(..)(..)(..)(..)(..)(..)([SW])", text)
    assert parts
    year, month, day, hour, minute, second, season = parts.groups()
    offset = {"S": "+02:00", "W": "+01:00"}[season]
    return f"20{year}-{month}-{day}T{hour}:{minute}:{second}{offset}"


def sent_in(telegram: str) -> dict[str, list[str]]:
    """Return the texts in the brackets of each line."""
    return {
        line[: line.index("(")]: re.findall(r"\((.*?)\)", line)
        for line in telegram.split("\r\n")
        if "(" in line
    }


def plain(sent: str) -> str:
    """Return a number of a telegram without its unit and the zeros in front."""
    return re.sub(r"^(-?)0+(?=[0-9])", r"\1", sent.partition("*")[0])
