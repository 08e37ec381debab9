"""The table of docs/mqtt.md names every topic, and no other."""

import re
from pathlib import Path

import pytest

from dev.encoder import literal, seal, with_value
from smartyp1.p1 import Decoder, Telegram
from smartyp1.publish import (
    MISLEADING_NAMES,
    SMARTYREADER_NAMES,
    items,
    smartyreader_items,
    smartyreader_summary,
)

TEXT = (Path(__file__).parents[3] / "docs" / "mqtt.md").read_text()
ROW = re.compile(
    r"\| (?P<object>\S+|first line) \| (?P<name>\w+) \| (?P<unit>\S*) +\| (?P<board>\w*)"
)
CALCULATED = TEXT.partition("| calculated | SmartyReader name")[2].partition("\n\n")[0]


@pytest.fixture
def telegram() -> Telegram:
    """Return a telegram with everything that stands in the table, and gas alone on the M-Bus."""
    text = with_value(literal("three_phase_gas_water_heat").telegram, "0-0:96.13.1", "()")
    lines = text.split("\r\n")
    text = "\r\n".join(line for line in lines if not re.match(r"0-[234]:(24|96\.1)\.", line))
    (decoded,) = Decoder(None).feed(seal(text))
    assert isinstance(decoded, Telegram)
    return decoded


def test_each_topic_is_documented(telegram: Telegram) -> None:
    rows = [match.groupdict() for match in ROW.finditer(TEXT)]
    documented = {(row["object"], row["name"], row["unit"].replace("³", "3")) for row in rows}
    published = {
        (item.reference or "first line", item.name, item.unit or "") for item in items(telegram)
    }
    assert documented == published


def test_each_name_of_the_smartyreader_is_documented(telegram: Telegram) -> None:
    documented = {match["board"] for match in ROW.finditer(TEXT)} - {""}
    calculated = set(re.findall(r"\w+_calc_\w+|smarty_\w+", CALCULATED))
    assert calculated == smartyreader_summary(telegram).keys()
    own = {f"{item.name}_{item.unit}" if item.unit else item.name for item in items(telegram)}
    published = {item.name for item in smartyreader_items(telegram)}
    # Two names are the same here and there.
    same = {"p1_version", "active_threshold_smax_kVA"}
    assert published - own == documented - same | calculated
    others = {"gas_index_m3", "gas_meter_id_hex", "limiter_curr_monitor_A", *MISLEADING_NAMES}
    assert len(documented) == len(SMARTYREADER_NAMES) + len(others)
