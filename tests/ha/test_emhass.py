"""EMHASS, installed from the package index, plans two days by the outlook."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev.testing.uv import uv

from .support import TELEGRAM, Home

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

VERSION = "0.18.7"
# The day-ahead optimisation of EMHASS with parameters of a call, without Home Assistant: it has no
# token. Prints the prices of its plan, by their times.
PLAN = """
import asyncio, json, logging, sys
from importlib.resources import files
from pathlib import Path
from emhass import command_line, utils

async def main():
    folder, root, logger = Path(sys.argv[1]), Path(str(files("emhass"))), logging.getLogger()
    paths = {
        "root_path": root,
        "data_path": folder,
        "config_path": folder / "config.json",
        "defaults_path": root / "data" / "config_defaults.json",
        "associations_path": root / "data" / "associations.csv",
    }
    config = await utils.build_config(paths, logger, paths["defaults_path"])
    config |= {"optimization_time_step": 15, "set_use_battery": False}
    paths, secrets = await utils.build_secrets(paths, logger, argument={}, no_response=True)
    place = {"Latitude": 49.6, "Longitude": 6.1, "Altitude": 300, "time_zone": "Europe/Luxembourg"}
    secrets |= {"hass_url": "empty", "long_lived_token": "", **place}
    params = json.dumps(await utils.build_params(paths, secrets, config, logger), default=str)
    told = json.load(sys.stdin)
    told |= {"delta_forecast_daily": 2}
    told |= {"pv_power_forecast": [0] * 192, "load_power_forecast": [500] * 192}
    given = await command_line.set_input_data_dict(
        paths, "cost", params, json.dumps(told), "dayahead-optim", logger
    )
    plan = await command_line.dayahead_forecast_optim(given, logger, save_data_to_file=False)
    rows = zip(plan.index, plan.unit_load_cost, plan.unit_prod_price)
    print(json.dumps([[time.isoformat(), *prices] for time, *prices in rows]))

asyncio.run(main())
"""


def planned(told: str, folder: Path) -> list[tuple[str, float, float]]:
    """Return the prices that EMHASS has planned with."""
    uv("venv", "--quiet", "--no-project", "--python", ">=3.11,<3.14", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    uv("pip", "install", "--quiet", "--python", python, f"emhass=={VERSION}", timeout=1200)
    arguments = [str(python), "-c", PLAN, str(folder)]
    end = subprocess.run(
        arguments, input=told, capture_output=True, text=True, check=False, timeout=300
    )
    assert end.returncode == 0, end.stderr
    # The solver may print lines of its own before.
    prices = json.loads(end.stdout.splitlines()[-1])
    return [(time, imported, exported) for time, imported, exported in prices]


async def test_emhass_plans_with_the_outlook(home: Home, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [
        {
            "start": (now + timedelta(hours=n)).isoformat(),
            "end": (now + timedelta(hours=n + 1)).isoformat(),
            "value": 0.1 + n / 1000,
        }
        for n in range(30)
    ]
    attributes = {"unit_of_measurement": "EUR/kWh", "raw_today": rows}
    home.hass.states.async_set("sensor.market", "0.1", attributes)
    options = {"energy_price_entity": "sensor.market", "feed_in_price": 0.08, "vat": False}
    await home.set_up(TELEGRAM, **options)

    told = await home.hass.services.async_call(
        "smarty_p1", "get_outlook", {"format": "emhass"}, blocking=True, return_response=True
    )
    plan = await home.hass.async_add_executor_job(planned, json.dumps(told), tmp_path)

    assert len(plan) == 192
    for time, imported, exported in plan:
        # The network's price is known of each year; beyond the last hour EMHASS keeps its price.
        hour = min((datetime.fromisoformat(time) - now) // timedelta(hours=1), 29)
        assert imported == pytest.approx(0.1 + hour / 1000 + 0.051), time
        assert exported == 0.08
