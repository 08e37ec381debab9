"""The meters that a user may see, and their data."""

from unittest.mock import patch

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from tests.ha import billed_month
from tests.ha.entities import Smarty, set_up
from tests.ha.meter import KEY, OTHER_SERIAL, SERIAL, MeterPort, with_value
from tests.ha.support import Home, device_of, receive, set_up_entry, smarty_entry

from .conftest import Client, ClientOf, Site, ask, refused, user_with


async def test_a_discovery_that_is_ignored_is_no_meter(hass: HomeAssistant, client: Client) -> None:
    smarty_entry(source=SOURCE_IGNORE, unique_id="ignored").add_to_hass(hass)
    answer = await ask(client, "meters")
    assert (answer["meters"], answer["pulse_readers"]) == ([], [])


async def test_the_data_of_a_meter(site: Site) -> None:
    [meter] = (await ask(site.client, "meters"))["meters"]

    media = meter.pop("media")
    assert meter.pop("last_telegram").endswith("+00:00")
    assert meter == {
        "entry_id": site.entry.entry_id,
        "title": f"Smarty {SERIAL}",
        "serial_number": SERIAL,
        "device_id": hass_device(site.hass, site.entry, SERIAL),
        "state": "receiving",
        "obstacle": None,
        "remedy": None,
        "currency": "EUR",
        "reference_kw": 7.0,
        # 0.0765 with 8 % of VAT
        "excess_price": 0.08262,
        "source": "port",
        "has_leneda": False,
        "known_since": "2026-05-01T00:00:00+02:00",
        "phases": 3,
        "feeds_in": True,
        "connection_kva": 69.0,
        "has_limits": False,
        "changed_at": site.entry.modified_at.isoformat(),
    }
    assert [(each["type"], each["unit"]) for each in media] == [
        ("gas", "m3"),
        ("water", "m3"),
        ("heat", "GJ"),
    ]
    assert [each["kwh_per_m3"] for each in media] == [None, None, None]
    assert [each["device_id"] for each in media] == [
        hass_device(site.hass, site.entry, f"{SERIAL}_{each['meter']}") for each in media
    ]


async def test_a_removed_meter_whose_past_is_kept_is_not_listed(site: Site) -> None:
    [meter] = (await ask(site.client, "meters"))["meters"]
    removed, *_ = [each["device_id"] for each in meter["media"] if each["type"] == "water"]
    dr.async_get(site.hass).async_remove_device(removed)
    # The first telegram has not come yet.
    with patch.object(site.entry.runtime_data, "latest", None):
        [meter] = (await ask(site.client, "meters"))["meters"]
    assert {each["type"] for each in meter["media"]} == {"gas", "heat"}


async def test_a_meter_of_entities_names_its_integration(
    hass: HomeAssistant, client: Client
) -> None:
    smarty = Smarty(hass)
    entry = await set_up(hass, smarty)
    await smarty.send()
    await smarty.send()
    [meter] = (await ask(client, "meters"))["meters"]
    assert (meter["source"], meter["integration"]) == ("entities", "DSMR Smart Meter")
    assert meter["fresh_for"] == 620
    assert (meter["state"], meter["serial_number"], meter["phases"]) == ("receiving", None, None)
    for command in ("voltages", "events"):
        assert await refused(client, command, entry_id=entry.entry_id) == "no_port"


async def test_a_meter_without_a_cable_is_listed_before_it_is_loaded(
    hass: HomeAssistant, client: Client
) -> None:
    smarty_entry(unique_id="LU1", data={"kind": "leneda"}).add_to_hass(hass)
    [meter] = (await ask(client, "meters"))["meters"]
    assert (meter["source"], meter["known_until"], meter["is_fetching"]) == ("leneda", None, False)


def hass_device(hass: HomeAssistant, entry: MockConfigEntry, identifier: str) -> str:
    return device_of(dr.async_get(hass), entry, identifier).id


async def test_a_disabled_meter_is_listed_with_the_way_to_enable_it(site: Site) -> None:
    await site.hass.config_entries.async_set_disabled_by(
        site.entry.entry_id, ConfigEntryDisabler.USER
    )
    await site.hass.async_block_till_done()

    [meter] = (await ask(site.client, "meters"))["meters"]

    assert (meter["state"], meter["obstacle"]) == ("disabled", None)
    assert meter["remedy"]["kind"] == "enable"
    assert (meter["serial_number"], meter["phases"], meter["media"]) == (SERIAL, None, [])


@pytest.mark.usefixtures("short_setup")
async def test_a_silent_meter_has_its_reason(home: Home, client: Client) -> None:
    entry = home.make_entry(home.port.url, key=KEY)
    await set_up_entry(home.hass, entry)
    await home.hass.async_block_till_done()

    [meter] = (await ask(client, "meters"))["meters"]

    assert (meter["state"], meter["obstacle"]) == ("failing", "nothing_received")
    assert meter["remedy"]["kind"] == "reconfigure"


async def test_only_meters_of_which_the_user_may_read_an_entity(
    home: Home, client_of: ClientOf, entry: MockConfigEntry, hass_read_only_user: MockUser
) -> None:
    home.make_entry("socket://127.0.0.1:9", serial=OTHER_SERIAL)
    someone = user_with(home.hass, "sensor.smarty_energy_imported", "light.hall")
    nobody = user_with(home.hass, "light.hall")

    async def seen_by(user: MockUser) -> list[str]:
        answer = await ask(await client_of(user), "meters")
        return [meter["serial_number"] for meter in answer["meters"]]

    assert await seen_by(hass_read_only_user) == [SERIAL, OTHER_SERIAL]
    assert await seen_by(someone) == [SERIAL]
    assert await seen_by(nobody) == []
    client = await client_of(nobody)
    assert await refused(client, "live", entry_id=entry.entry_id) == "unauthorized"
    assert await refused(client, "live", entry_id="none") == "not_found"
    assert await refused(client, "live", entry_id="n" * 65) == "invalid_format"


@pytest.mark.usefixtures("entry")
async def test_one_phase(hass: HomeAssistant, port: MeterPort, client: Client) -> None:
    text = billed_month.telegram("00:00:10", 0.0)
    for reference in ("21", "22", "31", "32", "41", "42", "51", "52", "61", "62", "71", "72"):
        if reference not in {"21", "22", "31", "32"}:
            text = with_value(text, f"1-0:{reference}.7.0", None)
    await receive(hass, port, text)
    [meter] = (await ask(client, "meters"))["meters"]
    assert meter["phases"] == 1
