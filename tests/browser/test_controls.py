"""Controls of Home Assistant that texts name: each is there, and opens what the texts say."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from functools import partial

import pytest
from playwright.async_api import Browser, TimeoutError as NotYetError

from dev.demo.client import Client
from dev.demo.meter_statistics import DOMAIN
from dev.testing.real_programs import IN_ONE_LOOP, PATIENCE, module_fixture, until
from tests.system.home import Home

from .conftest import KEY
from .controls import AUTOMATION, CONTROLS, ICONS, WAYS, Control
from .household import ATTEMPT, Household, household
from .steps import click_entry

pytestmark = [IN_ONE_LOOP, pytest.mark.slow]

FLOWS = "/api/config/config_entries/subentries/flow"
# The icon of a button, which is in the shadow of its frame.
ICON = """(button) => {
    for (let node = button; node; node = node.getRootNode().host ?? node.parentElement) {
        if (node.localName !== "ha-icon-button") continue;
        return node.path ?? node.querySelector("ha-svg-icon")?.path;
    }
}"""


@module_fixture
async def home(each_home: Home, address: str) -> Home:
    """Return the home with a meter, a load and a battery."""
    client = each_home.client
    meter = await client.run_flow(
        DOMAIN, "meter", port=address, encryption_key=KEY.hex(), advanced={}
    )
    entry_id = meter["entry_id"]
    await _add(client, entry_id, "load", name="Dishwasher", kwh="1", hours="2")
    battery = {"capacity_kwh": "10", "charge": "sensor.charge_of_battery", "charge_kw": "5"}
    await _add(client, entry_id, "battery", name="Battery", **battery)

    async def is_shown() -> bool:
        entries, states = await client.entries(DOMAIN), await each_home.all_states()
        devices = {name.partition(".")[2].partition("_")[0] for name in states}
        return entries[entry_id]["state"] == "loaded" and {"dishwasher", "battery"} <= devices

    await until(is_shown)
    path = f"/api/config/automation/config/{AUTOMATION}"
    await client.post(path, alias="Light", triggers=[], actions=[])
    return each_home


async def _add(client: Client, entry_id: str, kind: str, **fields: str) -> None:
    step = await client.post(FLOWS, handler=[entry_id, kind])
    path = f"{FLOWS}/{step['flow_id']}"
    if step["type"] == "menu":
        await client.post(path, next_step_id="appliance")
    # The dialog asks once whether no sensor measures it.
    await client.post(path, **fields)
    assert (await client.post(path, **fields))["type"] == "create_entry"


async def _repeated(gesture: Callable[[], Awaitable[None]]) -> None:
    """Repeat a gesture from its page on until it has its effect: a busy page may miss a click."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(NotYetError):
                return await gesture()


async def test_each_sign_opens_the_items_of_its_entry(home: Home, browser: Browser) -> None:
    async with household(home.client.url, browser) as who:
        for control in CONTROLS:
            await _repeated(partial(_open, who, control))


async def _open(who: Household, control: Control) -> None:
    row = who.page.locator(control.row).first
    name = who.texts.named(control.name)
    button = row.get_by_role("button", name=name, exact=True).first
    if control.page is None:
        await click_entry(who, button)
    else:
        await who.opens(control.page)
    icon = await button.evaluate(ICON, timeout=ATTEMPT)
    assert icon.startswith(ICONS[control.sign]), control
    if control.page is not None:
        await button.click(timeout=ATTEMPT)
    for key in control.opens:
        # The name of a field that must be filled in has a star.
        shown = re.compile(rf"^\s*{re.escape(who.texts.named(key))}\*?\s*$")
        seen = who.page.get_by_text(shown).and_(who.page.locator(":visible"))
        await seen.first.wait_for(timeout=ATTEMPT)


async def test_ways_through_the_settings_lead_to_their_pages(home: Home, browser: Browser) -> None:
    async with household(home.client.url, browser) as who:
        for way, page in WAYS.items():
            await _repeated(partial(_go, who, way, page))


async def _go(who: Household, way: tuple[str, ...], page: str) -> None:
    await who.opens("/config/dashboard")
    for key in way:
        choice = who.page.get_by_text(who.texts.named(key), exact=True)
        await choice.and_(who.page.locator(":visible")).first.click(timeout=ATTEMPT)
    await who.page.wait_for_url(re.compile(rf"{page}\b"), timeout=ATTEMPT)
