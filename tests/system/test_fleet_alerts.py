"""The alerts of a fleet, and what is scraped for them, as Prometheus' own tool sees them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.demo.home_assistant import ROOT
from tests.check.test_links import anchors
from tests.system.support import program

RULES = ROOT / "fleet" / "alerts.yml"
SCRAPED = ROOT / "fleet" / "scrape.yml"
CASES = ROOT / "tests" / "fleet" / "alerts.yml"
RUNBOOKS = ROOT / "docs" / "fleet-runbooks.md"


def rules() -> list[dict[str, Any]]:
    content = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return [rule for group in content["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(
    ("command", "kind", "file"),
    [("check", "rules", RULES), ("test", "rules", CASES), ("check", "config", SCRAPED)],
)
def test_promtool_accepts_them(command: str, kind: str, file: Path) -> None:
    arguments: list[str | Path] = [program("promtool"), command, kind, file]
    end = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert end.returncode == 0, end.stdout + end.stderr


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    found = [
        (re.findall(r'alertname="(\w+)"', one["expr"])[0], bool(one["exp_samples"]))
        for case in cases
        for one in case["promql_expr_test"]
    ]
    wanted = [(rule["alert"], fires) for rule in rules() for fires in (True, False)]
    assert found == wanted


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_leads_to_its_runbook_from_both_sides(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page.endswith("/blob/main/docs/fleet-runbooks.md")
    assert anchor in anchors(RUNBOOKS)
    # For whoever has only its name.
    text = RUNBOOKS.read_text(encoding="utf-8")
    assert re.search(rf"^\| .*`{rule['alert']}`.*\]\(#{anchor}\)", text, re.MULTILINE)
