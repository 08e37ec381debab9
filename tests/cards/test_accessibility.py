"""Each card for readers with low or without vision: judged by axe-core, heard and by keyboard."""

import csv
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smartyp1.json_types import JsonDict
from tests.axe import complaints

from . import house, house_all, house_bill, house_now, house_today, house_year
from .house_all import Placed
from .spoken import CONTROLS, SCRIPT, Node, tree
from .stage import Stage

HOUSE = house_all.views()
VIEWS = HOUSE | {
    "yesterday": [Placed("now", house_now.without_cable())],
    "contract missing": [
        Placed(card, house_now.without_reference()) for card in ("now", "so-far", "bill", "months")
    ],
}
NOTHING = "nothing chosen"
# The name of a radio button is that of its choice, in a group with a name.
LISTED = (CONTROLS | {"radiogroup", "group"}) - {"radio", "gridcell"}
# An age that is counted goes on while the page is read.
SECONDS = re.compile(r"\b\d+ s\b")
CARDS = house_all.cards()


# Both themes show the same parts when something is opened: in a change, look at those of one theme.
@pytest.mark.parametrize("opened", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize("card", CARDS)
async def test_no_reader_is_shut_out(stage: Stage, card: str, opened: str) -> None:
    placed = CARDS[card]
    for theme in ("light", "dark"):
        dark = theme == "dark"
        await stage.show(placed.type, answers=placed.answers, config=placed.config, dark=dark)
        for _ in range(100):
            if "One moment" not in await stage.text():
                break
            await stage.settle()
        # Axe waits by the clock.
        await stage.page.clock.resume()
        assert not await complaints(stage.page)
        if theme != opened:
            continue
        # Behind the first buttons are others. The table of a card is also a link that only screen
        # readers have.
        buttons = stage.card(placed.type).locator("[aria-expanded]")
        index = 0
        while index < await buttons.count():
            await buttons.nth(index).evaluate("button => button.click()")
            assert not await complaints(stage.page)
            index += 1


async def show_view(stage: Stage, view: str, language: str) -> None:
    """Show all cards of a view below one another, each in the window."""
    cards = VIEWS[view]
    answers: JsonDict = {}
    for card in cards:
        for key, answer in card.answers.items():
            # An answer of another card to any request follows the answers to certain requests.
            rest = [{"takes": {}, "answer": answers[key]}] if key in answers else []
            answers[key] = [*answer, *rest] if isinstance(answer, list) else answer
    await stage.show(answers=answers, language=language)
    await stage.page.set_viewport_size({"width": 390, "height": 3000})
    for card in cards:
        given = [card.type, card.config]
        await stage.page.evaluate(
            "([type, config]) => stage.place(type, config).then(() => 0)", given
        )
    for _ in range(10):
        await stage.settle()
    await stage.page.evaluate(SCRIPT)


def texts_of(root: Node) -> list[str]:
    """Return all texts that a screen reader speaks for a node and for the nodes below it."""
    return [text for node in root.walk() for text in {node.name, node.value}]


@pytest.mark.parametrize("language", ["en", pytest.param("de", marks=pytest.mark.slow)])
@pytest.mark.parametrize("view", VIEWS)
async def test_the_heard_texts_of_a_view_are_the_seen_ones(
    stage: Stage, view: str, language: str
) -> None:
    await show_view(stage, view, language)
    nodes = list((await tree(stage.page)).walk())
    names = [node.name for node in nodes if node.role == "article"]
    assert len({*names, ""}) == len(VIEWS[view]) + 1
    for node in nodes:
        is_unit = node.name in {"€", "kWh"}
        assert node.role not in CONTROLS or is_unit or re.search(r"[^\W\d_]{3}", node.name), node
    # A list of controls, as screen readers have it, has no two of the same name.
    listed = Counter((node.role, node.name) for node in nodes if node.role in LISTED)
    assert [control for control, count in listed.items() if count > 1] == []
    # Each sentence of a card is heard once, and not again as a part of another text.
    for article in (node for node in nodes if node.role == "article"):
        heard = texts_of(article)
        for text in {text for text in heard if len(text.split()) > 5}:
            assert sum(text in other for other in heard) == 1, text
    # Each text is heard, except for the labels of drawings. A control's spoken text has all its
    # visible words.
    seen: list[dict[str, str]] = await stage.page.evaluate("spoken.seen()")
    said = SECONDS.sub("", " ".join(texts_of(nodes[0])))
    for each in seen:
        text, control = SECONDS.sub("", each["text"]), each["control"]
        words = [word for word in text.split() if word != "›"] if control else [text]
        assert [word for word in words if word not in (control or said)] == [], each
    assert len(seen) > 5


@pytest.mark.parametrize("view", VIEWS)
async def test_a_view_is_walked_by_keyboard(stage: Stage, view: str) -> None:
    await show_view(stage, view, "en")
    stops: list[JsonDict] = []
    while (stop := await press(stage, "Tab")) and stop not in stops:
        assert stop["ring"] == "solid 2px", stop
        assert stop["isInRange"], stop
        assert not stops or stop["bottom"] > stops[-1]["top"], stop
        stops.append(stop)
        if stop["reading"] == NOTHING:
            # A bar is chosen, read as the value of its chart, and left again.
            await press(stage, "End")
            chosen = await press(stage, "ArrowLeft")
            assert re.search(r"\d", chosen["reading"])
            # The button that opens the reading has more text than the bar.
            nodes = (node for node in (await tree(stage.page)).walk() if node.role != "button")
            heard = "".join(f"{node.name}{node.value}" for node in nodes)
            assert without_spaces(heard).count(without_spaces(chosen["reading"])) == 1
            assert await press(stage, "Escape") == stop
    # Each control was reached, the controls of a group by the chosen one.
    assert [stop["at"] for stop in stops] == list(
        range(await stage.page.evaluate("spoken.usable()"))
    )


def without_spaces(text: str) -> str:
    """Return a text without spaces, because a tree has bold words apart."""
    return "".join(text.split())


async def press(stage: Stage, key: str) -> Any:  # noqa: ANN401 - as the page gives it
    """Press a key, and return the element with the focus then; None outside the cards."""
    await stage.press(key)
    return await stage.page.evaluate("spoken.focused()")


async def test_only_a_choice_is_spoken_at_once(stage: Stage) -> None:
    answers = house_now.three_meters() | house_now.sums()
    await stage.show("smarty-p1-now", answers=answers)
    said = await listen(stage)
    await stage.click(stage.page.get_by_role("radio", name="Heat pump"))
    assert await said() == [
        "From the grid 2.1 kW. You can switch on up to 4.5 kW more and stay within 7 kW.",
    ]
    # Later, the spoken text would repeat the text of the card.
    await stage.passes(6)
    live = stage.card("smarty-p1-now").locator("[aria-live]")
    assert await live.text_content() == ""
    # Telegrams change the advice: the advice after a minute is spoken.
    for seconds, power in ((20, 3.1), (50, 3.6)):
        await stage.passes(seconds)
        time = f"2026-11-21T17:39:{seconds}+00:00"
        values = house.values(power_net=power)
        await stage.send(house.live(received_at=time, values=values), "b")
    assert (await said())[1:] == ["You can switch on up to 3.5 kW more and stay within 7 kW."]

    await stage.show("smarty-p1-today", answers=house_today.answers())
    said = await listen(stage)
    await stage.click(stage.page.get_by_role("radio", name="Friday 20 November"))
    told = (
        "40.7 kWh from the grid, 0.9 kWh to the grid. 12 quarter-hours above 7 kW: 10.2 kWh, 0.84 €"
    )
    assert await said() == [f"Friday 20 November. {told}"]

    await stage.show("smarty-p1-bill", answers=house_bill.bills())
    said = await listen(stage)
    await stage.click(stage.page.get_by_role("button", name="Previous month"))
    assert await said() == ["October 2026: 144.16 €"]

    await stage.show("smarty-p1-year", answers=house_year.answers())
    said = await listen(stage)
    await stage.click(stage.page.get_by_role("radio", name="12 kW"))
    (text,) = await said()
    assert text.startswith(
        "With 12 kW, you would have paid 43 € more in 12 months than with your 7 kW. "
    )
    assert "above 12 kW" in text


async def at(stage: Stage) -> str:
    """Return the name of the control that has the focus."""
    script = """() => {
        let node = document.activeElement;
        while (node.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
        return node.getAttribute("aria-label") ?? node.textContent.trim();
    }"""
    return str(await stage.page.evaluate(script))


async def test_the_menu_of_a_card_by_keyboard(stage: Stage) -> None:
    await stage.show("smarty-p1-today", answers=house_today.answers())
    button, items = "Quarter-hours: more", ["Show as table", "Save as picture", "Save rows as CSV"]
    menu = stage.page.locator("smarty-p1-menu")
    await menu.get_by_role("button").focus()
    for opening, first in (("Enter", 0), (" ", 0), ("ArrowDown", 0), ("ArrowUp", 2)):
        await stage.press(opening)
        assert await at(stage) == items[first]
        await stage.press("Escape")
        assert (await at(stage), await menu.get_by_role("menu").count()) == (button, 0)
    await stage.press("Enter")
    moves = {"ArrowDown": 1, "End": 2, "ArrowRight": 2, "Home": 0, "ArrowUp": 2, "PageUp": 2}
    for key, item in (*moves.items(), ("ArrowDown", 0)):
        await stage.press(key)
        assert await at(stage) == items[item]
    # The table is seen, and the focus is back.
    await stage.press("Enter")
    assert await at(stage) == button
    assert await stage.page.locator("table.behind").count() == 1
    await stage.press("Enter")
    assert await at(stage) == "Hide the table"
    # The menu closes when the focus leaves it, and at a press outside.
    await stage.press("Tab")
    assert await menu.get_by_role("menu").count() == 0
    await stage.click(menu.get_by_role("button"))
    await stage.page.mouse.click(2, 2)
    await stage.settle()
    assert await menu.get_by_role("menu").count() == 0
    # A list of buttons, as screen readers have it, has the table under its name.
    table = [node for node in (await tree(stage.page)).walk() if node.name.startswith("Table")]
    assert [node.name for node in table] == ["Table: Quarter-hours"]


@pytest.mark.parametrize("card", ["today", "year"])
async def test_a_card_is_saved_as_picture_and_rows(stage: Stage, card: str, tmp_path: Path) -> None:
    type_, answers = f"smarty-p1-{card}", {"today": house_today, "year": house_year}[card].answers()
    await stage.show(type_, answers=answers, dark=True)
    menu = stage.card(type_).locator("smarty-p1-menu")
    saved = []
    for item in ("Save as picture", "Save rows as CSV"):
        await stage.click(menu.get_by_role("button"))
        async with stage.page.expect_download() as download:
            await menu.get_by_role("menuitem", name=item).click()
        path = tmp_path / (await download.value).suggested_filename
        await (await download.value).save_as(path)
        saved.append(path)
    assert [path.suffix for path in saved] == [".png", ".csv"]
    await stage.page.locator("#smarty-statement").evaluate("frame => frame.remove()")
    picture = Image.open(saved[0]).convert("RGB")
    box = await stage.card(type_).bounding_box()
    assert box
    # The picture is as wide as the content of the card, in its colours.
    assert abs(picture.width / 2 - 64 - (box["width"] - 32)) < 2
    assert picture.getpixel((5, 5)) == (0x1C, 0x1C, 0x1C)
    assert len(picture.getcolors(1 << 24) or []) > 50
    rows = [*csv.reader(saved[1].read_text("utf-8-sig").splitlines())]
    assert len(rows) > 10
    assert len({len(row) for row in rows}) == 1


async def test_a_saved_picture_has_the_chart_as_high_as_the_card(
    stage: Stage, tmp_path: Path
) -> None:
    await house_bill.show(stage, "smarty-p1-months", answers=house_bill.bills())
    card = stage.card("smarty-p1-months")
    await card.evaluate("card => { card.style.height = '1000px'; }")
    await stage.settle()
    await stage.click(card.locator("smarty-p1-menu").get_by_role("button"))
    async with stage.page.expect_download() as download:
        await card.get_by_role("menuitem", name="Save as picture").click()
    await (await download.value).save_as(tmp_path / "months.png")
    await stage.page.locator("#smarty-statement").evaluate("frame => frame.remove()")
    # Two pixels a px, and a margin.
    assert abs(Image.open(tmp_path / "months.png").height / 2 - 64 - 1000) < 100


async def listen(stage: Stage) -> Callable[[], Awaitable[list[str]]]:
    """Note the texts of a card's live region; return a function that returns them."""
    await stage.page.evaluate(SCRIPT)
    await stage.page.evaluate("spoken.listen()")

    async def said() -> list[str]:
        texts: list[str] = await stage.page.evaluate("spoken.said")
        return texts

    return said
