"""What a household's energy is made of, and a past that the simulated one could have had."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from dev.simulator import Meter
from dev.simulator.household import Registers
from smartyp1.tariff import LUXEMBOURG

from .client import Client

DOMAIN = "smarty_p1"
DAYS_OF_HISTORY = 397
"""Of totals, at most: since the start of the month a year ago."""
DAYS_OF_MEANS = 10
PHASES = 3
# Earlier than any chart shows.
BEFORE_ANY_CHART = timedelta(days=3 * 365)
FIVE_MINUTES = timedelta(minutes=5)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@cache
def registers(meter: Meter, at: datetime) -> Registers:
    """Return the registers of a moment; they are asked for again and again."""
    return meter.registers_at(at)


def start_of_history(now: datetime) -> datetime:
    """Return the start of the month a year ago, in Luxembourg."""
    local = now.astimezone(LUXEMBOURG)
    return local.replace(
        year=local.year - 1, day=1, hour=0, minute=0, second=0, microsecond=0
    ).astimezone(UTC)


@dataclass(frozen=True)
class Total:
    """A register the dashboard shows, and how the simulated meter knows it."""

    key: str
    unit: str
    unit_class: str
    read: Callable[[Meter, datetime], float]


@dataclass(frozen=True)
class Mean:
    """What flows at a moment, and how the simulated meter knows the mean of an hour."""

    key: str
    unit: str
    unit_class: str
    read: Callable[[Meter, datetime, datetime], float]


def _mean_of(total: Callable[[Registers], float]) -> Callable[[Meter, datetime, datetime], float]:
    """Return a function that returns the mean flow of a total, per hour, between two moments."""

    def read(meter: Meter, start: datetime, end: datetime) -> float:
        flowed = total(registers(meter, end)) - total(registers(meter, start))
        return flowed / ((end - start) / HOUR)

    return read


def _voltage_of(phase: int) -> Callable[[Meter, datetime, datetime], float]:
    """Return what returns the voltage of a phase at the start of a time."""
    return lambda meter, start, _end: meter.household.powers_at(start).voltage[phase]


TOTALS = (
    Total("energy_imported", "kWh", "energy", lambda m, at: registers(m, at).imported_kwh),
    Total("energy_exported", "kWh", "energy", lambda m, at: registers(m, at).exported_kwh),
    Total("gas", "m³", "volume", lambda m, at: registers(m, at).gas_m3),
    Total("water", "m³", "volume", lambda m, at: registers(m, at).water_m3),
    Total("heat", "GJ", "energy", lambda m, at: registers(m, at).heat_gj),
    Total("production", "kWh", "energy", lambda m, at: registers(m, at).produced_kwh),
)
MEANS = (
    Mean("power_net", "kW", "power", _mean_of(lambda r: r.imported_kwh - r.exported_kwh)),
    Mean("power_imported", "kW", "power", _mean_of(lambda r: r.imported_kwh)),
    Mean("power_exported", "kW", "power", _mean_of(lambda r: r.exported_kwh)),
    Mean("demand_last", "kW", "power", _mean_of(lambda r: r.imported_kwh)),
    Mean("gas_flow_rate", "m³/h", "volume_flow_rate", _mean_of(lambda r: r.gas_m3)),
    Mean("water_flow_rate", "m³/h", "volume_flow_rate", _mean_of(lambda r: r.water_m3)),
    Mean("heat_power", "kW", "power", _mean_of(lambda r: r.heat_gj / 0.0036)),
    *(Mean(f"voltage_l{phase + 1}", "V", "voltage", _voltage_of(phase)) for phase in range(PHASES)),
    Mean("production_power", "kW", "power", _mean_of(lambda r: r.produced_kwh)),
)


async def entities_of(client: Client, entry_id: str) -> dict[str, str]:
    """Return the enabled entities of a config entry: translation key -> entity id."""
    registry = await client.command("config/entity_registry/list")
    return {
        entity["translation_key"]: entity["entity_id"]
        for entity in registry
        if entity["config_entry_id"] == entry_id and not entity["disabled_by"]
    }


async def flows_of(client: Client, entry_id: str) -> dict[str, str]:
    """Return how fast gas, water and heat flow: such as `gas_flow_rate` -> entity id."""
    registry = await client.command("config/entity_registry/list")
    mine = [each for each in registry if each["config_entry_id"] == entry_id]
    kinds = {
        each["device_id"]: each["translation_key"]
        for each in mine
        if each["translation_key"] in ("gas", "water", "heat")
    }
    return {
        f"{kinds[each['device_id']]}_{each['translation_key']}": each["entity_id"]
        for each in mine
        if each["device_id"] in kinds
        and each["translation_key"] in ("flow_rate", "power")
        and not each["disabled_by"]
    }


async def enable(client: Client, entry_id: str, *keys: str) -> None:
    """Enable entities that are disabled by default, and load the config entry anew.

    Those that are new come with the meter's first telegram.
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
    """Return the numbers of some sensors, once they have any."""
    while True:
        states = {state["entity_id"]: state["state"] for state in await client.get("/api/states")}
        try:
            return {entity_id: float(states[entity_id]) for entity_id in entity_ids}
        except KeyError, ValueError:
            await asyncio.sleep(0.2)


async def fill_history(client: Client, entities: dict[str, str], meter: Meter) -> int:
    """Fill the hours nobody was watching, at most a year; return how many hours those were."""
    totals = [total for total in TOTALS if total.key in entities]
    values = await wait_for_values(client, [entities[total.key] for total in totals])
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    earliest = start_of_history(this_hour)
    filled = 0
    last: tuple[str, list[dict[str, Any]]] | None = None
    for total in totals:
        entity_id = entities[total.key]
        watched = await client.statistics(entity_id, days=DAYS_OF_HISTORY)
        # Home Assistant's sums begin with 0 at the first value it sees: what lies before is
        # negative. After a pause they go on from the last one.
        difference = watched[-1]["sum"] - watched[-1]["state"] if watched else -values[entity_id]
        since = _unfilled_since(watched, earliest)
        rows = await asyncio.to_thread(_totals, total, meter, since, this_hour, difference)
        filled = max(filled, len(rows))
        if rows:
            if since == earliest:
                # What a first sum exceeds 0 by counts as consumption of its hour, also below 0.
                start = (earliest - BEFORE_ANY_CHART).isoformat()
                rows.insert(0, {**_row(total.read(meter, earliest), difference), "start": start})
            await import_rows(client, entity_id, rows, total.unit, total.unit_class, has_sum=True)
            last = entity_id, rows
    for mean in MEANS:
        if mean.key in entities:
            entity_id = entities[mean.key]
            watched = await client.statistics(entity_id, days=DAYS_OF_MEANS + 1)
            since = _unfilled_since(watched, this_hour - DAYS_OF_MEANS * DAY)
            rows = await asyncio.to_thread(_means, mean, meter, since, this_hour)
            if rows:
                await import_rows(
                    client, entity_id, rows, mean.unit, mean.unit_class, has_sum=False
                )
                last = entity_id, rows
    if last:
        await wait_for_rows(client, *last)
    return filled


def _unfilled_since(watched: list[dict[str, Any]], earliest: datetime) -> datetime:
    """Return where the hours begin that are to be filled.

    Who starts just before a full hour finds that hour watched, and nothing before it.
    """
    if watched and _moment(watched[0]["start"]) <= earliest:
        return _moment(watched[-1]["end"])
    return earliest


def _totals(
    total: Total, meter: Meter, since: datetime, until: datetime, difference: float
) -> list[dict[str, Any]]:
    """Return a row per hour: the value at its end, and the sum that goes with it."""
    return [
        {**_row(total.read(meter, start + HOUR), difference), "start": start.isoformat()}
        for start in _every(HOUR, since, until)
    ]


def _row(value: float, difference: float) -> dict[str, Any]:
    return {"state": round(value, 3), "sum": round(value + difference, 3)}


def _means(mean: Mean, meter: Meter, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return a row per hour: its mean, and those of its lowest and highest five minutes."""
    rows = []
    for start in _every(HOUR, since, until):
        parts = [
            mean.read(meter, part, part + FIVE_MINUTES)
            for part in _every(FIVE_MINUTES, start, start + HOUR)
        ]
        rows.append(
            {
                "start": start.isoformat(),
                "mean": round(sum(parts) / len(parts), 3),
                "min": round(min(parts), 3),
                "max": round(max(parts), 3),
            }
        )
    return rows


def _every(step: timedelta, since: datetime, until: datetime) -> Iterator[datetime]:
    while since < until:
        yield since
        since += step


async def import_rows(  # noqa: PLR0913 - as many as the recorder wants to know
    client: Client,
    entity_id: str,
    rows: list[dict[str, Any]],
    unit: str,
    unit_class: str | None,
    *,
    has_sum: bool,
) -> None:
    """Let the recorder take rows, each of an hour, as statistics of an entity."""
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


async def wait_for_rows(client: Client, entity_id: str, rows: list[dict[str, Any]]) -> None:
    """Wait until the recorder has written the rows, and so all that it was to import before.

    Until then it takes them in turn, and the Energy dashboard misses their statistics.
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
