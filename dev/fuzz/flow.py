"""Any text in the dialogs' port and key fields, for minutes, in the test kit's Home Assistant.

Meters are set up, reconfigured and reauthenticated, with serialx and the probe as they are. What
would leave this machine fails as the example says; only a meter that this script serves itself and
a port that refuses are connected to.
"""

import argparse
import asyncio
import errno
import json
import logging
import re
import secrets
import socket
import string
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import probatio
import serialx
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigFlowContext,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.json import json_bytes
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from hypothesis import strategies as st
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

import custom_components.smarty_p1 as integration
from custom_components.smarty_p1.const import (
    CONF_AUTHENTICATION_KEY,
    CONF_ENCRYPTION_KEY,
    CONF_VERIFY,
    CONF_WITHOUT_VERIFICATION,
    DOMAIN,
    KIND_METER,
    LOGGER,
    SECTION_ADVANCED,
)
from custom_components.smarty_p1.flows import meter_setup
from custom_components.smarty_p1.lib.port import normalise_port, probe, probing, redact_port
from dev.encoder import AUTHENTICATION_KEY, DEVICE_NAME, KEY as KEY_BYTES, literal
from dev.meter_port import MeterPort

from .rounds import Property, run_for

KEY = KEY_BYTES.hex().upper()
PUBLISHED_KEY = AUTHENTICATION_KEY.hex().upper()
OTHER_AUTHENTICATION_KEY = "F0E1D2C3B4A5968778695A4B3C2D1E0F"
PROBE_TIMEOUT = 0.3
TAKEN_PORT = "socket://10.11.12.13:2001"
URL_SECRET = "c2VjcmV0IG9mIGFuIGFkZHJlc3M="  # noqa: S105 - made for this
# What is less like a key is too likely to be written somewhere by chance.
_FEWEST_DIGITS = 12
_FEWEST_SIGNS = 6
_ENTRY_KEYS = {CONF_PORT, CONF_ENCRYPTION_KEY, CONF_AUTHENTICATION_KEY, CONF_VERIFY}
_TEXTS: dict[str, Any] = json.loads(
    Path(integration.__file__).with_name("translations").joinpath("en.json").read_text("utf-8")
)["config"]


class Example(NamedTuple):
    """What is typed, what the meter on port "{meter}" sends, and how other connections fail.

    `source` says which dialog it is; when a meter is added, `is_known` that it was before.
    """

    typed: dict[str, Any]
    greeting: bytes
    failure: Exception
    source: str = SOURCE_USER
    is_known: bool = False


# --- strategies --------------------------------------------------------------------------------
_signs = st.characters(exclude_categories=["Cs"])  # no JSON brings half a pair of surrogates
_text = st.text(_signs, max_size=60)
_separated = st.builds(
    lambda key, separator, size: separator.join(key[at : at + size] for at in range(0, 32, size)),
    st.sampled_from([KEY, KEY.lower(), PUBLISHED_KEY, OTHER_AUTHENTICATION_KEY]),
    st.sampled_from(["", " ", ":", "-", "\u2003", "_", "\n"]),
    st.integers(1, 32),
)
_almost_a_key = st.builds(
    lambda key, at, sign: key[:at] + sign + key[at + 1 :],
    _separated,
    st.integers(0, 40),
    st.text(_signs, max_size=2),
)
_decorated = st.builds("{}{}{}".format, st.sampled_from(["", " ", "0x", "\t0X"]), _separated, _text)
_long = st.builds(lambda sign, size: sign * size, _signs, st.integers(1000, 100_000))
_keys = (
    _separated
    | _almost_a_key
    | _decorated
    | _text
    | st.text("0123456789abcdefABCDEF", max_size=70)
    | _long
)
_schemes = st.sampled_from(
    ["", "socket://", "tcp://", "rfc2217://", "device://", "posix://", "extended-posix://",
     "linux://", "esphome://", "esphome-hass://", "esphome-hass-usb://", "SOCKET://", "//",
     "socket:", "http://", "file://"]
)  # fmt: skip
_hosts = _text | st.sampled_from(
    ["{meter}", "{refused}", "10.11.12.13", "gateway.local", "[::1]", "[fe80::1%eth0]", "[", "::1",
     "localhost", "user:pass@host", "xn--", "a" * 64 + ".lu", "ü.lu", "0", "256.1.1.1", "a..b"]
)  # fmt: skip
_ports = st.sampled_from(
    ["", ":", ":2001", ":0", ":65536", ":99999", ":-1", ":2²", ":٣", ":1e3"]
) | (st.builds(":{}".format, st.integers(-1, 10**12)))
_paths = st.sampled_from(["", "/", "/dev", "?", "#", "/../..", "?port_name=P1"]) | _text
_queries = st.builds(
    "{}{}={}{}".format,
    st.sampled_from(["?", "?port_name=P1&", "?a=b&", "/?"]),
    st.sampled_from(["key", "password", "noise_psk", "k%65y"]),
    st.just(URL_SECRET),
    st.just("") | st.builds("&{}".format, _text),
)
_devices = st.sampled_from(
    ["/dev/ttyUSB99", "/dev/serial/by-id/usb-nothing", "/dev/null", "/", ".", "COM3", "\\\\.\\COM1",
     "/dev/" + "x" * 5000, "/dev/tty\0USB0", "socket://", "{meter}", "{refused}", TAKEN_PORT]
)  # fmt: skip
_addresses = st.builds("{}{}{}{}".format, _schemes, _hosts, _ports, _paths | _queries)
_meters = st.builds(
    "{}{}{{meter}}{}".format,
    st.sampled_from(["", " ", "\n"]),
    st.sampled_from(["", "socket://", "tcp://", "rfc2217://"]),
    st.sampled_from(["", " ", "/", "?key=" + URL_SECRET, "#x"]),
)
_greetings = st.sampled_from(
    [b"", b"Port already in use\r\n", b"\xff\x00login:\r\n" * 9]
    + [literal(name).data for name in ("plain", "other_authentication_key", "firmware_2018")]
    + 4 * [literal("three_phase_gas_water_heat").data]
)
_failures = st.sampled_from(
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
        OSError(errno.EBUSY, "Busy"),
        PermissionError(errno.EPERM, "Operation not permitted"),
        TimeoutError(),
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        serialx.SerialException("Server refused BINARY transmission"),
        OSError(),
    ]
)


_good_keys = st.builds(
    lambda before, separator, size: (
        before + separator.join(KEY[at : at + size] for at in range(0, 32, size))
    ),
    st.sampled_from(["", " ", "0x", "\t0X"]),
    st.sampled_from(["", " ", ":", "-", "\u2003"]),
    st.integers(1, 32),
)
_good_authentication_keys = st.sampled_from(["", PUBLISHED_KEY, OTHER_AUTHENTICATION_KEY])
_strange_ports = _addresses | _devices | _text | _long


@st.composite
def _typed(draw: st.DrawFn) -> dict[str, Any]:
    """Fill the form in, something strange into some fields; all but the port may be missing."""
    chances = st.integers(0, 3)  # strategies joined by `|` would all be as likely
    typed: dict[str, Any] = {CONF_PORT: draw(_strange_ports if draw(chances) < 2 else _meters)}
    if chance := draw(chances):
        typed[CONF_ENCRYPTION_KEY] = draw(_good_keys if chance == 1 else _keys)
    if chance := draw(chances):
        key = draw(_keys if chance == 1 else _good_authentication_keys)
        typed[SECTION_ADVANCED] = {CONF_AUTHENTICATION_KEY: key}
    return typed


EXAMPLES = st.builds(
    Example,
    _typed(),
    _greetings,
    _failures,
    st.sampled_from([SOURCE_USER, SOURCE_USER, SOURCE_RECONFIGURE, SOURCE_REAUTH]),
    st.booleans(),
)


# --- the house ---------------------------------------------------------------------------------
class _Log(logging.Handler):
    """Everything that is logged, at any level, tracebacks too."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = ""
        self.alarms: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if "in shielded future" in text:
            return  # serialx: a device that could not be opened within the short PROBE_TIMEOUT
        self.text += f"{text}\n"
        own = record.name.startswith(LOGGER.name)
        if record.levelno >= (logging.WARNING if own else logging.ERROR):
            self.alarms.append(text)


class House:
    """A Home Assistant with a meter to connect to, and nothing else within reach."""

    def __init__(self, hass: HomeAssistant, meter: MeterPort, refused: str) -> None:
        self.hass = hass
        self.outcomes: Counter[str] = Counter()
        self._meter = meter
        self._refused = refused
        self._log = _Log()

    async def check(self, example: Example) -> None:
        """Walk through the dialog with one example; raise AssertionError at anything wrong."""
        self._meter.greeting = example.greeting
        typed = dict(example.typed)
        for name, address in (("{meter}", self._meter.address), ("{refused}", self._refused)):
            typed[CONF_PORT] = typed[CONF_PORT].replace(name, address)
        if example.source == SOURCE_REAUTH:
            del typed[CONF_PORT]
        entry = None
        if example.is_known or example.source != SOURCE_USER:
            entry = await self._add_entry(self._meter.url if example.is_known else "/dev/other")
        root = logging.getLogger()
        level = root.level
        root.addHandler(self._log)
        root.setLevel(logging.DEBUG)
        try:
            with self._network(example.failure):
                shown = await self._walk(example.source, entry, typed)
        finally:
            root.removeHandler(self._log)
            root.setLevel(level)
            log, self._log.text = self._log.text, ""
            alarms, self._log.alarms = self._log.alarms, []
            for flow in self.hass.config_entries.flow.async_progress():
                self.hass.config_entries.flow.async_abort(flow["flow_id"])
            if entry:
                await self.hass.config_entries.async_remove(entry.entry_id)
        assert not alarms, alarms
        for secret in _secrets(typed):
            assert secret.upper() not in log.upper(), "a secret is logged"
            for text in shown:
                assert secret.upper() not in text.upper(), "a secret is shown"

    def _network(self, failure: Exception) -> Any:  # noqa: ANN401 - a patch
        loop = self.hass.loop
        connect = loop.create_connection
        allowed = {self._meter.address, self._refused}

        async def guarded(factory: Any, host: str, port: int, **options: Any) -> Any:  # noqa: ANN401
            # What is wrong with a name by itself is found out; it is never looked up.
            await loop.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
            if f"{host}:{port}" not in allowed:
                raise failure.with_traceback(None)  # or it would grow
            return await connect(factory, host, port, **options)

        return patch.object(loop, "create_connection", guarded)

    async def _add_entry(self, port: str) -> MockConfigEntry:
        data = {CONF_PORT: port, CONF_ENCRYPTION_KEY: KEY}
        entry = MockConfigEntry(domain=DOMAIN, title="Smarty 1", unique_id=DEVICE_NAME, data=data)
        entry.add_to_hass(self.hass)
        assert await self.hass.config_entries.async_setup(entry.entry_id)
        return entry

    async def _walk(
        self, source: str, entry: MockConfigEntry | None, typed: dict[str, Any]
    ) -> list[str]:
        """Submit the form; return all that was shown, apart from the form's own fields."""
        flows = self.hass.config_entries.flow
        context = ConfigFlowContext(source=source)
        if entry and source != SOURCE_USER:
            context["entry_id"] = entry.entry_id
        data = {**entry.data} if entry and source == SOURCE_REAUTH else None
        result = await flows.async_init(DOMAIN, context=context, data=data)
        flow_id = result["flow_id"]
        if result["type"] is FlowResultType.MENU:
            result = await flows.async_configure(flow_id, {"next_step_id": KIND_METER})
        form = result["step_id"]
        shown = [_visible(result)]
        result = await flows.async_configure(flow_id, typed)
        shown.append(_visible(result))
        while result["type"] is FlowResultType.SHOW_PROGRESS:
            assert result["progress_action"] in _TEXTS["progress"]
            await self.hass.async_block_till_done()
            result = await flows.async_configure(flow_id)
            shown.append(_visible(result))
        if result["type"] is FlowResultType.FORM and result["step_id"] == form:
            _check_form(result, typed)
            self.outcomes.update((result["errors"] or {}).values())
            again = await flows.async_configure(flow_id)
            assert _as_shown(again) == _as_shown(result)
            return shown
        for step in ("confirm", "contract"):
            if result["type"] is FlowResultType.FORM:
                assert result["step_id"] == step
                _check_placeholders(result, _TEXTS["step"][step])
                result = await flows.async_configure(flow_id, {})
                await self.hass.async_block_till_done()
        if result["type"] is FlowResultType.CREATE_ENTRY:
            self.outcomes["meter set up"] += 1
            shown.append(f"{result['title']} {result['options']}")
            _check_data(result["data"], typed)
            await self.hass.config_entries.async_remove(result["result"].entry_id)
        else:
            assert result["type"] is FlowResultType.ABORT
            assert result["reason"] in _TEXTS["abort"]
            self.outcomes[result["reason"]] += 1
            if entry and source != SOURCE_USER:
                _check_data(entry.data, typed)
        assert not flows.async_progress()
        return shown


def _as_shown(result: ConfigFlowResult) -> dict[str, Any]:
    """Return what the frontend gets; it must be JSON."""
    shown: dict[str, Any] = {**result}
    if (schema := result.get("data_schema")) is not None:
        shown["data_schema"] = probatio.to_field_list(
            schema, custom_serializer=cv.custom_serializer
        )
    json_bytes(shown)
    return shown


def _visible(result: ConfigFlowResult) -> str:
    """Return what is shown but for the fields, which hold what was typed into them."""
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        return str(result["description_placeholders"])
    shown = _as_shown(result)
    return str({name: value for name, value in shown.items() if name != "data_schema"})


def _check_form(result: ConfigFlowResult, typed: Mapping[str, Any]) -> None:
    """Check that the form came back with a translated error, and with what was typed."""
    errors = result["errors"]
    assert errors, "the form has come back without an error"
    for field, error in errors.items():
        assert field in {"base", CONF_PORT, CONF_ENCRYPTION_KEY, SECTION_ADVANCED}
        assert error != "unknown", "an unknown error"
        _check_placeholders(result, _TEXTS["error"][error])
    _check_placeholders(result, _TEXTS["step"][result["step_id"]])
    suggested: dict[str, Any] = {}
    for field in _as_shown(result)["data_schema"]:
        fields = field.get("schema", [field])
        into = suggested.setdefault(field["name"], {}) if "schema" in field else suggested
        for inner in fields:
            if "suggested_value" in inner.get("description", {}):
                into[inner["name"]] = inner["description"]["suggested_value"]
    assert suggested == {SECTION_ADVANCED: {}, **typed}


def _check_placeholders(result: ConfigFlowResult, texts: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(texts, dict):
        for text in texts.values():
            _check_placeholders(result, text)
        return
    named = {name for _, name, _, _ in string.Formatter().parse(texts) if name}
    given = result["description_placeholders"] or {}
    assert named <= given.keys()
    assert all(type(value) is str for value in given.values())


def _check_data(data: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """Check an entry's data, which a telegram has proved."""
    if port := typed.get(CONF_PORT, "").strip():
        assert data[CONF_PORT] == normalise_port(port)
    advanced = typed.get(SECTION_ADVANCED, {})
    assert data.get(CONF_VERIFY, True) is not advanced.get(CONF_WITHOUT_VERIFICATION, False)
    assert data.get(CONF_ENCRYPTION_KEY) in {None, KEY}
    # Nothing proves the authentication key of a meter that does not encrypt.
    assert re.fullmatch(r"[0-9A-F]{32}", data.get(CONF_AUTHENTICATION_KEY, KEY))
    assert data.keys() <= _ENTRY_KEYS


def _secrets(typed: Mapping[str, Any]) -> list[str]:
    """Return what must not be seen of what was typed."""
    port = typed.get(CONF_PORT, "")
    keys = [
        KEY,
        typed.get(CONF_ENCRYPTION_KEY, ""),
        typed.get(SECTION_ADVANCED, {}).get(CONF_AUTHENTICATION_KEY, ""),
    ]
    texts = {key.strip() for key in keys}
    texts |= {"".join(sign for sign in key if sign in string.hexdigits) for key in keys}
    texts |= {repr(key.strip())[1:-1] for key in keys}
    found = [
        text
        for text in texts
        if sum(sign in string.hexdigits for sign in text) >= _FEWEST_DIGITS
        and len(set(text)) >= _FEWEST_SIGNS
        and not any(text.upper() in shown.upper() for shown in (port, PUBLISHED_KEY, DEVICE_NAME))
    ]
    is_secret = URL_SECRET in port and URL_SECRET not in redact_port(port)
    return [*found, URL_SECRET] if is_secret else found


async def _set_up(_hass: HomeAssistant, entry: MockConfigEntry) -> bool:
    """Set up an entry that reads nothing."""
    entry.runtime_data = SimpleNamespace(has_entities=False)
    return True


@asynccontextmanager
async def furnished(hass: HomeAssistant) -> AsyncGenerator[House]:
    """Prepare a Home Assistant: a meter, a port that refuses, one that is taken, no real set-up."""
    MockConfigEntry(domain=DOMAIN, title="Smarty 2", data={CONF_PORT: TAKEN_PORT}).add_to_hass(hass)
    with ExitStack() as stack, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # and nobody listens
        stack.enter_context(patch.object(integration, "async_setup_entry", _set_up))
        for name in ("async_unload_entry", "async_remove_entry"):
            stack.enter_context(patch.object(integration, name, return_value=True))
        stack.enter_context(
            patch.object(meter_setup, "probe", partial(probe, timeout=PROBE_TIMEOUT))
        )
        stack.enter_context(patch.object(probing, "_REOPEN_DELAY", 0))
        async with MeterPort() as meter:
            yield House(hass, meter, f"127.0.0.1:{refusing.getsockname()[1]}")


@asynccontextmanager
async def _house() -> AsyncGenerator[House]:
    with tempfile.TemporaryDirectory() as folder:
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            async with furnished(hass) as house:
                yield house
            await hass.async_stop(force=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for some minutes, print one line, and return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="fuzz flow", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, help="the same one makes the same examples")
    options = parser.parse_args(arguments)
    seed = secrets.randbits(31) if options.seed is None else options.seed
    started = time.monotonic()
    with asyncio.Runner() as runner:
        stay = _house()
        house = runner.run(stay.__aenter__())
        dialog = Property("dialogs", EXAMPLES, lambda example: runner.run(house.check(example)))
        try:
            numbers = run_for(options.minutes, seed, [dialog])
        except Exception:  # noqa: BLE001 - this is what is looked for
            print(f"FAILED with seed {seed}:\n{traceback.format_exc()}", file=sys.stderr)
            return 1
        finally:
            runner.run(stay.__aexit__(None, None, None))
    outcomes = ", ".join(f"{name} {number:,}" for name, number in house.outcomes.most_common())
    minutes = (time.monotonic() - started) / 60
    print(
        f"nothing found in {minutes:.1f} minutes: {numbers.total():,} dialogs "
        f"({outcomes}); seed {seed}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
