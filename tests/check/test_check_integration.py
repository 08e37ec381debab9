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


def everywhere(old: str, new: str) -> Damage:
    """Change every module."""

    def damage(path: Path) -> None:
        for module in path.rglob("*.py"):
            text = module.read_text(encoding="utf-8")
            module.write_text(text.replace(old, new), encoding="utf-8")

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
    "language has a key more": (
        language(lambda t: t.update(more="x")),
        "more missing, here or in en.json",
    ),
    "language lacks a placeholder": (
        language(lambda t: meter_form(t).update(description="{nothing}")),
        "xx.json: config.step.meter.description: other placeholders",
    ),
    "text with an address": (
        language(lambda t: meter_form(t).update(title="See https://x.org")),
        "xx.json: config.step.meter.title: an address",
    ),
    "text with HTML": (
        language(lambda t: meter_form(t).update(title="<b>Bold</b>")),
        "xx.json: config.step.meter.title: HTML",
    ),
    "text with a quoted placeholder": (
        language(lambda t: meter_form(t).update(title="Port '{port}'")),
        "xx.json: config.step.meter.title: a placeholder in single quotes",
    ),
    "text with a reference": (
        language(lambda t: meter_form(t).update(title="[%key:common::x%]")),
        "xx.json: config.step.meter.title: a reference",
    ),
    "text with a space": (
        language(lambda t: meter_form(t).update(title="Title ")),
        "xx.json: config.step.meter.title: empty, or spaces",
    ),
    "text empty": (
        language(lambda t: meter_form(t).update(title="")),
        "xx.json: config.step.meter.title: empty, or spaces",
    ),
    "field without description": (
        in_every_language(lambda t: meter_form(t)["data_description"].popitem()),
        "has a name without a description",
    ),
    "field of a section without description": (
        in_every_language(
            lambda t: [s["data_description"].popitem() for s in meter_form(t)["sections"].values()]
        ),
        "has a name without a description",
    ),
    "description without field": (
        in_every_language(lambda t: meter_form(t)["data_description"].update(x="y")),
        "x has a name without a description, or a description alone",
    ),
    "step without text": (
        in_every_language(lambda t: t["config"]["step"].pop("user")),
        "step_id user has no text",
    ),
    "error without text": (
        append("config_flow.py", 'errors["base"] = "x"'),
        "errors x has no text",
    ),
    "abort without text": (
        append("config_flow.py", 'self.async_abort(reason="x")'),
        "config_flow.py: reason x has no text",
    ),
    "exception without text": (
        append("repairs.py", 'raise HomeAssistantError(translation_key="x")'),
        "repairs.py: translation_key x has no text",
    ),
    "error that nothing shows": (
        in_every_language(lambda t: t["config"]["error"].update(never="x")),
        "error never is never used",
    ),
    "abort that nothing shows": (
        in_every_language(lambda t: t["config"]["abort"].update(never="x")),
        "abort never is never used",
    ),
    "progress that nothing shows": (
        in_every_language(lambda t: t["config"]["progress"].update(never="x")),
        "progress never is never used",
    ),
    "step that nothing shows": (
        in_every_language(lambda t: t["config"]["step"].update(never={"title": "X"})),
        "step never is never used",
    ),
    "exception that nothing raises": (
        in_every_language(lambda t: t["exceptions"].update(never={"message": "X"})),
        "exceptions never is never used",
    ),
    "issue that nothing raises": (
        in_every_language(lambda t: t["issues"].update(never={"title": "X"})),
        "issues never is never used",
    ),
    "entity of no code": (
        in_every_language(lambda t: t["entity"]["sensor"].update(never={"name": "x"})),
        "sensor never is never used",
    ),
    "keys that are not recognized": (
        everywhere("translation_key=", "text="),
        "nothing in the code shows any translation_key",
    ),
    "entity without icon": (
        edit("icons.json", lambda i: i["entity"]["sensor"].pop("energy_imported")),
        "icons.json: sensor energy_imported has an icon without a name, or a name alone",
    ),
    "icon of no entity": (
        edit("icons.json", lambda i: i["entity"]["sensor"].update(x={"default": "mdi:eye"})),
        "icons.json: sensor x has an icon without a name",
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
