"""Few modules call actions of other integrations. All orders of the plan come from one of them."""

import ast

import pytest

from dev.checkout import ROOT

HOUSE = ROOT / "custom_components/smarty_p1"
CALLERS = {
    "coordinator/loads/order_sender.py": "orders of the plan, and limits",
    "coordinator/market_prices/prices_ahead.py": "prices of another integration",
    "messages/sending.py": "messages to the household",
}
CALLS = {"async_call", "call"}
HELPERS = {
    "async_call_from_config",
    "async_reproduce_state",
    "call_from_config",
    "Script",
}
"""Names of Home Assistant that call actions."""


def calls_actions(source: str) -> bool:
    """Return whether a module calls an action, or imports a helper that does."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Attribute(attr="services") | ast.Name(id="services")):
                if node.attr in CALLS:
                    return True
            case ast.ImportFrom(names=names) if HELPERS & {name.name for name in names}:
                return True
    return False


def test_the_modules_that_call_actions() -> None:
    paths = {path.relative_to(HOUSE).as_posix(): path for path in HOUSE.rglob("*.py")}
    callers = {name for name, path in paths.items() if calls_actions(path.read_text("utf-8"))}
    assert callers == set(CALLERS)


@pytest.mark.parametrize(
    "source",
    [
        "await self._hass.services.async_call('switch', 'turn_on')",
        "call = partial(hass.services.async_call, blocking=True)",
        "services = hass.services\nservices.async_call('switch', 'turn_on')",
        "from homeassistant.helpers.script import Script",
    ],
)
def test_a_call_is_found(source: str) -> None:
    assert calls_actions(source)
    assert not calls_actions("hass.services.async_register(domain, name, action)")
