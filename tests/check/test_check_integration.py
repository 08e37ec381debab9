"""`scripts/check_integration.py` finds each kind of defect that an integration can have."""

import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.check_integration import PNG_SIGNATURE, QUALITY_RULES, defects

ROOT = Path(__file__).parents[2]
NAME = "smarty_p1"

type Damage = Callable[[Path], object]

HACS = {"name": "Anything"}
OTHER_FILES = {"README.md": "Read me", "LICENSE": "Take it", "hacs.json": json.dumps(HACS)}


@pytest.fixture
def integration(tmp_path: Path) -> Path:
    """Return a copy of the integration, in a repository that has the other files."""
    copy = tmp_path / "custom_components" / NAME
    shutil.copytree(ROOT / "custom_components" / NAME, copy)
    for name, text in OTHER_FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return copy


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


def replace(name: str, old: str, new: str) -> Damage:
    """Change a text file."""

    def damage(path: Path) -> None:
        text = (path / name).read_text(encoding="utf-8")
        assert old in text
        (path / name).write_text(text.replace(old, new), encoding="utf-8")

    return damage


def everywhere(old: str, new: str) -> Damage:
    """Change every module that has a text."""

    def damage(path: Path) -> None:
        for module in path.rglob("*.py"):
            text = module.read_text(encoding="utf-8")
            module.write_text(text.replace(old, new), encoding="utf-8")

    return damage


def write(name: str, content: str | bytes) -> Damage:
    """Write a file."""
    data = content.encode() if isinstance(content, str) else content
    return lambda path: (path / name).write_bytes(data)


def language(change: Callable[[Any], object]) -> Damage:
    """Add a language that differs from English in one thing."""

    def damage(path: Path) -> None:
        shutil.copy(path / "translations/en.json", path / "translations/xx.json")
        edit("translations/xx.json", change)(path)

    return damage


def png(width: int, height: int) -> bytes:
    """Return the parts of a picture that tell its size."""

    def part(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    size = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return PNG_SIGNATURE + part(b"IHDR", size) + part(b"IEND", b"")


def reverse(content: dict[str, Any]) -> None:
    """Turn the order of an object's keys round."""
    items = list(content.items())
    content.clear()
    content.update(reversed(items))


MANIFEST = "manifest.json"
PLATFORMS = ("sensor", "binary_sensor", "event")


def meter_form(texts: dict[str, Any]) -> dict[str, Any]:
    """Return the texts of the first form."""
    form: dict[str, Any] = texts["config"]["step"]["meter"]
    return form


def raising(exception: str, arguments: str) -> Damage:
    """Add code that raises something translated."""
    return append("extra.py", f"raise {exception}(translation_domain='x', {arguments})")


DAMAGES: dict[str, tuple[Damage, str]] = {
    "manifest gone": (lambda path: (path / MANIFEST).unlink(), "manifest.json: .*No such file"),
    "manifest broken": (write(MANIFEST, "{"), "manifest.json: Expecting"),
    "manifest order": (edit(MANIFEST, reverse), "keys not in order"),
    "manifest key missing": (edit(MANIFEST, lambda m: m.pop("iot_class")), "iot_class missing"),
    "manifest key unknown": (edit(MANIFEST, lambda m: m.update(zzz=1)), "unknown key zzz"),
    "manifest domain": (edit(MANIFEST, lambda m: m.update(domain="x")), "domain is not"),
    "manifest class": (edit(MANIFEST, lambda m: m.update(iot_class="x")), "iot_class: x is none"),
    "manifest address": (
        edit(MANIFEST, lambda m: m.update(documentation="http://x.org")),
        "documentation: not an https address",
    ),
    "manifest owner": (edit(MANIFEST, lambda m: m.update(codeowners=["x"])), "codeowners"),
    "manifest version": (edit(MANIFEST, lambda m: m.update(version="one")), "version"),
    "manifest requirement": (
        edit(MANIFEST, lambda m: m.update(requirements=["two words"])),
        "requirements: two words",
    ),
    "usb in lower case": (edit(MANIFEST, lambda m: m.update(usb=[{"vid": "0a"}])), "upper case"),
    "usb in upper case": (
        edit(MANIFEST, lambda m: m["usb"].append({"description": "P1"})),
        "description P1 must be in lower case",
    ),
    "usb chip": (
        edit(MANIFEST, lambda m: m["usb"].append({"vid": "0403", "pid": "6001"})),
        "a bare chip",
    ),
    "usb key": (edit(MANIFEST, lambda m: m["usb"][0].update(x="y")), "usb: unknown key x"),
    "usb not loaded": (
        edit(MANIFEST, lambda m: m.update(dependencies=[])),
        "usb is wanted in dependencies",
    ),
    "usb unheard": (
        replace("flows/meter_discovery.py", "async_step_usb", "async_step_tube"),
        "no async_step_usb",
    ),
    "zeroconf type": (
        edit(MANIFEST, lambda m: m["zeroconf"].append("_iostream._tcp")),
        "_iostream._tcp is no type",
    ),
    "zeroconf key": (edit(MANIFEST, lambda m: m["zeroconf"][0].update(x="y")), "unknown key x"),
    "zeroconf in upper case": (
        edit(MANIFEST, lambda m: m["zeroconf"][0].update(properties={"product": "P1"})),
        "P1 must be in lower case",
    ),
    "discovery without unique id": (
        everywhere("async_set_unique_id", "async_forget"),
        "must set a unique id",
    ),
    "language lacks a key": (language(lambda t: t["config"].pop("abort")), "xx.json: .* missing"),
    "language has a key more": (language(lambda t: t.update(more="x")), "more is not in en.json"),
    "language lacks a placeholder": (
        language(lambda t: meter_form(t).update(description="{nothing}")),
        "xx.json: config.step.meter.description: other placeholders",
    ),
    "text with an address": (
        in_every_language(lambda t: meter_form(t).update(title="See https://x.org")),
        "config.step.meter.title: an address",
    ),
    "text with HTML": (
        in_every_language(lambda t: meter_form(t).update(title="<b>Bold</b>")),
        "config.step.meter.title: HTML",
    ),
    "text with a quoted placeholder": (
        in_every_language(lambda t: meter_form(t).update(title="Port '{port}'")),
        "config.step.meter.title: a placeholder in single quotes",
    ),
    "text with a reference": (
        in_every_language(lambda t: meter_form(t).update(title="[%key:common::x%]")),
        "config.step.meter.title: a reference",
    ),
    "text with a space": (
        in_every_language(lambda t: meter_form(t).update(title="Title ")),
        "config.step.meter.title: .* spaces",
    ),
    "field without description": (
        in_every_language(lambda t: meter_form(t)["data_description"].popitem()),
        "config.step.meter: no data_description",
    ),
    "field of a section without description": (
        in_every_language(
            lambda t: [s["data_description"].popitem() for s in meter_form(t)["sections"].values()]
        ),
        r"config.step.meter.\w+: no data_description",
    ),
    "description without field": (
        in_every_language(lambda t: meter_form(t)["data_description"].update(x="y")),
        "x, which is no field",
    ),
    "step of an attribute without text": (
        in_every_language(lambda t: t["config"]["step"].pop("reauth_confirm")),
        "step reauth_confirm has no text",
    ),
    "progress without text": (
        in_every_language(lambda t: t["config"]["progress"].pop("wait_for_same_meter")),
        "progress wait_for_same_meter has no text",
    ),
    "noted error without text": (
        in_every_language(lambda t: t["config"]["error"].pop("port_in_use")),
        "error port_in_use has no text",
    ),
    "step without text": (
        in_every_language(lambda t: t["config"]["step"].pop("user")),
        "step user has no text",
    ),
    "error without text": (append("config_flow.py", "errors['base'] = 'x'"), "error x has no text"),
    "abort without text": (
        append("config_flow.py", "self.async_abort(reason='x')"),
        "abort x has no text",
    ),
    "text of no error": (
        in_every_language(lambda t: t["config"]["error"].update(never="x")),
        "error never is never used",
    ),
    "exception without text": (
        raising("HomeAssistantError", "translation_key='x'"),
        "exception x has no text",
    ),
    "exception without placeholder": (
        lambda path: [
            in_every_language(lambda t: t["exceptions"].update(x={"message": "{a}"}))(path),
            raising("UpdateFailed", "translation_key='x'")(path),
        ],
        r"exception x: \[\] given, \['a'\] wanted",
    ),
    "issue without text": (
        append("extra.py", "async_create_issue(translation_key='x')"),
        "issue x has no text",
    ),
    "issue without description": (
        in_every_language(lambda t: t.setdefault("issues", {}).update(x={"title": "X"})),
        "issues.x: a title, and",
    ),
    "entity of no code": (
        in_every_language(lambda t: t["entity"]["sensor"].update(never={"name": "x"})),
        "entity.sensor.never is never used",
    ),
    "entity without text": (
        append("extra.py", "SensorEntityDescription(key='x', translation_key='x')"),
        "extra.py: entity x has no text",
    ),
    "entity of an own class without text": (
        append("sensor/meter_sensors.py", "SmartySensorDescription(translation_key='x')"),
        "sensor/meter_sensors.py: entity x has no text",
    ),
    "entity out of a function without text": (
        replace("sensor/meter_sensors.py", '_number("energy_imported"', '_number("x"'),
        "sensor/meter_sensors.py: entity x has no text",
    ),
    "entity of another platform without text": (
        replace("event.py", '_message("message"', '_message("power_net"'),
        "event.py: entity power_net has no text",
    ),
    "descriptions that are not recognized": (
        everywhere("EntityDescription", "EntityOutline"),
        "sensor: no entity descriptions found",
    ),
    "progress that is not recognized": (
        everywhere("progress_action", "work"),
        "nothing in the code shows any progress",
    ),
    "platforms that are not recognized": (
        lambda path: [
            file.rename(file.with_name(f"{file.stem}_{file.suffix}"))
            for name in PLATFORMS
            for file in (path / f"{name}.py", path / name)
            if file.exists()
        ],
        "no platform found",
    ),
    "entity without icon": (
        lambda path: [
            in_every_language(lambda t: t["entity"]["sensor"].update(x={"name": "X"}))(path),
            append("extra.py", "SensorEntityDescription(key='x', translation_key='x')")(path),
        ],
        "icons.json: entity.sensor.x missing",
    ),
    "entity key": (
        in_every_language(lambda t: t["entity"]["sensor"].update({"Two words": {"name": "x"}})),
        "entity.sensor.Two words: not a translation key",
    ),
    "icon of no entity": (
        edit("icons.json", lambda i: i["entity"]["sensor"].update(x={"default": "mdi:eye"})),
        "icons.json: entity.sensor.x has no translation",
    ),
    "icon of another set": (
        edit("icons.json", lambda i: i["entity"]["sensor"].update(x={"default": "fa:eye"})),
        "fa:eye is no mdi: icon",
    ),
    "updates unlimited": (
        replace("sensor/__init__.py", "PARALLEL_UPDATES = 0", ""),
        "sensor/__init__.py: PARALLEL_UPDATES missing",
    ),
    "entry without a named type": (
        append("extra.py", "async def async_setup_entry(hass, entry: ConfigEntry[Any]): pass"),
        "extra.py: entry is a bare ConfigEntry",
    ),
    "actions undescribed": (
        lambda path: (path / "services.yaml").unlink(),
        "services.yaml wanted",
    ),
    "action without text": (write("services.yaml", "x: {fields: {y: {}}}"), "services.x: no name"),
    "rule missing": (
        write("quality_scale.yaml", "rules: {brands: done}"),
        "quality_scale.yaml: parallel-updates missing",
    ),
    "rule unknown": (write("quality_scale.yaml", "rules: {x: done}"), "x: no such rule"),
    "rule exempt without a reason": (
        write("quality_scale.yaml", "rules: {brands: exempt}"),
        "brands: an exemption needs a comment",
    ),
    "rule half done": (
        write("quality_scale.yaml", "rules: {brands: {status: half}}"),
        "brands: half is none of",
    ),
    "icon missing": (lambda path: (path / "brand/icon.png").unlink(), "brand/icon.png missing"),
    "icon no picture": (write("brand/icon.png", "picture"), "brand/icon.png: no PNG"),
    "icon damaged": (
        write("brand/icon.png", png(256, 256).replace(b"IEND", b"IENX")),
        "brand/icon.png: damaged",
    ),
    "icon small": (write("brand/icon.png", png(64, 64)), "brand/icon.png: 64 x 64"),
    "icon oblong": (write("brand/icon.png", png(512, 256)), "brand/icon.png: 512 x 256"),
    "HACS key unknown": (
        write("../../hacs.json", json.dumps({**HACS, "x": 1})),
        "hacs.json: unknown key x",
    ),
    "HACS name missing": (write("../../hacs.json", "{}"), "hacs.json: name missing"),
    "licence empty": (write("../../LICENSE", ""), "LICENSE missing"),
    "two integrations": (lambda path: (path.parent / "x").mkdir(), "exactly one integration"),
}


def test_the_project_has_no_defects() -> None:
    assert defects(ROOT / "custom_components" / NAME) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_a_defect_is_found(integration: Path, name: str) -> None:
    damage, finding = DAMAGES[name]
    before = "\n".join(defects(integration))
    assert not re.search(finding, before)
    damage(integration)
    assert re.search(finding, "\n".join(defects(integration)))


def test_descriptions_are_found_in_packages_too(integration: Path) -> None:
    (integration / "sensor" / "meter_sensors.py").rename(integration / "sensor" / "tables.py")
    replace("sensor/tables.py", '_number("energy_imported"', '_number("x"')(integration)
    assert "sensor/tables.py: entity x has no text" in defects(integration)


def test_every_rule_may_be_done(integration: Path) -> None:
    rules = "\n".join(f"  {rule}: done" for rule in QUALITY_RULES)
    (integration / "quality_scale.yaml").write_text(f"rules:\n{rules}\n", encoding="utf-8")
    assert not [defect for defect in defects(integration) if "quality_scale" in defect]
