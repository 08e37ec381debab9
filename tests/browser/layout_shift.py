"""Movement of what a page has drawn, as browsers measure it, beside that of plain cards."""

from playwright.async_api import Browser

from tests.system.home import Home

from .household import DESKTOP, PHONE, Household, household

# For each width, what our cards may add to the movement of Home Assistant's own.
LIMITS = {DESKTOP: 0.05, PHONE: 0.1}
_PLAIN = "plain-cards"
# Add up the shifts from the frame in which Home Assistant sets its columns: that of the first card,
# or a later one, which moves most of the page to the side.
_WATCH = """{
    const names = /^smarty-p1-|^hui-(tile|entities|.*graph)-card$/;
    const isCard = ({ localName }) => names.test(localName);
    const cards = (root, found = []) => {
        for (const node of root.querySelectorAll("*")) {
            if (isCard(node) && node.shadowRoot?.querySelector("ha-card")) found.push(node);
            else if (node.shadowRoot) cards(node.shadowRoot, found);
        }
        return found;
    };
    let first = Infinity;
    const shifts = [];
    const setsColumns = ({ sources }) => sources.some(({ previousRect, currentRect }) =>
        previousRect.x !== currentRect.x && currentRect.width > innerWidth / 2);
    window.shifted = () => {
        const begin = Math.max(first, shifts.findLast(setsColumns)?.startTime ?? 0);
        return shifts.reduce((sum, { startTime, value }) =>
            sum + (startTime > begin ? value : 0), 0);
    };
    // Cards without height are held until those above them are drawn.
    window.isDrawn = (count) => {
        const found = cards(document);
        const waits = ({ offsetHeight, shadowRoot }) =>
            !offsetHeight || shadowRoot.querySelector(".on-screen");
        return found.length >= count && !found.some(waits);
    };
    new PerformanceObserver((list) => shifts.push(...list.getEntries()))
        .observe({ type: "layout-shift", buffered: true });
    const look = () => {
        if (cards(document).length) requestAnimationFrame((frame) => (first = frame));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


async def _shift(who: Household, path: str, count: int) -> float:
    """Return by how much a page moved after its first card was drawn."""
    await who.opens(path)
    await who.page.wait_for_function("count => isDrawn(count)", arg=count)
    await who.page.wait_for_load_state("networkidle")
    return float(await who.page.evaluate("shifted()"))


async def _add_plain_dashboard(home: Home) -> str:
    """Add a dashboard of four cards of Home Assistant, in a section as wide as ours."""
    entity, *_ = sorted(
        name for name in (await home.entities()).values() if name.endswith("energy_imported")
    )
    cards = [
        {"type": "tile", "entity": entity},
        {"type": "entities", "entities": [entity]},
        {"type": "history-graph", "entities": [entity]},
        {"type": "statistics-graph", "entities": [entity]},
    ]
    section = {"type": "grid", "column_span": 2, "cards": cards}
    view = {"type": "sections", "path": "all", "max_columns": 2, "sections": [section]}
    create = "lovelace/dashboards/create"
    await home.client.command(create, url_path=_PLAIN, title="Plain", mode="storage")
    config = {"views": [view]}
    await home.client.command("lovelace/config/save", url_path=_PLAIN, config=config)
    return f"/{_PLAIN}/all"


async def added_shifts(home: Home, browser: Browser, views: dict[str, int]) -> dict[str, float]:
    """Return the shifts of each view, with its number of cards, above the limit beside others.

    A view is opened twice at each width: the second time, the browser has its files.
    """
    plain = await _add_plain_dashboard(home)
    found = {}
    for size, limit in LIMITS.items():
        pages = {plain: 4} | {f"/dashboard-smarty/{view}": n for view, n in views.items()}
        shifts = {}
        for path, count in pages.items():
            async with household(home.client.url, browser, size=size) as who:
                await who.page.add_init_script(_WATCH)
                for time in ("first", "second"):
                    shifts[path, time] = await _shift(who, path, count)
        for (path, time), shift in shifts.items():
            if shift - shifts[plain, time] > limit:
                found[f"{path}, {size[0]} px, {time} time"] = shift
    return found
