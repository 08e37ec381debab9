"""The actions about telegram, quarter-hours and bills; the numbers are those in `billed_month`."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

import custom_components.smarty_p1
from custom_components.smarty_p1.coordinator.leneda.quarter_hour_files import QuarterHourFiles
from smartyp1.json_types import JsonDict
from tests.json_copy import through_json

from . import billed_month
from .billed_month import telegram
from .meter import OTHER_SERIAL, SERIAL, MeterPort, encipher, with_value
from .support import OTHER_METER, TELEGRAM, Home, let_pass, remove_entry, set_up_entry, unload_entry

type Call = Callable[..., Awaitable[Any]]


@pytest.fixture
def call(hass: HomeAssistant) -> Call:
    """Return a function that calls an action and returns the answer after a way through JSON."""

    async def call(action: str, context: Context | None = None, **data: object) -> Any:  # noqa: ANN401 - JSON
        answer = await hass.services.async_call(
            "smarty_p1", action, data, blocking=True, return_response=True, context=context
        )
        return through_json(answer)

    return call


@pytest.mark.usefixtures("entry")
async def test_the_bill_of_a_whole_month(call: Call) -> None:
    def line(name: str, quantity: float, unit: str, price: float, amount: float) -> JsonDict:
        return {"name": name, "quantity": quantity, "unit": unit, "price": price, "amount": amount}

    # VAT: 8 % of 82.39, which is all but the feed-in.
    assert await call("get_bill", month="2026-05") == {
        "month": "2026-05",
        "until": "2026-06-01T00:00:00+02:00",
        "measured_share": 1.0,
        "lines": [
            line("energy", 316.6, "kWh", 0.15, 47.49),
            line("network_fixed", 1.0, "month", 12.84, 12.84),
            line("network_variable", 316.6, "kWh", 0.051, 16.15),
            line("meter", 1.0, "month", 5.72, 5.72),
            line("surcharge", 2.5, "kWh", 0.0765, 0.19),
            line("feed_in", 20.0, "kWh", 0.06, -1.2),
        ],
        # With VAT: 51.2892, 37.4868, 0.2052. The network part gets the remaining cent.
        "parts": {"energy": 51.29, "network": 37.48, "surcharge": 0.21, "feed_in": -1.2},
        "net": 81.19,
        "vat_base": 82.39,
        "vat": 6.59,
        "total": 87.78,
    }


async def test_the_bill_of_the_running_month(
    home: Home, entry: MockConfigEntry, call: Call
) -> None:
    # The bill of June names its last known moment, also when July has begun.
    bill = await call("get_bill", month="2026-06")
    # Half of June: 12.84 / 2 and 5.72 / 2; 144 kWh at 0.15 and at 0.051.
    assert (bill["until"], bill["measured_share"]) == ("2026-06-16T00:00:00+02:00", 1.0)
    assert [line["amount"] for line in bill["lines"]] == [21.6, 6.42, 7.34, 2.86, 0, 0]
    assert (bill["net"], bill["vat"], bill["total"]) == (38.22, 3.06, 41.28)
    # 30 days of 9.6 kWh: 43.20 + 12.84 + 14.69 + 5.72 = 76.45; 6.12 of VAT. 1 May took more, so the
    # forecast is a bit higher.
    assert bill["estimate"].keys() == {"total", "low", "high"}
    assert bill["estimate"]["total"] == pytest.approx(82.57, abs=1)
    assert "since" not in bill

    # The energy of the running quarter-hour counts, too.
    await home.receive(telegram("00:10:00", 1.0))
    bill = await call("get_bill", config_entry=entry.entry_id, month="2026-06")
    assert bill["lines"][0]["quantity"] == 145


@pytest.mark.begins_at("2026-06-16T12:00:00+02:00")
async def test_the_first_month_names_its_begin(home: Home, call: Call) -> None:
    await home.set_up(telegram("12:00:00", 0.0), **billed_month.OPTIONS)
    for bill in (await call("get_bill"), (await call("get_bill", months=12))["months"][0]):
        assert (bill["month"], bill["since"]) == ("2026-06", "2026-06-16T12:00:00+02:00")
        # The first reading has just come.
        assert bill["lines"][1]["amount"] == 0
        assert bill["measured_share"] == 0.0
        # Most of the month was before the first reading, and last year is unknown.
        assert "estimate" not in bill
        assert bill["estimate_lacks"] == "quarter_hours"


async def test_a_bill_names_its_missing_prices(
    home: Home, hass_storage: JsonDict, call: Call
) -> None:
    # For 8 kW no price is published, and no energy price was entered.
    await billed_month.set_up(home, hass_storage, reference_power=8.0)

    bill = await call("get_bill", month="2026-05")

    names = ["network_variable", "meter", "surcharge"]
    assert [line["name"] for line in bill["lines"]] == names
    assert bill["missing"] == ["energy", "network_fixed"]
    assert (bill["net"], bill["vat"], bill["total"]) == (None, None, None)
    assert (bill["parts"], bill["subtotal"]) == ({"surcharge": 0.0}, 0.0)
    assert (bill["unpriced_kwh"], bill["unpriced_exported_kwh"]) == (316.6, 20.0)


@pytest.mark.usefixtures("entry")
async def test_the_bills_of_several_months(call: Call) -> None:
    may, june = await call("get_bill", month="2026-05"), await call("get_bill")
    assert await call("get_bill", months=12) == {"months": [may, june]}
    assert await call("get_bill", months=1) == {"months": [june]}
    with pytest.raises(ServiceValidationError, match="Fill in only one"):
        await call("get_bill", months=2, month="2026-05")
    for month in ("2026-04", "2026-07", "June", "2026-13", "", "x" * 10_000):
        with pytest.raises(
            ServiceValidationError, match=r"Known months: 2026-05, 2026-06$"
        ) as raised:
            await call("get_bill", month=month)
        # A long text is not repeated whole.
        assert ("x" * 40 in str(raised.value)) is ("x" in month)
        assert "x" * 41 not in str(raised.value)


@pytest.mark.usefixtures("entry")
async def test_the_classes_of_a_month(call: Call) -> None:
    answer = await call("compare_reference_powers")

    may, june = answer["months"]
    assert (may["month"], may["measured_share"]) == ("2026-05", 1.0)
    assert may["classes"]["3"] == {
        "excess_kwh": 12.5,
        "fixed": 8.01,
        "surcharge": 1.03,
        "total": 9.04,
    }
    assert (may["classes"]["7"]["total"], may["classes"]["200"]["total"]) == (14.08, 296.3)
    assert (june["month"], june["classes"]["3"]["total"]) == ("2026-06", 4.01)
    # The current month decides nothing: (14.08 - 9.04) * 12.
    assert (answer["cheapest"], answer["saving_per_year"]) == (3, 60.48)
    assert (answer["prices"], answer["about_the_same"]) == ("current", False)


@pytest.mark.usefixtures("entry")
async def test_the_classes_at_the_prices_of_today_or_of_each_month(home: Home, call: Call) -> None:
    prices_of_june: JsonDict = {"surcharge_price": 0.53, "network_fixed_price": 13.0}
    june = {**billed_month.OPTIONS, **prices_of_june, "since": "2026-06-01"}
    await home.again(telegram("00:00:10", 0.0), {"contracts": [billed_month.OPTIONS, june]})
    for prices, smaller, own, saving, is_same in (
        # With 8 %: 7.42 and 12.5 * 0.53, which are 8.01 and 7.16; 13.00 and 2.5 * 0.53, which are
        # 14.04 and 1.43; 12 * 0.30
        ("current", 15.17, 15.47, 3.6, True),
        ("each_month", 9.04, 14.08, 60.48, False),
    ):
        answer = await call("compare_reference_powers", prices=prices)
        may = {kw: costs["total"] for kw, costs in answer["months"][0]["classes"].items()}
        assert (answer["prices"], may["3"], may["7"]) == (prices, smaller, own)
        assert (answer["saving_per_year"], answer["about_the_same"]) == (saving, is_same)
    assert await call("compare_reference_powers", prices="current") == await call(
        "compare_reference_powers"
    )


PERIOD = {"start": "2026-06-15T23:45:00+02:00", "end": "2026-06-16T00:30:00+02:00"}


@pytest.mark.usefixtures("entry")
async def test_the_quarter_hours_of_a_period(home: Home, call: Call) -> None:
    await home.receive(telegram("00:15:00", 2.0, 0.004, 0.123))
    await home.receive(telegram("00:30:00", 2.1, 0.004, 0.123))

    def quarter(start: str, imported: float, exported: float, reactive: float) -> JsonDict:
        return {
            "start": start,
            "imported_kwh": imported,
            "exported_kwh": exported,
            "reactive_imported_kvarh": reactive,
            "reactive_exported_kvarh": 0.0,
        }

    # The first one was running when Home Assistant was not.
    assert await call("get_quarter_hours", **PERIOD) == {
        "quarter_hours": [
            quarter("2026-06-15T23:45:00+02:00", 0.1, 0.0, 0.0),
            quarter("2026-06-16T00:00:00+02:00", 2.0, 0.004, 0.123),
            quarter("2026-06-16T00:15:00+02:00", 0.1, 0.0, 0.0),
        ]
    }
    # In kW and kvar: four times the energy of a quarter-hour.
    assert await call("get_quarter_hours", **PERIOD, format="csv") == {
        "csv": "start;1-1:1.29.0 (kW);1-1:2.29.0 (kW);1-1:3.29.0 (kvar);1-1:4.29.0 (kvar)\n"
        "2026-06-15T23:45:00+02:00;0.4;0;0;0\n"
        "2026-06-16T00:00:00+02:00;8;0.016;0.492;0\n"
        "2026-06-16T00:15:00+02:00;0.4;0;0;0\n"
    }
    # A period without an offset is Luxembourg's, also if Home Assistant has another time zone.
    assert home.hass.config.time_zone == "US/Pacific"
    local = {"start": "2026-06-16 00:00:00", "end": "2026-06-16 00:15:00"}
    answer = await call("get_quarter_hours", **local)
    assert [each["imported_kwh"] for each in answer["quarter_hours"]] == [2.0]


@pytest.mark.begins_at("2026-06-16T12:00:00+02:00")
async def test_an_energy_that_the_meter_does_not_send_is_not_known(home: Home, call: Call) -> None:
    def imported_only(clock: str, kwh: float) -> str:
        text = telegram(clock, kwh)
        for reference in ("1-0:2.8.0", "1-0:3.8.0", "1-0:4.8.0"):
            text = with_value(text, reference, None)
        return text

    await home.set_up(imported_only("00:00:00", 0.0))
    await home.receive(imported_only("00:15:00", 1.0))

    [quarter] = (await call("get_quarter_hours", **PERIOD))["quarter_hours"]
    assert (quarter["imported_kwh"], quarter["exported_kwh"]) == (1.0, None)
    answer = await call("get_quarter_hours", **PERIOD, format="csv")
    assert answer["csv"].splitlines()[1] == "2026-06-16T00:00:00+02:00;4;;;"


@pytest.mark.usefixtures("entry")
async def test_a_period_that_is_none_or_too_long(call: Call) -> None:
    for start, end, text in (
        ("2026-06-16", "2026-06-16", "The end must be after the start"),
        ("2026-06-16", "2026-06-15", "The end must be after the start"),
        ("2025-06-16", "2026-07-22", "A period may have 400 days at most"),
        ("2025-06-16 00:00:00", "2026-07-21 01:00:01", "A period may have 400 days at most"),
        ("9999-12-31T20:00:00", "9999-12-31T23:59:59", "between 1999 and 2100"),
        ("0001-01-01T00:00:00+02:00", "0001-02-01", "between 1999 and 2100"),
        ("1998-12-01", "1999-02-01", "between 1999 and 2100"),
        ("2100-12-01", "2101-01-01", "between 1999 and 2100"),
    ):
        with pytest.raises(ServiceValidationError, match=text):
            await call("get_quarter_hours", start=start, end=end)
    assert await call("get_quarter_hours", start="1999-01-01", end="1999-02-01")
    assert await call("get_quarter_hours", start="2100-12-01", end="2100-12-31")
    answer = await call("get_quarter_hours", start="2025-06-16", end="2026-07-21")
    assert len(answer["quarter_hours"]) == 4416
    # 400 days from summer to winter: the same time of the day, an hour later.
    assert await call("get_quarter_hours", start="2025-10-01", end="2026-11-05")

    with (
        patch.object(QuarterHourFiles, "read_rows", side_effect=PermissionError(13, "No access")),
        pytest.raises(HomeAssistantError, match="No access"),
    ):
        await call("get_quarter_hours", **PERIOD)


@pytest.mark.usefixtures("entry")
async def test_a_period_that_is_too_long_for_json_is_asked_for_in_parts(call: Call) -> None:
    whole = {"start": "2026-05-01T00:00:00+02:00", "end": "2026-06-10T12:00:00+02:00"}
    start, rows, texts = whole["start"], [], []
    with patch("custom_components.smarty_p1.lib.answers.quarter_hours.MAX_JSON_BYTES", 200_000):
        while start < whole["end"]:
            period = {"start": start, "end": whole["end"]}
            try:
                answer = await call("get_quarter_hours", **period)
            except ServiceValidationError as err:
                texts.append(str(err))
                named = re.search(r"start: (\S+), end: (\S+)\. .* starts at (\S+)\. ", str(err))
                assert named
                period = {"start": named[1], "end": named[2]}
                assert named[3] == named[2]
                answer = await call("get_quarter_hours", **period)
            rows += answer["quarter_hours"]
            start = period["end"]
        csv = await call("get_quarter_hours", **whole, format="csv")

    assert texts
    assert all("T00:00:00+02:00. " in text for text in texts)
    lines = csv["csv"].splitlines()[1:]
    assert [row["start"] for row in rows] == [line.partition(";")[0] for line in lines]
    assert len(rows) == 40 * 96 + 48


@pytest.mark.usefixtures("entry")
async def test_automations_get_16_mb_and_then_hear_when_to_ask_again(
    hass: HomeAssistant, call: Call
) -> None:
    period = {"start": "2025-06-16", "end": "2026-07-21"}
    size = len(json.dumps(await call("get_quarter_hours", **period), separators=(",", ":")))
    for _ in range(16_000_000 // size - 1):
        await call("get_quarter_hours", **period)
    # Every second, 0.1 MB are allowed again: less than the size of an answer while it is worked
    # out.
    with pytest.raises(ServiceValidationError) as refused:  # noqa: PT012 - one of these calls
        for _ in range(20):
            await call("get_quarter_hours", **period)
    seconds = re.search(r"in a short time\. Try again in (\d+) seconds", str(refused.value))

    assert seconds
    assert 2 <= int(seconds[1]) <= size / 100_000 + 2
    # A user has an allowance of their own, and small answers are still possible.
    user = MockUser().add_to_hass(hass)
    user.mock_policy({"entities": True})
    assert await call("get_quarter_hours", Context(user_id=user.id), **period)
    assert await call("get_bill")


async def test_the_quarter_hours_survive_a_restart_and_go_with_the_entry(
    home: Home, entry: MockConfigEntry, call: Call, tmp_path: Path
) -> None:
    await home.receive(telegram("00:15:00", 2.0))
    await home.again(telegram("00:15:10", 2.0))

    answer = await call("get_quarter_hours", **PERIOD)
    assert [quarter["imported_kwh"] for quarter in answer["quarter_hours"]] == [0.1, 2.0]

    def files() -> list[str]:
        return [path.name for path in tmp_path.rglob("*.csv")]

    assert sorted(files()) == ["2026-05.csv", "2026-06.csv"]
    assert await remove_entry(home.hass, entry)
    assert files() == []


async def test_a_meter_that_has_not_sent_its_time(home: Home, call: Call) -> None:
    await home.set_up(with_value(TELEGRAM, "0-0:1.0.0", "()"))

    for action in ("get_bill", "compare_reference_powers"):
        with pytest.raises(ServiceValidationError, match="nothing has been counted"):
            await call(action)
    assert await call("get_quarter_hours", **PERIOD) == {"quarter_hours": []}


FOLDER = Path(custom_components.smarty_p1.__file__).parent


async def get_telegram(hass: HomeAssistant, **data: str) -> JsonDict:
    answer = await hass.services.async_call(
        "smarty_p1", "get_telegram", data, blocking=True, return_response=True
    )
    assert answer
    content: JsonDict = through_json(answer)
    return content


async def test_returns_the_current_telegram(home: Home) -> None:
    await home.set_up()
    await home.receive(with_value(TELEGRAM, "1-0:1.8.0", "(025679.012*kWh)"))

    telegram = await get_telegram(home.hass)

    assert telegram["serial_number"] == SERIAL
    assert telegram["verification"] == "verified"
    assert telegram["frame_counter"] == home.port.counter
    assert telegram["objects"]["1-0:1.8.0"] == 25679.012
    assert telegram["objects"]["0-0:96.13.0"] is None
    assert telegram["channels"]["1"]["value"] == 678.901
    assert telegram["received_at"]


async def test_one_of_two_meters_must_be_named(hass: HomeAssistant, home: Home) -> None:
    await home.set_up()
    async with MeterPort(encipher(OTHER_METER, 1)) as other_port:
        other = home.make_entry(other_port.url, serial=OTHER_SERIAL)
        assert await set_up_entry(hass, other)

        assert (await get_telegram(hass, config_entry=other.entry_id))["serial_number"] == (
            OTHER_SERIAL
        )
        with pytest.raises(ServiceValidationError, match="Choose one in the field"):
            await get_telegram(hass)
        with pytest.raises(ServiceValidationError):
            await get_telegram(hass, config_entry="another")
        await unload_entry(hass, other)


async def test_an_old_telegram_is_not_the_current_one(home: Home) -> None:
    await home.set_up()
    await let_pass(home.hass, 61)

    with pytest.raises(ServiceValidationError, match=r"nothing is received|cannot be read"):
        await get_telegram(home.hass)
