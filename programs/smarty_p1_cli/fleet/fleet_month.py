"""Command `smarty-p1 fleet month`: energy and bills of each connection of a fleet."""

import argparse
import asyncio
import csv
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

from smarty_p1_cli.parser import (
    Commands,
    config_errors,
    import_optional,
    matching,
    raise_usage_error,
)

from .fleet_init import NEEDS

_period = matching(r"[0-9]{4}(-(0[1-9]|1[0-2]))?", "it must be a month such as 2026-11, or a year")
_EVERY = ("month", "day", "quarter-hour")


def add_month(verbs: Commands) -> None:
    """Add the action `month` to the command `fleet`."""
    month = verbs.add_parser(
        "month", help="print energy, peak and bill of each connection and building in a month"
    )
    month.add_argument("period", metavar="YYYY-MM|YYYY", type=_period, help="month or year")
    add_fleet_file(month)
    month.add_argument("--every", choices=_EVERY, default=_EVERY[0], help="rows of the CSV file")
    month.add_argument(
        "--csv", metavar="FILE", type=Path, help="write a CSV file, which must not be there yet"
    )
    month.add_argument("--bills", action="store_true", help="add cost and cheapest class")
    only = month.add_mutually_exclusive_group()
    only.add_argument("--connection", metavar="NAME", help="only this [[connection]]")
    only.add_argument("--tenant", metavar="NAME", help="only meters and days of this [[tenant]]")
    month.set_defaults(run=_run, expects=f"--every must be {', '.join(_EVERY)}")


def add_fleet_file(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the description of the fleet."""
    parser.add_argument(
        "--fleet",
        metavar="FILE",
        type=Path,
        default=Path("fleet.toml"),
        help="description of the fleet, beside the folder fleet (fleet.toml)",
    )


def described(arguments: argparse.Namespace) -> tuple[Any, Any]:
    """Return connections and tenants of `--fleet`, and the operator's login at the store.

    Raises ConfigError.
    """
    fleet, part = (import_optional(f"smarty_p1_fleet{name}", *NEEDS) for name in ("", ".init"))
    source = arguments.fleet
    inputs = part.read_inputs(source).connections
    # The paths in operator.toml are relative to the folder that `fleet init` makes.
    folder = source.absolute().parent / "fleet"
    try:
        with chdir(folder):
            return inputs, fleet.read_store_config(Path("operator/operator.toml"))
    except OSError as err:
        raise_usage_error(f"the folder fleet beside fleet.toml cannot be used: {err.strerror}")


def tenant_of(inputs: Any, name: str) -> Any:  # noqa: ANN401 - of an optional dependency
    """Return the tenant with this name. Raises UsageError."""
    found = [tenant for tenant in inputs.tenants if tenant.name == name]
    if not found:
        raise_usage_error("no [[tenant]] has this name")
    return found[0]


def _run(arguments: argparse.Namespace) -> int:
    if arguments.every != _EVERY[0] and not arguments.csv:
        raise_usage_error("--every needs --csv")
    report = import_optional("smarty_p1_cli.fleet.connection_report", "bills need", "bill")
    with config_errors(*NEEDS):
        inputs, store = described(arguments)
        table = asyncio.run(report.make_report(arguments, inputs, store))
        if not (path := arguments.csv):
            print(table.text())
            return 0
        with import_optional("smarty_p1_fleet", *NEEDS).new_file(path) as file:
            csv.writer(file, lineterminator="\n").writerows(table.csv())
    print(f"written: {path.name}", file=sys.stderr)
    return 0
