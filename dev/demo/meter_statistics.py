"""Hourly statistics of a simulated meter: the totals, and a day's powers, that the dashboards show.

The integration itself writes the statistics of electricity and gas.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from dev.simulator import Meter
from dev.simulator.household import Registers
from smartyp1.history.luxembourg_time import DAY, HOUR, hour_start, month_start
from smartyp1.json_types import JsonDict

from .client import Client
from .inverter import DEVICES, POWERS, Read, charged_kwh, discharged_kwh, produced_kwh

DOMAIN = "smarty_p1"
DAYS_OF_HISTORY = 397
"""Maximum number of days between now and the start of the same month a year ago."""
# The statistics get an extra first row, this long before the simulated year. No chart goes back
# that far.
BEFORE_ANY_CHART = timedelta(days=3 * 365)


@cache
def registers(meter: Meter, at: datetime) -> Registers:
    """Return the meter's registers at the time `at`."""
    return meter.registers_at(at)


def start_of_history(now: datetime) -> datetime:
    """Return the start of the calendar month that lies one year before the month of `now`, as UTC.

    For example, the result for any day in May 2026 is 1 May 2025, 00:00 in Luxembourg.
    """
    first = month_start(now)
    return first.replace(year=first.year - 1).astimezone(UTC)


@dataclass(frozen=True)
class Total:
    """Total on a dashboard. `key` is the translation key of its sensor."""

    key: str
    unit: str
    unit_class: str
    read: Callable[[Meter, datetime], float]


TOTALS = (
    Total("water", "m³", "volume", lambda m, at: registers(m, at).water_m3),
    Total("heat", "GJ", "energy", lambda m, at: registers(m, at).heat_gj),
    Total("production", "kWh", "energy", produced_kwh),
    Total("charged", "kWh", "energy", charged_kwh),
    Total("discharged", "kWh", "energy", discharged_kwh),
    *(Total(name, "kWh", "energy", read) for name, read in DEVICES.items()),
)


# Functions that return the energy until a time, in kWh, by the key of its power.
_NET_ENERGIES: Mapping[str, Read] = {
    "power_net": lambda m, at: registers(m, at).imported_kwh - registers(m, at).exported_kwh,
    **POWERS,
}
# Units of the powers and flow rates that the Energy dashboard shows, with the kinds of the units.
RATES = {
    **dict.fromkeys(_NET_ENERGIES, ("kW", "power")),
    **dict.fromkeys(("gas_flow_rate", "water_flow_rate"), ("m³/h", "volume_flow_rate")),
}


async def entities_of(client: Client, entry_id: str) -> dict[str, str]:
    """Return the entity ids of a config entry's enabled entities, by translation key.

    The keys of flow rates and of the heat power begin with the kind of the M-Bus meter, for example
    `gas_flow_rate`.
    """
    registry = await client.command("config/entity_registry/list")
    mine = [entity for entity in registry if entity["config_entry_id"] == entry_id]
    kinds = {
        entity["device_id"]: f"{entity['translation_key']}_"
        for entity in mine
        if entity["translation_key"] in ("gas", "water", "heat")
    }
    entities = {}
    for entity in mine:
        key = entity["translation_key"]
        if key in ("flow_rate", "power"):
            key = kinds.get(entity["device_id"], "") + key
        if not entity["disabled_by"]:
            entities[key] = entity["entity_id"]
    return entities


async def statistics_of(client: Client, meter: Meter, wanted: set[str]) -> dict[str, str]:
    """Return the ids of the statistics that the integration writes for a meter, by kind."""
    start = f"{DOMAIN}:{sha256(meter.device_name.encode()).hexdigest()[:8]}_"
    while True:
        known = await client.command("recorder/list_statistic_ids")
        ids = [row["statistic_id"] for row in known if row["statistic_id"].startswith(start)]
        by_kind = {name.removeprefix(start): name for name in ids}
        if wanted <= by_kind.keys():
            return by_kind
        await asyncio.sleep(0.2)


async def enable(client: Client, entry_id: str, *keys: str) -> None:
    """Enable the entities with the translation keys `keys`, and reload the config entry.

    First, wait for the first telegram, because it creates the entities. After the reload, the
    enabled entities appear with the next telegram.
    """
    while True:
        enabled = await entities_of(client, entry_id)
        if "energy_imported" in enabled:
            break
        await asyncio.sleep(0.2)
    await wait_for_values(client, [enabled["energy_imported"]])
    wanted = [
        entity["entity_id"]
        for entity in await client.command("config/entity_registry/list")
        if entity["config_entry_id"] == entry_id and entity["translation_key"] in keys
    ]
    for entity_id in wanted:
        await client.command("config/entity_registry/update", entity_id=entity_id, disabled_by=None)
    await client.post(f"/api/config/config_entries/entry/{entry_id}/reload")


async def wait_for_values(client: Client, entity_ids: list[str]) -> dict[str, float]:
    """Wait until the state of each entity is a number. Return the numbers by entity id."""
    while True:
        states = {state["entity_id"]: state["state"] for state in await client.get("/api/states")}
        try:
            return {entity_id: float(states[entity_id]) for entity_id in entity_ids}
        except KeyError, ValueError:
            await asyncio.sleep(0.2)


async def fill_history(client: Client, entities: dict[str, str], meter: Meter) -> int:
    """Import hourly statistics of a meter for all past hours without statistics.

    They begin with the simulated year. `entities` has entity ids by translation key. Return the
    number of hours with imported totals.
    """
    totals = [total for total in TOTALS if total.key in entities]
    values = await wait_for_values(client, [entities[total.key] for total in totals])
    this_hour = hour_start(datetime.now(UTC))
    earliest = start_of_history(this_hour)
    long_ago = earliest - BEFORE_ANY_CHART
    # For five minutes, the recorder has no statistics of a new sensor, and the Energy dashboard
    # warns of that.
    for key in RATES.keys() & entities.keys():
        means = {long_ago.isoformat(): 0.0}
        if read := _NET_ENERGIES.get(key):
            for start in (this_hour - number * HOUR for number in range(24, 0, -1)):
                means[start.isoformat()] = read(meter, start + HOUR) - read(meter, start)
        rows = [
            {"start": at, **dict.fromkeys(("mean", "min", "max"), kw)} for at, kw in means.items()
        ]
        await import_rows(client, entities[key], rows, *RATES[key])
    filled = 0
    last: tuple[str, list[JsonDict]] | None = None
    for total in totals:
        entity_id = entities[total.key]
        watched = await client.statistics(entity_id, days=DAYS_OF_HISTORY)
        # The sum of an imported row is its state plus `difference`. After a pause of the demo, the
        # imported sums must continue from the last recorded sum. In a new demo, the sums that Home
        # Assistant records will begin at 0, so the imported sums must end at 0 or below. For this,
        # subtract the meter's current index or the state of the last imported row, whichever is
        # higher. Just after a full hour, the index of an M-Bus meter is lower than this state,
        # because it was read earlier.
        difference = -max(values[entity_id], total.read(meter, this_hour))
        if watched:
            difference = watched[-1]["sum"] - watched[-1]["state"]
        since = _unfilled_since(watched, earliest)
        rows = await asyncio.to_thread(_rows, total, meter, since, this_hour, difference)
        filled = max(filled, len(rows))
        if rows:
            if since == earliest:
                # A chart shows the sum of the very first row as the consumption of a single hour.
                # So insert a first row that is too old for any chart.
                rows.insert(0, _row(total.read(meter, earliest), difference, long_ago))
            await import_rows(client, entity_id, rows, total.unit, total.unit_class)
            last = entity_id, rows
    if last:
        await wait_for_rows(client, *last)
    return filled


def _unfilled_since(watched: list[JsonDict], earliest: datetime) -> datetime:
    """Return the start of the first hour for which the demo must import statistics.

    `watched` has the stored hourly statistics. If they begin at `earliest` or before, an earlier
    run of the demo has imported them, and the end of the last stored hour is returned. Otherwise,
    the demo has not imported statistics yet, and `earliest` is returned.
    """
    if watched and _moment(watched[0]["start"]) <= earliest:
        return _moment(watched[-1]["end"])
    return earliest


def _rows(
    total: Total, meter: Meter, since: datetime, until: datetime, difference: float
) -> list[JsonDict]:
    """Return the statistics rows of a total for each hour from `since` to `until`."""
    starts = [since + number * HOUR for number in range((until - since) // HOUR)]
    return [_row(total.read(meter, start + HOUR), difference, start) for start in starts]


def _row(value: float, difference: float, start: datetime) -> JsonDict:
    rounded = {"state": round(value, 3), "sum": round(value + difference, 3)}
    return {**rounded, "start": start.isoformat()}


async def import_rows(
    client: Client, entity_id: str, rows: list[JsonDict], unit: str, unit_class: str
) -> None:
    """Import `rows` with sums or means as statistics of an entity. Each row is for one hour."""
    has_sum = "sum" in rows[0]
    await client.command(
        "recorder/import_statistics",
        metadata={
            "statistic_id": entity_id,
            "source": "recorder",
            "name": None,
            "has_sum": has_sum,
            "mean_type": 0 if has_sum else 1,
            "unit_class": unit_class,
            "unit_of_measurement": unit,
        },
        stats=rows,
    )


async def wait_for_rows(client: Client, entity_id: str, rows: list[JsonDict]) -> None:
    """Wait until the recorder has written `rows`, the rows of the last import.

    The recorder writes imports in the order of the commands. So it has then written all earlier
    imports, too. Without this wait, the Energy dashboard could lack the statistics of some
    entities.
    """
    last = datetime.fromisoformat(rows[-1]["start"])
    days = (datetime.now(UTC) - last) // DAY + 1
    while True:
        written = await client.statistics(entity_id, days=days)
        if written and _moment(written[-1]["start"]) >= last:
            return
        await asyncio.sleep(0.2)


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
