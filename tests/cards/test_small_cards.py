"""The cards of the energy so far, of where it went, of the plan and of a changed year."""

from smartyp1.json_types import JsonDict

from . import house, house_now, house_plan, house_what_if, house_where
from .stage import Stage

SO_FAR, WHERE = "smarty-p1-so-far", "smarty-p1-where"
WHAT_IF, NOW_CARD, PLAN = "smarty-p1-what-if", "smarty-p1-now", "smarty-p1-plan"
GOAL: JsonDict = {"is_last_year": False, "total": 130.0, "day_budget": 4.5, "recent_day": 5.1}
GOAL["passed_on"] = None


def refusal(reason: str) -> JsonDict:
    refused = {"reason": reason, "days": 46, "least_days": 300}
    return {
        "smarty_p1/what_if": {"markets": [], "devices": [], "what_if": None, "refusal": refused}
    }


async def test_energy_so_far_opens_its_entity_and_is_asked_for_once_a_quarter_hour(
    stage: Stage,
) -> None:
    none = {"error": "nothing_counted"}
    entity = {"entity_id": "sensor.in", "platform": "smarty_p1", "device_id": house.DEVICE}
    entities = {"sensor.in": entity | {"translation_key": "energy_imported"}}
    answers = house_now.first_day() | {"smarty_p1/days": none, "smarty_p1/bill": none}
    await stage.show(SO_FAR, answers=answers, entities=entities)
    first = "So far No whole quarter-hour yet: the first one ends at 19:00."
    assert first in await stage.text()
    today = house_now.day(21, imported_wh=31, quarter_hours=0, of_quarter_hours=74, peak=None)
    await stage.page.evaluate("all => stage.answer(all)", house_now.sums(days=[today], peak=None))
    await stage.passes(3)
    await stage.settle()
    assert "From the grid 0.0 kWh 0.0 kWh" in await stage.text()

    await stage.show(SO_FAR, answers=house_now.sums(), entities=entities)
    await stage.page.evaluate(
        """document.addEventListener("hass-more-info", ({ detail }) => {
          window.opened = detail.entityId;
        })"""
    )
    button = stage.card(SO_FAR).get_by_role("button", name="364")
    assert await house_now.height(button) >= 44
    await button.click()
    assert await stage.page.evaluate("window.opened") == "sensor.in"
    await stage.show_table(SO_FAR)
    parts = "Consumption 2.60 € To the grid −0.04 € Fixed costs 0.42 € Total 2.98 €"
    assert parts in await stage.text()
    for _ in range(3):
        await stage.send(house.live())
    assert len(await stage.asked("days")) == 1
    days = house_now.november(imported_wh=12345)
    await stage.page.evaluate("(answers) => stage.answer(answers)", house_now.sums(days=days))
    begun = house.quarter_hour(start="2026-11-21T17:45:00+00:00", end="2026-11-21T18:00:00+00:00")
    await stage.send(house.live(quarter_hour=begun))
    assert "From the grid 12.3 kWh 365 kWh" in await stage.text()
    # A bar is heard as a sentence.
    await stage.show(SO_FAR, answers=house_now.sums(goal=GOAL))
    shown = await stage.card(SO_FAR).get_by_role("img").get_attribute("aria-label")
    assert shown == "Goal 130\u00a0€: 97\u00a0€ so far, forecast 145\u00a0€."


async def test_in_the_first_quarter_hour_each_card_names_its_end(stage: Stage) -> None:
    cards = [f"smarty-p1-{name}" for name in ("so-far", "today", "bill", "months", "year")]
    commands = ("days", "bill", "quarter_hours", "classes", "usual", "highlights")
    none = {f"smarty_p1/{command}": {"error": "nothing_counted"} for command in commands}
    await stage.show(*cards, answers=house_now.first_day() | none)
    for card in cards:
        text = await stage.card(card).locator(".body").inner_text()
        assert "19:00" in text, card


async def test_a_card_has_no_hole_beside_a_higher_one(stage: Stage) -> None:
    await stage.show(SO_FAR, answers=house_now.sums())
    card = stage.card(SO_FAR)
    await card.evaluate("card => { card.style.height = '420px'; }")
    end = await card.locator("ha-card").evaluate(
        """(frame) => frame.getBoundingClientRect().bottom
          - frame.querySelector("table").getBoundingClientRect().bottom"""
    )
    assert end <= 17
    # A choice without a second line stands in the middle of its button.
    await stage.show(SO_FAR, answers=house_now.three_meters(), config={"chooser": True})
    name = stage.card(SO_FAR).get_by_role("radio").first.locator("b")
    above, below = await name.evaluate(
        """(name) => {
          const [text, button] = [name, name.parentElement].map((e) => e.getBoundingClientRect());
          return [text.top - button.top, button.bottom - text.bottom];
        }"""
    )
    assert abs(above - below) < 1


async def test_another_period_is_asked_for_by_keyboard(stage: Stage) -> None:
    await stage.show(WHERE, answers=house_where.answers())
    await stage.press("ArrowLeft", at=stage.card(WHERE).get_by_role("radio").last)
    assert [one["period"] for one in await stage.asked("shares")] == ["month", "yesterday"]


async def test_a_further_load_is_tried_and_a_button_of_a_load_is_pressed(stage: Stage) -> None:
    button = {"entity_id": "button.go", "platform": "smarty_p1", "translation_key": "ready"}
    entities = {"button.go": button | {"device_id": "device_of_dishes"}}
    await stage.show(PLAN, answers=house_plan.evening(), entities=entities)
    shown = await stage.text()
    assert "Car 22:00–00:15, 11:00–12:00 Waits for a low price" in shown
    await stage.click(stage.card(PLAN).get_by_role("button", name="Try a load"))
    typed, calculate = stage.page.locator(f"{PLAN} input"), stage.page.get_by_text("Calculate")
    for kwh, hours, said in (
        ("2", "25", "Enter at most 200 kWh, 15 min to 24 h, and not above 50 kW"),
        ("2 kW", "2", "Enter at most 200 kWh"),
        ("200", "0.25", "Enter at most 200 kWh"),
        ("1,55", "2", "Sun 22, 02:15–04:15: 0.31 €, saves 0.12 €"),
        ("1.55 kWh", "120 min", "Sun 22, 02:15–04:15: 0.31 €, saves 0.12 €"),
    ):
        await typed.first.fill(kwh)
        await typed.last.fill(hours)
        await stage.click(calculate)
        assert said in await stage.text(), kwh
    await stage.page.evaluate("all => stage.answer(all)", house_plan.trial(saving=0.0))
    await stage.click(calculate)
    assert "Any time: 0.31 €" in await stage.text()
    await stage.page.evaluate("stage.answer({ call_service: { error: 'busy' } })")
    await stage.click(stage.card(PLAN).get_by_role("button", name="Dishes: Ready"))
    assert "Home Assistant does not answer." in await stage.text()
    asked = await stage.page.evaluate("stage.asked.filter(one => one.type == 'call_service')")
    tried = {"config_entry": house.ENTRY, "loads": [{"kwh": 1.55, "hours": 2}]}
    assert [one["service_data"] for one in asked] == [*[tried] * 3, {"entity_id": "button.go"}]


async def test_a_dear_start_is_asked_once(stage: Stage) -> None:
    button = {"entity_id": "button.go", "platform": "smarty_p1", "translation_key": "start_now"}
    entities = {"button.go": button | {"device_id": "device_of_car"}}
    for is_switched, said in ((True, "Car: Start now, noted"), (False, "switch it on yourself")):
        answers = house_plan.evening()
        answers[house_plan.PLAN]["loads"][0]["is_switched"] = is_switched
        await stage.show("smarty-p1-plan", answers=answers, entities=entities)
        button_of_car = stage.card("smarty-p1-plan").get_by_role("button", name="Car: Start now")
        await stage.click(button_of_car)
        assert "Press again to start: 1.06 € more than by the plan" in await stage.text()
        await stage.click(stage.page.get_by_text("Start now: 1.06 € more"))
        assert said in await stage.text()


async def test_a_battery_is_chosen_by_keys_and_has_a_price(stage: Stage) -> None:
    # Only another meter lacks a price: the typed text stays in its field.
    others = house_now.three_meters() | house_what_if.answers()
    others["smarty_p1/what_if b"] = refusal("no_feed_in_price")["smarty_p1/what_if"]
    await stage.show(WHAT_IF, answers=others, config={"chooser": True})
    for number, key, value, said in (
        (0, "ArrowRight", "11\u00a0kWh", "With a battery of 11 kWh and 5 kW, a year would cost"),
        (2, "ArrowLeft", "19\u00a0W", "would cost about 197–\u2060213 € less"),
    ):
        slider = stage.page.locator(f"{WHAT_IF} input").nth(number)
        await stage.press(key, at=slider)
        assert await slider.get_attribute("aria-valuetext") == value
        assert said in await stage.text()
    # 1800 / 197 = 9.1
    price = stage.page.get_by_label("Price of all this")
    for entered, said in (
        ("99999", "That would not pay for itself within 25 years."),
        ("1.800", "This can be read as 1.80 or 1800. Enter the one that you mean."),
        ("9e300", "This is not an amount."),
        ("1 800,00 €", "That would pay for itself in about 9 years"),
    ):
        await price.fill(entered)
        await stage.settle()
        assert said in await stage.text()
    for meter in (1, 0):
        await stage.click(stage.card(WHAT_IF).get_by_role("radio").nth(meter))
        assert await price.count() == 1 - meter
    assert "That would pay for itself in about 9 years" in await stage.text()
    assert await price.input_value() == "1 800,00 €"
    await price.fill("")
    await stage.settle()
    assert "pay for itself" not in await stage.text()


async def test_changes_are_chosen_together_and_a_contract_is_typed(stage: Stage) -> None:
    states = {"sensor.price": {"state": "0.1", "attributes": {"friendly_name": "Nord Pool"}}}
    await stage.show(WHAT_IF, answers=house_what_if.answers(), states=states)
    card = stage.card(WHAT_IF)

    async def turn(name: str) -> None:
        await stage.click(card.get_by_role("button", name=name))

    await turn("Car")
    text = await stage.text()
    assert "With a battery of 10 kWh and 5 kW and a car of 8 kWh per night, a year would" in text
    assert "cost about 600–\u2060640 € more" in text
    # A car is not bought to save money.
    assert "Price of all this" not in text
    await turn("Battery")
    await turn("Car")
    assert "Choose one or more changes" in await stage.text()
    await turn("Contract")
    assert "Enter the price of the contract." in await stage.text()
    price = card.get_by_label("Energy price")
    await price.fill("14 ct")
    await stage.press("Tab", at=price)
    assert "With this contract, a year would cost about 31 € less" in await stage.text()
    await turn("Why: What if")
    text = await stage.text()
    assert "The monthly fee stays 5.00 €. Exported energy keeps its price." in text
    await card.get_by_label("Kind of price").select_option("market_price")
    margin = card.get_by_label("Margin on the market price")
    await margin.fill("0,02")
    await stage.press("Tab", at=margin)
    market = card.locator("select").nth(1)
    assert await market.locator("option").all_inner_texts() == ["Nord Pool", "DE-LU"]
    await market.select_option("DE-LU")
    await stage.settle()
    assert "The prices of this market are not stored." in await stage.text()
    assert "Energy-Charts, CC BY 4.0" in await stage.text()
    await turn("Download the prices of the last year")
    text = await stage.text()
    assert "a year would cost about the same" in text
    assert "Market prices: DE-LU (Energy-Charts, CC BY 4.0)." in text
    assert "Hourly prices are known for 93% of the time" in text
    # No price was downloaded before the user asked for it.
    asked = [one["changes"] for one in await stage.asked("what_if")]
    downloads = [change.get("download", False) for changes in asked for change in changes]
    assert downloads.count(True) == 1


async def test_names_of_fields_stand_below_each_other_on_a_narrow_card(stage: Stage) -> None:
    await stage.show(WHAT_IF, answers=house_what_if.answers(), width=330)
    for name in ("Plan", "Contract"):
        await stage.click(stage.card(WHAT_IF).get_by_role("button", name=name))
    left: list[float] = await stage.page.locator(f"{WHAT_IF} label > :first-child").evaluate_all(
        "names => names.map((name) => name.getBoundingClientRect().left)"
    )
    assert len(left) > len(set(left)) == 1


async def test_a_device_of_the_energy_dashboard_is_the_car_of_a_plan(stage: Stage) -> None:
    await stage.show(WHAT_IF, answers=house_what_if.answers())
    card = stage.card(WHAT_IF)
    for name in ("Battery", "Plan"):
        await stage.click(card.get_by_role("button", name=name, exact=True))
    text = await stage.text()
    assert "With a car of 8 kWh per night and a plan for it, a year would cost about 612 €" in text
    assert "Charged at once, it would cost 53 € more." in text
    car = card.locator("select")
    assert await car.locator("option").all_inner_texts() == ["as entered", "Wallbox"]
    await car.select_option("sensor.wallbox")
    await stage.settle()
    assert "With a plan for your car, a year would cost about 97 € less" in await stage.text()
    assert "7 kW Now At once By plan" in await stage.text()
    # The car has its measured energy.
    assert await card.get_by_label("Energy per night").count() == 0
    await stage.click(card.get_by_role("button", name="Why: What if"))
    assert "Now is the year as it was." in await stage.text()
    # Then the card of the present power tells it, until it is read or a load is entered.
    told = "With a plan for your car, a year would cost about 97 € less"
    await stage.show(NOW_CARD, is_admin=False)
    assert told in await stage.text()
    assert not await stage.asked("what_if")
    assert "Add load" not in await stage.text()
    limit_price = {
        "entity_id": "sensor.limit",
        "translation_key": "limit_price",
        "device_id": "car",
    }
    await stage.show(
        NOW_CARD,
        entities=house.entities() | {"sensor.limit": {"platform": "smarty_p1"} | limit_price},
        devices={"car": {"id": "car", "via_device_id": house.DEVICE}},
    )
    assert "With a plan" not in await stage.text()
    await stage.show(NOW_CARD)
    assert not await stage.overflow()
    await stage.picture("now-saved-by-plan")
    link = stage.card(NOW_CARD).get_by_role("link", name="Add load")
    assert "config_entry=house" in (await link.get_attribute("href") or "")
    await stage.press("Enter", at=stage.card(NOW_CARD).get_by_role("button", name="Not now"))
    assert told not in await stage.text()
    assert await stage.card(NOW_CARD).locator(":focus").get_attribute("role") == "slider"
    await stage.show(NOW_CARD)
    assert told not in await stage.text()


async def test_a_plan_beside_a_car_is_for_this_car(stage: Stage) -> None:
    await stage.show(WHAT_IF, answers=house_what_if.answers())
    card = stage.card(WHAT_IF)
    for name in ("Battery", "Plan", "Car"):
        await stage.click(card.get_by_role("button", name=name, exact=True))
    text = await stage.text()
    assert "With a car of 8 kWh per night and a plan for it, a year would cost about 612 €" in text
    # The fields of the car are there once.
    for label in ("Energy per night", "Charging power", "Charges from", "Charged by"):
        assert await card.get_by_label(label).count() == 1
    assert await card.get_by_label("Plugged in at").count() == 0


async def test_a_failed_download_is_asked_for_again_in_the_next_quarter_hour(
    stage: Stage,
) -> None:
    failing = house_what_if.answers()
    for each in failing["smarty_p1/what_if"]:
        if any(change.get("download") for change in each["takes"]["changes"]):
            each["answer"] = house_what_if.refused("download_failed")
    await stage.show(WHAT_IF, answers=failing)
    card = stage.card(WHAT_IF)
    for name in ("Battery", "Contract"):
        await stage.click(card.get_by_role("button", name=name))
    await card.get_by_label("Kind of price").select_option("market_price")
    margin = card.get_by_label("Margin on the market price")
    await margin.fill("0,02")
    await stage.press("Tab", at=margin)
    await card.locator("select").nth(1).select_option("DE-LU")
    await stage.settle()
    await stage.click(card.get_by_role("button", name="Download the prices of the last year"))
    await stage.sees("The download of the prices failed. Try again later.")

    async def downloads() -> int:
        asked = [one["changes"] for one in await stage.asked("what_if")]
        return sum(change.get("download", False) for changes in asked for change in changes)

    await stage.passes(60)
    before = await downloads()
    await stage.passes(60)
    assert await downloads() == before <= 2
    await stage.passes(900)
    assert await downloads() == before + 1
