"""Ports that Home Assistant finds by itself: which ones, once each, and where they go."""

import asyncio
from collections.abc import AsyncGenerator
from fnmatch import fnmatch
from functools import partial
from ipaddress import ip_address
from unittest.mock import patch

import pytest
from homeassistant.components.usb import USBDevice
from homeassistant.components.usb.utils import usb_device_matches_matcher
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USB,
    SOURCE_ZEROCONF,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceRegistry
from homeassistant.helpers.service_info.usb import UsbServiceInfo
from homeassistant.helpers.service_info.zeroconf import ZeroconfServiceInfo
from homeassistant.loader import async_get_usb, async_get_zeroconf
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.flows import ports_in_use
from custom_components.smarty_p1.flows.meter import moved_gateway
from custom_components.smarty_p1.lib.markdown_text import as_plain
from custom_components.smarty_p1.lib.port.probing import probe
from smartyp1.json_types import JsonDict
from tests.ha.boards import pulse_entry
from tests.ha.dialogs import confirm, is_done, start, submit, suggested, told
from tests.ha.meter import (
    KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    SERIAL,
    MeterPort,
    encipher,
    seal,
    stored_frame,
)
from tests.ha.support import (
    OTHER_METER,
    TELEGRAM,
    Home,
    device_of,
    entered_data,
    let_pass,
    remove_entry,
    set_up_entry,
    unload_entry,
)

pytestmark = pytest.mark.usefixtures("short_wait")

TYPE = "_iostream._tcp.local."
ENCRYPTED = stored_frame("three_phase_gas_water_heat")
# Announcement of each port of a ser2net.
SER2NET = {"provider": "ser2net", "gensiostack": "tcp", "devicetype": "serialusb"}


def service(
    name: str = "P1 meter",
    *,
    ip: str = "127.0.0.1",
    port: int | None = 2001,
    others: tuple[str, ...] = (),
    host: str = "gateway.local.",
    **properties: str,
) -> ZeroconfServiceInfo:
    """Return an announcement on the network."""
    address = ip_address(ip)
    return ZeroconfServiceInfo(
        ip_address=address,
        ip_addresses=[address, *(ip_address(other) for other in others)],
        port=port,
        hostname=host,
        type=TYPE,
        name=f"{name}.{TYPE}",
        properties={**SER2NET, **properties},
    )


def cable(device: str = "/dev/ttyUSB7", description: str | None = "P1 cable") -> UsbServiceInfo:
    return UsbServiceInfo(
        device=device,
        vid="0403",
        pid="6001",
        serial_number="A1",
        manufacturer="FTDI",
        description=description,
    )


async def find(hass: HomeAssistant, info: ZeroconfServiceInfo | UsbServiceInfo) -> ConfigFlowResult:
    source = SOURCE_USB if isinstance(info, UsbServiceInfo) else SOURCE_ZEROCONF
    return await hass.config_entries.flow.async_init(
        "smarty_p1", context={"source": source}, data=info
    )


async def is_announced_to_us(hass: HomeAssistant, info: ZeroconfServiceInfo) -> bool:
    """Return whether Home Assistant starts a dialog for a service, by the manifest's patterns."""
    return any(
        fnmatch(info.name.lower(), matcher.get("name", "*"))
        and all(
            key in info.properties and fnmatch(info.properties[key].lower(), pattern)
            for key, pattern in matcher.get("properties", {}).items()
        )
        for matcher in (await async_get_zeroconf(hass))[TYPE]
        if matcher["domain"] == "smarty_p1"
    )


async def is_plugged_in_for_us(hass: HomeAssistant, info: UsbServiceInfo) -> bool:
    """Return whether Home Assistant starts a dialog for a device, by the manifest's patterns."""
    device = USBDevice(
        device=info.device,
        vid=info.vid,
        pid=info.pid,
        serial_number=info.serial_number,
        manufacturer=info.manufacturer,
        description=info.description,
    )
    return any(
        usb_device_matches_matcher(device, matcher)
        for matcher in await async_get_usb(hass)
        if matcher["domain"] == "smarty_p1"
    )


MEANT = [
    *("P1", "p1-meter", "P1_port", "p1port", "P1Port", "meterp1", "MeterP1", "MyP1Cable", "my p1"),
    *("Smarty", "smarty 3", "SmartyReader", "DSMR", "dsmr-reader", "/dev/p1,115200"),
]
NOT_MEANT = [
    *("esp12", "ESP12F", "HP1102", "Bambu P1S", "P100", "cp1", "Map1", "p12", "FT232R USB UART"),
    *("CP2102 USB to UART Bridge Controller", "Zigbee stick", ""),
]


async def test_a_port_named_p1_is_offered(hass: HomeAssistant) -> None:
    for name in MEANT:
        for info in (service(name), service("ttyUSB0", product=name)):
            assert await is_announced_to_us(hass, info)
            result = await find(hass, info)
            assert result["step_id"] == "discovery_confirm", name
            hass.config_entries.flow.async_abort(result["flow_id"])
        assert await is_plugged_in_for_us(hass, cable(description=name))
        result = await find(hass, cable(description=name))
        assert result["step_id"] == "discovery_confirm", name
        hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_port_not_named_p1_is_not_offered(hass: HomeAssistant) -> None:
    for name in NOT_MEANT:
        for info in (service(name), service("ttyUSB0", product=name), cable(description=name)):
            assert is_done(await find(hass, info), "not_p1_port"), name
    # A bare chip is not even looked at.
    for description in ("FT232R USB UART", "CP2102 USB to UART Bridge Controller", None):
        assert not await is_plugged_in_for_us(hass, cable(description=description))
        assert is_done(await find(hass, cable(description=description)), "not_p1_port")
    assert not await is_announced_to_us(hass, service("ttyUSB0"))


async def test_found_gateway_is_set_up_with_its_key_alone(home: Home) -> None:
    home.port.greeting = ENCRYPTED
    form = await find(home.hass, service(port=home.port.port))
    assert home.port.connections == 0
    assert suggested(form).keys() == {"encryption_key", "advanced"}
    assert told(form)["name"] == "P1 meter"
    assert told(form)["present_port"] == home.port.url
    (flow,) = home.hass.config_entries.flow.async_progress()
    assert flow["context"]["title_placeholders"] == {"name": f"P1 meter ({home.port.url})"}

    wrong = await submit(home.hass, form, {"encryption_key": OTHER_KEY})
    assert wrong["step_id"] == "discovery_confirm"
    assert wrong["errors"] == {"encryption_key": "wrong_key"}
    found = await submit(home.hass, wrong, {"encryption_key": KEY})
    result = await confirm(home.hass, found)

    assert result["data"] == {
        "port": home.port.url,
        "encryption_key": KEY,
        "service": f"P1 meter.{TYPE}",
    }
    assert result["result"].unique_id == SERIAL
    assert result["result"].state is ConfigEntryState.LOADED


async def test_the_name_of_a_found_port_is_no_markup(hass: HomeAssistant) -> None:
    name = "P1 Zähler (2) **[log in](http://x/)<img src=x>` WWW.x.lu"
    for info in (service(name), cable(description=name)):
        shown = (await find(hass, info))["description_placeholders"] or {}
        assert shown["name"] == as_plain(name)
    result = await find(hass, cable("/dev/ttyUSB8", "P1 " + "x" * 1000))
    assert told(result)["name"] == "P1 " + "x" * 61


async def test_found_cable_is_stored_by_its_lasting_name(hass: HomeAssistant) -> None:
    by_id = "/dev/serial/by-id/usb-FTDI_P1_cable_A1-if00-port0"
    with patch.object(ports_in_use, "get_serial_by_id", return_value=by_id):
        form = await find(hass, cable())
        assert told(form)["present_port"] == by_id
        assert is_done(await find(hass, cable()), "already_in_progress")
        result = await submit(hass, form, {"encryption_key": KEY})
    assert result["errors"] == {"base": "port_not_found"}
    assert told(result)["port"] == by_id


async def test_address_of_a_found_gateway(hass: HomeAssistant) -> None:
    addresses: list[tuple[JsonDict, str | None]] = [
        ({"ip": "192.168.1.50"}, "socket://192.168.1.50:2001"),
        ({"ip": "fd00::1:2"}, "socket://[fd00::1:2]:2001"),
        ({"gensiostack": ""}, "socket://127.0.0.1:2001"),
        ({"gensiostack": "telnet(rfc2217=true),tcp"}, "rfc2217://127.0.0.1:2001"),
        ({"gensiostack": "telnet,tcp(keepalive=1)"}, "rfc2217://127.0.0.1:2001"),
        ({"gensiostack": "ssl,tcp"}, None),
        ({"port": None}, None),
    ]
    for announced, url in addresses:
        result = await find(hass, service(**announced))
        if url is None:
            assert is_done(result, "not_p1_port")
        else:
            assert told(result)["present_port"] == as_plain(url)
            hass.config_entries.flow.async_abort(result["flow_id"])


async def test_a_port_is_offered_once(hass: HomeAssistant) -> None:
    await find(hass, service())

    assert is_done(await find(hass, service()), "already_in_progress")
    assert is_done(await find(hass, service(ip="127.0.0.2")), "already_in_progress")
    assert (await find(hass, service("P1 of the neighbour", port=2002)))["type"] == "form"
    assert len(hass.config_entries.flow.async_progress()) == 2


# The same port, announced under other names: with the addresses in another order, by IPv6 alone, by
# another protocol, by another name of the host.
SAME_PORT: list[JsonDict] = [
    {},
    {"ip": "fd00::7", "others": ("192.168.1.50",)},
    {"ip": "fd00::7"},
    {"ip": "fd00::7", "gensiostack": "telnet,tcp"},
    {"ip": "192.168.1.50", "host": "Other-Name.local."},
    {"ip": "192.168.1.99", "host": "GATEWAY.local."},
]


async def ignore(hass: HomeAssistant) -> None:
    """Ignore the only port that is offered, as Home Assistant's frontend does it."""
    (flow,) = hass.config_entries.flow.async_progress()
    await hass.config_entries.flow.async_init(
        "smarty_p1",
        context={"source": SOURCE_IGNORE},
        data={"unique_id": flow["context"]["unique_id"], "title": "P1 meter"},
    )
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress() == []


async def test_a_port_of_many_names_is_offered_once(home: Home) -> None:
    first = service(ip="192.168.1.50", others=("fd00::7",))
    names = [f"P1 no. {number}" for number in range(300)]
    found = [service(name, ip="192.168.1.50") for name in names]
    found += [service(f"P1 {at}", **other) for at, other in enumerate(SAME_PORT)]
    await asyncio.gather(*(find(home.hass, service(name, ip="192.168.1.9")) for name in names))
    (flow,) = home.hass.config_entries.flow.async_progress()
    home.hass.config_entries.flow.async_abort(flow["flow_id"])
    await find(home.hass, first)
    await asyncio.gather(*(find(home.hass, info) for info in found))
    (flow,) = home.hass.config_entries.flow.async_progress()
    assert flow["context"]["unique_id"] == first.name

    # The port is not offered after it was ignored, nor while an entry reads it by any of its
    # addresses.
    await ignore(home.hass)
    for info in found:
        assert is_done(await find(home.hass, info), "already_configured")
    (entry,) = home.hass.config_entries.async_entries("smarty_p1")
    await remove_entry(home.hass, entry)
    entry = home.make_entry("socket://[fd00::7]:2001")
    home.hass.config_entries.async_update_entry(entry, data={**entry.data, "service": "another"})
    for info in [first, service("P1 b", ip="192.168.1.50", others=("fd00::7",))]:
        assert is_done(await find(home.hass, info), "already_configured")
    assert home.hass.config_entries.flow.async_progress() == []


async def test_an_ignored_port_may_move(hass: HomeAssistant) -> None:
    await find(hass, service(ip="192.168.1.50", host="a.local."))
    await ignore(hass)
    # Another gateway gets its address after the ignored one was announced at a new address.
    moved = service(ip="192.168.1.60", host="a.local.")
    assert is_done(await find(hass, moved), "already_configured")
    other = await find(hass, service("P1 b", ip="192.168.1.50", host="b.local."))
    assert other["step_id"] == "discovery_confirm"


async def test_the_number_of_offered_ports_is_limited(hass: HomeAssistant) -> None:
    for port in range(1, 100):
        await find(hass, service(f"P1 {port}", port=port))
    assert len(hass.config_entries.flow.async_progress()) == 32


async def test_an_ignored_port_is_not_offered_again(
    hass: HomeAssistant, port: MeterPort, device_registry: DeviceRegistry
) -> None:
    await find(hass, service())
    await ignore(hass)
    assert is_done(await find(hass, service()), "already_configured")
    assert is_done(await find(hass, service(ip="127.0.0.2")), "already_configured")
    # The port can still be added by hand. It is no gateway with suggested ports, and no meter
    # before others.
    flow = await start(hass)
    assert suggested(flow)["port"] is None
    port.greeting = ENCRYPTED
    found = await submit(hass, flow, {"port": port.url, "encryption_key": KEY})
    entry = (await confirm(hass, found))["result"]
    assert device_of(device_registry, entry, SERIAL).name == "Smarty"


async def test_a_port_that_is_read_is_not_offered(hass: HomeAssistant, home: Home) -> None:
    for url in (
        "socket://127.0.0.1:2001",
        "socket://127.0.0.2:2001",
        "tcp://Gateway.local:2001",
        "socket://gateway:2001",
    ):
        entry = home.make_entry(url)
        assert is_done(await find(hass, service(others=("127.0.0.2",))), "already_configured")
        assert entered_data(entry) == {
            "port": url,
            "encryption_key": KEY,
            "service": f"P1 meter.{TYPE}",
        }
        await remove_entry(hass, entry)
    entry = home.make_entry("/dev/ttyUSB7")
    assert is_done(await find(hass, cable()), "already_configured")
    await remove_entry(hass, entry)

    # The meter is added by hand during the dialog.
    form = await find(hass, service())
    home.make_entry("socket://127.0.0.1:2001", serial=OTHER_SERIAL)
    result = await submit(hass, form, {"encryption_key": KEY})
    assert result["errors"] == {"base": "port_in_use"}


@pytest.fixture
async def elsewhere() -> AsyncGenerator[MeterPort]:
    """Return the same meter at another address."""
    async with MeterPort(encipher(TELEGRAM, 100)) as server:
        yield server


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a meter be looked for again and again in less than a second."""
    monkeypatch.setattr(moved_gateway, "PROBE_INTERVAL_S", 0.05)
    monkeypatch.setattr(moved_gateway, "probe", partial(probe, timeout=0.1))


async def lose(hass: HomeAssistant, port: MeterPort, entry: MockConfigEntry) -> None:
    await port.stop()
    await let_pass(hass, 61)
    assert not entry.runtime_data.last_update_success


async def test_gateway_comes_back_at_another_address(home: Home, elsewhere: MeterPort) -> None:
    entry = await home.set_up()
    assert is_done(await find(home.hass, service(port=home.port.port)), "already_configured")
    await lose(home.hass, home.port, entry)

    result = await find(home.hass, service(port=elsewhere.port))

    assert is_done(result, "already_configured")
    await home.wait_until(lambda: entry.data["port"] == elsewhere.url)
    await home.wait_until(lambda: entry.state is ConfigEntryState.LOADED)
    await home.wait_until(lambda: entry.runtime_data.last_update_success)
    assert entry.data["service"] == f"P1 meter.{TYPE}"


@pytest.mark.usefixtures("soon")
async def test_a_meter_that_delivers_is_not_looked_for_elsewhere(
    hass: HomeAssistant, home: Home, elsewhere: MeterPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The search must not end on a busy machine before the meter is lost.
    monkeypatch.setattr(moved_gateway, "PROBES", 10_000)
    entry = await home.set_up()
    await find(hass, service(port=home.port.port))

    for _ in range(20):
        assert is_done(await find(hass, service(port=elsewhere.port)), "already_configured")
    await asyncio.sleep(0.3)
    assert (entry.data["port"], home.port.connections) == (home.port.url, 1)
    assert elsewhere.connections == 0

    # The new address may have been announced before the old address was found to be dead.
    await lose(hass, home.port, entry)
    await home.wait_until(lambda: entry.data["port"] == elsewhere.url)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("sent", "is_loaded"),
    [
        pytest.param(b"", True, id="nothing"),
        pytest.param(encipher(TELEGRAM, 100, key=OTHER_KEY), True, id="other key"),
        pytest.param(encipher(TELEGRAM, 1), True, id="recorded"),
        pytest.param(encipher(TELEGRAM, 1), False, id="recorded, of an entry that is not loaded"),
        pytest.param(encipher(OTHER_METER, 100), True, id="other meter"),
        pytest.param(seal(TELEGRAM), True, id="plain"),
        pytest.param(encipher(TELEGRAM, 100)[:-1] + b"?", True, id="forged tag"),
    ],
)
async def test_an_announced_port_must_have_the_meter(
    hass: HomeAssistant,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    sent: bytes,
    *,
    is_loaded: bool,
) -> None:
    monkeypatch.setattr(moved_gateway, "PROBES", 3)
    entry = await home.set_up()
    await find(hass, service(port=home.port.port))
    await lose(hass, home.port, entry)
    if not is_loaded:
        await unload_entry(hass, entry)
    async with MeterPort(sent) as attacker:
        for _ in range(20):
            assert is_done(await find(hass, service(port=attacker.port)), "already_configured")
        # On a busy machine, a search may end before the last announcement, which begins another.
        before = attacker.connections
        await attacker.wait_for_connections(2)
        await asyncio.sleep(0.1)
        assert entry.data["port"] == home.port.url
        # The search ends by itself.
        await home.wait_until(lambda: not searches(hass))
        assert attacker.connections <= before + 2 * moved_gateway.PROBES
        assert entry.data["port"] == home.port.url


def searches(hass: HomeAssistant) -> int:
    tasks = asyncio.all_tasks(hass.loop)
    return sum("smarty_p1 gateway of" in task.get_name() for task in tasks)


async def test_a_meter_is_looked_for_once_a_minute_for_any_number_of_announcements(
    hass: HomeAssistant, home: Home
) -> None:
    entry = await home.set_up()
    await find(hass, service(port=home.port.port))
    await lose(hass, home.port, entry)
    async with MeterPort(encipher(OTHER_METER, 100)) as attacker:
        for _ in range(100):
            await find(hass, service(port=attacker.port))
        await asyncio.sleep(0.2)
        assert searches(hass) == 1
        assert attacker.connections == 1
    assert moved_gateway.PROBE_INTERVAL_S == 60


@pytest.mark.usefixtures("soon")
async def test_no_gateway_is_followed_without_a_proof_nor_by_a_disabled_entry(home: Home) -> None:
    cases: list[tuple[JsonDict, bytes, ConfigEntryDisabler | None]] = [
        ({"key": None}, seal(TELEGRAM), None),
        ({"verify": False}, encipher(TELEGRAM, 1), None),
        ({}, encipher(TELEGRAM, 100), ConfigEntryDisabler.USER),
    ]
    for data, sent, disabled_by in cases:
        entry = home.make_entry("socket://127.0.0.1:1", **data, service=f"P1 meter.{TYPE}")
        await home.hass.config_entries.async_set_disabled_by(entry.entry_id, disabled_by)
        async with MeterPort(sent) as other:
            assert is_done(await find(home.hass, service(port=other.port)), "already_configured")
            await asyncio.sleep(0.1)
            assert other.connections == 0
        assert entry.data["port"] == "socket://127.0.0.1:1"
        assert entry.state is ConfigEntryState.NOT_LOADED
        await remove_entry(home.hass, entry)


@pytest.mark.usefixtures("soon")
async def test_an_entry_that_is_removed_is_looked_for_no_more(home: Home) -> None:
    entry = home.make_entry("socket://127.0.0.1:1", service=f"P1 meter.{TYPE}")
    async with MeterPort() as silent:
        await find(home.hass, service(port=silent.port))
        await silent.wait_for_connections(1)
        await remove_entry(home.hass, entry)
        await home.wait_until(lambda: not searches(home.hass))
        assert silent.connections == 1


@pytest.mark.usefixtures("soon")
async def test_gateways_that_swap_their_addresses(home: Home) -> None:
    async with (
        MeterPort(encipher(OTHER_METER, 100), exclusive=True) as one,
        MeterPort(encipher(TELEGRAM, 100), exclusive=True) as two,
    ):
        first = home.make_entry(one.url, service=f"P1 one.{TYPE}")
        second = home.make_entry(two.url, serial=OTHER_SERIAL, service=f"P1 two.{TYPE}")

        await find(home.hass, service("P1 one", port=two.port))
        await find(home.hass, service("P1 two", port=one.port))

        await home.wait_until(lambda: first.data["port"] == two.url)
        await home.wait_until(lambda: second.data["port"] == one.url)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("is_board", [False, True])
async def test_the_port_of_an_entry_that_delivers_is_not_disturbed(
    hass: HomeAssistant, home: Home, *, is_board: bool
) -> None:
    if is_board:
        reader = pulse_entry(hass, port=home.port.url, baud_rate=9600)
        assert await set_up_entry(hass, reader)
        await home.port.wait_for_connections(1)
    else:
        reader = await home.set_up()
        hass.config_entries.async_update_entry(
            reader, data={**reader.data, "service": f"P1 one.{TYPE}"}
        )
    before = dict(reader.data)
    other = home.make_entry("socket://127.0.0.1:1", serial=OTHER_SERIAL, service=f"P1 two.{TYPE}")
    await find(hass, service("P1 two", port=home.port.port))
    await home.wait_until(lambda: not searches(hass))
    assert home.port.connections == 1
    assert other.data["port"] == "socket://127.0.0.1:1"
    assert reader.data == before


@pytest.mark.parametrize("changes_key", [False, True])
async def test_another_port_is_not_taken_back_by_the_gateway_that_a_new_key_leaves_as_it_is(
    hass: HomeAssistant, home: Home, *, changes_key: bool
) -> None:
    found_at = {"service": f"P1 meter.{TYPE}"}
    entry = home.make_entry(home.port.url if changes_key else "socket://127.0.0.3:1", **found_at)
    key = OTHER_KEY if changes_key else KEY
    home.port.greeting = encipher(TELEGRAM, 1, key=key)
    form = await entry.start_reconfigure_flow(hass)
    await submit(hass, form, {"encryption_key": key} if changes_key else {"port": home.port.url})
    stored = {"port": home.port.url, "encryption_key": key}
    assert entered_data(entry) == stored | (found_at if changes_key else {})
