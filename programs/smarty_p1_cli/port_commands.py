"""Commands `watch` and `capture`. They read a port with the optional library serialx."""

import argparse
import asyncio
import os
from pathlib import Path

from smartyp1.p1.decoder import Decoder
from smartyp1.p1.frame_decryptor import FrameDecryptor

from .keys import read_key_arguments
from .parser import Commands, Parser, import_optional, port_url, raise_usage_error, shown

# Longest recording in minutes. The limit bounds the size of the capture file, and the time until
# the file is written.
MAX_CAPTURE_MINUTES = 120


def add_ports(commands: Commands, keys: Parser) -> None:
    """Add the commands `watch` and `capture` to the parser."""
    port = Parser(add_help=False)
    port.add_argument(
        "url",
        metavar="URL",
        type=port_url,
        help="a device, host:port, or a URL such as socket://host:port",
    )
    watching = commands.add_parser(
        "watch", parents=[port, keys], help="show a port's telegrams as they come"
    )
    watching.set_defaults(run=_run_watch)

    capturing = commands.add_parser(
        "capture",
        parents=[port, keys],
        help="record a port for a file that says nothing about whose it is",
    )
    capturing.add_argument(
        "--anonymous",
        metavar="FILE",
        type=Path,
        required=True,
        help="where to write it: no identifiers, texts, true dates, totals, powers",
    )
    capturing.add_argument(
        "--minutes", metavar="N", type=_minutes, default=60.0, help="for how long (60; at most 120)"
    )
    capturing.add_argument(
        "--keep-message-forms",
        action="store_true",
        help="keep lengths of words, capitals and digits of the operator's messages",
    )
    capturing.add_argument("--yes", action="store_true", help="write without asking")
    capturing.set_defaults(run=_run_capture)


def _run_watch(arguments: argparse.Namespace) -> int:
    # Import only here, because other commands, such as decoding, must work without the optional
    # library serialx.
    watch = import_optional("smarty_p1_cli.watch", "watching a port needs", "port")
    decoder = Decoder(*read_key_arguments(arguments))
    asyncio.run(watch.watch_port(arguments.url, decoder))
    return 0


def _run_capture(arguments: argparse.Namespace) -> int:
    capture = import_optional("smarty_p1_cli.capture", "recording a port needs", "port")
    key, authentication_key = read_key_arguments(arguments)
    if arguments.anonymous.exists():
        raise_usage_error(f"{shown(str(arguments.anonymous))} is there already")
    folder = arguments.anonymous.parent
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        # Check the folder before the recording starts, because a recording may take an hour.
        raise_usage_error(f"{shown(str(arguments.anonymous))} is in no folder that can be written")
    status: int = capture.capture_port(
        arguments.url,
        FrameDecryptor(key, authentication_key) if key else None,
        arguments.anonymous,
        arguments.minutes,
        keeps_message_forms=arguments.keep_message_forms,
        is_sure=arguments.yes,
    )
    return status


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= MAX_CAPTURE_MINUTES:
        raise ValueError
    return minutes
