"""Fields of the actions: an action takes every value that `services.yaml` offers, to the limit."""

from math import inf, nan, nextafter
from pathlib import Path

import pytest
import voluptuous as vol
import yaml
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

import custom_components.smarty_p1
from smartyp1.json_types import JsonDict

FILE = Path(custom_components.smarty_p1.__file__).with_name("services.yaml")
OFFERED: JsonDict = yaml.safe_load(FILE.read_text("utf-8"))


@pytest.mark.parametrize("action", OFFERED)
async def test_an_action_takes_every_value_of_its_fields(hass: HomeAssistant, action: str) -> None:
    assert await async_setup_component(hass, "smarty_p1", {})
    schema = hass.services.async_services_for_domain("smarty_p1")[action].schema
    assert isinstance(schema, vol.Schema)
    fields = OFFERED[action]["fields"]
    assert {str(key) for key in schema.schema} == set(fields)
    required = {
        name: field.get("example", field.get("default", "id"))
        for name, field in fields.items()
        if field.get("required") or name == "config_entry"
    }
    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    assert schema(required) == schema(defaults | required)

    for name, field in fields.items():
        [(kind, offered)] = field["selector"].items()
        taken, refused = [], []
        if kind == "number":
            least, most = offered["min"], offered["max"]
            taken, refused = (
                [least, most],
                [nextafter(least, -inf), most + 1, nan, inf, -inf, "ten"],
            )
        elif kind == "select":
            taken, refused = offered["options"], ["other"]
            if offered.get("multiple"):
                taken, refused = [[each] for each in taken], [["other"], [*taken, *taken]]
        for value in taken:
            assert schema(required | {name: value})[name] == value
        for value in refused:
            with pytest.raises(vol.Invalid, match=name):
                schema(required | {name: value})
