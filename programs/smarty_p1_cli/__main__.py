"""Entry point of the command line. It parses the arguments and returns the exit status."""

import argparse
import asyncio
import os
import sys
from io import TextIOWrapper
from pathlib import Path

from .bill_commands import add_bill
from .decode import add_decode
from .fleet.fleet_commands import add_fleet
from .keys import key_options
from .parser import PROGRAM, Parser, UsageError
from .port_commands import add_watch
from .service_commands import add_services


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROGRAM,
        description="The P1 port of a Smarty meter, and the bill of its household.",
        epilog="In a clone of the repository, `scripts/p1 simulate` starts simulated meters.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    keys = key_options()
    add_decode(commands, keys)
    add_bill(commands)
    add_watch(commands, keys)
    add_services(commands)
    add_fleet(commands)
    return parser


def main() -> int:
    """Run the command that the arguments name. Return its exit status."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open until the program ends
    arguments = _parser().parse_args()
    if sys.stdout is None:
        print(f"{PROGRAM}: standard output is closed", file=sys.stderr)
        return 1
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        status: int = arguments.run(arguments)
    except UsageError as err:
        print(f"{PROGRAM}: {err}", file=sys.stderr)
        return err.status
    except KeyboardInterrupt, asyncio.CancelledError:
        return 130
    except BrokenPipeError:
        # The program that reads this output, such as `head`, has ended. So nothing more can be
        # written.
        _give_up_output()
        return 1
    except OSError as err:
        _give_up_output()
        print(f"{PROGRAM}: cannot write: {err.strerror}", file=sys.stderr)
        return 1
    return status


def _give_up_output() -> None:
    """Redirect the output to /dev/null, so that Python's final flush raises no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
