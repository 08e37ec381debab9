"""`scripts/check_integration.py` finds each kind of defect that an integration can have."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import homeassistant
import pytest
import yaml

from scripts.check_integration import defects

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "smarty_p1"

type Damage = Callable[[Path], object]


@pytest.fixture
def integration(tmp_path: Path) -> Path:
    """Return a copy of the integration."""
    return Path(shutil.copytree(INTEGRATION, tmp_path / INTEGRATION.name))


def edit(name: str, change: Callable[[Any], object]) -> Damage:
    """Change the content of a JSON file."""

    def damage(path: Path) -> None:
        file = path / name
        content = json.loads(file.read_text(encoding="utf-8"))
        change(content)
        file.write_text(json.dumps(content), encoding="utf-8")

    return damage


def in_every_language(change: Callable[[Any], object]) -> Damage:
    """Change all translations alike."""

    def damage(path: Path) -> None:
        for file in (path / "translations").glob("*.json"):
            edit(f"translations/{file.name}", change)(path)

    return damage


def append(name: str, code: str) -> Damage:
    """Add code to a module, which may be new."""

    def damage(path: Path) -> None:
        with (path / name).open("a", encoding="utf-8") as module:
            module.write(f"\n{code}\n")

    return damage


def language(change: Callable[[Any], object]) -> Damage:
    """Add a language that differs from English in one thing."""

    def damage(path: Path) -> None:
        shutil.copy(path / "translations/en.json", path / "translations/xx.json")
        edit("translations/xx.json", change)(path)

    return damage


def meter_form(texts: dict[str, Any]) -> dict[str, Any]:
    """Return the texts of the first form."""
    form: dict[str, Any] = texts["config"]["step"]["meter"]
    return form


DAMAGES: dict[str, tuple[Damage, str]] = {
    "language lacks a key": (language(lambda t: t["config"].pop("abort")), "xx.json: .* missing"),
    "language lacks a placeholder": (
        language(lambda t: meter_form(t).update(description="{nothing}")),
        "xx.json: config.step.meter.description: other placeholders",
    ),
    "text with an address": (
        language(lambda t: meter_form(t).update(title="See https://x.org")),
        "xx.json: config.step.meter.title: an address",
    ),
    "field without description": (
        in_every_language(lambda t: meter_form(t)["data_description"].popitem()),
        "has a name without a description",
    ),
    "step without text": (
        in_every_language(lambda t: t["config"]["step"].pop("user")),
        "step_id user has no text",
    ),
    "error without text": (
        append("config_flow.py", 'errors["base"] = "x"'),
        "errors x has no text",
    ),
    "error that nothing shows": (
        in_every_language(lambda t: t["config"]["error"].update(never="x")),
        "error never is never used",
    ),
    "entity without icon": (
        edit("icons.json", lambda i: i["entity"]["sensor"].pop("energy_imported")),
        "icons.json: sensor energy_imported has an icon without a name, or a name alone",
    ),
}


def test_the_project_has_no_defects() -> None:
    assert defects(INTEGRATION) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_a_defect_is_found(integration: Path, name: str) -> None:
    damage, finding = DAMAGES[name]
    damage(integration)
    assert re.search(finding, "\n".join(defects(integration)))


def test_each_platform_limits_its_updates() -> None:
    """As the rules below: hassfest asks it only of what is a part of Home Assistant."""
    texts = json.loads((INTEGRATION / "translations" / "en.json").read_text(encoding="utf-8"))
    for kind in texts["entity"]:
        files = [INTEGRATION / f"{kind}.py", INTEGRATION / kind / "__init__.py"]
        code = "".join(path.read_text(encoding="utf-8") for path in files if path.exists())
        assert "\nPARALLEL_UPDATES = " in code, kind


def test_the_quality_scale_speaks_of_every_rule() -> None:
    # That integration speaks of every rule there is.
    other = Path(homeassistant.__file__).parent / "components/homewizard/quality_scale.yaml"
    rules, known = (
        yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
        for path in (INTEGRATION / "quality_scale.yaml", other)
    )
    assert rules.keys() == known.keys()
    for rule, value in rules.items():
        status = value["status"] if isinstance(value, dict) else value
        assert status in ("done", "todo", "exempt"), rule
        assert status != "exempt" or value["comment"], rule
