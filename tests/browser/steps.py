"""Steps of a household in Home Assistant, by clicks alone."""

import asyncio
from contextlib import suppress

from playwright.async_api import Locator, TimeoutError as NotYetError

from dev.demo.meter_statistics import DOMAIN
from dev.testing.real_programs import PATIENCE

from .household import ATTEMPT, Household

NAME = "Luxembourg Smarty Meter (P1)"
_FLOW = "panel.config.integrations.config_flow"
_GRID = "dialog-energy-grid-settings"
# A text that only this page of the options shows.
_SEEN = {
    "aids": "options.step.aids.data.aids",
    "leneda_file": "options.step.leneda_file.data.file",
    "contract_details": "options.step.contract_details.data.since",
    "other_programs": "options.step.other_programs.menu_options.p1_server",
}


async def search_integration(who: Household) -> None:
    """Look for the integration among all there are, and choose to add a meter."""
    own, frontend = who.texts.own, who.texts.of_frontend
    await who.opens("/config/integrations/dashboard")
    await who.presses(frontend("panel.config.integrations.add_integration"))
    dialog = who.page.locator("dialog-add-integration")
    await dialog.locator("input").first.fill("smarty")
    # The list has the English names of integrations that Home Assistant does not bring along.
    await dialog.get_by_text(NAME, exact=True).click()
    await who.sees(own("config.step.user.title"))


async def choose_meter(who: Household) -> None:
    await who.chooses(who.texts.own("config.step.user.menu_options.meter"))
    await who.sees(who.texts.own("config.step.meter.title"))


async def enter_port(who: Household, address: str) -> None:
    """Type an address where ports are picked from a list."""
    await who.picks(who.page.locator("ha-selector-select").first, address)


async def try_key(who: Household, key: bytes) -> None:
    await who.types("encryption_key", key.hex())
    await who.presses(who.texts.of_frontend(f"{_FLOW}.next"))


async def click_entry(who: Household, target: Locator) -> None:
    """Open the page of the integration, and click a part of its entry.

    If an entry changes its state while the page loads, Home Assistant's frontend shows an empty
    list until the page is loaded again.
    """
    empty = who.page.locator("ha-config-integration-page .no-entries")
    await who.opens(f"/config/integrations/integration/{DOMAIN}")
    async with asyncio.timeout(PATIENCE):
        while True:
            await target.or_(empty).first.wait_for()
            if await empty.count():
                await who.opens(f"/config/integrations/integration/{DOMAIN}")
                continue
            with suppress(NotYetError):
                return await target.click(timeout=ATTEMPT)


async def _open_menu(who: Household) -> None:
    configure = who.texts.of_frontend("panel.config.integrations.config_entry.configure")
    await click_entry(who, who.page.get_by_role("button", name=configure, exact=True).last)


async def open_options(who: Household, page: str) -> None:
    await _open_menu(who)
    await who.chooses(who.texts.own(f"options.step.init.menu_options.{page}"))
    await who.sees(who.texts.own(_SEEN[page]))


async def open_contract(who: Household) -> None:
    """Open the only contract of a meter, or its first one."""
    own = who.texts.own
    form = own("options.step.contract.data.energy_fee")
    edit = own("options.step.contracts.menu_options.contract_edit")
    await _open_menu(who)
    await who.chooses(own("options.step.init.menu_options.contracts"))
    edits = who.page.get_by_text(edit, exact=True)
    await edits.or_(who.page.get_by_text(form, exact=True)).first.wait_for()
    if await edits.count():
        await who.chooses(edit)
    await who.sees(form)


async def pick_reference_power(who: Household, reference_power: str) -> None:
    """Pick a reference power from the list of a contract form."""
    await who.picks(who.page.locator("ha-selector-select").first, f"{reference_power} kW")


async def show_details(who: Household) -> None:
    """Go on to the second page of the contract."""
    await who.presses(who.texts.of_frontend(f"{_FLOW}.next"))
    await who.sees(who.texts.own(_SEEN["contract_details"]))


async def save_options(who: Household, page: str = "contract_details") -> None:
    """Save the last page of the options, which is open."""
    await who.presses(who.texts.of_frontend("panel.config.integrations.config_flow.submit"))
    await who.gone(who.texts.own(_SEEN[page]))


async def add_dashboard(who: Household) -> None:
    """Add the dashboard of the integration, as its dialog suggests."""
    frontend = who.texts.of_frontend
    await who.opens("/config/lovelace/dashboards")
    await who.presses(frontend("panel.config.lovelace.dashboards.picker.add_dashboard"))
    await who.sees(frontend("panel.config.lovelace.dashboards.dialog_new.heading.custom"))
    await who.takes_picture("dashboard-add", of=who.dialog)
    await who.chooses("Smarty")
    await who.sees(frontend("panel.config.lovelace.dashboards.detail.new_dashboard"))
    await who.presses(frontend("panel.config.lovelace.dashboards.detail.create"))
    await who.gone(frontend("panel.config.lovelace.dashboards.detail.new_dashboard"))
