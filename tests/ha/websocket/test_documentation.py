"""docs/websocket.md: each example has the shape of a real answer."""

import json
import re
from itertools import batched
from pathlib import Path
from typing import Any

from homeassistant.components import websocket_api
from homeassistant.core import HomeAssistant

from tests.ha.billed_month import telegram
from tests.ha.dialogs import contract_in
from tests.ha.meter import with_value

from .conftest import Site

PAGE = (Path(__file__).parents[3] / "docs" / "websocket.md").read_text(encoding="utf-8")
EXAMPLES = [
    (json.loads(request), json.loads(answer))
    for request, answer in batched(
        re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL), 2, strict=True
    )
]
# By names that differ from one meter to another, or of which the page shows some.
MAPS = {"values", "media", "classes", "totals", "phases"}


def differences(shown: Any, real: Any, at: str = "") -> list[str]:  # noqa: ANN401 - JSON
    """Return where an example has another shape; what is null, or empty, has any."""
    if shown is None or real is None or shown == [] or real == []:
        return []
    if isinstance(shown, list) and isinstance(real, list):
        samples = [each for each in real if each is not None]
        first = next((each for each in shown if each is not None), None)
        return differences(first, samples[-1], f"{at}[]") if samples else []
    if isinstance(shown, dict) and isinstance(real, dict):
        name = at.rpartition(".")[2]
        if name in MAPS and name != "values":
            return differences([*shown.values()], [*real.values()], at)
        missing = shown.keys() - real.keys() if name in MAPS else shown.keys() ^ real.keys()
        return [f"{at}.{each}" for each in missing] + [
            found
            for each in shown.keys() & real.keys()
            for found in differences(shown[each], real[each], f"{at}.{each}")
        ]
    numbers = (int, float)
    if isinstance(shown, numbers) and isinstance(real, numbers) and not isinstance(shown, bool):
        return []
    return [] if type(shown) is type(real) else [f"{at}: {shown!r}, {real!r}"]


async def test_each_example_has_the_shape_of_an_answer(hass: HomeAssistant, site: Site) -> None:
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

    for request, shown in EXAMPLES:
        meter = {"entry_id": site.entry.entry_id} if "entry_id" in request else {}
        await site.client.send_json_auto_id({**request, **meter})
        answer = await site.client.receive_json()
        assert answer["success"], answer
        real = answer["result"]
        if real is None:
            real = (await site.client.receive_json())["event"]
            subscription = {"type": "unsubscribe_events", "subscription": answer["id"]}
            await site.client.send_json_auto_id(subscription)
            assert (await site.client.receive_json())["success"]
        if "media" in real and isinstance(real["media"], list):
            real["media"] = [each for each in real["media"] if each["type"] == "water"]
        assert differences(shown, real) == [], request["type"]
    commands = {name for name in hass.data[websocket_api.DOMAIN] if name.startswith("smarty_p1/")}
    assert sorted(request["type"] for request, _ in EXAMPLES) == sorted(commands)
