"""What the dashboard's module makes of a Home Assistant, found out by running it in Node.js."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "smarty_p1"
MODULE = INTEGRATION / "frontend" / "smarty-p1.js"
_RUNNER = Path(__file__).with_suffix(".mjs")

type Json = dict[str, Any]


def make_dashboard(node: str, hass: Json, later: Json | None = None) -> Json:
    """Return what the module makes: `dashboard` with its `views`, `offer` and `suggestions`.

    `is_made_anew` says whether it will be, when something of `hass` is as `later` says; `remade` is
    the dashboard then.

    `hass` has what the frontend's object of that name has: `language`, `user`, `devices` and
    `states` by their ids, and as `registry` the answer to `config/entity_registry/list`, or, where
    that is refused, `entities` by their ids.
    """
    path = INTEGRATION / "translations" / f"{hass['language'].split('-')[0]}.json"
    texts = json.loads((path if path.exists() else path.with_name("en.json")).read_text("utf-8"))
    given = {"module": str(MODULE), "hass": hass, "later": later or {}, "texts": texts}
    result = subprocess.run(
        [node, _RUNNER],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    made: Json = json.loads(result.stdout)
    return made


def cards(view: Json) -> Iterator[Json]:
    """Yield the cards of a view, in their order."""
    for section in view["sections"]:
        yield from section["cards"]


def shown(view: Json) -> set[str]:
    """Return the ids of the entities that a view shows."""
    ids = {card["entity"] for card in cards(view) if "entity" in card}
    return ids.union(*({row["entity"] for row in card.get("entities", ())} for card in cards(view)))


def headings(view: Json) -> list[str]:
    """Return the titles of the sections of a view."""
    return [card["heading"] for card in cards(view) if card["type"] == "heading"]


def hints(view: Json) -> list[str]:
    """Return what a view says beside its cards."""
    return [card["content"] for card in cards(view) if card["type"] == "markdown"]
