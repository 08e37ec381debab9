"""Which slow tests a change runs."""

from pathlib import Path

import pytest

from scripts.slow_tests import named_in, names_of


@pytest.mark.parametrize(
    ("changed", "is_named"),
    [
        ("custom_components/smarty_p1/lib/plan/commanded.py", True),
        ("custom_components/smarty_p1/const.py", True),
        ("dev/testing/__init__.py", True),
        ("tests/system/support.py", True),
        ("tests/system/mcp_client.py", True),
        ("docs/plan.md", True),
        ("tests/support.py", False),
        ("dev/demo/__init__.py", False),
    ],
)
def test_a_test_names_its_imports_and_the_files_in_its_texts(changed: str, is_named: bool) -> None:  # noqa: FBT001
    source = """
import custom_components.smarty_p1.const
from dev import testing
from smartyp1.plan.commanded import Phase
from .support import ROOT
PROGRAM, PAGE = ("-m", "tests.system.mcp_client"), ROOT / "docs/plan.md"
"""
    named = named_in(source, Path("tests/system/test_x.py"))
    assert bool(named & {*names_of(changed)}) is is_named
