"""The first day of a meter: the dashboard is added by clicks, filled, and painted in time."""

import asyncio
import re
import statistics
import time
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from dev.simulator import Server
from dev.testing.random_examples import each
from dev.testing.real_programs import IN_ONE_LOOP, module_fixture
from tests.axe import complaints
from tests.system.home import Home

from .conftest import KEY, OTHER_KEY, OpenableMeter
from .dashboard import CARDS, shows_cards
from .household import DESKTOP, PHONE, Household, household
from .steps import add_dashboard, choose_meter, enter_port, search_integration, try_key

pytestmark = IN_ONE_LOOP

WRONG_KEY = bytes(16)
# Texts of each card of a view when the meter has been read for a minute.
FIRST_DAY = {
    "now": (
        # By day, the house may have more sun than it needs.
        (
            "now",
            r"^(?:From|To|Nothing from) the grid .* \d\.\d kW .*First whole quarter-hour",
        ),
        (
            "so-far",
            r"^So far .* \d\.\d\d € .*today so far.* Counted since",
        ),
        ("today", r"No whole quarter-hour yet: the first one ends at "),
        ("where", r"^Where it went .* The first one ends at midnight\."),
        ("plan", r"No load yet .* The first plan comes on \d+ \w+"),
    ),
    "bill": (
        (
            "bill",
            (
                r"Energy 0\.\d\d kWh . 0\.1463 € .*Grid charges, 7 kW .* of \d\d days "
                r".* Total so far .* €"
            ),
        ),
        ("months", r"The first whole month ends on .* Total so far"),
    ),
    "year": (("year", r"the first one ends at \d|It appears here with the first whole"),),
    "others": (
        # After a meter's second capture, its card has the amount of the day.
        ("gas-water-heat", r"^Gas .* (m³ today|Meter reading [\d,.]+ m³)"),
        ("gas-water-heat", r"^Water .* ([\d,.]+ \S+ today|Meter reading [\d,.]+ m³)"),
        ("gas-water-heat", r"^Heat .* (kWh today|Meter reading [\d,.]+ GJ)"),
    ),
    "quality": (
        ("quality", r"^Voltage .* All three phases within 207.253 V since .* L3 2\d\d V"),
        ("quality", r"^Breaker and readings The breaker is on; last reading \d+ s ago\."),
        ("quality", r"^Interruptions No interruption since .*, when Home Assistant began to read"),
    ),
}
# Choices in the menus of the dialog, and a text of the form behind them.
BOARDS = {
    ("user.menu_options.pulse", "pulse.menu_options.pulse_port"): "pulse_port.title",
    ("user.menu_options.tank",): "tank.data.distance_empty",
}


def address_of(line: Server, number: int) -> str:
    return f"socket://127.0.0.1:{line.ports[number - 1]}"


@module_fixture
async def home(home: Home, line: Server) -> Home:
    """Return the home with the first meter and two numbers of its bill."""
    entry = await home.add_meter(address_of(line, 1), KEY)
    await home.client.set_options(entry["entry_id"], reference_power="7", energy_price=0.1463)
    return home


async def find_meter(who: Household, address: str, key: bytes) -> None:
    """Go through the dialog until the meter is found, with a key that is wrong at first."""
    own = who.texts.own
    await search_integration(who)
    await choose_meter(who)
    await enter_port(who, address)
    await try_key(who, WRONG_KEY)
    await who.sees(own("config.error.wrong_key"))
    await try_key(who, key)
    await who.sees(own("config.step.contract.title"), "SAG10307")


async def show_all(who: Household, patterns: tuple[tuple[str, str], ...]) -> None:
    """Wait until each card of a view matches its pattern, and has also got its bill."""
    deadline = time.monotonic() + 30
    while True:
        cards = await shows_cards(who, *(name for name, _ in patterns))
        pairs = zip(cards, patterns, strict=True)
        wrong = [card for card, (_, pattern) in pairs if not re.search(pattern, card.text)]
        if not wrong:
            return
        assert time.monotonic() < deadline, wrong
        await asyncio.sleep(0.2)


async def test_the_dashboard_is_added_and_filled(
    home: Home, browser: Browser, pictures: Path | None
) -> None:
    async with household(home.client.url, browser, pictures=pictures) as who:
        await add_dashboard(who)
        await who.opens("/dashboard-smarty")
        for number, (view, patterns) in enumerate(FIRST_DAY.items()):
            await who.opens_tab(number)
            await show_all(who, patterns)
            shown = await who.text()
            for wrong in ("Configuration error", "Custom element doesn't exist", "Unavailable"):
                assert wrong not in shown
            assert not await complaints(who.page)
            await who.takes_picture(f"first-day-{view}")
        assert not who.errors
        assert not who.foreign_requests


# Note all texts of the cards, in each frame.
NOTE = f"""{{
    const cards = {CARDS};
    const said = (window.said = new Set());
    const look = () => {{
        for (const [name, , text] of cards()) said.add(`${{name}} ${{text}}`);
        requestAnimationFrame(look);
    }};
    requestAnimationFrame(look);
}}"""
# Texts of a card about readings of an hour ago, and of another year.
OLD = re.compile(
    r"Last value|last value received|last \d\d?:|No reading|not measured|19[67]\d|202[0-5]"
)


@pytest.mark.parametrize(
    "ahead",
    each(2, [timedelta(days=-6 * 365), timedelta(days=3)]),
    ids=str,
)
async def test_a_browser_with_a_wrong_clock_sees_the_present_at_once(
    home: Home, browser: Browser, ahead: timedelta
) -> None:
    await home.until_settled()
    async with household(home.client.url, browser, ahead=ahead) as who:
        await who.page.add_init_script(NOTE)
        await who.opens("/dashboard-smarty")
        for number, patterns in enumerate(FIRST_DAY.values()):
            await who.opens_tab(number)
            await shows_cards(who, *(name for name, _ in patterns))
        said: list[str] = await who.page.evaluate("[...said]")
        assert {text.partition(" ")[0] for text in said} == {
            f"smarty-p1-{name}" for patterns in FIRST_DAY.values() for name, _ in patterns
        }
        assert not [text for text in said if OLD.search(text)]


async def test_a_module_that_comes_late_replaces_the_error(home: Home, browser: Browser) -> None:
    is_late = asyncio.Event()

    async def late(route: Route) -> None:
        await is_late.wait()
        await route.continue_()

    async with household(home.client.url, browser) as who:
        await who.page.route("**/smarty-p1.js*", late)
        await who.opens("/dashboard-smarty/now")
        # The frontend has given up.
        await who.sees("Timeout waiting for strategy element")
        is_late.set()
        await who.sees("So far", "kWh")


@pytest.mark.slow
@pytest.mark.parametrize(("language", "size"), [("de", DESKTOP), ("fr", PHONE)])
async def test_the_dialogs_speak_other_languages(
    home: Home, line: Server, browser: Browser, language: str, size: tuple[int, int]
) -> None:
    async with household(home.client.url, browser, language=language, size=size) as who:
        await find_meter(who, address_of(line, 2), OTHER_KEY)
        assert not await who.is_cut_off()
        # The ways to the boards end at their forms.
        own = who.texts.own
        for choices, title in BOARDS.items():
            await search_integration(who)
            for choice in choices:
                await who.chooses(own(f"config.step.{choice}"))
            await who.sees(own(f"config.step.{title}"))
            assert not await who.is_cut_off()


@pytest.mark.slow
async def test_a_repair_leads_to_its_remedy(
    home: Home, browser: Browser, meter: OpenableMeter
) -> None:
    async with household(home.client.url, browser) as who:
        own = who.texts.own
        title = own("issues.security_off.title").replace("{name}", "Smarty")
        meter.is_open = True
        await who.opens("/config/repairs")
        await who.sees(title)
        await who.chooses(title)
        await who.presses(who.texts.of_frontend("panel.config.integrations.config_flow.submit"))
        await who.sees("Port and keys of Smarty")
        meter.is_open = False


TILES = 28
ROUNDS = 3
LATE_S = 3
DASHBOARD = "paint-order"
# In each frame, look which of them show a value. A value is painted with the frame after it.
WATCH = """{
    const all = (root, name, found = []) => {
        for (const node of root.querySelectorAll("*")) {
            if (node.localName === name) found.push(node);
            else if (node.shadowRoot) all(node.shadowRoot, name, found);
        }
        return found;
    };
    const inside = (root) => [...(root?.querySelectorAll("*:not(style)") ?? [])];
    const textOf = (node) => [...inside(node.shadowRoot), ...inside(node)]
        .map((part) => (part.shadowRoot ? textOf(part) : "") + part.textContent)
        .join(" ");
    const numberOf = (card) => card.shadowRoot.querySelector(".big")?.textContent ?? "";
    const shows = (node) => node.getBoundingClientRect().height > 0 && /\\d/.test(textOf(node));
    const painted = (window.painted = {});
    const note = (key) => requestAnimationFrame((frame) => (painted[key] ??= frame));
    const look = () => {
        const cards = painted.now ? [] : all(document, "smarty-p1-now");
        if (cards.some((card) => /\\d/.test(numberOf(card)))) note("now");
        const tiles = painted.tiles ? [] : all(document, "hui-tile-card").filter(shows);
        if (tiles.length === TILES) note("tiles");
        if (!painted.now || !painted.tiles) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}""".replace("TILES", str(TILES))


async def painted(page: Page, url: str) -> float:
    """Return by how many ms the card is painted before the last tile, 0 in the same frame."""
    await page.goto(url, wait_until="domcontentloaded")
    await page.wait_for_function("painted.now && painted.tiles")
    times = await page.evaluate("painted")
    return float(times["tiles"] - times["now"])


# A busy machine may paint the tiles first.
@pytest.mark.slow
async def test_the_present_power_is_painted_no_later_than_the_tiles_of_its_meter(
    home: Home, browser: Browser
) -> None:
    await home.until_settled()
    states = await home.states()
    numbers = {
        name
        for key, name in (await home.entities()).items()
        if name.startswith("sensor.") and states[key].replace(".", "").isdigit()
    }
    chosen = [*sorted(numbers)] * TILES
    tiles = [{"type": "tile", "entity": name} for name in chosen[:TILES]]
    sections = [
        {"type": "grid", "cards": [{"type": "custom:smarty-p1-now"}]},
        {"type": "grid", "cards": tiles},
    ]
    view = {"type": "sections", "path": "all", "sections": sections}
    create = "lovelace/dashboards/create"
    await home.client.command(create, url_path=DASHBOARD, title="Order", mode="storage")
    config = {"views": [view]}
    await home.client.command("lovelace/config/save", url_path=DASHBOARD, config=config)

    url = f"{home.client.url}/{DASHBOARD}/all"
    async with household(home.client.url, browser, size=(1280, 2400)) as who:
        await who.page.add_init_script(WATCH)
        # From the second time on, the browser knows that the dashboard has the card.
        await painted(who.page, url)
        leads = [await painted(who.page, url) for _ in range(ROUNDS)]
        assert statistics.median(leads) >= 0, leads

        # The measurement notices a card that is late.
        async def delay(route: Route) -> None:
            await asyncio.sleep(LATE_S)
            await route.continue_()

        await who.page.route("**/cards/**", delay)
        await who.page.route("**/smarty-p1*.js*", delay)
        assert await painted(who.page, url) < 0
        assert not who.errors
