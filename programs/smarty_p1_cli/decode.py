"""Command `decode`. It prints a line of JSON for each telegram in recorded bytes, or a report."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from functools import partial
from io import BufferedReader, FileIO
from pathlib import Path

from smartyp1.json_types import JsonDict
from smartyp1.p1.decoder import Decoder
from smartyp1.p1.line_report import LineReport
from smartyp1.p1.rejection_reasons import Rejection
from smartyp1.p1.telegram import Telegram
from smartyp1.port.errors import LinkError, ProbeError

from .keys import read_key_arguments
from .parser import Commands, Parser, import_optional, raise_usage_error, shown
from .rejection_texts import explain

_READ_BYTES = 64 * 1024

type _Stream = FileIO | BufferedReader
type _Keys = tuple[bytes | None, bytes]


def add_decode(commands: Commands, keys: Parser) -> None:
    """Add the command `decode` to the parser."""
    decode = commands.add_parser(
        "decode", parents=[keys], help="print one JSON object per telegram of recorded bytes"
    )
    decode.add_argument(
        "file",
        metavar="FILE",
        help="recorded bytes, or - for standard input; with --redact also a device or host:port",
    )
    decode.add_argument(
        "--redact",
        action="store_true",
        help="print a report to publish: sizes, times and numbers, but no key, identifier or text;"
        " a port is read until its first telegram, for 35 seconds at most",
    )
    decode.set_defaults(run=_run_decode)


def _run_decode(arguments: argparse.Namespace) -> int:
    keys = read_key_arguments(arguments)
    if arguments.redact and _is_port(arguments.file):
        return asyncio.run(_report_port(arguments.file, keys))
    with _open(arguments.file) as stream:
        pieces = iter(partial(_read, stream), b"")
        return (_report if arguments.redact else _decode)(pieces, Decoder(*keys))


def _is_port(name: str) -> bool:
    path = Path(name)
    return path.is_char_device() or (":" in name and not path.exists())


async def _report_port(name: str, keys: _Keys) -> int:
    # Import only here, because recorded bytes can be decoded without the optional library serialx.
    probing = import_optional("smartyp1.port.probing", "reading a port needs", "port")
    serial_port = import_optional("smartyp1.port.serial_port", "reading a port needs", "port")
    report, errors = LineReport(), []
    try:
        await probing.probe(serial_port.normalise_port(name), *keys, report=report)
    except (LinkError, ProbeError) as err:
        errors = [err.problem.value]
    return _print_report({"errors": errors, **report.facts(asyncio.get_running_loop().time())})


def _report(pieces: Iterable[bytes], decoder: Decoder) -> int:
    report = decoder.report = LineReport()
    for data in pieces:
        report.add_bytes(len(data), 0.0)
        decoder.feed(data)
    return _print_report(report.facts())


def _print_report(facts: JsonDict) -> int:
    print(json.dumps(facts, indent=2))
    return 0 if facts["telegram"] and not facts["rejections"] else 1


def _decode(pieces: Iterable[bytes], decoder: Decoder) -> int:
    telegrams = rejections = size = 0
    # If the output's encoding is not UTF-8, write non-ASCII characters as escapes.
    ensure_ascii = (sys.stdout.encoding or "").lower() != "utf-8"
    for data in pieces:
        size += len(data)
        for event in decoder.feed(data):
            match event:
                case Telegram():
                    telegrams += 1
                    print(json.dumps(event.as_dict(), ensure_ascii=ensure_ascii), flush=True)
                case Rejection():
                    rejections += 1
                    print(explain(event), file=sys.stderr)
    if not telegrams:
        print(f"no telegram in {size} bytes", file=sys.stderr)
    return 0 if telegrams and not rejections else 1


def _read(stream: _Stream) -> bytes:
    try:
        data: bytes | None = stream.read(_READ_BYTES)
    except OSError as err:
        raise_usage_error(f"cannot read the recorded bytes: {err.strerror}")
    if data is None:
        raise_usage_error("cannot read the recorded bytes: standard input does not wait for them")
    return data


def _open(name: str) -> _Stream:
    if name == "-":
        if sys.stdin is None:
            raise_usage_error("standard input is closed")
        # Open without a buffer, so that each telegram is printed as soon as it is complete.
        return open(sys.stdin.fileno(), "rb", buffering=0, closefd=False)
    try:
        return Path(name).open("rb")
    except OSError as err:
        raise_usage_error(f"cannot read {shown(name)}: {err.strerror}")
