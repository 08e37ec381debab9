"""Commands `smarty-p1 fleet init` and `check`, which read the description of a fleet."""

import argparse
import asyncio
import sys
from pathlib import Path

from smarty_p1_cli.parser import PROGRAM, Commands, config_errors, import_optional, shown

NEEDS = ("the fleet needs", "fleet")


def add_init(verbs: Commands) -> None:
    """Add the action `init` to the command `fleet`."""
    init = verbs.add_parser(
        "init", help="make certificates, accounts, passwords and configurations of a whole fleet"
    )
    _add_file(init)
    init.add_argument(
        "--to", metavar="FOLDER", type=Path, default=Path("fleet"), help="where to write (fleet)"
    )
    init.add_argument("--renew", action="store_true", help="make new certificates, too")
    init.add_argument("--example", action="store_true", help="only print a FILE to begin with")
    init.set_defaults(run=_run_init)


def add_check(verbs: Commands) -> None:
    """Add the action `check` to the command `fleet`."""
    check = verbs.add_parser(
        "check", help="ask Prometheus and Alertmanager what they do not watch, and what is wrong"
    )
    _add_file(check)
    check.add_argument(
        "--host", metavar="HOST", default="127.0.0.1", help="where they answer (127.0.0.1)"
    )
    check.set_defaults(run=_run_check)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        nargs="?",
        default=Path("fleet.toml"),
        help="which machines, gateways and meters there are (fleet.toml)",
    )


def _run_check(arguments: argparse.Namespace) -> int:
    part = import_optional("smarty_p1_fleet.init", *NEEDS)
    with config_errors(*NEEDS, arguments.file):
        work = part.check_monitoring(part.read_inputs(arguments.file), arguments.host)
    message, is_right = asyncio.run(work)
    print(message)
    return 0 if is_right else 1


def _run_init(arguments: argparse.Namespace) -> int:
    part = import_optional("smarty_p1_fleet.init", *NEEDS)
    if arguments.example:
        print(part.EXAMPLE.read_text("utf-8"), end="")
        return 0
    try:
        with config_errors(*NEEDS, arguments.file):
            message, is_whole = part.init(arguments.file, arguments.to, renew=arguments.renew)
    except OSError as err:
        print(
            f"{PROGRAM}: cannot write {shown(str(err.filename))}: {err.strerror}", file=sys.stderr
        )
        return 1
    print(message, end="")
    return 0 if is_whole else 1
