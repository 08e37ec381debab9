"""English texts of refusals, from the translations of the integration."""

import json
from functools import cache
from pathlib import Path

# The first file exists in an installed package, the second in a clone of the repository.
_FILES = (
    Path(__file__).parents[1] / "smarty_p1_gateway/texts/translations/en.json",
    Path(__file__).resolve().parents[1] / "custom_components/smarty_p1/translations/en.json",
)


def text_of_error(key: str, **placeholders: str) -> str:
    """Return the text of an error that the integration translates."""
    return _messages()[key]["message"].format(**placeholders)


@cache
def _messages() -> dict[str, dict[str, str]]:
    path = next(path for path in _FILES if path.exists())
    messages: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["exceptions"]
    return messages
