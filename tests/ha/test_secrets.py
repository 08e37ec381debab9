"""No key ever reaches a log, an error, diagnostics, an address, a state or the command line."""

import json
import logging
from collections.abc import Iterator

import pytest
from homeassistant.helpers import issue_registry as ir

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.p1 import Reason

from .meter import KEY, OTHER_AUTHENTICATION_KEY, OTHER_KEY, encipher, seal
from .support import TELEGRAM, Home

SECRETS = (KEY, OTHER_KEY, OTHER_AUTHENTICATION_KEY)


def spellings(key: str) -> Iterator[str]:
    """Yield how a key could be written by mistake."""
    raw = bytes.fromhex(key)
    yield key.lower()
    yield raw.hex(" ")
    yield raw.hex(":")
    yield repr(raw)[2:-1].lower()
    yield str(list(raw))


def assert_no_secret(text: str) -> None:
    """Fail when a key stands in a text."""
    lower = text.lower()
    found = [key for key in SECRETS for spelling in spellings(key) if spelling in lower]
    assert not found


@pytest.mark.usefixtures("short_setup")
@pytest.mark.parametrize("verify", [True, False])
async def test_a_meter_in_all_kinds_of_trouble(
    home: Home,
    caplog: pytest.LogCaptureFixture,
    issue_registry: ir.IssueRegistry,
    verify: bool,  # noqa: FBT001
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    home.port.greeting = encipher(TELEGRAM, 1, authentication_key=OTHER_AUTHENTICATION_KEY)
    entry = home.make_entry(home.port.url, authentication_key=OTHER_AUTHENTICATION_KEY)
    home.hass.config_entries.async_update_entry(entry, data={**entry.data, "verify": verify})
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    for n in range(6):
        await home.port.send(encipher(TELEGRAM, 10 + n, key=OTHER_KEY) + seal(TELEGRAM))
    await home.wait_until(
        lambda: all(
            entry.runtime_data.reception.rejections[reason] > 5
            for reason in (Reason.TAG, Reason.DOWNGRADE)
        )
    )
    await home.let_pass(61)
    error = str(entry.runtime_data.last_exception)
    told = json.dumps(await async_get_config_entry_diagnostics(home.hass, entry), default=str)
    await home.hass.config_entries.async_reload(entry.entry_id)
    flows = home.hass.config_entries.flow.async_progress()
    issues = list(issue_registry.issues.values())
    states = [state.as_dict() for state in home.hass.states.async_all()]
    await home.hass.config_entries.async_unload(entry.entry_id)

    assert f"Smarty {entry.unique_id}" in caplog.text
    assert error
    for text in (caplog.text, error, told, str(entry.reason), f"{flows}", f"{issues}", f"{states}"):
        assert_no_secret(text)
