"""A year from the national platform's portal, an aid of the State, and prices typed as printed."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, FilePayload

from dev.demo.client import ClientError
from dev.demo.meter_statistics import DOMAIN
from dev.testing.real_programs import IN_ONE_LOOP, until
from smartyp1.json_types import JsonDict
from tests.system.home import Home

from .conftest import KEY
from .dashboard import cards_of, shows_cards
from .household import Household, household
from .layout_shift import added_shifts
from .steps import (
    add_dashboard,
    open_contract,
    open_options,
    pick_reference_power,
    save_options,
    show_details,
)

pytestmark = IN_ONE_LOOP

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
HEADER = (
    '"Metering point","OBIS code","Unit","Started at","Value (1-1:1.29.0)",'
    '"Interval length (min)","Estimated/measured/edited","Version"'
)
POINT = "LU0000012345678901234000000000001"
QUARTER_HOUR = timedelta(minutes=15)


def midnight(months_ago: int) -> datetime:
    now = datetime.now(LUXEMBOURG)
    months = now.year * 12 + now.month - 1 - months_ago
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=LUXEMBOURG)


def lines(first: datetime, end: datetime) -> Iterator[str]:
    """Yield the export of the portal for a connection that draws 0.8 kW, all the time."""
    yield HEADER
    time = first.astimezone(UTC)
    while time < end:
        local = time.astimezone(LUXEMBOURG).isoformat()
        yield f'"{POINT}","1-1:1.29.0","kW","{local}","0.800","15","Measured","1"'
        time += QUARTER_HOUR


def uploaded(text: str, name: str = "time-series.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


async def bill_of(home: Home, month: datetime) -> JsonDict:
    """Return the bill of a month, once it is known."""
    found: JsonDict = {}

    async def is_known() -> bool:
        with suppress(ClientError):
            answer = await home.client.command(
                "call_service",
                domain=DOMAIN,
                service="get_bill",
                service_data={"month": f"{month:%Y-%m}"},
                return_response=True,
            )
            found.update(answer["response"])
        return bool(found)

    await until(is_known)
    return found


async def test_the_past_comes_from_a_file_and_an_aid_is_entered(
    home: Home, address: str, browser: Browser, pictures: Path | None
) -> None:
    entry = await home.add_meter(address, KEY)
    await home.client.set_options(entry["entry_id"], reference_power="7", energy_price=0.15)
    whole = "\n".join([*lines(midnight(12), midnight(0)), ""])
    saved_anew = whole.replace(",", ";").replace("0.800", "0,800")

    async with household(home.client.url, browser, pictures=pictures) as who:
        own, of_frontend = who.texts.own, who.texts.of_frontend
        following = of_frontend("panel.config.integrations.config_flow.next")
        await open_options(who, "leneda_file")
        await who.takes_picture("leneda-file", of=who.dialog)
        await who.page.locator("input[type=file]").set_input_files(uploaded(saved_anew))
        await who.sees("time-series.csv")
        await who.presses_until(following, own("exceptions.leneda_spreadsheet.message"))
        await who.page.locator("input[type=file]").set_input_files(uploaded(whole, "whole.csv"))
        # The dialog still shows the name of the first file until the second name appears.
        await who.sees("whole.csv")
        await who.presses_until(following, "1-1:1.29.0", f"{whole.count(POINT)}")
        await who.takes_picture("leneda-result", of=who.dialog)
        await who.leaves_by(own("options.step.leneda_result.menu_options.leneda_finish"))

        last = midnight(1)
        found = await bill_of(home, last)
        count = (midnight(0).astimezone(UTC) - last.astimezone(UTC)) // QUARTER_HOUR
        assert found["measured_share"] == 1.0
        assert found["leneda_quarter_hours"] == count
        assert found["lines"][0]["quantity"] == round(count * 0.2, 3)

        # Twelve whole months: the class that is enough is known on the first day.
        await add_dashboard(who)
        await who.opens("/dashboard-smarty/year")
        year, what_if = await shows_cards(who, "year", "what-if")
        assert re.search(r"With 3 kW, you would have paid \d+ € less in 12 months\.", year.text)
        # The same power all the time, and no sun: there is only the standby of the battery.
        assert re.search(
            r"With a battery of 10 kWh and 5 kW, a year would cost about .+ more", what_if.text
        )
        await who.takes_picture("past-year")
        await who.opens_tab(1)
        await shows_cards(who, "bill", "months")

        async def has_a_year() -> bool:
            return "Twelve months and this one" in [card.title for card in await cards_of(who)]

        await until(has_a_year)
        await who.takes_picture("past-bill")
        assert not who.errors
        await enter_aid(who)
    # Each card is drawn first when those above it have their heights.
    assert await added_shifts(home, browser, {"now": 5, "bill": 2, "year": 2}) == {}

    async def has_aid() -> bool:
        # 4 ct with 8 % of VAT
        lines = (await bill_of(home, midnight(0)))["lines"]
        return ("Resilienzpak", -0.037037) in [(line.get("label"), line["price"]) for line in lines]

    await until(has_aid)


async def enter_aid(who: Household) -> None:
    own, add = who.texts.own, who.texts.of_frontend("common.add")
    await open_options(who, "aids")
    await who.presses(add)
    await who.sees(own("selector.aids.fields.first_day.name"))
    await who.types("name", "Resilienzpak")
    await who.types("per_kwh", "4,0 ct/kWh")
    await who.page.locator("ha-selector-boolean ha-switch").nth(-2).click()
    await who.takes_picture("aid")
    await who.presses(add)
    await who.sees("Resilienzpak")
    await who.takes_picture("aids", of=who.dialog)
    await save_options(who, "aids")


# For each language: energy price, fee, fixed price of the grid, and both readings of 1.450.
TYPED = {
    "en": ("0.1450", "2.5", "€12.84", "“1.450” = 1.45 / 1450"),
    "fr": ("0,1450 €/kWh", "2,50 €/mois", "12,84\u202f€", "«\u00a01.450\u00a0» = 1,45 / 1450"),
    "de": ("14,5 ct/kWh", "EUR 2,50", "12,84 €/Monat", "„1.450“ = 1,45 / 1450"),
    "lb": ("0,145", " 2,5 ", "12.84", "„1.450“ = 1,45 / 1450"),
    "pt": ("14,50\u00a0cêntimos", "2,50 € por mês", "€ 12,84", "«1.450» = 1,45 / 1450"),
}
STORED = {"energy_price": 0.145, "energy_fee": 2.5, "network_fixed_price": 12.84}


def stored_of(home: Home) -> JsonDict:
    """Return the contract of the only meter as Home Assistant has stored it."""
    path = home.directory / "config" / ".storage" / "core.config_entries"
    entries = json.loads(path.read_text("utf-8"))["data"]["entries"]
    [options] = [entry["options"] for entry in entries if entry["domain"] == DOMAIN]
    contract = {} if not options.get("contracts") else options["contracts"][-1]
    return {name: contract.get(name) for name in STORED}


async def type_into(who: Household, name: str, text: str) -> None:
    """Type into a field as a person does, key by key; its earlier text is removed."""
    field = who.page.locator(f"[name={name}] input").last
    await field.click()
    await who.page.keyboard.press("Control+A")
    await who.page.keyboard.press("Delete")
    await who.page.keyboard.type(text)


# A newcomer types prices in test_first_clicks.py; lib/amounts.py reads all notations.
@pytest.mark.slow
@pytest.mark.parametrize("languages", [("en", "de"), ("fr", "lb", "pt")])
async def test_each_language_types_its_prices(
    home: Home, address: str, browser: Browser, languages: tuple[str, ...]
) -> None:
    if not await home.client.entries(DOMAIN):
        await home.add_meter(address, KEY)
    [entry_id] = await home.client.entries(DOMAIN)
    for language in languages:
        price, fee, fixed_price, readings = TYPED[language]
        async with household(home.client.url, browser, language=language) as who:
            own = who.texts.own
            await open_contract(who)
            await pick_reference_power(who, "7")
            await type_into(who, "energy_price", "1.450")
            await type_into(who, "energy_fee", fee)
            await who.presses(who.texts.of_frontend("panel.config.integrations.config_flow.next"))
            label = own("options.step.contract.data.energy_price")
            colon = "\N{NO-BREAK SPACE}:" if language == "fr" else ":"
            item = f"{label}{colon} {readings}"
            error = own("exceptions.amount_ambiguous.message").replace("{amount_ambiguous}", item)
            await who.sees(error)
            await type_into(who, "energy_price", price)
            await show_details(who)
            network_prices = own("options.step.contract_details.sections.network_prices.name")
            await who.page.get_by_text(network_prices, exact=True).first.click()
            await type_into(who, "network_fixed_price", fixed_price)
            await save_options(who)
            await until(lambda: _is_stored(home))
            # In the next language, everything is typed again.
            assert stored_of(home) == STORED, language
            assert not who.errors
        await home.client.set_options(entry_id, network_prices={})
        await until(lambda: _is_empty(home))


async def _is_stored(home: Home) -> bool:
    return stored_of(home)["network_fixed_price"] is not None


async def _is_empty(home: Home) -> bool:
    return not any(stored_of(home).values())
