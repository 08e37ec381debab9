"""Whoever uses a keyboard or a screen reader goes on where he was when a card is drawn anew."""

import pytest

from . import house, house_all, house_now
from .house_all import Placed
from .stage import Stage

CARDS = house_all.cards()
# Cards with each kind of control: buttons of radio groups, sliders, links, fields, menus.
SOON = ("now", "months", "what-if", "three meters")

# Controls of a card, as the Tab key and screen readers find them, also those in its menus.
SCRIPT = """(() => {
  const within = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
    ...(element.matches("a, button:enabled, input, select, [role=slider]") ? [element] : []),
    ...(element.shadowRoot ? within(element.shadowRoot) : []),
  ]);
  const deepest = ({ activeElement: found }) =>
    found?.shadowRoot ? deepest(found.shadowRoot) : found;
  window.controls = {
    all: () => within(document.querySelector("main")),
    focused: () => controls.all().indexOf(deepest(document)),
    focus: (index) => (controls.all()[index].focus(), controls.focused()),
    // Where the focus is if it is in no control.
    outside: () => deepest(document).className || deepest(document).localName,
    leaveTo: (place) => {
      const field = Object.assign(document.createElement("input"), { className: "field" });
      document.querySelector("main").append(field);
      if (place === "field") field.focus();
      else deepest(document).blur();
    },
    // As Home Assistant does after a lost connection.
    makeAnew: () => document.querySelector("main > *").dispatchEvent(new Event("ll-rebuild")),
  };
})()"""


async def show(stage: Stage, card: Placed) -> list[int]:
    """Show a card, and return the numbers of its controls that can have the focus."""
    await stage.show(card.type, answers=card.answers, config=card.config)
    await stage.page.evaluate(SCRIPT)
    controls: list[int] = await stage.page.evaluate(
        "controls.all().flatMap((_, index) => (controls.focus(index) === index ? [index] : []))"
    )
    return controls


async def has_focus(stage: Stage, index: int) -> None:
    await stage.waits_for(f"controls.focused() === {index}")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in SOON else pytest.mark.slow) for name in CARDS]
)
async def test_every_control_of_a_card_that_is_made_anew_keeps_the_focus(
    stage: Stage, name: str
) -> None:
    for index in await show(stage, CARDS[name]):
        await stage.page.evaluate("index => controls.focus(index)", index)
        await stage.page.evaluate("controls.makeAnew()")
        await has_focus(stage, index)


async def test_the_focus_waits_in_a_card_until_its_control_is_there_again(stage: Stage) -> None:
    controls = await show(stage, CARDS["today"])

    async def withdraw_and_give_back() -> None:
        await stage.send(house.gone("unauthorized"))
        await stage.sees("You are not allowed")
        assert await stage.page.evaluate("controls.outside()") == "body"
        await stage.passes(2)

    for index in controls:
        await stage.page.evaluate("index => controls.focus(index)", index)
        await withdraw_and_give_back()
        await has_focus(stage, index)
    await stage.click(stage.card("smarty-p1-today").locator(".pick"))
    day = await stage.page.evaluate("controls.focused()")
    await withdraw_and_give_back()
    await has_focus(stage, day)


@pytest.mark.parametrize("is_drawn", [True, False])
@pytest.mark.parametrize("place", ["field", "body"])
async def test_the_focus_stays_outside_of_a_card_that_the_user_has_left(
    stage: Stage, place: str, *, is_drawn: bool
) -> None:
    first, *_ = await show(stage, CARDS["today"])
    await stage.page.evaluate("first => controls.focus(first)", first)
    if not is_drawn:
        await stage.send(house.gone("unauthorized"))
    # The user chooses another field, or presses the page beside the card.
    await stage.page.evaluate("controls.leaveTo", place)
    await stage.settle()
    await stage.page.evaluate("controls.makeAnew()")
    await stage.passes(2)
    await stage.waits_for("controls.all().length")
    assert await stage.page.evaluate("controls.outside()") == place


async def test_a_field_keeps_its_caret_and_a_menu_its_place(stage: Stage) -> None:
    await show(stage, Placed("now", house_now.without_reference()))
    card = stage.card("smarty-p1-now")
    await stage.click(card.locator("smarty-p1-settings .link"))
    field = card.locator("form input").first
    await field.fill("0.1463")
    await field.evaluate("input => input.setSelectionRange(2, 4)")
    await stage.page.evaluate("controls.makeAnew()")
    await stage.waits_for("controls.outside() === 'input'")
    await stage.page.keyboard.insert_text("2")
    assert await field.input_value() == "0.263"
    # A menu is closed in a new card. Its button has the focus.
    await show(stage, CARDS["now"])
    await stage.click(card.locator("smarty-p1-menu").get_by_role("button"))
    assert await stage.page.evaluate("controls.outside()") == "button"
    await stage.page.evaluate("controls.makeAnew()")
    await stage.waits_for("controls.outside() === 'button'")
    await stage.press("Enter")
    assert await card.get_by_role("menuitem").count()


# Opens parts of a card, types into its fields, moves its sliders, and returns their states.
CHOICES = """({ type, isMoved }) => {
  const { shadowRoot } = document.querySelector(type);
  const found = (selector) => [...shadowRoot.querySelectorAll(selector)];
  const enter = (input, value) => {
    input.value = value;
    for (const event of ["input", "change"]) input.dispatchEvent(new Event(event));
  };
  if (isMoved) {
    for (const field of found('input[type="text"]')) enter(field, "12");
    for (const slider of found('input[type="range"]')) enter(slider, slider.max);
    for (const field of found("select")) enter(field, [...field.options].pop().value);
    for (const box of found('input[type="radio"]:not(:checked)')) box.click();
    for (const part of found('.plain[aria-pressed="true"]')) part.click();
    for (const button of found('button[aria-expanded="false"]')) button.click();
    for (const month of found(".calendar .turn button")) month.click();
  }
  const states = ({ value, checked, ariaExpanded, ariaPressed, textContent }) =>
    [value, checked, ariaExpanded, ariaPressed, textContent.trim()];
  const all = found("input, select, [aria-expanded], [aria-pressed], .calendar h2");
  return JSON.stringify(all.map(states));
}"""


@pytest.mark.parametrize("name", ["now", "today", "where", "plan", "months", "year", "what-if"])
async def test_a_new_card_keeps_its_open_parts_choices_and_typed_texts(
    stage: Stage, name: str
) -> None:
    card = CARDS[name]
    await show(stage, card)

    async def choices(*, moves: bool = False) -> str:
        found: str = await stage.page.evaluate(CHOICES, {"type": card.type, "isMoved": moves})
        return found

    first = await choices()
    # What is opened has further fields. After two rounds, a switch would be where it was.
    for _ in range(3):
        await choices(moves=True)
        await stage.settle()
    chosen = await choices()
    assert chosen != first
    await stage.page.evaluate("controls.makeAnew()")
    await stage.waits_for("controls.all().length")
    await stage.settle()
    assert await choices() == chosen
