"""What all tests of the gateway share."""

import pytest


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Let Home Assistant's test kit accept what a gateway does not stop, since its process ends."""
    return True


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broker that is back be found by its other clients at once."""
    monkeypatch.setattr("smarty_p1_gateway.publisher._GRACE", 0.0)
