"""The virtual meter: its options, its clients, its repairs, and its discovery."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from datetime import timedelta
from itertools import chain
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import aiohttp
import pytest
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import UnknownHandler
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import MqttMockHAClient

from custom_components.smarty_p1.diagnostics import async_get_config_entry_diagnostics
from custom_components.smarty_p1.lib.virtual.clients import Question
from custom_components.smarty_p1.lib.virtual.virtual_meter import Unavailable
from custom_components.smarty_p1.sinks.shown_clients import VIRTUAL_METERS
from dev.encoder import with_value
from dev.ports import free_ports
from smartyp1.json_types import JsonDict, JsonMapping
from tests.ha import kit
from tests.ha.dialogs import advance, choose, is_created, open_repair, schema_of, submit
from tests.ha.meter import OTHER_SERIAL
from tests.ha.refusals import Refusals, Row
from tests.ha.support import (
    OF_TELEGRAM,
    PATIENCE,
    Home,
    remove_entry,
    said,
    unload_entry,
    with_power,
)
from tests.ha.topic import Clock, set_up_at_topic, tell

SERIAL = "02a1b2c3d4e5"
LOCAL = "127.0.0.1"
STRANGER, BATTERY = "192.168.1.30", "192.168.1.20"


def stored(http_port: int, **changed: Any) -> JsonDict:  # noqa: ANN401
    """Return the stored options of a virtual meter that is switched on."""
    return {
        "enabled": True,
        "shown_as": "both",
        "address": LOCAL,
        "port": http_port,
        "batteries": [],
        "no_batteries": [],
        "udp_ports": [],
        "silent": False,
        "announced": False,
        "shows_telegram": False,
        "serial": SERIAL,
        **changed,
    }


class House(Home):
    """A meter with a virtual one."""

    def __init__(self, home: Home) -> None:
        super().__init__(home.hass, home.port, home.make_entry)
        self.http_port = free_ports()

    async def switch_on(self, **changed: Any) -> None:  # noqa: ANN401
        await self.set_up(virtual_meter=stored(self.http_port, **changed))
        self.answer()

    @property
    def options(self) -> JsonMapping:
        options: JsonMapping = self.entry.options["virtual_meter"]
        return options

    async def enter(self, **typed: Any) -> ConfigFlowResult:  # noqa: ANN401
        form = await self.page("virtual_meter")
        entered = {"enabled": True, "address": LOCAL, "port": self.http_port} | typed
        return await submit(self.hass, form, entered)

    async def fields(self) -> list[Any]:
        return [*schema_of(await self.page("virtual_meter")).schema]

    async def get_text(self, path: str) -> str:
        url = f"http://{LOCAL}:{self.http_port}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.text()

    async def get(self, path: str) -> Any:  # noqa: ANN401
        return json.loads(await self.get_text(path))

    @property
    def meter(self) -> Any:  # noqa: ANN401
        return self.hass.data[VIRTUAL_METERS][self.entry.entry_id]

    def poll(self, address: str, times: int, interval: float) -> None:
        reading = self.entry.runtime_data.data
        for n in range(3):
            self.meter.on_reading(reading, 1000 + 10.0 * n)
        for n in range(times):
            self.meter.answer_question(address, Question.EM_STATUS, 1020 + n * interval)


@pytest.fixture
async def house(home: Home) -> AsyncGenerator[House]:
    house = House(home)
    yield house
    if home.hass.config_entries.async_get_entry(house.entry.entry_id):
        await unload_entry(home.hass, house.entry)


async def test_the_virtual_meter_is_off_at_first_and_entered_values_are_kept(house: House) -> None:
    await house.set_up()
    house.answer()
    shown = {str(key): key.default() for key in await house.fields()}
    anywhere = {"address": "0.0.0.0", "port": 80, "shown_as": "both"}  # noqa: S104
    assert {name: value for name, value in shown.items() if value} == anywhere

    udp_port = free_ports()
    batteries = ["192.168.1.20", " ::ffff:192.168.1.20 "]
    await house.enter(batteries=batteries, udp_ports=[str(udp_port)], silent=True)
    serial = house.options["serial"]
    assert house.options["batteries"] == ["192.168.1.20"]
    assert house.options["udp_ports"] == [udp_port]
    assert (await house.get("/api"))["serial"] == serial

    suggested = {str(key): key.description for key in await house.fields() if key.description}
    assert suggested["udp_ports"] == {"suggested_value": [str(udp_port)]}
    # Switched off, the virtual meter keeps its serial number for its clients.
    await house.enter(enabled=False)
    assert house.options["serial"] == serial
    with pytest.raises(aiohttp.ClientConnectionError):
        await house.get("/api")


async def test_impossible_values_are_refused(house: House, refuses: Refusals) -> None:
    await house.set_up()
    other = house.make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL)
    options = {
        "virtual_meter": stored(2001, address="0.0.0.0", udp_ports=[1010]),  # noqa: S104
        "p1_server": {"enabled": True, "address": LOCAL, "port": 2002},
    }
    house.hass.config_entries.async_update_entry(other, options=options)
    cases: list[tuple[str, JsonDict]] = [
        *(("p1_address_malformed", {"address": text}) for text in ("localhost", "fe80::1%a..b")),
        ("p1_address_unusable", {"address": "192.0.2.1"}),
        ("virtual_battery_malformed", {"batteries": ["battery.lan"]}),
        ("virtual_battery_malformed", {"batteries": ["8.8.8.8"]}),
        ("virtual_battery_malformed", {"batteries": [f"10.0.0.{n}" for n in range(9)]}),
        ("virtual_udp_port_malformed", {"udp_ports": ["x"]}),
        ("virtual_udp_port_malformed", {"udp_ports": ["65536"]}),
        ("virtual_udp_port_malformed", {"udp_ports": ["1", "2", "3", "4", "5"]}),
        ("virtual_udp_without_shelly", {"shown_as": "homewizard", "udp_ports": ["2220"]}),
        ("virtual_announced_locally", {"announced": True}),
        *(("p1_port_in_use", {"port": port}) for port in (2001, 2002)),
        ("virtual_udp_port_in_use", {"udp_ports": ["1010"]}),
    ]
    usual = {"enabled": True, "address": LOCAL, "port": house.http_port}
    # The last value of a row is the wrong one.
    rows = [Row(f"{[*x][-1]}: {key}", usual | x) for key, x in cases]
    # The last row has an error in each field that can have one.
    wrong = [cases[i][1] for i in (0, 3, 6, -3)]
    errors = ", ".join(rows[i].errors for i in (0, 3, 6, -3))
    rows.append(Row(errors, {name: x for typed in (usual, *wrong) for name, x in typed.items()}))
    await refuses(await house.page("virtual_meter"), rows)


async def test_devices_read_the_virtual_meter_until_the_entry_is_unloaded(house: House) -> None:
    await house.switch_on(shows_telegram=True)
    assert (await house.get("/api/v1/data"))["active_power_w"] == 2345
    assert "/Lux5" in await house.get_text("/api/v1/telegram")
    await house.receive(with_power("01.234"))
    assert (await house.get("/rpc/EM.GetStatus?id=0"))["total_act_power"] == 1234

    told = await async_get_config_entry_diagnostics(house.hass, house.entry)
    [client] = told["virtual_meter_clients"]
    assert (client["profile"], client["request_count"]) == ("meter", 3)
    assert LOCAL not in str(told)
    assert 0 <= client["last_request_s_ago"] < PATIENCE
    menu = await house.page("other_programs")
    # Behind the page where the virtual meter is switched on.
    assert '"virtual_meter", "virtual_clients"' in json.dumps(menu["menu_options"])
    page = await house.page("virtual_clients")
    placeholders = page["description_placeholders"] or {}
    assert placeholders["meters"].startswith("| 127.0.0.1 | HomeWizard /api/v1/data, Shelly EM.")
    assert "127" not in placeholders["batteries"] + placeholders["unanswered"]
    result = await submit(house.hass, page, {})
    assert is_created(result)
    assert house.options == stored(house.http_port, shows_telegram=True)

    await unload_entry(house.hass, house.entry)
    with pytest.raises(aiohttp.ClientConnectionError):
        await house.get("/api")


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_a_delayed_telegram_of_a_broker_is_not_current(
    house: House, mqtt_mock: MqttMockHAClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch, OF_TELEGRAM)
    await set_up_at_topic(house, mqtt_mock, virtual_meter=stored(house.http_port))
    assert (await house.get("/api/v1/data"))["active_power_w"] == 2345
    # For Home Assistant of now still, for a battery not any more.
    clock.now += timedelta(seconds=45)
    coordinator = house.entry.runtime_data
    before = coordinator.readings
    await tell(house.hass, house.port.next_frame(with_power("01.000")))
    await house.wait_until(lambda: coordinator.readings > before)
    assert coordinator.latest.telegram.objects["1-0:1.7.0"] == 1
    assert (await house.get("/api/v1/data"))["active_power_w"] == 2345
    # After two minutes of telegrams that all are as late, the meter's clock is behind.
    for _ in range(13):
        clock.now += timedelta(seconds=10)
        sent = clock.now + timedelta(hours=2, seconds=-45)
        text = with_value(with_power("01.000"), "0-0:1.0.0", f"({sent:%y%m%d%H%M%S}S)")
        before = coordinator.readings
        await tell(house.hass, house.port.next_frame(text))
        await house.wait_until(lambda: coordinator.readings > before)  # noqa: B023
    assert (await house.get("/api/v1/data"))["active_power_w"] == 1000


async def test_a_port_in_use_is_a_repair_until_it_is_free(house: House) -> None:
    udp_port = free_ports()
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind((LOCAL, house.http_port))
        tcp.listen()
        udp.bind((LOCAL, udp_port))
        await house.switch_on(udp_ports=[udp_port])
        assert said(house.issue("virtual_meter"))["port"] == f"{house.http_port}, {udp_port}"
        # Readings go on.
        assert house.entry.runtime_data.latest
        tcp.close()
        await let_it_try_again(house)
        assert said(house.issue("virtual_meter"))["port"] == str(udp_port)
    await let_it_try_again(house)
    assert not house.issue("virtual_meter")
    assert (await house.get("/api/v1/data"))["active_power_w"] == 2345


async def let_it_try_again(house: House) -> None:
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=31))
    for _ in range(20):
        await asyncio.sleep(0)
    await house.hass.async_block_till_done()


@pytest.mark.parametrize(
    ("choice", "name"),
    [("battery", "batteries"), ("no_battery", "no_batteries"), ("battery", None)],
)
async def test_a_fast_client_raises_a_question(house: House, choice: str, name: str | None) -> None:
    await async_setup_component(house.hass, "repairs", {})
    await house.switch_on()
    house.poll(STRANGER, 6, 1.0)
    house.poll("192.168.1.31", 6, 1.0)  # one at a time
    assert (
        said(house.issue("virtual_battery")).items()
        >= {"address": STRANGER, "seconds": "1.0"}.items()
    )
    # A client by UDP is a battery without a name. It must stay a battery when another one is named.
    # Of ten such clients, the seven that asked last stay: the options accept eight.
    udp = [BATTERY, *(f"192.168.1.{number}" for number in range(40, 49))]
    for address in reversed(udp):
        house.meter.answer_question(address, Question.UDP, 1026)
    menu = await open_repair(house.hass, f"virtual_battery_{house.entry.entry_id}")
    if name is None:
        # The options of the entry are gone by now.
        house.hass.config_entries.async_update_entry(house.entry, options={})
        result = await choose(house.hass, menu, choice)
        assert result["reason"] == "entry_removed"
        return
    result = await choose(house.hass, menu, choice)
    assert is_created(result)
    await house.hass.async_block_till_done()
    assert house.options[name] == [*(udp[:7] if choice == "battery" else []), STRANGER]
    house.poll(STRANGER, 6, 1.0)
    assert not house.issue("virtual_battery")
    [client] = house.meter.clients
    assert (house.meter.profile(client) == "battery") is (choice == "battery")


async def test_an_unnamed_client_by_udp_is_shown(house: House) -> None:
    await house.switch_on(batteries=["192.168.1.20"])
    with pytest.raises(Unavailable):
        house.meter.answer_question(STRANGER, Question.UDP, 1000)
    page = await house.page("virtual_clients")
    placeholders = page["description_placeholders"] or {}
    assert placeholders["unanswered"].startswith(f"| {STRANGER} | Shelly EM.GetStatus, UDP |")
    form = await house.page("virtual_meter")
    assert (form["description_placeholders"] or {})["addresses"] == LOCAL


def found(hass: HomeAssistant) -> dict[str, str]:
    """Return the ids and sources of the entries for the virtual meter."""
    entries = map(hass.config_entries.async_entries, ("homewizard", "shelly"))
    return {str(entry.unique_id): entry.source for entry in chain(*entries)}


@pytest.fixture
async def zeroconf(hass: HomeAssistant, mock_async_zeroconf: MagicMock) -> MagicMock:
    """Return an mDNS that notes the announced services."""
    assert await async_setup_component(hass, "zeroconf", {})
    mock_async_zeroconf.async_register_service = AsyncMock()
    mock_async_zeroconf.async_unregister_service = AsyncMock()
    return mock_async_zeroconf


async def test_home_assistant_does_not_find_its_own_virtual_meter(
    house: House, zeroconf: MagicMock
) -> None:
    ignored = {f"HWE-P1_{SERIAL}": SOURCE_IGNORE, SERIAL.upper(): SOURCE_IGNORE}
    order: list[tuple[Any, dict[str, str]]] = []

    def register(info: object) -> None:
        order.append((info, found(house.hass)))

    zeroconf.async_register_service.side_effect = register
    await house.switch_on(announced=True, address="0.0.0.0")  # noqa: S104 - an address to announce
    await house.wait_until(lambda: len(order) == 3)
    services = {info.type: (info.name, info.port, before) for info, before in order}
    name, port, before = services["_hwenergy._tcp.local."]
    assert name == "p1meter-c3d4e5._hwenergy._tcp.local."
    assert port == house.http_port
    # Ignored before it is announced.
    assert f"HWE-P1_{SERIAL}" in before
    assert services["_shelly._tcp.local."][0] == f"shellypro3em-{SERIAL}._shelly._tcp.local."
    assert services["_shelly._tcp.local."][2] == services["_http._tcp.local."][2] == ignored
    assert found(house.hass) == ignored

    # A deleted entry is ignored again.
    [entry] = house.hass.config_entries.async_entries("homewizard")
    await remove_entry(house.hass, entry)
    await house.wait_until(lambda: found(house.hass) == ignored)

    await house.enter(announced=False)
    assert found(house.hass) == {}
    assert zeroconf.async_unregister_service.await_count == 3


async def test_a_meter_that_cannot_be_ignored_is_not_announced(
    house: House, zeroconf: MagicMock, caplog: pytest.LogCaptureFixture
) -> None:
    flows = house.hass.config_entries.flow
    with patch.object(flows, "async_init", side_effect=UnknownHandler):
        await house.switch_on(announced=True, address="0.0.0.0")  # noqa: S104 - as above
        await house.wait_until(lambda: caplog.text.count("cannot be told to ignore") == 2)
        await house.hass.async_block_till_done()
    zeroconf.async_register_service.assert_not_awaited()


async def test_the_ignored_discovery_goes_with_the_entry(house: House, zeroconf: MagicMock) -> None:
    addresses = AsyncMock(return_value=["192.168.1.5", "2a02:c7d::5", "fe80::5"])
    with patch("homeassistant.components.network.async_get_announce_addresses", addresses):
        await house.switch_on(announced=True, address="::", shown_as="shelly")
        await house.wait_until(lambda: zeroconf.async_register_service.await_count == 2)
    # Requests from a public address of IPv6 are refused.
    assert zeroconf.async_register_service.await_args.args[0].parsed_addresses() == ["192.168.1.5"]
    assert found(house.hass) == {SERIAL.upper(): SOURCE_IGNORE}
    await remove_entry(house.hass, house.entry)
    await house.hass.async_block_till_done()
    assert found(house.hass) == {}


async def test_a_virtual_meter_added_by_hand_is_a_repair(house: House) -> None:
    await house.switch_on()
    entry = MockConfigEntry(domain="shelly", title="A meter", unique_id=SERIAL.upper())
    with patch("homeassistant.config_entries.ConfigEntry.async_setup"):
        await house.hass.config_entries.async_add(entry)
    assert said(house.issue("virtual_meter_added"))["added"] == "A meter"
    await remove_entry(house.hass, entry)
    assert not house.issue("virtual_meter_added")


@pytest.mark.usefixtures("zeroconf")
async def test_the_real_homewizard_integration(house: House) -> None:
    await house.switch_on()
    flow = await house.hass.config_entries.flow.async_init(
        "homewizard", context={"source": SOURCE_USER}
    )
    result = await advance(house.hass, flow, {"ip_address": f"{LOCAL}:{house.http_port}"})
    assert is_created(result)
    await house.hass.async_block_till_done()
    state = house.state_of("sensor.p1_meter_power")
    assert float(state.state) == 2345
    assert house.issue("virtual_meter_added")
    # Home Assistant asks oftener than telegrams come, and is no battery. Clients at other addresses
    # may be batteries.
    house.poll(LOCAL, 6, 5.0)
    assert not house.issue("virtual_battery")
    house.poll(STRANGER, 6, 5.0)
    assert house.issue("virtual_battery")
    ir.async_delete_issue(house.hass, "smarty_p1", f"virtual_battery_{house.entry.entry_id}")
    await remove_entry(house.hass, result["result"])
    # After the removal, a client at this address is another program.
    house.poll(LOCAL, 6, 5.0)
    assert house.issue("virtual_battery")


@pytest.mark.usefixtures("zeroconf")
async def test_the_real_shelly_integration(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.simplify_shelly(monkeypatch)
    house.hass.config.components.add("bluetooth")
    await house.switch_on()
    flows = house.hass.config_entries.flow
    flow = await flows.async_init("shelly", context={"source": SOURCE_USER})
    result = await flows.async_configure(flow["flow_id"], {"host": LOCAL, "port": house.http_port})
    assert is_created(result)
    await house.hass.async_block_till_done()

    def power() -> str:
        state = house.hass.states.get("sensor.shellypro3em_02a1b2c3d4e5_power")
        return state.state if state else ""

    assert power() == "2345.0"
    assert "/Lux5" not in await house.get_text("/api/v1/telegram")
    # The integration receives each telegram.
    await house.receive(with_power("01.234"))
    await house.wait_until(lambda: power() == "1234.0")
    await unload_entry(house.hass, result["result"])
