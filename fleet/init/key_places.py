"""The file in which a collector's meter keys are entered."""

import re
from collections.abc import Iterable, Mapping

from .files import FleetFiles

_HEAD = """\
# The encryption key of each meter (32 hexadecimal digits) belongs behind its system title: then
# remove the # before it. An authentication key that is not the default comes behind that.
"""


def keep_key_file(files: FleetFiles, name: str, meters: Mapping[str, tuple[str, str]]) -> list[str]:
    """Make the file, or name the meters that it lacks at its end; return their titles.

    What stands there stays. `meters`: where each is, by its title. Raises ConfigError.
    """
    text = files.read(name) or _HEAD
    known = {title.upper() for title in re.findall(r"(?m)^[# ]*([0-9A-Fa-f]{16})\b", text)}
    missing = [title for title in meters if title not in known]
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"# {title}      # {', '.join(meters[title])}\n" for title in missing)
    files.replace(name, text, is_secret=True)
    return missing


def has_key_of_each(files: FleetFiles, name: str, titles: Iterable[str]) -> bool:
    """Return whether the file has a line for each title that counts. Raises ConfigError."""
    text = files.read(name) or ""
    known = {title.upper() for title in re.findall(r"(?m)^ *([0-9A-Fa-f]{16})\b", text)}
    return known.issuperset(titles)
