"""The rule of hassfest that scripts/check repeats: an imported integration is a dependency."""

import pytest

from scripts.check_integration import check_dependencies

MANIFEST = {
    "domain": "smarty_p1",
    "name": "Meter",
    "after_dependencies": ["mqtt"],
    "dependencies": ["http"],
    "zeroconf": [],
}
IN = "from homeassistant.components"


@pytest.mark.parametrize(
    ("code", "missing"),
    [
        (f"{IN} import network", {"network"}),
        (f"{IN} import zeroconf, dhcp as leases", {"dhcp"}),
        (f"{IN}.network.util import async_load_adapters", {"network"}),
        ("import homeassistant.components.bluetooth.match as match", {"bluetooth"}),
        (f"def later():\n    {IN} import network", {"network"}),
        (f"if True:\n    {IN} import cloud\nelse:\n    {IN} import network", {"cloud", "network"}),
        (f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {IN} import network", set()),
        (f"if TYPE_CHECKING:\n    x = 1\nelse:\n    {IN} import network", {"network"}),
        (f"if typing.TYPE_CHECKING:\n    {IN} import network", {"network"}),
        (f"{IN} import http, mqtt, sensor, websocket_api", set()),
        (f"{IN}.repairs import RepairsFlow", set()),
        ("from .components import network", set()),
    ],
)
def test_an_imported_integration_is_a_dependency(code: str, missing: set[str]) -> None:
    sources = {"sinks/output.py": code, "repairs.py": "", "services.yaml": "network"}
    defects = list(check_dependencies(MANIFEST, sources))
    assert {defect.split()[2].rstrip(",") for defect in defects} == missing
