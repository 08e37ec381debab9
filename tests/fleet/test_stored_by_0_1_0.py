"""Entries that collectors of version 0.1.0 left in the bucket are read by every later version."""

import json
from pathlib import Path

from dev.encoder import TITLE, frame, telegram
from smarty_p1_fleet.meter_names import OTHER_METER
from tests.fleet.made_up import CAME, Fleet

STORED = json.loads((Path(__file__).parents[1] / "stored" / "0.1.0.json").read_text("utf-8"))


async def test_a_bucket_of_0_1_0_is_read(fleet: Fleet) -> None:
    for key, value in STORED["bucket"].items():
        fleet.bucket.put(key, value.encode())

    subject = f"smarty_p1.sealed.{TITLE.hex().upper()}"
    outcomes = []
    for counter, name in ((1, "SAG1030790002575"), (2, "SAG1030790002574")):
        text = telegram("0-0:1.0.0(170714040000S)", "1-0:1.8.0(000001.000*kWh)", name=name)
        verdict = await fleet.judge.judge(subject, frame(counter, text), CAME / 1e9)
        outcomes.append(verdict.outcome)
    assert outcomes[0] == OTHER_METER
    assert outcomes[1] != OTHER_METER
