"""The alerts of a fleet, and the metrics scraped for them, checked by Prometheus' own tool."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from dev.checkout import PROGRAMS
from dev.testing.page_anchors import anchors
from dev.testing.real_programs import program
from smarty_p1_fleet.init import EXAMPLE, init
from smartyp1.json_types import JsonDict

RULES = PROGRAMS / "smarty_p1_fleet" / "alerts.yml"
CASES = PROGRAMS / "tests" / "fleet" / "alerts.yml"
RUNBOOKS = PROGRAMS / "docs" / "fleet-runbooks.md"


def groups() -> list[JsonDict]:
    content: dict[str, list[JsonDict]] = yaml.safe_load(RULES.read_text("utf-8"))
    return content["groups"]


def rules() -> list[JsonDict]:
    return [rule for group in groups() for rule in group["rules"] if "alert" in rule]


def promtool(*arguments: str | Path) -> None:
    result = subprocess.run(
        [program("promtool"), *arguments], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def read_cases() -> dict[str, list[JsonDict]]:
    content: dict[str, list[JsonDict]] = yaml.safe_load(CASES.read_text("utf-8"))
    return content


def as_tests(alert: str, case: JsonDict) -> JsonDict:
    """Return a case as promtool takes it."""
    firing = f'ALERTS{{alertname="{alert}", alertstate="firing"'
    samples = [{"labels": f"{firing}, {labels}}}", "value": 1} for labels in case["as"]]
    return {
        "interval": "1m",
        "input_series": [
            {"series": series, "values": str(values)} for series, values in case["series"].items()
        ],
        "promql_expr_test": [
            {"expr": f"{firing}}}", "eval_time": case["at"], "exp_samples": samples}
        ],
    }


def needed_by(rule: JsonDict, records: list[JsonDict]) -> set[str]:
    """Return the names of the records that a rule needs, directly or through other records."""
    found: set[str] = set()
    texts = [rule["expr"]]
    while texts:
        text = texts.pop()
        more = [
            record
            for record in records
            if record["record"] in text and record["record"] not in found
        ]
        found |= {one["record"] for one in more}
        texts += [one["expr"] for one in more]
    return found


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    records = [rule for group in groups() for rule in group["rules"] if "record" in rule]
    cases = read_cases()
    for rule in rules():
        # Other alerts would be evaluated as often, and change nothing.
        alert = rule["alert"]
        needed = [record for record in records if record["record"] in needed_by(rule, records)]
        files = {
            f"{alert}.yml": {"groups": [{"name": alert, "rules": [*needed, rule]}]},
            f"{alert}.test.yml": {
                "rule_files": [f"{alert}.yml"],
                "evaluation_interval": "1m",
                "tests": [as_tests(alert, case) for case in cases[alert]],
            },
        }
        for name, content in files.items():
            (tmp_path / name).write_text(yaml.safe_dump(content), "utf-8")
    promtool("test", "rules", *tmp_path.glob("*.test.yml"))


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases = read_cases()
    assert list(cases) == [rule["alert"] for rule in rules()]
    for cases_of_alert in cases.values():
        assert {bool(case["as"]) for case in cases_of_alert} == {True, False}


def test_prometheus_and_alertmanager_accept_the_made_files(tmp_path: Path) -> None:
    source = tmp_path / "fleet.toml"
    text = EXAMPLE.read_text("utf-8")
    source.write_text(re.sub("(?m)^# (pages|tickets|heartbeat)", r"\1", text), encoding="utf-8")
    init(source, tmp_path / "fleet")
    made = tmp_path / "fleet" / "prometheus"
    promtool("check", "config", made / "prometheus.yml")
    command: list[str | Path] = [program("amtool"), "check-config", made / "alertmanager.yml"]
    subprocess.run(command, check=True, capture_output=True)


def test_the_end_of_the_store_raises_an_alert_within_two_minutes() -> None:
    asked = yaml.safe_load((PROGRAMS / "smarty_p1_fleet" / "prometheus.yml").read_text("utf-8"))
    route = yaml.safe_load((PROGRAMS / "smarty_p1_fleet" / "alertmanager.yml").read_text("utf-8"))
    [rule] = [one for one in rules() if one["alert"] == "StoreAway"]
    waits = [asked["global"][f"{kind}_interval"] for kind in ("scrape", "evaluation")]
    waits += [rule["for"], route["route"]["group_wait"]]
    units = {"s": 1, "m": 60}
    # The outage can begin just after a scrape, so add one more scrape interval.
    assert sum(int(wait[:-1]) * units[wait[-1]] for wait in [*waits, waits[0]]) <= 120


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_each_alert_leads_to_its_runbook_from_both_sides(rule: JsonDict) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert page.endswith("/blob/main/programs/docs/fleet-runbooks.md")
    assert anchor in anchors(RUNBOOKS)
    # The alert's name alone is enough to find it in the table.
    text = RUNBOOKS.read_text("utf-8")
    assert re.search(rf"^\| .*`{rule['alert']}`.*\]\(#{anchor}\)", text, re.MULTILINE)
