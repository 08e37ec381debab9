"""File `meter-keys` of a collector. It has a line with system title and key for each meter."""

import re
from collections.abc import Iterable, Mapping

from .fleet_folder import FleetFiles

_HEAD = """\
# The encryption key of each meter (32 hexadecimal digits) belongs behind its system title: then
# remove the # before it. An authentication key that is not the default comes behind that.
"""


def keep_key_file(files: FleetFiles, name: str, meters: Mapping[str, tuple[str, str]]) -> list[str]:
    """Create the key file, or append missing meters as comments. Return the added system titles.

    Existing lines stay. `meters` has the gateway and the port of each meter by system title. Raises
    ConfigError.
    """
    text = files.read(name) or _HEAD
    titles = {title.upper() for title in re.findall(r"(?m)^[# ]*([0-9A-Fa-f]{16})\b", text)}
    missing = [title for title in meters if title not in titles]
    if text and not text.endswith("\n"):
        text += "\n"
    text += "".join(f"# {title}      # {', '.join(meters[title])}\n" for title in missing)
    files.replace(name, text, is_secret=True)
    return missing


def has_key_of_each(files: FleetFiles, name: str, titles: Iterable[str]) -> bool:
    """Return whether the key file has a key for each of the system titles. Raises ConfigError."""
    text = files.read(name) or ""
    key_titles = {title.upper() for title in re.findall(r"(?m)^ *([0-9A-Fa-f]{16})\b", text)}
    return key_titles.issuperset(titles)
