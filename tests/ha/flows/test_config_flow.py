"""The dialog that sets a meter up: each way through it, and each error, provoked for real."""

import asyncio
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from socket import gaierror
from unittest.mock import AsyncMock, Mock, patch

import pytest
import serialx
from homeassistant.components.usb import SerialDevice, USBDevice
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import SelectOptionDict
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.smarty_p1.flows import ports_in_use, shared_form_fields
from custom_components.smarty_p1.flows.meter import port_key_and_found_meter
from custom_components.smarty_p1.lib.port.probing import probe
from custom_components.smarty_p1.lib.port.serial_port import open_port
from dev.altered_bytes import ALTERATIONS, cut, flipped
from dev.ports import free_ports
from smartyp1.json_types import JsonDict
from tests.ha.boards import GEOMETRY, tank_entry
from tests.ha.dialogs import (
    advance,
    confirm,
    is_advanced_open,
    is_created,
    reconfigure,
    schema_of,
    start,
    submit,
    suggested,
    told,
)
from tests.ha.meter import (
    KEY,
    OTHER_AUTHENTICATION_KEY,
    OTHER_KEY,
    OTHER_SERIAL,
    PUBLISHED_KEY,
    SERIAL,
    MeterPort,
    encipher,
    seal,
    stored_frame,
    stored_telegram,
    with_value,
)
from tests.ha.refusals import Refusals, Row
from tests.ha.support import NAMELESS, Home, remove_entry, values
from tests.ha.test_diagnostics import assert_no_secret

ENCRYPTED = stored_frame("three_phase_gas_water_heat")


pytestmark = pytest.mark.usefixtures("short_wait")


async def enter(hass: HomeAssistant, port: str, key: str = KEY) -> ConfigFlowResult:
    return await submit(hass, await start(hass), {"port": port, "encryption_key": key})


async def test_sets_up_a_meter(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = ENCRYPTED
    flow = await start(hass)
    assert not is_advanced_open(flow)

    found = await submit(hass, flow, {"port": port.address, "encryption_key": KEY})
    assert (
        told(found).items()
        >= {
            "serial_number": SERIAL,
            "verification": "Verified",
            "power_imported": "2.345\xa0kW",
            "power_exported": "0.000\xa0kW",
            "energy_imported": "25,678.901\xa0kWh",
            "energy_exported": "1,234.567\xa0kWh",
            "channels": (
                "- M-Bus 1: Gas meter GAS 079000257401, 678.901\xa0m³\n"
                "- M-Bus 2: Water meter WATE079000257402, 28.103\xa0m³\n"
                "- M-Bus 3: Heat meter HEAT079000257403, 12.345\xa0GJ"
            ),
        }.items()
    )

    result = await confirm(hass, found)
    assert is_created(result)
    assert result["title"] == "Smarty"
    assert result["data"] == {"port": port.url, "encryption_key": KEY}
    entry = result["result"]
    assert entry.unique_id == SERIAL
    assert entry.state is ConfigEntryState.LOADED
    assert values(hass)["smarty_energy_imported"] == "25678.901"


OF_METER = {"encryption_key": KEY}
OTHER = {"authentication_key": OTHER_AUTHENTICATION_KEY}
PUBLISHED = {"authentication_key": PUBLISHED_KEY}
# The frame from the port, the key and the advanced options as typed, and the stored data.
SET_UPS: dict[str, tuple[str, str | None, JsonDict, JsonDict]] = {
    "without encryption": ("plain", None, {}, {}),
    "authentication key": (
        *("other_authentication_key", KEY),
        *({"authentication_key": OTHER_AUTHENTICATION_KEY.lower()}, OTHER),
    ),
    "pasted": ("three_phase_gas_water_heat", f"  0x{KEY.lower()}\n", PUBLISHED, {}),
}


@pytest.mark.parametrize(("frame", "key", "advanced", "stored"), SET_UPS.values(), ids=SET_UPS)
async def test_the_typed_values_are_stored(
    home: Home, frame: str, key: str | None, advanced: JsonDict, stored: JsonDict
) -> None:
    home.port.greeting = stored_frame(frame)
    typed = {"port": f" {home.port.address} ", "advanced": advanced}
    found = await submit(
        home.hass, await start(home.hass), typed | ({"encryption_key": key} if key else {})
    )
    if stored:
        assert told(found)["channels"] == ""
    result = await confirm(home.hass, found)
    sealed = {"encryption_key": KEY} if key else {}
    assert result["data"] == {"port": home.port.url, **sealed, **stored}
    assert result["result"].unique_id == SERIAL
    assert result["result"].state is ConfigEntryState.LOADED


WITHOUT = {"without_verification": True}


@pytest.mark.parametrize(
    ("steps", "verification", "stored"),
    [
        ([WITHOUT], "Not verified", {"encryption_key": KEY, "verify": False}),
        # Verification stays on unless the user gives it up.
        (
            [{"without_verification": False}, OTHER | {"without_verification": False}],
            *("Verified", {"encryption_key": KEY, **OTHER}),
        ),
        # Without a key, there is no verification to give up.
        ([WITHOUT], "Not encrypted", {}),
    ],
    ids=["without verification", "with the right key", "without a key"],
)
async def test_verification_is_given_up_only_when_that_is_chosen(
    home: Home, steps: list[JsonDict], verification: str, stored: JsonDict
) -> None:
    home.port.greeting = stored_frame("other_authentication_key")
    typed = {"port": home.port.url, "encryption_key": KEY}
    form = await start(home.hass)
    assert "without_verification" not in suggested(form)["advanced"]
    form = await submit(home.hass, form, {**typed, "advanced": {}})
    for advanced in steps:
        assert form["errors"] == {"advanced": "other_authentication_key"}
        assert is_advanced_open(form)
        if not stored:
            home.port.greeting = stored_frame("plain")
            typed.pop("encryption_key")
        form = await submit(home.hass, form, {**typed, "advanced": advanced})
    assert told(form)["verification"] == verification
    result = await confirm(home.hass, form)
    assert result["data"] == {"port": home.port.url, **stored}
    assert result["result"].state is ConfigEntryState.LOADED


async def test_describes_a_meter_with_few_objects_in_the_language_of_the_house(home: Home) -> None:
    home.hass.config.language = "de"
    text = stored_telegram("length_in_short_form")
    for reference, value in (
        ("0-2:24.1.0", "(099)"),
        ("0-2:96.1.0", "()"),
        ("0-2:24.2.1", "(250703103000S)(00028.103*XX)"),
        ("0-4:24.1.0", "(003)"),
        ("0-4:96.1.0", "(31323334)"),
        ("0-4:24.2.1", "(632525252525S)(00000.000)"),
        ("0-3:24.1.0", "(008)"),
        ("0-3:96.1.0", "(35363738)"),
        ("0-3:24.2.1", "(250703103000S)(00123)"),
    ):
        text = with_value(text, reference, value)
    home.port.greeting = encipher(text, 1)

    shown = told(await enter(home.hass, home.port.url))

    for name in ("power_imported", "power_exported", "energy_imported", "energy_exported"):
        assert shown[name] == "\N{EN DASH}"
    assert (shown["serial_number"], shown["verification"]) == (SERIAL, "Geprüft")
    assert shown["channels"] == (
        "- M-Bus 2: M-Bus-Zähler, 28,103\xa0XX\n"
        "- M-Bus 3: Heizkostenverteiler 5678, 123\n"
        "- M-Bus 4: Gaszähler 1234\n\n"
        f"Die Telegramme von {SERIAL} haben keine Uhrzeit oder eine, die nicht lesbar "
        "ist. Leistung und Energie stimmen, aber Viertelstunden, Referenzleistung und "
        "Rechnung sind unbekannt."
    )


async def test_the_name_of_a_meter_is_no_markup(hass: HomeAssistant, port: MeterPort) -> None:
    text = stored_telegram("plain")
    for reference, value in (
        ("0-0:42.0.0", "(2A2A5B615D28687474703A2F2F782F29)"),  # **[a](http://x/)
        ("0-2:24.1.0", "(003)"),
        ("0-2:96.1.0", "(3C696D67207372633D783E31323334)"),  # <img src=x>1234
        ("0-2:24.2.1", "(250703103000S)(00028.103*[u](v))"),
    ):
        text = with_value(text, reference, value)
    port.greeting = seal(text)

    found = await submit(hass, await start(hass), {"port": port.url, "advanced": {}})

    shown = told(found)
    assert shown["serial_number"] == "???a??http???x??"
    assert "- M-Bus 2: Gas meter ?img src?x?1234, 28.103\xa0?u??v?" in shown["channels"].split("\n")

    entry = (await confirm(hass, found))["result"]
    assert entry.title == "Smarty"
    assert entry.unique_id == "**[a](http://x/)"
    changing = (await reconfigure(hass, entry))["description_placeholders"] or {}
    assert changing["serial_number"] == "???a??http???x??"


KEY_ERROR, OTHER_KEY_ERROR = "encryption_key: key_malformed", "advanced: other_authentication_key"
OTHERWISE_SEALED = stored_frame("other_authentication_key")
# Errors, with the bytes from the port.
WRONG = [
    Row("port: not_p1", {}, given=b"\xff\x00login:\r\n" * 9),
    Row("port: bytes_as_text", OF_METER, given=ENCRYPTED.hex().encode()),
    Row("port: port_busy", {}, given=b"Port already in use\r\n"),
    Row("encryption_key: key_missing", {}),
    Row("encryption_key: key_missing", {"encryption_key": "  "}),
    Row("encryption_key: wrong_key", {"encryption_key": OTHER_KEY}),
    *(
        Row("port: damaged", OF_METER, given=alter(ENCRYPTED) + alter(encipher(NAMELESS, 2)))
        for alter in (ALTERATIONS["LF becomes CR LF"], cut(256), flipped(300))
    ),
    Row("encryption_key: security_off", OF_METER, given=stored_frame("plain")),
    Row("base: no_device_name", OF_METER, given=encipher(NAMELESS, 1)),
    Row(KEY_ERROR, {"encryption_key": KEY[:-1]}),
    Row("encryption_key: key_published", {"encryption_key": PUBLISHED_KEY.lower()}),
    Row(
        f"{KEY_ERROR}, advanced: authentication_key_malformed",
        {"encryption_key": f"{KEY}00", "advanced": {"authentication_key": "none"}},
    ),
    Row("port: nothing_received", {}, given=b""),
]
NO_PORTS = [
    *("/dev/serial/by-id/usb-nothing", "/dev/tty\0USB0", "nonsense://127.0.0.1:1"),
    "nonsense://gateway",  # whether it needs a number is not known
]
NOT_COMPLETE = {
    "port_not_found": NO_PORTS,
    "port_number_missing": [
        *("127.0.0.1", "192.168.1.50", " gateway ", "gateway:", "gateway:0", "gateway:99999"),
        *("gateway:999999", "gateway:p1", "[::1]", "[::1", "fd00::1", "ttyUSB0"),
        *("socket://gateway", "socket://", "socket://:2001", "SOCKET://gateway:", "tcp://[::1]"),
        "rfc2217://gateway:0",
    ],
    "port_masked": ["socket://REDACTED@gateway:2001", "esphome://gateway:6053?key=REDACTED"],
    "port_missing": ["", " \t"],
}
ADDRESSES = [Row(f"port: {key}", {"port": port}) for key, x in NOT_COMPLETE.items() for port in x]


async def test_names_the_fault_and_keeps_the_typed_values(home: Home, refuses: Refusals) -> None:
    home.make_entry("/dev/ttyUSB7", serial=OTHER_SERIAL)  # its port is compared with the typed one
    usual = {"port": home.port.address}

    def give(sent: bytes | None) -> None:
        home.port.greeting = ENCRYPTED if sent is None else sent

    form = await refuses(await start(home.hass), WRONG, usual, give)
    assert "without_verification" not in suggested(form)["advanced"]
    form = await refuses(form, ADDRESSES, OF_METER)
    # The system's message is no text for people.
    assert not any(text in str(form) for text in ("Errno", "failed"))
    # From here on, a user whom nothing else helps may choose to go without verification.
    rows = [
        Row(OTHER_KEY_ERROR, OF_METER, given=OTHERWISE_SEALED),
        Row(OTHER_KEY_ERROR, OF_METER | {"advanced": OTHER}, given=ENCRYPTED),
    ]
    form = await refuses(form, rows, usual, give)
    assert suggested(form)["advanced"] == {**OTHER, "without_verification": False}

    home.port.greeting = ENCRYPTED
    found = await submit(home.hass, form, usual | OF_METER)
    assert (await confirm(home.hass, found))["result"].state is ConfigEntryState.LOADED


async def test_address_that_is_not_complete(home: Home, refuses: Refusals) -> None:
    rows = [Row("port: port_number_missing", {"port": " gateway"})]
    pulses = {"baud_rate": "9600", "pulses_per_kwh": 1000}
    await refuses(await start(home.hass, "pulse", "pulse_port"), rows, pulses)
    await refuses(await start(home.hass, "tank"), rows, GEOMETRY)
    entry = home.make_entry("socket://127.0.0.1:1")
    await refuses(await entry.start_reconfigure_flow(home.hass), rows, OF_METER)


async def options_of_port(hass: HomeAssistant, *path: str) -> list[SelectOptionDict]:
    """Return the choices in the field for a port, which takes any other text, too."""
    form = await start(hass, *path)
    schema = schema_of(form)
    selector = schema.schema["port"]
    assert selector.config["custom_value"] is True
    assert selector("127.0.0.1:2001") == "127.0.0.1:2001"
    options: list[SelectOptionDict] = selector.config["options"]
    return options


async def test_known_ports_can_be_chosen_by_name(hass: HomeAssistant) -> None:
    by_id = "/dev/serial/by-id/usb-FTDI_P1_cable_A1-if00-port0"
    proxy = "esphome-hass://esphome/01ABC?port_name=P1&key=c2VjcmV0"
    names: JsonDict = {
        "serial_number": "A1",
        "manufacturer": "FTDI",
        "description": "P1 cable",
    }
    long: JsonDict = dict.fromkeys(names, "x" * 1000)
    known = [
        USBDevice(device=by_id, resolved_device="/dev/ttyUSB0", vid="0403", pid="6001", **names),
        SerialDevice(device="/dev/ttyS0", **dict.fromkeys(names)),
        SerialDevice(device=proxy, **{**names, "description": "Gateway (P1)"}),
        SerialDevice(device="/dev/ttyUSB9", **long),
    ]
    with patch.object(shared_form_fields, "async_scan_serial_ports", AsyncMock(return_value=known)):
        usb, board, network, odd = await options_of_port(hass)
        for path in (("pulse", "pulse_port"), ("tank",)):
            assert await options_of_port(hass, *path) == [usb, board, network, odd]

    assert usb == {"value": by_id, "label": "P1 cable, FTDI, A1 (/dev/ttyUSB0)"}
    assert board == {"value": "/dev/ttyS0", "label": "/dev/ttyS0"}
    assert network["value"] == proxy
    assert network["label"].startswith("Gateway (P1), FTDI, A1 (esphome-hass://")
    assert "c2VjcmV0" not in network["label"]
    assert len(odd["label"]) < 300


async def test_many_ports_and_none(hass: HomeAssistant) -> None:
    none = dict.fromkeys(("serial_number", "manufacturer", "description"))
    many = [SerialDevice(device=f"/dev/ttyUSB{number}", **none) for number in range(1000)]
    with patch.object(shared_form_fields, "async_scan_serial_ports", AsyncMock(return_value=many)):
        assert len(await options_of_port(hass)) == 64
    with patch.object(
        shared_form_fields, "async_scan_serial_ports", side_effect=OSError(5, "Input/output")
    ):
        assert await options_of_port(hass) == []


@pytest.fixture
def device() -> Generator[str]:
    """Return the name of a serial device that delivers nothing."""
    meter, device = os.openpty()
    name = os.ttyname(device)
    os.close(device)
    yield name
    os.close(meter)


# The kernel's name of a program is cut.
PROGRAM = Path(sys.executable).name[:15]
HOLD = """
import fcntl, sys
port = open(sys.argv[1], "r+b", buffering=0)
fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def test_device_is_held_by_another_program(hass: HomeAssistant, device: str) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, device),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdin
    assert program.stdout
    assert await program.stdout.readline() == b"held\n"
    result = await enter(hass, device)
    program.stdin.close()
    await program.wait()

    assert result["errors"] == {"port": "port_held"}
    assert told(result)["port"] == device
    assert told(result)["program"] == f"{PROGRAM} ({program.pid})"


async def test_device_is_held_by_home_assistant(
    hass: HomeAssistant, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = {"baud_rate": "9600", "pulses_per_kwh": 1000}
    async with open_port(device):
        for path, more in (
            (("meter",), {"encryption_key": KEY}),
            (("pulse", "pulse_port"), pulse),
            (("tank",), GEOMETRY),
        ):
            result = await submit(hass, await start(hass, *path), {"port": device, **more})
            assert result["errors"] == {"port": "port_held"}
            assert told(result)["program"] == "Home Assistant"

        # Another integration holds the port. A disabled entry holds no port.
        for title, disabled_by in (("Former", ConfigEntryDisabler.USER), ("Meter", None)):
            entry = MockConfigEntry(
                domain="dsmr", title=title, data={"port": device}, disabled_by=disabled_by
            )
            entry.add_to_hass(hass)
        assert told(await enter(hass, device))["program"] == "Meter (dsmr)"

        # The program that uses the port is unknown.
        monkeypatch.setattr(ports_in_use, "_PROCESSES", Path("/nowhere"))
        assert (await enter(hass, device))["errors"] == {"port": "port_busy"}


@pytest.fixture
def by_id(device: str, tmp_path: Path) -> Generator[str]:
    """Return the lasting name of the device, as Home Assistant finds it."""
    link = tmp_path / "usb-P1_cable"
    link.symlink_to(device)
    names = {device: str(link)}
    with patch.object(ports_in_use, "get_serial_by_id", lambda name: names.get(name, name)):
        yield str(link)


async def test_stores_the_lasting_name_of_a_device(home: Home, by_id: str, device: str) -> None:
    result = await enter(home.hass, f" {device} ")
    assert result["errors"] == {"port": "nothing_received"}
    assert told(result)["port"] == by_id
    assert suggested(result)["port"] == f" {device} "

    # The port is in use by either name.
    for used in (by_id, device):
        entry = home.make_entry(used, serial="SAG1030700000042")
        for name in (by_id, device):
            assert (await enter(home.hass, name))["errors"] == {"port": "port_in_use"}
        await remove_entry(home.hass, entry)


@pytest.fixture
def listening() -> Iterator[AsyncMock]:
    with patch.object(
        asyncio, "open_connection", AsyncMock(return_value=(Mock(), Mock()))
    ) as connect:
        yield connect


@pytest.mark.usefixtures("listening")
async def test_gateway_in_use_by_another_spelling(home: Home) -> None:
    home.make_entry("socket://Gateway.local:2001", serial="SAG1030700000042")

    for name in ("gateway.local:2001", "TCP://gateway.LOCAL:2001", "socket://gateway.local:2001/"):
        result = await enter(home.hass, name)
        assert result["errors"] == {"port": "port_in_use"}


NEXT_PORTS: list[tuple[list[str], str | None]] = [
    ([], None),
    (["/dev/ttyUSB0"], None),
    (["socket://192.168.1.50:2001"], "192.168.1.50:2002"),
    (["socket://gateway:2003", "socket://gateway:2001", "/dev/ttyUSB0"], "gateway:2004"),
    (["socket://old:2009", "socket://new:2001"], "new:2002"),
    (["rfc2217://[fe80::1]:7000"], "rfc2217://[fe80::1]:7001"),
    (["socket://gateway:65534"], "gateway:65535"),
    (["socket://gateway:65535"], None),
    (["esphome://gateway:6053/?port_name=P1"], None),
]


async def test_suggests_the_next_port_of_a_gateway(home: Home, listening: AsyncMock) -> None:
    for used, next_port in NEXT_PORTS:
        listening.reset_mock()
        entries = [home.make_entry(url, serial=f"SAG{number}") for number, url in enumerate(used)]
        assert suggested(await start(home.hass))["port"] == next_port
        assert listening.await_count == (next_port is not None)
        for entry in entries:
            await remove_entry(home.hass, entry)

    # No port of a board.
    tank_entry(home.hass, "socket://gateway:2002")
    tank_entry(home.hass, "socket://gateway:2009")
    home.make_entry("socket://gateway:2001")
    assert suggested(await start(home.hass))["port"] == "gateway:2003"
    for error in (TimeoutError, gaierror, UnicodeError):
        listening.side_effect = error
        assert suggested(await start(home.hass))["port"] is None


async def test_suggests_only_a_port_with_a_server(home: Home) -> None:
    number = free_ports(3)
    second = MeterPort()
    second.port = number + 1
    await second.start()
    try:
        home.make_entry(f"socket://127.0.0.1:{number}")
        assert suggested(await start(home.hass))["port"] == f"127.0.0.1:{number + 1}"
        home.make_entry(second.url, serial="SAG1030700000042")
        assert suggested(await start(home.hass))["port"] is None
    finally:
        await second.stop()


async def test_device_is_not_permitted(hass: HomeAssistant) -> None:
    denied = PermissionError(13, "Permission denied", "/dev/ttyUSB0")
    with patch.object(serialx, "open_serial_connection", side_effect=denied):
        form = await enter(hass, "/dev/ttyUSB0")

    assert form["errors"] == {"port": "port_permission"}


async def test_same_meter_twice(home: Home) -> None:
    home.make_entry("socket://127.0.0.1:1")
    home.port.greeting = ENCRYPTED

    result = await enter(home.hass, home.port.url)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(home.hass.config_entries.async_entries("smarty_p1")) == 1


async def test_same_meter_in_two_dialogs(hass: HomeAssistant, port: MeterPort) -> None:
    port.greeting = ENCRYPTED
    user_input = {"port": port.url, "encryption_key": KEY}
    first = await submit(hass, await start(hass), user_input)
    second = await submit(hass, await start(hass), user_input)

    assert is_created(await confirm(hass, second))
    assert not hass.config_entries.flow.async_progress_by_handler("smarty_p1")
    assert first["flow_id"] != second["flow_id"]
    assert len(hass.config_entries.async_entries("smarty_p1")) == 1


async def test_port_of_a_disabled_entry_is_free(home: Home) -> None:
    entry = home.make_entry(home.port.url, serial="SAG1030700000042")
    await home.hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    home.port.greeting = ENCRYPTED

    found = await enter(home.hass, home.port.url)

    assert is_created(await confirm(home.hass, found))


async def test_cancelled_while_waiting(hass: HomeAssistant, port: MeterPort) -> None:
    flow = await start(hass)
    user_input = {"port": port.url, "encryption_key": KEY}
    with patch.object(port_key_and_found_meter, "probe", probe):
        result = await advance(hass, flow, user_input)
    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["description_placeholders"] == {"port": port.url}
    await port.wait_for_clients(1)

    hass.config_entries.flow.async_abort(flow["flow_id"])

    await port.wait_for_clients(0)
    await hass.async_block_till_done()
    assert port.connections == 1
    assert hass.config_entries.flow.async_progress() == []


async def test_no_key_is_ever_logged(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for greeting, key, authentication_key in (
        (ENCRYPTED, OTHER_KEY, ""),
        (ENCRYPTED, KEY, OTHER_AUTHENTICATION_KEY),
        (stored_frame("plain"), KEY, ""),
        (ENCRYPTED, f"{KEY}00", f"{OTHER_AUTHENTICATION_KEY}00"),
        (ENCRYPTED, f"{KEY[:-1]}G", ""),
        (ENCRYPTED, f"0x {KEY} {OTHER_KEY}", ""),
        (ENCRYPTED, KEY, ""),
    ):
        home.port.greeting = greeting
        user_input = {
            "port": home.port.url,
            "encryption_key": key,
            "advanced": {"authentication_key": authentication_key},
        }
        result = await submit(home.hass, await start(home.hass), user_input)
        step = {name: value for name, value in result.items() if name != "data_schema"}
        assert_no_secret(str(step))
    await confirm(home.hass, result)

    assert "SMARTY" in caplog.text.upper()
    assert_no_secret(caplog.text)
