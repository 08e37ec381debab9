"""The tables of docs/entities.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ENTITIES = (Path(__file__).parents[2] / "docs" / "entities.md").read_text()
_SMALLEST_TABLE = 4
_REFERENCE = re.compile(r"\d+-[\dn]+:\d+\.\d+\.\d+")


class Row(NamedTuple):
    """What a table says about an entity."""

    platform: str
    name: str
    unit: str
    classes: str
    category: str
    enabled: bool


class Documented(NamedTuple):
    """A row, the references of its objects, and what it costs the recorder a day."""

    row: Row
    references: set[str]
    cost: int


def documented() -> Iterator[Documented]:
    """Yield each entity of the tables."""
    platform = ""
    for line in ENTITIES.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in {"sensor", "binary sensor", "event"}:
            platform = cells[0].replace(" ", "_")
        elif line.startswith("| ") and len(cells) > _SMALLEST_TABLE:
            names, objects, *middle, category, on, cost = cells
            *_, unit, classes = ("", "", *middle)
            first, *others = names.split(" / ")
            kind = first.rsplit(" ", 1)[0]
            for name, places in zip(
                [first, *(f"{kind} {phase}" for phase in others)],
                objects.split(" / "),
                strict=True,
            ):
                yield Documented(
                    Row(platform, name, unit, classes, category, on == "yes"),
                    set(_REFERENCE.findall(places)),
                    int(cost.split()[-1].replace(",", "")),
                )
