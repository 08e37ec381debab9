"""All that each card draws, line by line, as it was looked at and stored.

DRAWN=1 stores it anew: the change of the stored files shows what has changed on the cards.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from smartyp1.entities.devices import MBUS_MODEL

from .shows import everything
from .stage import ROOT

SCRIPT = Path(__file__).with_name("drawn.mjs")
STORED = Path(__file__).with_name("drawn")


def test_cards_draw_what_was_stored() -> None:
    ended = subprocess.run(
        [Path(sys.executable).with_name("node"), SCRIPT],
        input=json.dumps(everything()),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        # The days of the tariff do not begin where the browser is.
        env=os.environ | {"TZ": "America/New_York"},
    )
    assert ended.returncode == 0, ended.stderr
    drawn: dict[str, list[str]] = json.loads(ended.stdout)
    if os.environ.get("DRAWN"):
        for card, lines in drawn.items():
            (STORED / f"{card}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert {f"{card}.txt" for card in drawn} == {path.name for path in STORED.iterdir()}
    for card, lines in drawn.items():
        assert not [line for line in lines if re.search("NaN|undefined|Infinity", line)], card
        assert lines == (STORED / f"{card}.txt").read_text(encoding="utf-8").split("\n")[:-1], card


def test_the_form_of_a_medium_offers_the_devices_of_the_integration() -> None:
    assert f'"model":"{MBUS_MODEL}"' in (STORED / "gas-water-heat.txt").read_text(encoding="utf-8")
