"""An aid of the State, entered by clicks, and the bill that has it."""

from pathlib import Path

import pytest

from dev.demo.meter_statistics import DOMAIN
from dev.simulator import Server
from tests.system.home import Home
from tests.system.support import PATIENCE, TIMEOUT, until

from .conftest import KEY
from .household import household
from .steps import open_options, save_options, show_details

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(TIMEOUT)]


async def test_an_aid_is_entered_by_clicks(
    home: Home, line: Server, browser: str, pictures: Path | None
) -> None:
    _, (address, *_) = next(iter(line.addresses()))
    entry = await home.add_meter(str(address), KEY)
    await home.client.set_options(entry["entry_id"], reference_power="7", energy_price=0.15)

    async with household(home.client.url, browser, pictures=pictures) as who:
        own, add = who.texts.own, who.texts.of_frontend("common.add")
        await open_options(who)
        await show_details(who)
        section = own("options.step.contract_details.sections.aids.name")
        await who.page.get_by_text(section, exact=True).first.click()
        await who.presses(add)
        await who.sees(own("selector.aids.fields.first_day.name"))
        await who.types("name", "Resilienzpak")
        await who.page.locator("ha-selector-number input").nth(-2).fill("0.04")
        await who.page.locator("ha-selector-boolean ha-switch").nth(-2).click()
        await who.takes_picture("aid")
        await who.presses(add)
        await who.sees("Resilienzpak")
        await who.takes_picture("aids", of=who.dialog)
        await save_options(who)

    async def has_aid() -> bool:
        answer = await home.client.command(
            "call_service", domain=DOMAIN, service="get_bill", return_response=True
        )
        # 4 ct with 8 % of VAT
        return ("Resilienzpak", -0.037037) in [
            (line.get("label"), line["price"]) for line in answer["response"]["lines"]
        ]

    await until(has_aid, within=PATIENCE)
