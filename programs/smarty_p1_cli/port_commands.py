"""Command `watch`. It reads a port with the optional library serialx."""

import argparse
import asyncio

from smartyp1.p1.decoder import Decoder

from .keys import read_key_arguments
from .parser import Commands, Parser, import_optional, port_url


def add_watch(commands: Commands, keys: Parser) -> None:
    """Add the command `watch` to the parser."""
    watching = commands.add_parser(
        "watch", parents=[keys], help="show a port's telegrams as they come"
    )
    watching.add_argument(
        "url",
        metavar="URL",
        type=port_url,
        help="a device, host:port, or a URL such as socket://host:port",
    )
    watching.set_defaults(run=_run_watch)


def _run_watch(arguments: argparse.Namespace) -> int:
    # Import only here, because other commands, such as decoding, must work without the optional
    # library serialx.
    watch = import_optional("smarty_p1_cli.watch", "watching a port needs", "port")
    decoder = Decoder(*read_key_arguments(arguments))
    asyncio.run(watch.watch_port(arguments.url, decoder))
    return 0
