"""Contracts of an earlier version move into the options once; a lost file makes no other bill."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.coordinator.stored.contract_migration import (
    async_migrate_contracts,
)
from custom_components.smarty_p1.coordinator.stored.meter_memory_file import MeterStore
from custom_components.smarty_p1.coordinator.stored.month_files import MonthFiles
from custom_components.smarty_p1.coordinator.stored.throttled_store import UnreadableNowError
from custom_components.smarty_p1.lib.prices.contract import BEGINNING, Contract, Contracts
from custom_components.smarty_p1.lib.prices.contract_json import store_contracts
from custom_components.smarty_p1.lib.prices.entered_contract import contracts_of
from tests.ha import billed_month
from tests.ha.billed_month import telegram
from tests.ha.dialogs import choose, open_repair
from tests.ha.support import Home, call, said

type Entries = Sequence[tuple[datetime, Contract]]

JUNK = "\0\0"
NOW = "2026-06-16T00:00:05+02:00"
FIRST = Contract(reference_kw=7.0, energy_price=0.10, has_levies=True)
DEARER = replace(FIRST, energy_price=0.20)
NIGHT = replace(FIRST, second_price=0.08, second_hours="22:00-06:00 sat sun", energy_fee=2.5)
MARKET = replace(FIRST, energy_price=None, energy_margin=0.02, feed_in_margin=-0.01)
FLAT: dict[str, Any] = {"reference_power": 7.0, "energy_price": 0.20, "with_levies": True}
AID = {"name": "Aid", "first_day": "2026-05-01", "per_kwh": 0.04}


def at(text: str) -> datetime:
    """Return a time by Luxembourg's clock, of summer."""
    return datetime.fromisoformat(f"2026-{text}+02:00").astimezone(UTC)


def price_of(bill: dict[str, Any]) -> list[float]:
    """Return the prices of energy in a bill."""
    return [line["price"] for line in bill["lines"] if line["name"] == "energy"]


async def begin(
    home: Home,
    hass_storage: dict[str, Any],
    stored: object,
    options: Mapping[str, Any] = FLAT,
) -> MockConfigEntry:
    """Set up an entry of an earlier version, with `stored` as the contracts in its file.

    With None, the file is lost. With `JUNK`, nothing in it can be read.
    """
    home.entry = entry = home.make_entry(home.port.url)
    assert entry.minor_version == 1
    key = f"smarty_p1.{entry.entry_id}.meter"
    demand = {**billed_month.stored(billed_month.CONTRACT), "contracts": stored}
    if stored is not None:
        data = JUNK if stored is JUNK else {"demand": demand}
        hass_storage[key] = {"version": 1, "key": key, "data": data}
    folder = MonthFiles(home.hass, entry.entry_id).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in billed_month.files(billed_month.CONTRACT).items():
        (folder / f"{name}.csv").write_bytes(text)
    home.port.greeting = home.port.next_frame(telegram("00:00:00", 0.0))
    home.hass.config_entries.async_update_entry(entry, options=options)
    await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    return entry


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let today be 16 June. Timers go on."""
    monkeypatch.setattr(dt_util, "now", datetime.fromisoformat(NOW).astimezone)


TWO = [(BEGINNING, FIRST), (at("06-01T00:00"), DEARER)]
STORED = store_contracts(TWO)


async def test_all_stored_contracts_move_and_bills_are_as_before(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    flat: dict[str, Any] = {"surcharge_price_since": "2026-06-01", "min_interval": 5, **FLAT}
    flat |= {"aids": [AID], "energy_fee_per": "year"}
    entry = await begin(home, hass_storage, STORED, flat)

    assert entry.minor_version == 2
    first = contracts_of(entry.options).entries[0][1]
    assert first == FIRST
    assert dict(entry.options) == {
        "contracts": [
            entry.options["contracts"][0],
            {"since": "2026-06-01", **FLAT, "energy_fee_per": "year"},
        ],
        "aids": [AID],
        "min_interval": 5,
    }
    may, june = [await call(home.hass, "get_bill", month=f"2026-{n:02}") for n in (5, 6)]
    energy = [
        (line["quantity"], line["price"]) for line in may["lines"] if line["name"] == "energy"
    ]
    assert energy == [(316.6, 0.1)]
    assert [line["price"] for line in june["lines"] if line["name"] == "energy"] == [0.2]
    # The meter's file keeps a copy, which is never read: other prices in it change nothing.
    await home.hass.config_entries.async_unload(entry.entry_id)
    content = hass_storage[f"smarty_p1.{entry.entry_id}.meter"]["data"]["demand"]
    assert content["contracts"] == STORED
    assert "replaced_contracts" not in content
    for copy in (store_contracts([(BEGINNING, Contract(energy_price=9.0))]), None, []):
        content["contracts"] = copy
        await home.again(telegram("00:00:10", 0.0))
        assert await call(home.hass, "get_bill", month="2026-05") == may
        await home.hass.config_entries.async_unload(entry.entry_id)


LATER = (at("06-10T23:45"), NIGHT)
MOVES: list[tuple[Entries, dict[str, Any], list[tuple[date | None, Contract]]]] = [
    ([(BEGINNING, DEARER)], FLAT, [(None, DEARER)]),
    # A time becomes the midnight of its day; of two on one day, the later one remains.
    (
        [(BEGINNING, NIGHT), (at("05-31T23:45"), FIRST), (at("06-10T10:15"), FIRST), LATER],
        {},
        [(None, NIGHT), (date(2026, 5, 31), FIRST), (date(2026, 6, 10), NIGHT)],
    ),
    ([(BEGINNING, Contract()), (at("06-01T00:00"), DEARER)], FLAT, [(date(2026, 6, 1), DEARER)]),
    # A contract in the future, and a contract without terms.
    (
        [(BEGINNING, FIRST), (at("06-02T00:00"), Contract()), (at("09-01T00:00"), DEARER)],
        FLAT,
        [(None, FIRST), (date(2026, 6, 2), Contract()), (date(2026, 9, 1), DEARER)],
    ),
    # After a crash, the file may lack the last entered prices.
    ([(BEGINNING, FIRST)], FLAT, [(None, FIRST), (date(2026, 6, 16), DEARER)]),
    (
        [(BEGINNING, FIRST), (at("06-01T00:00"), NIGHT)],
        FLAT | {"surcharge_price_since": "2026-06-01"},
        [(None, FIRST), (date(2026, 6, 1), DEARER)],
    ),
]


@pytest.mark.parametrize(("stored", "flat", "expected"), MOVES)
async def test_days_of_moved_contracts(
    home: Home,
    hass_storage: dict[str, Any],
    stored: Entries,
    flat: dict[str, Any],
    expected: list[tuple[date | None, Contract]],
) -> None:
    entry = await begin(home, hass_storage, store_contracts(stored), flat)
    assert contracts_of(entry.options) == Contracts.of_days(expected)
    assert not home.issue("earlier_prices")
    # The move is done once.
    options = dict(entry.options)
    await home.again(telegram("00:00:10", 0.0))
    assert dict(entry.options) == options


async def test_each_contract_holds_its_own_price_entities_which_follow_renames(
    home: Home, hass_storage: dict[str, Any], entity_registry: er.EntityRegistry
) -> None:
    for name in ("old", "spot", "sun"):
        entity_registry.async_get_or_create("sensor", "x", name, suggested_object_id=name)
    oldest = replace(MARKET, energy_margin=0.05)
    latest = replace(MARKET, energy_margin=0.03)
    stored = [(BEGINNING, oldest), (at("05-01T00:00"), MARKET), (at("06-10T00:00"), latest)]
    flat = {
        "reference_power": 7.0,
        "with_levies": True,
        "energy_price_entity": "sensor.spot",
        "energy_price_entity_before": "sensor.old",
        "energy_margin": 0.03,
        "feed_in_price_entity": "sensor.sun",
        "feed_in_margin": -0.01,
    }
    entry = await begin(home, hass_storage, store_contracts(stored), flat)
    assert [contract for _, contract in contracts_of(entry.options).entries] == [
        *(oldest, MARKET, latest)
    ]

    def entities() -> list[tuple[str | None, str | None]]:
        return [
            (terms.get("energy_price_entity"), terms.get("feed_in_price_entity"))
            for terms in entry.options["contracts"]
        ]

    spot = ("sensor.spot", "sensor.sun")
    assert entities() == [(None, None), ("sensor.old", "sensor.sun"), spot]
    # Telegrams have the prices of the contract of their day.
    prices = {"sensor.spot": "0.2", "sensor.sun": "0.1", "sensor.old": "0.3"}
    for name, price in prices.items():
        home.hass.states.async_set(name, price)
    market = entry.runtime_data.records.prices
    days = [at("04-30T23:59"), at("06-09T12:00"), at("06-10T00:00")]
    found = [(found.energy, found.feed_in) for found in map(market.prices_at, days)]
    assert found == [(None, None), (0.3, 0.1), (0.2, 0.1)]
    entity_registry.async_update_entity("sensor.old", new_entity_id="sensor.renamed")
    assert entities() == [(None, None), ("sensor.renamed", "sensor.sun"), spot]


DAMAGED: dict[str, object] = {
    "file": None,
    "whole file": JUNK,
    "list": "x",
    "second": [STORED[0], {**STORED[1], "energy_price": "x"}],
    "since": [{"energy_price": 0.1}, STORED[1]],
}


@pytest.mark.parametrize("damage", [*DAMAGED])
@pytest.mark.parametrize("since", ["2026-06-01", None])
async def test_lost_earlier_prices_are_unknown_until_a_user_confirms_that_they_always_held(
    home: Home, hass_storage: dict[str, Any], damage: str, since: str | None
) -> None:
    flat = FLAT | ({"surcharge_price_since": since} if since else {})
    entry = await begin(home, hass_storage, DAMAGED[damage], flat)
    # Without an entered day, the contract holds from today on.
    day = since or "2026-06-16"
    assert entry.options["contracts"] == [{"since": day, **FLAT}]
    assert said(home.issue("earlier_prices"))["day"] == day
    may = await call(home.hass, "get_bill", month="2026-05")
    assert may["total"] is None
    # The repair stays until the user has answered, also after a restart.
    assert (issue := home.issue("earlier_prices"))
    assert issue.is_persistent

    menu = await open_repair(home.hass, f"earlier_prices_{entry.entry_id}")
    home.port.greeting = home.port.next_frame(telegram("00:00:10", 0.0))
    result = await choose(home.hass, menu, "always")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.hass.async_block_till_done()
    assert entry.options["contracts"] == [FLAT]
    assert not home.issue("earlier_prices")
    may = await call(home.hass, "get_bill", month="2026-05")
    assert price_of(may) == [0.2]


async def test_lost_prices_can_be_entered_again(home: Home, hass_storage: dict[str, Any]) -> None:
    entry = await begin(home, hass_storage, None)
    menu = await open_repair(home.hass, f"earlier_prices_{entry.entry_id}")
    result = await choose(home.hass, menu, "enter")
    kind, flow_id = result["next_flow"]
    form = await home.hass.config_entries.options.async_configure(flow_id)
    assert (kind, form["step_id"]) == ("options_flow", "contracts")
    assert not home.issue("earlier_prices")


async def test_nothing_moves_while_the_file_cannot_be_read(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    with patch.object(MeterStore, "_check", side_effect=PermissionError):
        entry = await begin(home, hass_storage, STORED)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert (dict(entry.options), entry.minor_version) == (FLAT, 1)
    await home.again(telegram("00:00:10", 0.0))
    assert contracts_of(entry.options).entries == tuple(TWO)


async def test_month_files_that_cannot_be_read_lose_no_contract(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    with patch.object(MonthFiles, "async_files", side_effect=UnreadableNowError(Path("x"))):
        entry = await begin(home, hass_storage, STORED)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    await home.again(telegram("00:00:10", 0.0))
    assert contracts_of(entry.options).entries == tuple(TWO)
    bills = [await call(home.hass, "get_bill", month=f"2026-{n:02}") for n in (5, 6)]
    assert [price_of(bill) for bill in bills] == [[0.1], [0.2]]
    assert not home.issue("earlier_prices")


async def test_a_meter_that_was_never_set_up_has_lost_nothing(home: Home) -> None:
    entry = await home.set_up(**FLAT)
    assert entry.options["contracts"] == [FLAT]
    assert not home.issue("earlier_prices")
    pulse = MockConfigEntry(domain="smarty_p1", data={"kind": "tank"}, options={"volume": 5.0})
    pulse.add_to_hass(home.hass)
    await async_migrate_contracts(home.hass, pulse)
    assert (dict(pulse.options), pulse.minor_version) == ({"volume": 5.0}, 2)


async def test_a_contract_that_an_earlier_version_has_stored_since_joins_the_list(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    entry = await begin(home, hass_storage, STORED)
    contracts = entry.options["contracts"]
    for flat, day in (
        (FLAT | {"energy_price": 0.3, "surcharge_price_since": "2026-06-10"}, "2026-06-10"),
        (FLAT | {"energy_price": 0.4}, "2026-06-16"),
    ):
        await home.again(telegram("00:00:10", 0.0), {**entry.options, **flat})
        *others, last = entry.options["contracts"]
        assert (others, last["since"], last["energy_price"]) == (
            *(contracts, day),
            flat["energy_price"],
        )
        contracts = [*others, last]
    assert entry.options.keys() == {"contracts"}


async def test_gas_prices_move_without_a_day(home: Home) -> None:
    prices: dict[str, Any] = {"gas_price": 0.9, "gas_fixed_price": 15.5}
    entry = await home.set_up(**prices, gas_kwh_per_m3=11.0)
    assert dict(entry.options) == {"gas_kwh_per_m3": 11.0, "gas_prices": [prices]}
    # An earlier version may have stored others since. They hold from today on.
    for _ in range(2):
        await home.again(options={**entry.options, "gas_price": 1.1})
        today = {"gas_price": 1.1, "since": "2026-06-16"}
        assert dict(entry.options) == {"gas_kwh_per_m3": 11.0, "gas_prices": [prices, today]}
