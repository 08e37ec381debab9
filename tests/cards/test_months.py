"""The card with the months side by side, one of which turns the bill to it."""

from .house_bill import bill, bills, earlier, line, running, show
from .stage import Stage

CARD = "smarty-p1-months"
BILL = "smarty-p1-bill"


async def clean(stage: Stage, picture: str) -> str:
    """Return what the card says, after a look at what must be right in all of its states."""
    await stage.picture(picture)
    assert not stage.errors
    assert not await stage.overflow()
    return (await stage.text()).strip()


async def values(stage: Stage) -> list[str]:
    """Return what stands at the ticks, from the first month to the last."""
    found = await stage.page.locator("svg text.value").evaluate_all(
        "texts => texts.map(each => [each.getBoundingClientRect().x, each.textContent]).sort((a, b) => a[0] - b[0]).map(each => each[1])"  # noqa: E501
    )
    return [each.replace("\u00a0", " ") for each in found]


async def tap(stage: Stage, column: int) -> None:
    """Tap on a month, counted from 0."""
    box = await stage.page.get_by_role("slider").bounding_box()
    assert box
    # As wide as the months are, left of which is the scale.
    letter = await stage.page.locator("svg > text[y='230']").nth(column).bounding_box()
    assert letter
    await stage.page.mouse.click(letter["x"] + letter["width"] / 2, box["y"] + 60)
    await stage.settle()


async def test_twelve_whole_months_and_the_running_one(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(), width=500)
    text = await clean(stage, "months-light-500-en")
    assert text.startswith(
        "Twelve months and this one € kWh 97 € a month on average The cheapest month was "
        "June, the most expensive December"
    )
    assert (
        "with VAT November so far 12 months Energy 59 € 855 € Grid, meter, levies 37 € 568 € "
        "Surcharge above 7 kW 5 € 58 € To the grid −4 € −316 € "
        "To pay after deducting feed-in 97 € 1,165 € "
        "November 2025 \N{EN DASH} October 2026: 12 months, each at its own prices, with VAT."
    ) in text
    shown = ["138", "167", "159", "140", "126", "91", "48", "−2", "29", "16", "108", "144", "≈ 145"]
    assert await values(stage) == shown
    await stage.page.get_by_role("button", name="Show as table").click()
    await stage.settle()
    text = await clean(stage, "months-table")
    assert "Month Energy Grid, meter, levies Surcharge above 7 kW To the grid To pay" in text
    rows = await stage.page.locator(".behind tbody tr").all_inner_texts()
    assert len(rows) == 13
    for row in rows:
        *parts, total = [int(each.replace("−", "-")) for each in row.split("\t")[1:]]
        assert sum(parts) == total


async def test_a_month_that_is_tapped_turns_the_bill(stage: Stage) -> None:
    unknown = dict.fromkeys(("net", "vat", "total"))
    known = earlier()
    known[4] |= {**unknown, "missing": ["surcharge"], "parts": {}}
    await show(stage, BILL, CARD, answers=bills(*known, running()), width=500)
    asked = await stage.page.evaluate("stage.asked.filter(({type}) => type === 'smarty_p1/bill')")
    assert asked == [{"type": "smarty_p1/bill", "months": 13, "entry_id": "house"}]
    await tap(stage, 7)
    text = await clean(stage, "months-june")
    assert "June 2026 2.10 € credit measured for 100% of the time" in text
    assert "with VAT June 11 months" in text
    # Turned by the other card, this one follows.
    await stage.page.get_by_role("button", name="Next month").click()
    await stage.settle()
    assert "with VAT July 11 months" in await stage.text()
    # A month without a total is a gap.
    assert len(await values(stage)) == 12
    await tap(stage, 4)
    assert "with VAT March 11 months Energy – " in await stage.text()


async def test_choosing_by_keys(stage: Stage) -> None:
    await show(stage, CARD, answers=bills(), width=500)
    chart = stage.page.get_by_role("slider")
    await chart.focus()
    heard = {}
    for key in ("ArrowRight", "ArrowLeft", "Home", "ArrowLeft", "ArrowUp", "Escape"):
        await stage.page.keyboard.press(key)
        await stage.settle()
        heard[key] = (await chart.get_attribute("aria-valuetext") or "").replace("\u00a0", " ")
    assert heard == {
        "ArrowRight": "November 2026: 97 € so far",
        "ArrowLeft": "November 2025: 138 €",
        "Home": "November 2025: 138 €",
        "ArrowUp": "December 2025: 167 €",
        "Escape": "November 2026: 97 € so far",
    }
    await stage.page.get_by_role("radio", name="€").focus()
    await stage.page.keyboard.press("ArrowRight")
    await stage.settle()
    text = await clean(stage, "months-kwh")
    sentence = "You took the least energy from the grid in June, the most in December"
    assert f"438 kWh a month on average {sentence}" in text
    assert "November so far 12 months From the grid 364 5,252 Part above 7 kW 58 635" in text
    assert (await values(stage))[:3] == ["520", "655", "612"]


async def test_a_busy_home_assistant_is_asked_again_until_the_card_is_removed(stage: Stage) -> None:
    answers = bills()
    await stage.show(CARD, answers=answers | {"smarty_p1/bill": {"error": "busy"}})
    for _ in range(10):
        assert "One moment…" in await stage.text()
        await stage.passes(5)
    # The first refusal after a minute is told; the pause before it is 8.8 s at most.
    for _ in range(4):
        await stage.passes(5)
    assert "Home Assistant does not answer." in await stage.text()
    odd = bill(
        "2026-10", [line("energy", "1e9", "0.145")], parts={"energy": -5e11, "network": None}
    )
    months = bills(odd, running(exported_kwh=None, parts={"energy": 97.09}))
    await stage.page.evaluate("answers => stage.answer(answers)", months)
    await stage.passes(9)
    await stage.settle()
    assert "97 €" in await clean(stage, "months-odd")
    assert not await stage.page.locator("path[d*=NaN], path[d*=Infinity]").count()

    await stage.show(CARD, answers={"smarty_p1/bill": {"error": "busy"}})
    await stage.page.evaluate("document.querySelector('main').replaceChildren()")
    asked = "stage.asked.filter(({type}) => type === 'smarty_p1/bill').length"
    before = await stage.page.evaluate(asked)
    assert before
    await stage.passes(30)
    assert await stage.page.evaluate(asked) == before
