"""The types of the websocket commands: the cards have them, and answers keep them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.websocket import COMMANDS
from dev.checkout import ROOT
from dev.websocket_types import TYPES, typescript
from smartyp1.json_types import JsonDict
from tests.ha import kit
from tests.ha.billed_month import telegram
from tests.ha.dialogs import contract_in
from tests.ha.meter import with_value

from .answer_faults import faults
from .conftest import Site, type_of

DRAWN = Path(__file__).parents[2] / "cards" / "drawn"
MORE_FIELDS: dict[str, JsonDict] = {
    "quarter_hours": {"start": "2026-06-15T23:30:00+02:00", "quantity": "larger"},
    "days": {"start": "2026-06-15", "end": "2026-06-16"},
    "what_if": {"changes": [{"kind": "battery", "kwh": 10, "kw": 5}]},
    "shares": {"period": "month"},
}


PAGE = ROOT / "docs" / "websocket.md"


def test_page_and_types_of_the_cards_are_current() -> None:
    """Repair with `python -m dev.websocket_types`."""
    assert TYPES.read_text("utf-8") == typescript()
    rows = re.findall(r"^\| `(\S+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [*map(kit.command_name, COMMANDS)]


async def test_each_command_gives_an_answer_of_its_type(hass: HomeAssistant, site: Site) -> None:
    text = telegram("00:00:10", 0.1)
    for reference, value in (
        ("0-0:96.7.21", "(00100)"),
        ("0-1:96.3.10", "(1)"),
        ("0-0:96.13.0", "(48656C6C6F)"),
        ("0-2:24.2.1", "(250703120000S)(00028.253*m3)"),
    ):
        text = with_value(text, reference, value)
    # From the 1st of the month on, each part of the bill is there.
    site.port.greeting = site.port.next_frame(telegram("00:00:05", 0.1))
    options = {"contracts": [{**contract_in(site.entry), "with_levies": True}]}
    hass.config_entries.async_update_entry(site.entry, options=options)
    await site.reload()
    await site.receive(text)

    registered = {n for n in hass.data[websocket_api.DOMAIN] if n.startswith("smarty_p1/")}
    names = {*map(kit.command_name, COMMANDS)}
    assert registered == names
    for name in sorted(names):
        command = name.partition("/")[2]
        meter = {} if command == "meters" else {"entry_id": site.entry.entry_id}
        fields = meter | MORE_FIELDS.get(command, {})
        await site.client.send_json_auto_id({"type": name, **fields})
        answer = await site.client.receive_json()
        assert answer["success"], answer
        real = answer["result"]
        if real is None:
            real = (await site.client.receive_json())["event"]
            subscription = {"type": "unsubscribe_events", "subscription": answer["id"]}
            await site.client.send_json_auto_id(subscription)
            assert (await site.client.receive_json())["success"]
        assert [*faults(real, type_of(command))] == [], command


def requests_of_cards() -> Iterator[tuple[str, Any]]:
    for path in sorted(DRAWN.iterdir()):
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("asks "):
                yield path.stem, json.loads(line.removeprefix("asks "))


def test_no_schema_refuses_a_request_of_a_card() -> None:
    schemas = {kit.command_name(command): kit.command_schema(command) for command in COMMANDS}
    asked = [request for _, request in requests_of_cards() if request["type"] != "call_service"]
    for request in asked:
        if schema := schemas[request["type"]]:
            schema({"id": 1, **request})
    # Each command has a card that uses it.
    assert {request["type"] for request in asked} == schemas.keys()
