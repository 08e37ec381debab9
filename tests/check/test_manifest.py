"""The rule of hassfest that scripts/check repeats: an imported integration is a dependency."""

import pytest

from dev.testing.table import rows
from scripts.check_integration import check_dependencies

MANIFEST = {
    "domain": "smarty_p1",
    "name": "Meter",
    "after_dependencies": ["mqtt"],
    "dependencies": ["http"],
    "zeroconf": [],
}


@pytest.mark.parametrize(
    ("code", "missing"),
    rows("""
        from CORE import network                                                     | network
        from CORE import zeroconf, dhcp as leases                                    | dhcp
        from CORE.network.util import async_load_adapters                            | network
        import CORE.bluetooth.match as match                                         | bluetooth
        def later(): from CORE import network                                        | network
        if True: from CORE import cloud; else: from CORE import network              | cloud network
        from typing import TYPE_CHECKING; if TYPE_CHECKING: from CORE import network |
        if TYPE_CHECKING: x = 1; else: from CORE import network                      | network
        if typing.TYPE_CHECKING: from CORE import network                            | network
        from CORE import http, mqtt, sensor, websocket_api                           |
        from CORE.repairs import RepairsFlow                                         |
        from .components import network                                              |
    """),
)
def test_an_imported_integration_is_a_dependency(code: str, missing: str) -> None:
    code = code.replace("CORE", "homeassistant.components").replace("; ", "\n")
    sources = {"sinks/output.py": code, "repairs.py": "", "services.yaml": "network"}
    defects = list(check_dependencies(MANIFEST, sources))
    assert {defect.split()[2].rstrip(",") for defect in defects} == {*missing.split()}
