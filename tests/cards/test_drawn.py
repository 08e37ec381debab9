"""The drawing of each card, line by line, as it was looked at and stored.

DRAWN=1 stores it anew: the difference of the stored files shows the changes on the cards.
"""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from dev.checkout import ROOT
from smartyp1.entities.devices import MBUS_MODEL_ID

from .shows import everything

SCRIPT = Path(__file__).with_name("drawn.mjs")
STORED = Path(__file__).with_name("drawn")

type Drawn = dict[str, list[str]]


@cache
def shows() -> str:
    """Return what all cards get, as JSON."""
    return json.dumps(everything())


def draw(time_zone: str = "America/New_York", ahead: timedelta = timedelta()) -> Drawn:
    """Return the drawing of each card in a browser of a time zone, whose clock may be ahead.

    The days of the tariff do not begin with the browser's days.
    """
    ended = subprocess.run(
        [Path(sys.executable).with_name("node"), SCRIPT],
        input=shows(),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"TZ": time_zone, "AHEAD_S": f"{ahead.total_seconds():.0f}"},
    )
    assert ended.returncode == 0, ended.stderr
    drawn: Drawn = json.loads(ended.stdout)
    return drawn


def test_cards_draw_the_stored_lines() -> None:
    drawn = draw()
    if os.environ.get("DRAWN"):
        for card, lines in drawn.items():
            (STORED / f"{card}.txt").write_text("\n".join(lines) + "\n", "utf-8")
    assert {f"{card}.txt" for card in drawn} == {path.name for path in STORED.iterdir()}
    for card, lines in drawn.items():
        assert not [line for line in lines if re.search("NaN|undefined|Infinity", line)], card
        assert lines == (STORED / f"{card}.txt").read_text("utf-8").split("\n")[:-1], card


@pytest.mark.slow
@pytest.mark.parametrize(
    ("time_zone", "ahead"),
    [("Pacific/Kiritimati", timedelta(days=3)), ("Pacific/Pago_Pago", timedelta(days=-6 * 365))],
)
def test_cards_draw_the_same_with_a_wrong_clock(time_zone: str, ahead: timedelta) -> None:
    for card, lines in draw(time_zone, ahead).items():
        assert lines == (STORED / f"{card}.txt").read_text("utf-8").split("\n")[:-1], card


def test_the_form_of_a_medium_offers_the_devices_of_the_integration() -> None:
    assert f'"model_id":"{MBUS_MODEL_ID}"' in (STORED / "gas-water-heat.txt").read_text(
        encoding="utf-8"
    )
