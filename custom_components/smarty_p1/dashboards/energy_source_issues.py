"""Repair issues that offer to move Energy dashboard sources to the meter's hourly statistics.

The sources move only when the user asks for it, and an issue then offers to undo the move.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple, cast

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import RecordsConfigEntry, has_records
from ..coordinator.background_tasks import SupervisedTask
from ..coordinator.garbage_collection import without_collection
from ..coordinator.repair_issues import issue_id, raise_issue, withdraw_issues
from ..coordinator.statistics.statistic_ids import (
    StatisticKind,
    async_statistic_names,
    statistic_id,
    statistics_key,
)
from ..energy_dashboard.house_sources import (
    async_energy_manager,
    async_preferences,
    entity_name,
    stored_sources,
)
from ..entity import mbus_device
from ..lib.history.luxembourg_time import DAY
from ..lib.markdown_text import Verbatim, as_plain, read_plain
from ..lib.prices.contract import BEGINNING
from ..lib.problem import Problem
from .energy_sources import (
    RATE,
    SIDES,
    Move,
    Replacements,
    StoredSource,
    apply_moves,
    plan_moves,
    undo_moves,
)

if TYPE_CHECKING:
    from homeassistant.components.energy.data import EnergyPreferencesUpdate

MOVES = "moves"
"""Name of the data of the issue ENERGY_MOVED: the moves, as JSON."""
ENTITIES = "entities"
"""Name of its data with the registry's ids of entities, as JSON: a user may rename an entity."""
_IS_LISTENING: HassKey[bool] = HassKey(f"{DOMAIN}_energy_sources")
_MAX_LINES = 20
_SOURCES = "sources"
"""Name of the placeholder of the issues: a list of sources."""
_BULLET = "- "
_FLOW_RATE = "flow_rate"
_GAS = ("gas", "m³")
_ELECTRICITY: Mapping[str, StatisticKind] = {
    "energy_imported": StatisticKind.IMPORTED,
    "energy_exported": StatisticKind.EXPORTED,
}
# Only these: a statistic of money has no costs, and costs of gas count for its volume.
_COSTS: Mapping[StatisticKind, StatisticKind] = {
    StatisticKind.IMPORTED: StatisticKind.COST,
    StatisticKind.EXPORTED: StatisticKind.COMPENSATION,
    StatisticKind.GAS_VOLUME: StatisticKind.GAS_COST,
}
_PRICES = ("price_import", "price_export")


class Offer(NamedTuple):
    """Move of one source that the user can choose."""

    move: Move
    names: str
    """Names of the source's entities and of their replacements."""
    since: date | None
    """First day with data in the statistics. None if only a flow rate moves."""
    is_complete: bool
    """Whether the statistic begins no later than the source."""

    def text(self, format_day: Callable[[date], str] = date.isoformat) -> str:
        """Return the names, and the first day with data."""
        return f"{self.names} ({format_day(self.since)})" if self.since else self.names


@callback
def async_watch_sources(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Look at the sources once the statistics are written, and after each change by the user.

    Look at them also when a gas meter was exchanged: the new one then gets its entities.
    """

    async def look() -> None:
        if await entry.runtime_data.records.statistics.async_wait_until_written():
            await _async_listen(hass)
            await async_check_sources(hass, entry)

    @callback
    def note_entity(event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if event.data["action"] == "create":
            entity = er.async_get(hass).async_get(event.data["entity_id"])
            if entity and (entity.config_entry_id, entity.translation_key) == (
                entry.entry_id,
                _FLOW_RATE,
            ):
                task.start()

    task = SupervisedTask(hass, entry, look, "Energy dashboard repair", longest=3600.0)
    entry.async_on_unload(hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, note_entity))
    task.start()


async def _async_listen(hass: HomeAssistant) -> None:
    """Look at the sources of all meters after each change. Home Assistant keeps a listener."""
    manager = await async_energy_manager(hass)
    if manager is None or _IS_LISTENING in hass.data:
        return
    hass.data[_IS_LISTENING] = True

    async def look() -> None:
        # The user waits for this function, so do not wait for the statistics here.
        for entry in filter(has_records, hass.config_entries.async_loaded_entries(DOMAIN)):
            entry.async_create_task(hass, async_check_sources(hass, entry), "Energy dashboard")

    manager.async_listen_updates(look)


async def async_check_sources(
    hass: HomeAssistant, entry: RecordsConfigEntry, *, is_declined: bool = False
) -> None:
    """Raise or withdraw the issues about sources of the Energy dashboard.

    With `is_declined`, ignore the offer as if the user had chosen *Ignore*.
    """
    if hass.is_stopping:  # the recorder answers no more
        return
    offers, own_prices = await _async_plan(hass, entry)
    _tell(hass, entry, Problem.ENERGY_SOURCES, [offer.text() for offer in offers])
    _tell(hass, entry, Problem.ENERGY_OWN_PRICE, own_prices)
    if offers and is_declined:
        ir.async_ignore_issue(hass, DOMAIN, issue_id(Problem.ENERGY_SOURCES, entry), ignore=True)


async def async_offers(hass: HomeAssistant, entry: RecordsConfigEntry) -> list[Offer]:
    """Return the moves that the user can choose now."""
    offers, _ = await _async_plan(hass, entry)
    return offers


async def async_move(
    hass: HomeAssistant, entry: RecordsConfigEntry, offers: Sequence[Offer]
) -> bool:
    """Move sources, and raise the issue that offers to undo this. Ignore offers that remain.

    A source that has changed since the offer stays. Return whether a source has moved.
    """
    stored = (await async_preferences(hass))["energy_sources"]
    chosen = [offer for offer in offers if offer.move.before in stored]
    possible = [offer.move for offer in chosen]
    if possible:
        # Raise the issue first. If Home Assistant crashes in between, undoing changes nothing.
        lines, moved = _told_moves(hass, entry)
        lines += [offer.text() for offer in chosen]
        moves = [*moved, *possible]
        data = {MOVES: json.dumps(moves), ENTITIES: json.dumps(_registry_ids(hass, moves))}
        _tell(hass, entry, Problem.ENERGY_MOVED, lines, data)
        await _async_update(hass, lambda sources: apply_moves(sources, possible))
    await async_check_sources(hass, entry, is_declined=True)
    return bool(possible)


async def async_undo(hass: HomeAssistant, entry: RecordsConfigEntry) -> None:
    """Undo the moves in the issue ENERGY_MOVED. Ignore the offer to move the sources again.

    An entity that was renamed since then comes back under its new id.
    """
    _, moves = _told_moves(hass, entry)
    await _async_update(hass, lambda sources: undo_moves(sources, moves[::-1]))
    withdraw_issues(hass, entry, [Problem.ENERGY_MOVED])
    await async_check_sources(hass, entry, is_declined=True)


@callback
def _tell(
    hass: HomeAssistant,
    entry: RecordsConfigEntry,
    problem: Problem,
    lines: Sequence[str],
    data: Mapping[str, str] | None = None,
) -> None:
    """Raise the issue with a list of `lines`. Withdraw it if there are none."""
    if not lines:
        withdraw_issues(hass, entry, [problem])
        return
    shown = [f"{_BULLET}{as_plain(line)}" for line in dict.fromkeys(lines)][:_MAX_LINES]
    raise_issue(hass, entry, problem, data, **{_SOURCES: Verbatim("\n".join(shown))})


def _told_moves(hass: HomeAssistant, entry: RecordsConfigEntry) -> tuple[list[str], list[Move]]:
    """Return the lines and the moves of the issue ENERGY_MOVED. Return none if it is not raised."""
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id(Problem.ENERGY_MOVED, entry))
    if not issue or not issue.data or not issue.translation_placeholders:
        return [], []
    lines = issue.translation_placeholders[_SOURCES].splitlines()
    renamed, registry = {}, er.async_get(hass)
    for entity_id, registry_id in json.loads(str(issue.data[ENTITIES])).items():
        if entity := registry.entities.get_entry(registry_id):
            renamed[entity_id] = entity.entity_id
    moves = [
        Move({name: _renamed(value, renamed) for name, value in before.items()}, after)
        for before, after in json.loads(str(issue.data[MOVES]))
    ]
    return [read_plain(line.removeprefix(_BULLET)) for line in lines], moves


def _registry_ids(hass: HomeAssistant, moves: Iterable[Move]) -> dict[str, str]:
    """Return the ids in the registry of the entities that sources had before some moves."""
    registry = er.async_get(hass)
    values = {value for move in moves for value in _texts_in(move.before)}
    entities = ((value, registry.async_get(value)) for value in values)
    return {value: entity.id for value, entity in entities if entity}


def _texts_in(source: object) -> Iterator[str]:
    """Yield the texts in a source, whose powers may be a mapping of their own."""
    if isinstance(source, Mapping):
        for value in source.values():
            yield from _texts_in(value)
    elif isinstance(source, str):
        yield source


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """Return a value of a source with new names for entities."""
    if isinstance(value, Mapping):
        return {name: _renamed(part, names) for name, part in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


async def _async_update(
    hass: HomeAssistant, change: Callable[[Iterable[StoredSource]], list[StoredSource]]
) -> None:
    """Change the sources of the Energy dashboard."""
    if (manager := await async_energy_manager(hass)) is None:
        return
    # Do not await anything between reading and updating the preferences. Otherwise, a change that
    # the user makes between them would be lost.
    before = stored_sources(manager)
    after = change(cast("list[StoredSource]", before))
    if after != before:
        await manager.async_update(cast("EnergyPreferencesUpdate", {"energy_sources": after}))


async def _async_plan(
    hass: HomeAssistant, entry: RecordsConfigEntry
) -> tuple[list[Offer], list[str]]:
    """Return the possible moves, and the names of sources that stay because of an own price.

    After the name of such a source come the names of the statistics that it could have.
    """
    sources = cast("list[StoredSource]", (await async_preferences(hass))["energy_sources"])
    possible = _replacements(hass, entry)
    if not any(plan_moves(sources, possible)):
        return [], []  # the usual case: do not read the statistics
    ids = {*possible.energies, *possible.energies.values(), *possible.costs.values()}
    first = await get_instance(hass).async_add_executor_job(_first_days, hass, ids)
    known = possible._replace(
        energies={old: new for old, new in possible.energies.items() if new in first},
        costs={energy: cost for energy, cost in possible.costs.items() if cost in first},
    )
    names = await async_statistic_names(hass, entry)
    key = statistics_key(entry)
    by_id = {statistic_id(key, kind): name for kind, name in names.items()}
    plan = plan_moves(sources, known)
    offers = [_offer(hass, move, known, first, by_id) for move in plan.moves]
    own_prices = [_own_price_line(hass, source, known, by_id) for source in plan.own_prices]
    return offers, own_prices


def _offer(
    hass: HomeAssistant,
    move: Move,
    replacements: Replacements,
    first: Mapping[str, datetime],
    names: Mapping[str, str],
) -> Offer:
    pairs = _changes(move, replacements)
    shown = ", ".join(
        f"{entity_name(hass, old)} → {names.get(new) or entity_name(hass, new)}"
        for old, new in pairs
    )
    days = [first[new] for _, new in pairs if new in first]
    since = dt_util.as_local(max(days)).date() if days else None
    is_complete = all(
        old not in first or first[new] <= first[old] + DAY for old, new in pairs if new in first
    )
    return Offer(move, shown, since, is_complete)


def _own_price_line(
    hass: HomeAssistant, source: StoredSource, replacements: Replacements, names: Mapping[str, str]
) -> str:
    """Return the name of a source, and the names of the statistics that it could have."""
    new = [replacements.energies.get(energy) for energy in _energy_ids(source)]
    statistics = ", ".join(names[name] for name in new if name)
    return f"{_name(hass, source)} → {statistics}"


def _changes(move: Move, replacements: Replacements) -> list[tuple[str, str]]:
    """Return the ids that a move replaces, each with the new id.

    If the move removes a source, the new ids are those that other sources already have.
    """
    before, energies = move.before, replacements.energies
    fields = [*(side.energy for side in SIDES[before["type"]]), RATE]
    old = {name: str(before[name]) for name in fields if before.get(name)}
    if move.after is None:
        return [(name, energies[name]) for name in old.values() if name in energies]
    new = {name: str(move.after[name]) for name in old}
    return [(old[name], new[name]) for name in old if old[name] != new[name]]


def _replacements(hass: HomeAssistant, entry: RecordsConfigEntry) -> Replacements:
    """Return the replacements of the meter's entities, also by statistics without rows."""
    key = statistics_key(entry)
    energies: dict[str, str] = {}
    prices: set[str] = set()
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    for entity in entities:
        name = str(entity.translation_key)
        if name in _ELECTRICITY:
            energies[entity.entity_id] = statistic_id(key, _ELECTRICITY[name])
        elif name in _PRICES:
            prices.add(entity.entity_id)
        elif (name, entity.unit_of_measurement) == _GAS:
            energies[entity.entity_id] = statistic_id(key, StatisticKind.GAS_VOLUME)
    costs = {statistic_id(key, energy): statistic_id(key, cost) for energy, cost in _COSTS.items()}
    return Replacements(energies, costs, prices, _rates(entry, entities))


def _rates(entry: RecordsConfigEntry, entities: Iterable[er.RegistryEntry]) -> dict[str, str]:
    """Return the flow rate entities of new M-Bus meters, keyed by those of the exchanged meters."""
    flows = {
        entity.device_id: entity.entity_id
        for entity in entities
        if entity.translation_key == _FLOW_RATE
    }
    exchanged = entry.runtime_data.records.memory.mbus_meters.exchanged.items()
    devices = [
        tuple(mbus_device(entry.runtime_data, meter) for meter in pair) for pair in exchanged
    ]
    return {
        flows[old.id]: flows[new.id]
        for old, new in devices
        if old and new and {old.id, new.id} <= flows.keys()
    }


def _name(hass: HomeAssistant, source: StoredSource) -> str:
    """Return the user's name of a source, or the names of its energies."""
    names = ", ".join(entity_name(hass, energy) for energy in _energy_ids(source))
    return str(source.get("name") or names)


def _energy_ids(source: StoredSource) -> list[str]:
    """Return the ids of the energies of a source."""
    ids = [source.get(side.energy) for side in SIDES[source["type"]]]
    return [str(energy) for energy in ids if energy]


@without_collection
def _first_days(hass: HomeAssistant, ids: set[str]) -> dict[str, datetime]:
    """Return the start of the first day of each statistic that has rows."""
    rows = statistics_during_period(hass, BEGINNING, None, ids, "day", None, {"sum"})
    return {
        name: datetime.fromtimestamp(days[0]["start"], UTC) for name, days in rows.items() if days
    }
