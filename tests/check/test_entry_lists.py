"""Rule of scripts/check_integration.py for calls that list config entries."""

import pytest

from dev.testing.table import rows
from scripts.check_integration import ENTRY_LISTS, check_entry_lists

BOTH = "include_ignore=False, include_disabled=False"


@pytest.mark.parametrize(
    ("code", "says"),
    rows("""
        hass.config_entries.async_entries(DOMAIN)        | use known_meters
        hass.config_entries.async_entries(DOMAIN, BOTH)  | use known_meters
        entries.async_entries(domain='smarty_p1', BOTH)  | use known_meters
        hass.config_entries.async_entries()              | without include_disabled, include_ignore
        entries.async_entries('mqtt', include_ignore=False) | without include_disabled
        hass.config_entries.async_entries                | without
        self._async_current_entries()                    | without include_ignore
        entries.async_entries('mqtt', BOTH)              |
        self._async_current_entries(include_ignore=True) |
        hass.config_entries.async_loaded_entries(DOMAIN) |
        er.async_entries_for_config_entry(registry, entry_id) |
    """),
)
def test_a_list_of_entries_names_the_entries_that_count(code: str, says: str) -> None:
    source = f"def count(hass):\n    return {code.replace('BOTH', BOTH)}\n"
    found = [*check_entry_lists({"messages/a.py": source, "a.yaml": "{"})]
    assert len(found) == bool(says)
    assert all(line.startswith("messages/a.py:2: ") and says in line for line in found)
    assert not [*check_entry_lists({ENTRY_LISTS: source})]
