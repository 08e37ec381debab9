"""Bills of the command line equal the integration's, from the same files and contracts."""

import json
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.lib.leneda.days_of_rows import days_of
from custom_components.smarty_p1.lib.leneda.portal_file import read_export
from dev.leneda.export_file import CONSUMPTION, POINT, PRODUCTION, export, file, quarters, row
from smarty_p1_cli import leneda_files
from smarty_p1_cli.__main__ import main
from smartyp1.json_types import JsonDict
from tests.ha.support import call, set_up_entry, smarty_entry
from tests.json_copy import through_json

OPTIONS: JsonDict = {
    "contracts": [
        {
            "reference_power": 3.0,
            "energy_price": 0.1437,
            "energy_fee": 30.0,
            "energy_fee_per": "year",
            "discount": 1.23,
            "with_levies": True,
            "meter_ampere": "63",
        },
        {
            "since": "2025-04-17",
            "reference_power": 8.5,
            "network_fixed_price": 21.77,
            "network_variable_price": 0.0701,
            "surcharge_price": 0.1201,
            "surcharge_replaces_variable": True,
            "meter_fee": 6.1,
            "energy_price": 0.1611,
            "second_energy_price": 0.0999,
            "second_price_from": "22:00:00",
            "second_price_to": "06:00:00",
            "second_price_days": ["sat", "sun"],
            "feed_in_price": 0.0613,
            "community_price": 0.1234,
            "vat": True,
            "with_levies": True,
            "consumer_category": "A",
            "electricity_tax": 0.0011,
        },
        {
            "since": "2025-06-01",
            "reference_power": 7.0,
            "energy_price_entity": "sensor.market",
            "energy_margin": 0.02,
            "vat": False,
        },
    ],
    "aids": [
        {"name": "Aid", "per_kwh": 0.04, "first_day": "2025-04-05", "with_vat": True},
        {
            "name": "Rebate",
            "per_month": 3.5,
            "vat_free": True,
            "first_day": "2025-03-01",
            "last_day": "2025-05-15",
        },
    ],
}
FILE = """\
[[contracts]]
reference_power = 3
energy_price = 0.1437
energy_fee = 30
energy_fee_per = "year"
discount = 1.23
with_levies = true
meter_ampere = 63
[[contracts]]
since = 2025-04-17
reference_power = 8.5
network_fixed_price = 21.77
network_variable_price = 0.0701
surcharge_price = 0.1201
surcharge_replaces_variable = true
meter_fee = 6.1
energy_price = 0.1611
second_energy_price = 0.0999
second_price_from = 22:00:00
second_price_to = "06:00"
second_price_days = ["sun", "sat"]
feed_in_price = 0.0613
community_price = 0.1234
vat = true
with_levies = true
consumer_category = "A"
electricity_tax = 0.0011
[[contracts]]
since = "2025-06-01"
reference_power = 7
energy_price_entity = "sensor.market"
energy_margin = 0.02
vat = false
[[aids]]
name = "Aid"
per_kwh = -0.04
first_day = 2025-04-05
with_vat = true
[[aids]]
name = "Rebate"
per_month = 3.5
vat_free = true
first_day = 2025-03-01
last_day = 2025-05-15
"""
START = "2025-03-20T00:00:00+01:00"
# To 9 June 2025 at 12:00: the last day is not whole.
COUNT = 81 * 96 + 44


def files() -> dict[str, bytes]:
    """Return files of a household with sun, sharing, estimates and a corrected day."""
    chance = random.Random(7)  # noqa: S311 - no secret
    used = [chance.choice((0.1, 0.3, 2.5, 9.7)) * chance.random() for _ in range(COUNT)]
    shared = [kw * chance.choice((0, 0.4)) for kw in used]
    left = [kw - own for kw, own in zip(used, shared, strict=True)]
    fed = [chance.choice((0, 1.5)) * chance.random() for _ in range(COUNT)]
    series = {
        CONSUMPTION: used,
        PRODUCTION: fed,
        "1-65:1.29.3": shared,
        "1-65:1.29.9": left,
    }
    made = {
        f"{n}.csv": export(START, [f"{kw:.3f}" for kw in values], code=code)
        for n, (code, values) in enumerate(series.items())
    }
    corrected = [
        row(f"2025-04-02T{n:02}:00:00+02:00", "1.111", "Estimated", "2") for n in range(24)
    ]
    return {**made, "corrected.csv": file(*corrected)}


@pytest.fixture
def ask(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Return a function that asks the command line with all files, and returns its JSON."""
    # Each question is about the same files.
    read = cache(partial(read_export, now=datetime.now(UTC)))
    monkeypatch.setattr(leneda_files, "read_export", lambda data, _now: read(data))

    def ask(command: str, *options: str) -> Any:  # noqa: ANN401 - JSON
        names = [*map(str, tmp_path.glob("*.csv")), str(tmp_path / "contract.toml")]
        monkeypatch.setattr(sys, "argv", ["smarty-p1", command, *names, "--json", *options])
        assert main() == 0
        return json.loads(capsys.readouterr().out)

    return ask


@pytest.mark.usefixtures("recorder_mock")
async def test_the_integration_and_the_command_line_give_the_same_bills(
    hass: HomeAssistant, tmp_path: Path, ask: Callable[..., Any]
) -> None:
    hass.config.allowlist_external_dirs = {str(tmp_path)}
    entry = smarty_entry(
        unique_id=POINT,
        data={"kind": "leneda"},
        options=OPTIONS,
    )
    entry.add_to_hass(hass)
    hass.config.config_dir = str(tmp_path)
    # Each hundredth price is unknown, and has the mean of its day.
    times = quarters("2025-06-01T00:00:00+02:00", 900)
    lines = [f"{t:%Y-%m-%dT%H:%MZ},{n % 96 / 500}," for n, t in enumerate(times) if n % 100]
    prices = "\n".join(["start,price,origin,check,version=1", *lines, ""])
    folder = tmp_path / f".storage/smarty_p1.{entry.entry_id}.market_prices/sensor.market"
    for path in (folder / "2025-06.csv", tmp_path / "prices.csv"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(prices, "ascii")
    assert await set_up_entry(hass, entry)
    (tmp_path / "contract.toml").write_text(FILE, "ascii")
    for name, data in files().items():
        path = tmp_path / name
        path.write_bytes(data)
        await call(hass, "import_quarter_hours", path=str(path))

    bills = through_json(await call(hass, "get_bill", months=25))
    assert [bill["month"] for bill in bills["months"]] == [f"2025-0{n}" for n in range(3, 7)]
    assert None not in [bill["total"] for bill in bills["months"]]
    assert all(bill["shared_kwh"] for bill in bills["months"])
    assert [bill["estimated_quarter_hours"] for bill in bills["months"]] == [0, 24, 0, 0]
    assert ask("bill", "--months", "25") == ask("bill", "--year", "2025") == bills
    assert ask("bill") == through_json(await call(hass, "get_bill"))
    for month in ("2025-03", "2025-04", "2025-05"):
        answer = await call(hass, "get_bill", month=month)
        assert ask("bill", "--month", month) == through_json(answer)
    for prices, options in (("current", []), ("each_month", ["--each-month"])):
        compared = through_json(await call(hass, "compare_reference_powers", prices=prices))
        assert ask("classes", *options) == compared


async def test_a_what_if_is_the_same(
    hass: HomeAssistant, tmp_path: Path, ask: Callable[..., Any]
) -> None:
    [_, contract, _] = OPTIONS["contracts"]
    options = {"contracts": [{**contract, "since": "2024-01-01"}]}
    entry = smarty_entry(
        unique_id=POINT,
        data={"kind": "leneda"},
        options=options,
    )
    entry.add_to_hass(hass)
    assert await set_up_entry(hass, entry)
    changes: list[JsonDict] = [
        {"kind": "car", "kwh": 6, "kw": 3.7, "begin_hour": 21},
        {"kind": "contract", "energy_price": 0.12, "energy_fee": 3.5},
        {"kind": "battery", "kwh": 8, "kw": 4, "efficiency": 85},
    ]
    contracts = FILE.split("[[contracts]]\n")[2].replace("2025-04-17", "2024-01-01")
    written = ["[[contracts]]", contracts]
    for change in changes:
        written += ["[[changes]]", *(f"{name} = {value!r}" for name, value in change.items())]
    (tmp_path / "contract.toml").write_text("\n".join(written), "ascii")
    rows = {}
    for code, values in ((CONSUMPTION, (0.3, 2.5, 8.9)), (PRODUCTION, (0.0, 0.0, 1.9))):
        data = export(
            "2024-05-01T00:00:00+02:00",
            [f"{values[n % 7 % 3]:.3f}" for n in range(38_000)],
            code=code,
        )
        (tmp_path / f"{code}.csv").write_bytes(data)
        rows[code] = read_export(data, datetime.now(UTC)).rows
    days = days_of(rows, has_readings=False)
    entry.runtime_data.records.household.set_leneda_days(days)

    for price in (None, 0.11):
        fields = {} if price is None else {"feed_in_price": price}
        first, *others = changes
        answer = await call(hass, "what_if", **first, changes=others, **fields)
        asked = [] if price is None else ["--feed-in-price", str(price)]
        assert ask("what-if", *asked) == through_json(answer)
