"""Values of the contract, entered in the cards that lack them: by the meter's own options flow."""

import re
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, Response

from dev.demo.client import ClientError
from dev.testing.real_programs import IN_ONE_LOOP, module_fixture, until
from tests.axe import complaints
from tests.system.home import Home

from .conftest import KEY
from .household import PHONE, Household, household
from .steps import add_dashboard

pytestmark = IN_ONE_LOOP

FLOWS = "/api/config/config_entries/options/flow"
DASHBOARD = "/dashboard-smarty"
FIELD = "options.step.contract.data"
_LOSE_CONNECTION = "document.querySelector('home-assistant').hass.connection.socket.close()"


@module_fixture
async def home(home: Home, address: str) -> Home:
    """Return the home with a meter that has no contract."""
    await home.add_meter(address, KEY)
    return home


class Card:
    """Card that lacks a value, and its form."""

    def __init__(self, page: Page, type_: str) -> None:
        self.page = page
        self.form = page.locator(f"smarty-p1-{type_} smarty-p1-settings form").first
        self._button = page.locator(f"smarty-p1-{type_} smarty-p1-settings .link").first

    async def opens(self) -> None:
        await self._button.click()
        await self.form.wait_for()

    def field(self, name: str) -> Locator:
        label = self.form.locator("label").filter(has_text=re.compile(f"^{re.escape(name)}"))
        return label.locator("input")

    async def saves(self) -> None:
        await self.form.locator("[type=submit]").click()

    async def is_gone(self) -> None:
        await self.form.wait_for(state="detached")


async def options_of(home: Home) -> dict[str, object]:
    """Return the newest contract of the meter, as its own form shows it."""
    entry_id, *_ = await home.client.entries("smarty_p1")
    flow = await home.client.post(FLOWS, handler=entry_id)
    path = f"{FLOWS}/{flow['flow_id']}"
    page = await home.client.post(path, next_step_id="contracts")
    if page["type"] == "menu":
        page = await home.client.post(path, next_step_id="contract_edit")
    fields = {field["name"]: field.get("description", {}) for field in page["data_schema"]}
    return {name: field.get("suggested_value") for name, field in fields.items()}


async def test_a_value_is_entered_in_its_card(
    home: Home, browser: Browser, pictures: Path | None
) -> None:
    async with household(
        home.client.url, browser, language="fr", size=PHONE, pictures=pictures
    ) as who:
        own = who.texts.own
        await add_dashboard(who)
        await who.opens(f"{DASHBOARD}/now")
        card = Card(who.page, "now")
        await card.opens()
        power = card.field(own(f"{FIELD}.reference_power"))
        assert await power.evaluate("element => element.getRootNode().activeElement === element")
        assert not await complaints(who.page)
        await who.takes_picture("form")

        # The flow's own check, in the user's language.
        await power.fill("beaucoup")
        await card.saves()
        await who.sees(own("options.error.reference_power_malformed"))
        assert not await complaints(who.page)
        await who.takes_picture("form-refused")
        # Escape leaves the form; the focus is on the button that opened it.
        await power.press("Escape")
        await card.is_gone()
        await who.page.keyboard.press("Enter")
        await card.form.wait_for()
        assert await power.input_value() == ""

        await power.fill("7")
        await card.saves()
        await card.is_gone()
        await who.sees("7 kW")
        stored = await options_of(home)
        assert stored["reference_power"] == "7 kW"
        assert not who.errors


async def test_typed_text_and_focus_stay_when_the_card_is_drawn_anew(
    home: Home, browser: Browser
) -> None:
    async with household(home.client.url, browser) as who:
        label = who.texts.own(f"{FIELD}.energy_price")
        entry_id, *_ = await home.client.entries("smarty_p1")
        await who.opens(f"{DASHBOARD}/bill")
        card = Card(who.page, "bill")
        await card.opens()
        await card.field(label).fill("0.15")
        await card.field(label).evaluate("input => input.setSelectionRange(1, 3)")
        await card.form.evaluate("form => form.setAttribute('data-first', '')")
        # Home Assistant makes all cards anew after a lost connection.
        await home.client.post(f"/api/config/config_entries/entry/{entry_id}/reload")
        await who.page.evaluate(_LOSE_CONNECTION)
        await card.form.and_(who.page.locator(":not([data-first])")).wait_for()
        assert await card.field(label).input_value() == "0.15"
        # The user types on where he was.
        await card.field(label).and_(who.page.locator(":focus")).wait_for()
        await who.page.keyboard.type(".1")
        assert await card.field(label).input_value() == "0.15"
        tabs = who.page.get_by_role("tab")
        await tabs.nth(0).click()
        await card.is_gone()
        await tabs.nth(1).click()
        await card.form.wait_for()
        assert await card.field(label).input_value() == "0.15"
        # A text that the user leaves is forgotten.
        await card.field(label).press("Escape")
        await card.opens()
        assert await card.field(label).input_value() == ""


async def test_two_tabs_do_not_overwrite_each_other(home: Home, browser: Browser) -> None:
    async with household(home.client.url, browser) as who:
        own, label = who.texts.own, who.texts.own(f"{FIELD}.energy_price")
        await who.opens(f"{DASHBOARD}/bill")
        first = Card(who.page, "bill")
        await first.opens()
        await first.field(label).fill("14")
        await first.saves()
        await who.sees(own("exceptions.amount_unusual.message").split("{")[0].strip())

        other = await who.page.context.new_page()
        tab = Household(other, home.client.url, who.texts, None)
        await tab.opens(f"{DASHBOARD}/bill")
        second = Card(other, "months")
        await second.opens()
        fee = own(f"{FIELD}.energy_fee")
        await second.field(fee).fill("2.5")
        await second.saves()
        await second.is_gone()

        await first.field(label).fill("0.1463")
        await first.saves()
        await who.sees("The values were changed elsewhere.")
        assert await first.field(fee).input_value() == "2.5"
        assert await first.field(label).input_value() == "0.1463"
        await first.saves()
        await first.is_gone()
        stored = await options_of(home)
        values = [stored[name] for name in ("reference_power", "energy_price", "energy_fee")]
        assert values == ["7 kW", "0.1463", "2.5"]


async def test_a_form_that_is_left_ends_its_flow(home: Home, browser: Browser) -> None:
    async with household(home.client.url, browser) as who:
        flows: list[str] = []

        async def note(response: Response) -> None:
            if response.url.endswith(FLOWS):
                flows.append((await response.json())["flow_id"])

        who.page.on("response", note)
        await who.opens(f"{DASHBOARD}/now")
        # The question is another one, because the first day has no forecast to compare with a goal.
        entry_id, *_ = await home.client.entries("smarty_p1")
        await who.page.locator("smarty-p1-now").evaluate(
            """(card, entryId) => {
                const element = document.createElement("smarty-p1-settings");
                const { locale } = card;
                Object.assign(element, { card, locale, entryId, field: "goal", text: "Goal" });
                card.shadowRoot.querySelector(".body").append(element);
            }""",
            entry_id,
        )
        card = Card(who.page, "now")
        await card.opens()
        await card.field(who.texts.own("options.step.goal_and_messages.data.goal_amount")).fill("9")
        await who.page.get_by_role("tab").nth(1).click()

        async def has_ended() -> bool:
            try:
                await home.client.get(f"{FLOWS}/{flows[-1]}")
            except ClientError as error:
                return "404" in str(error)
            return False

        await until(has_ended)


async def test_a_car_is_added_in_the_card_of_the_plan(
    home: Home, browser: Browser, pictures: Path | None
) -> None:
    async with household(home.client.url, browser, size=PHONE, pictures=pictures) as who:
        own = who.texts.own
        form = "config_subentries.load.step.car.data"
        await who.opens(f"{DASHBOARD}/now")
        await who.page.locator("smarty-p1-plan").scroll_into_view_if_needed()
        card = Card(who.page, "plan")
        await card.opens()
        await who.takes_picture("form-load")
        assert not await complaints(who.page)
        for name, value in (("name", "Car"), ("kwh", "much"), ("max_kw", "11 kW")):
            await card.field(own(f"{form}.{name}")).fill(value)
        await card.field(own(f"{form}.by_workdays")).fill("07:00")
        await card.saves()
        await card.form.get_by_role("alert").wait_for()
        await card.field(own(f"{form}.kwh")).fill("8.8")
        await card.saves()
        await card.is_gone()
        # The card knows the load at once.
        plan = who.page.locator("smarty-p1-plan .load b").first
        await plan.wait_for()
        assert await plan.inner_text() == "Car"
        assert not who.errors
