"""The fuzzing of the dialog for a moment, and that it notices what it is there to find."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant

from custom_components.smarty_p1.const import CONF_ENCRYPTION_KEY, LOGGER
from custom_components.smarty_p1.flows import form_and_probe, meter_setup
from custom_components.smarty_p1.lib.port import PortUnreachableError
from dev.fuzz.flow import URL_SECRET, Example, furnished

from .meter import KEY, literal_frame

PROJECT = Path(__file__).parents[2]
GREETING = literal_frame("three_phase_gas_water_heat")


def test_dialogs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dev.fuzz.flow", "--minutes", "0.02", "--seed", "1"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing found in ")
    assert "key_malformed" in done.stdout


def example(**typed: Any) -> Example:  # noqa: ANN401 - as the form has it
    return Example(typed, GREETING, ConnectionRefusedError("refused"))


async def test_a_good_dialog(hass: HomeAssistant) -> None:
    async with furnished(hass) as house:
        await house.check(example(port="{meter}", encryption_key=KEY))
        await house.check(example(port="{refused}", encryption_key="?"))
        await house.check(example(port=f"socket://{{refused}}?key={URL_SECRET}"))

    assert house.outcomes == {"meter set up": 1, "key_malformed": 1, "port_unreachable": 1}


async def leaking_probe(_port: str, key: bytes | None, *_: object, **__: object) -> None:
    LOGGER.debug("trying %s", key and key.hex())
    raise PortUnreachableError


def showing_name(_port: str) -> str:
    return KEY


async def wrong_probe(*_: object, **__: object) -> None:
    msg = "a mistake"
    raise RuntimeError(msg)


@pytest.mark.parametrize(
    ("module", "name", "mistake", "problem"),
    [
        (meter_setup, "probe", leaking_probe, "is logged"),
        (form_and_probe, "redact_port", showing_name, "is shown"),
        (meter_setup, "probe", wrong_probe, "an unknown error"),
    ],
)
async def test_notices_what_is_wrong(
    hass: HomeAssistant, module: ModuleType, name: str, mistake: object, problem: str
) -> None:
    async with furnished(hass) as house:
        with patch.object(module, name, mistake), pytest.raises(AssertionError) as caught:
            await house.check(
                Example(
                    {CONF_PORT: "/dev/ttyUSB0", CONF_ENCRYPTION_KEY: KEY},
                    b"",
                    ConnectionRefusedError(),
                    is_known=False,
                )
            )

    assert problem in str(caught.value)
