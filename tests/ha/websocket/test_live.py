"""The subscription to a meter's telegrams, as a client of the websocket sees it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.smarty_p1.coordinator import telegram_source
from custom_components.smarty_p1.coordinator.meter_coordinator import MeterCoordinator
from custom_components.smarty_p1.websocket import last_hour, live
from custom_components.smarty_p1.websocket.live import current_values
from smartyp1.json_types import JsonDict
from tests.ha import kit
from tests.ha.billed_month import telegram
from tests.ha.entities import Smarty, set_up as set_up_entities
from tests.ha.meter import OTHER_KEY, encipher, with_value
from tests.ha.support import (
    TELEGRAM,
    Home,
    reload_entry,
    remove_entry,
    set_up_entry,
    unload_entry,
    wait_for_telegram,
)
from tests.ha.topic import Clock

from .conftest import Client, ClientOf, Site, ask, refused, user_with


async def subscribe(client: Client, entry: MockConfigEntry) -> tuple[int, Any]:
    """Return the id of a new subscription, and its first event."""
    await client.send_json_auto_id({"type": "smarty_p1/live", "entry_id": entry.entry_id})
    answer = await client.receive_json()
    assert answer["success"], answer
    return answer["id"], await told(client)


async def told(client: Client) -> Any:  # noqa: ANN401 - JSON
    message = await client.receive_json()
    assert message["type"] == "event", message
    return message["event"]


async def test_the_first_answers_have_the_time_of_home_assistant(site: Site) -> None:
    begun = dt_util.utcnow()
    answers = [await ask(site.client, "meters"), (await subscribe(site.client, site.entry))[1]]
    await site.receive(telegram("00:05:00", 0.5))
    answers.append(await told(site.client))
    await unload_entry(site.hass, site.entry)
    answers.append(await until(site.client, lambda event: "gone" in event))
    times = [
        begun,
        *(datetime.fromisoformat(answer["now"]) for answer in answers),
        dt_util.utcnow(),
    ]
    assert times == sorted(times)
    assert times[3] >= datetime.fromisoformat(answers[2]["received_at"])


async def test_a_snapshot_at_once_and_then_each_telegram(site: Site) -> None:
    _, first = await subscribe(site.client, site.entry)
    assert (first["state"], first["obstacle"], first["remedy"]) == ("receiving", None, None)
    # Values of disabled entities are sent, too.
    assert first["values"]["voltage_l1"] == 233.1
    assert first["values"]["current_l1"] is not None
    assert first["values"]["price_export"] == 0.06
    assert first["values"]["energy_imported"] == 1460.6
    assert "message" not in first["values"]
    assert first["quarter_hour"]["imported_wh"] == 0
    # The quarter-hour before midnight took 0.1 kWh.
    assert first["quarter_hour"]["last"] == {"start": "2026-06-15T21:45:00+00:00", "mean_kw": 0.4}

    text = with_value(telegram("00:05:00", 0.5), "1-0:1.7.0", "(06.000*kW)")
    await site.receive(with_value(text, "0-0:96.13.5", "(48)"))
    event = await told(site.client)
    assert "channel_message_5" not in event["values"]
    quarter_hour = event["quarter_hour"]
    assert event["values"]["power_imported"] == 6.0
    # 0.5 kWh in a third of it, and 6 kW for ten minutes more: 1.5 kWh, which are 6 kW.
    assert quarter_hour == {
        "time": "2026-06-15T22:05:00+00:00",
        "start": "2026-06-15T22:00:00+00:00",
        "end": "2026-06-15T22:15:00+00:00",
        "measured_since": "2026-06-15T22:00:00+00:00",
        "month": "2026-06",
        "imported_wh": 500.0,
        "exported_wh": 0.0,
        "reference_kw": 7.0,
        "running_kw": 6.0,
        "projected_kw": 6.0,
        # 1.25 kWh are left for ten minutes.
        "available_kw": 7.5,
        "will_exceed": False,
        "last": {"start": "2026-06-15T21:45:00+00:00", "mean_kw": 0.4},
    }
    assert {each["unit"] for each in event["media"].values()} == {"m3", "GJ"}


async def test_one_serialisation_for_all_listeners(
    hass: HomeAssistant, site: Site, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(coordinator: MeterCoordinator) -> JsonDict:
        made.append(1)
        return current_values(coordinator)

    monkeypatch.setattr(live, "current_values", counted)
    others = [await client_of(user_with(hass, "sensor.smarty_energy_imported")) for _ in range(3)]
    for each in (site.client, *others):
        await subscribe(each, site.entry)
    made.clear()
    await site.receive(telegram("00:05:00", 0.5))
    events = [await told(each) for each in (site.client, *others)]
    assert made == [1]
    assert events[0] == events[1] == events[3]


async def test_an_end_of_all_subscriptions_leaves_nothing(site: Site, client_of: ClientOf) -> None:
    coordinator = site.entry.runtime_data
    before = kit.listener_count(coordinator)
    other = await client_of(user_with(site.hass, "sensor.smarty_energy_imported"))
    number, _ = await subscribe(site.client, site.entry)
    await subscribe(other, site.entry)
    assert len(coordinator.reading_listeners._listeners) == 1
    await site.client.send_json_auto_id({"type": "unsubscribe_events", "subscription": number})
    assert (await site.client.receive_json())["success"]
    assert len(coordinator.reading_listeners._listeners) == 1
    await other.close()
    await site.hass.async_block_till_done()
    assert coordinator.reading_listeners._listeners == []
    assert kit.listener_count(coordinator) == before


async def test_a_subscription_outlives_reload_and_disabling(site: Site) -> None:
    await subscribe(site.client, site.entry)

    await site.hass.config_entries.async_set_disabled_by(
        site.entry.entry_id, ConfigEntryDisabler.USER
    )
    gone = await told(site.client)
    assert gone.get("gone") is True, gone
    assert gone["state"] == "disabled"

    await site.hass.config_entries.async_set_disabled_by(site.entry.entry_id, None)
    await site.hass.async_block_till_done()
    back = await until(site.client, lambda event: "gone" not in event)
    assert (back["state"], back["values"]) == ("waiting", {})
    # The quarter-hours from before the restart are known.
    assert back["quarter_hour"]["last"]["mean_kw"] == 0.4
    await site.receive(telegram("00:05:00", 0.5))
    assert (await until(site.client, lambda event: event["values"]))["state"] == "receiving"

    await reload_entry(site.hass, site.entry)
    assert (await told(site.client))["gone"] is True
    await until(site.client, lambda event: event["state"] == "waiting")
    await site.port.wait_for_clients(1)
    await site.port.send_telegram(telegram("00:06:00", 0.6))
    event = await until(site.client, lambda event: event.get("values"))
    assert event["values"]["energy_imported"] == 1461.2


async def until(client: Client, is_it: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the first message that fulfils a condition."""
    while not is_it(event := await told(client)):
        pass
    return event


async def test_a_subscription_to_an_unloaded_meter_gets_its_state_and_is_then_served(
    site: Site,
) -> None:
    await unload_entry(site.hass, site.entry)
    _, first = await subscribe(site.client, site.entry)
    assert (first["gone"], first["state"]) == (True, "not_loaded")
    await set_up_entry(site.hass, site.entry)
    assert await until(site.client, lambda event: event["state"] == "waiting")

    # A meter that is removed ends it.
    await remove_entry(site.hass, site.entry)
    event = await until(site.client, lambda event: event["state"] == "removed")
    assert event["gone"] is True


async def test_a_removed_right_ends_the_subscription_with_the_next_telegram(
    home: Home, client_of: ClientOf, entry: MockConfigEntry
) -> None:
    user = user_with(home.hass, "sensor.smarty_energy_imported")
    client = await client_of(user)
    await subscribe(client, entry)
    user.mock_policy({"entities": {"entity_ids": {"light.hall": True}}})
    await home.receive(telegram("00:05:00", 0.5))
    last = await told(client)
    assert last.pop("now")
    assert last == {
        "gone": True,
        "state": "unauthorized",
        "obstacle": None,
        "remedy": None,
    }
    assert entry.runtime_data.reading_listeners._listeners == []


async def test_a_user_follows_a_meter_64_times_at_most(site: Site, client_of: ClientOf) -> None:
    user = user_with(site.hass, "sensor.smarty_energy_imported")
    first, second = await client_of(user), await client_of(user)
    ids = [(await subscribe(one, site.entry))[0] for one in (first, second) for _ in range(32)]
    for one in (first, second):
        assert await refused(one, "live", entry_id=site.entry.entry_id) == "busy"
    await subscribe(site.client, site.entry)

    await first.send_json_auto_id({"type": "unsubscribe_events", "subscription": ids[0]})
    assert (await first.receive_json())["success"]
    await subscribe(second, site.entry)
    assert await refused(second, "live", entry_id=site.entry.entry_id) == "busy"


async def test_silence_is_shown_with_its_remedy(site: Site) -> None:
    _, first = await subscribe(site.client, site.entry)
    await site.let_pass(61)
    event = await told(site.client)
    assert (event["state"], event["obstacle"]) == ("failing", "nothing_received")
    assert event["remedy"]["kind"] == "reconfigure"
    # The last known values, and their time.
    assert event["values"]["energy_imported"] == 1460.6
    assert event["received_at"] == first["received_at"]


async def test_a_wrong_key_is_shown_with_the_dialog_that_asks_for_it(
    home: Home, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_source, "SILENCE_TIMEOUT_S", None)
    entry = await home.set_up()
    await wait_for_telegram(home.hass, entry)
    await subscribe(client, entry)
    coordinator = entry.runtime_data
    # The key is not doubted within a day of its last telegram.
    await home.let_pass(86_400)
    for judged in range(1, 6):
        await home.port.send(encipher(TELEGRAM, 900_000 + judged, key=OTHER_KEY))
        await home.wait_until(
            lambda: coordinator.source.reception.rejections.total() == judged,  # noqa: B023 - awaited
        )
    await home.let_pass(31)
    await home.port.send(encipher(TELEGRAM, 900_006, key=OTHER_KEY))
    await home.wait_until(lambda: coordinator.source.reception.rejections.total() == 6)
    await home.let_pass(11)
    assert coordinator.condition.obstacle == "wrong_key"
    [flow] = home.hass.config_entries.flow.async_progress()
    event = await until(client, lambda event: (event["remedy"] or {}).get("kind") == "reauth")
    assert (event["state"], event["obstacle"]) == ("failing", "wrong_key")
    assert event["remedy"]["flow_id"] == flow["flow_id"]


START = datetime(2025, 7, 3, 8, 30, tzinfo=UTC)


def drawing(kw: float) -> str:
    """Return a telegram with this power, a third of it on L2."""
    text = with_value(TELEGRAM, "1-0:1.7.0", f"({kw:06.3f}*kW)")
    return with_value(text, "1-0:41.7.0", f"({kw / 3:06.3f}*kW)")


async def test_the_last_hour_survives_a_change_of_options(
    hass: HomeAssistant, home: Home, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, START)
    monkeypatch.setattr(last_hour, "dt_util", SimpleNamespace(utcnow=lambda: clock.now))
    meter = await home.set_up(drawing(0.6))
    clock.now += timedelta(seconds=10)
    await home.receive(drawing(2.7))
    clock.now += timedelta(seconds=40)
    await home.again(drawing(0.3))

    answer = await ask(client, "last_hour", entry_id=meter.entry_id)

    assert answer["start"] == "2025-07-03T07:31:00+00:00"
    assert (answer["step"], answer["unit"], answer["devices"]) == (10, "W", [])
    assert len(answer["net"]) == 360
    assert answer["net"][-6:] == [600, 2700, None, None, None, 300]
    assert answer["net"][:-6] == [None] * 354
    assert [len(phase) for phase in answer["phases"]] == [360] * 3
    assert answer["phases"][1][-6:] == [200, 900, None, None, None, 100]

    # A removed meter leaves no subscription.
    assert await remove_entry(hass, meter)
    hours = [value for key, value in hass.data.items() if str(key).endswith("last_hours")]
    assert hours == [{}]


@pytest.mark.freeze_time("2026-11-21T17:38:20+00:00")
async def test_a_meter_of_entities_has_its_own_gaps_and_the_devices_are_named(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, freezer: FrozenDateTimeFactory
) -> None:
    hass.config.components.add("energy")
    devices: Any = [
        {"stat_consumption": "sensor.washing", "stat_rate": "sensor.washing_power"},
        {"stat_consumption": "sensor.car"},
        *({"stat_consumption": f"sensor.{n}", "stat_rate": f"sensor.p{n}"} for n in range(25)),
    ]
    update: Any = {"device_consumption": devices}
    await (await async_get_manager(hass)).async_update(update)
    smarty = Smarty(hass, freezer)
    entry = await set_up_entities(hass, smarty)
    for watts in ("700", "900"):
        await smarty.send(after=58, power=watts)
    client = await hass_ws_client(hass)

    answer = await ask(client, "last_hour", entry_id=entry.entry_id)

    assert answer["net"][-7:] == [700, None, None, None, None, None, 900]
    assert answer["phases"] == []
    assert answer["devices"] == ["sensor.washing_power", *(f"sensor.p{n}" for n in range(19))]
