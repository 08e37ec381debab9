"""Command `smarty-p1 fleet init`. It writes the certificates and configurations of a fleet."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from .parser import PROGRAM, UsageError, shown

type _Commands[P: argparse.ArgumentParser] = argparse._SubParsersAction[P]  # noqa: SLF001 - private, but public in its stubs


def _import_part(name: str) -> ModuleType:
    """Return a module of an optional dependency. Raises UsageError if the dependency is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as err:
        msg = f"the fleet needs {err.name}: install smarty-p1 with its extra [fleet]"
        raise UsageError(msg) from None


def add_init[P: argparse.ArgumentParser](verbs: _Commands[P]) -> None:
    """Add the action `init` to the command `fleet`."""
    init = verbs.add_parser(
        "init", help="make certificates, accounts, passwords and configurations of a whole fleet"
    )
    init.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        nargs="?",
        default=Path("fleet.toml"),
        help="which machines, gateways and meters there are (fleet.toml)",
    )
    init.add_argument(
        "--to", metavar="FOLDER", type=Path, default=Path("fleet"), help="where to write (fleet)"
    )
    init.add_argument("--renew", action="store_true", help="make new certificates, too")
    init.add_argument("--example", action="store_true", help="only print a FILE to begin with")
    init.set_defaults(run=_run_init)


def _run_init(arguments: argparse.Namespace) -> int:
    errors = _import_part("smarty_p1_gateway")
    part = _import_part("smarty_p1_fleet.init")
    if arguments.example:
        print(part.EXAMPLE.read_text(encoding="utf-8"), end="")
        return 0
    try:
        message = part.init(arguments.file, arguments.to, renew=arguments.renew)
    except errors.ConfigError as err:
        msg = f"{shown(str(arguments.file))}: {err}"
        raise UsageError(msg) from None
    except OSError as err:
        print(
            f"{PROGRAM}: cannot write {shown(str(err.filename))}: {err.strerror}", file=sys.stderr
        )
        return 1
    print(message, end="")
    return 0
