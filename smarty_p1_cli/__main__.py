"""The command line: decode recorded bytes, watch or record a port, pass on or collect frames."""

import argparse
import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO, NoReturn, cast, override

from smartyp1.capture import BEGINNING, MAX_SIZE, CaptureError, Chunk, read_capture
from smartyp1.p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    Decoder,
    KeyFormatError,
    Opener,
    Rejection,
    Telegram,
    parse_key,
)

from .fleet_arguments import ExtraMissingError, add_fleet
from .rejection_words import explain
from .usage_error import UsageError

PROGRAM = "smarty-p1"
KEY_VARIABLE = "SMARTY_P1_KEY"
AUTHENTICATION_KEY_VARIABLE = "SMARTY_P1_AUTHENTICATION_KEY"
PUBLISHED_KEY = (
    "the encryption key is the published authentication key, which is the same for all meters and"
    " decrypts nothing: enter the meter's own, from the grid operator"
)
READ_SIZE = 64 * 1024
# Minutes: what a file can hold, and whoever sends it would wait for.
LONGEST_CAPTURE = 120
# None of what sets a secret apart in an address.
FILE_NAME = re.compile(r"(?:[A-Za-z]:)?[^:@%?#&;=]+")

# Returns what is to be told in the end.
type _Work = Coroutine[object, object, str | None]


class _Parser(argparse.ArgumentParser):
    """Does not repeat what it cannot make sense of: it may be a key."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of argparse
        # What an abbreviation is for may be unclear, and the error would repeat it with its value.
        super().__init__(**options, allow_abbrev=False)

    @override
    def error(self, message: str) -> NoReturn:
        if message.startswith("unrecognized arguments"):
            message = "unrecognized arguments; a key with blanks needs quotes"
        elif "invalid choice" in message:
            message = self.get_default("expects") or (
                "the first argument must be decode, watch, capture, gateway, collect or fleet"
            )
        elif "ignored explicit argument" in message:
            message = f"{message.partition(':')[0]} takes no value"
        super().error(message)


def _read_key_text(given: str | None, file: Path | None, variable: str) -> str | None:
    if given is not None:
        return given
    if file is None:
        return os.environ.get(variable) or None
    try:
        lines = file.read_text(encoding="utf-8-sig").strip().splitlines()
    except (OSError, UnicodeDecodeError) as err:
        reason = getattr(err, "strerror", None) or "it is no text"
        # Its name stays out: it may be the key, given to the wrong option.
        msg = f"cannot read the key file: {reason}"
        raise UsageError(msg) from None
    return lines[0] if lines else ""


def _parse(text: str, name: str) -> bytes:
    try:
        return parse_key(text)
    except KeyFormatError as err:
        msg = f"the {name} is malformed: {err}"
        raise UsageError(msg) from None


def _read_keys(arguments: argparse.Namespace) -> tuple[bytes | None, bytes]:
    key = _read_key_text(arguments.key, arguments.key_file, KEY_VARIABLE)
    authentication_key = _read_key_text(
        arguments.authentication_key,
        arguments.authentication_key_file,
        AUTHENTICATION_KEY_VARIABLE,
    )
    encryption_key = None if key is None else _parse(key, "encryption key")
    if encryption_key == DEFAULT_AUTHENTICATION_KEY:
        print(PUBLISHED_KEY, file=sys.stderr)
    return (
        encryption_key,
        DEFAULT_AUTHENTICATION_KEY
        if authentication_key is None
        else _parse(authentication_key, "authentication key"),
    )


def _decode(pieces: Iterable[bytes], decoder: Decoder) -> int:
    telegrams = rejections = size = 0
    # A terminal or pipe that takes no UTF-8 takes JSON's own escapes.
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


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read(READ_SIZE)
    except OSError as err:
        msg = f"cannot read the recorded bytes: {err.strerror}"
        raise UsageError(msg) from None


def _open(name: str) -> BinaryIO:
    if name == "-":
        if sys.stdin is None:
            msg = "standard input is closed"
            raise UsageError(msg)
        # Unbuffered: a telegram is printed when it is complete, not when a buffer is full.
        return cast("BinaryIO", open(sys.stdin.fileno(), "rb", buffering=0, closefd=False))
    try:
        return Path(name).open("rb")
    except OSError as err:
        msg = f"cannot read {_shown(name)}: {err.strerror}"
        raise UsageError(msg) from None


def _shown(name: str) -> str:
    """Return the name of a file, unless it may be a key or an address with a password in it."""
    try:
        parse_key(name)
    except KeyFormatError:
        return name if FILE_NAME.fullmatch(name) else "the file"
    return "a file whose name is a key"


def _run_decode(arguments: argparse.Namespace) -> int:
    keys = _read_keys(arguments)
    with _open(arguments.file) as stream:
        beginning = _read(stream)
        if not beginning.startswith(BEGINNING):
            return _decode(_pieces(beginning, stream), Decoder(*keys))
        chunks, published_key = _read_capture(beginning, stream)
    return _decode((data for _, data in chunks), Decoder(published_key))


def _pieces(beginning: bytes, stream: BinaryIO) -> Iterator[bytes]:
    data = beginning
    while data:
        yield data
        data = _read(stream)


def _read_capture(beginning: bytes, stream: BinaryIO) -> tuple[Sequence[Chunk], bytes | None]:
    data = bytearray(beginning)
    # One more than is read is refused there.
    while len(data) <= MAX_SIZE and (more := _read(stream)):
        data += more
    try:
        return read_capture(data.decode("ascii", "replace"))
    except CaptureError as err:
        msg = f"this is not an anonymous capture as it was written: {err}"
        raise UsageError(msg) from None


def _run_watch(arguments: argparse.Namespace) -> int:
    # Decoding does without serialx, which is an extra.
    try:
        from smartyp1.port import normalise_port  # noqa: PLC0415

        from .watch import watch  # noqa: PLC0415
    except ModuleNotFoundError as err:
        msg = f"watching a port needs {err.name}: pip install {err.name}"
        raise UsageError(msg) from None
    decoder = Decoder(*_read_keys(arguments))
    asyncio.run(watch(normalise_port(arguments.url), decoder))
    return 0


def _run_capture(arguments: argparse.Namespace) -> int:
    try:
        from smartyp1.port import normalise_port  # noqa: PLC0415

        from .capture import capture  # noqa: PLC0415
    except ModuleNotFoundError as err:
        msg = f"recording a port needs {err.name}: pip install {err.name}"
        raise UsageError(msg) from None
    key, authentication_key = _read_keys(arguments)
    if arguments.anonymous.exists():
        msg = f"{_shown(str(arguments.anonymous))} is there already"
        raise UsageError(msg)
    if not arguments.anonymous.parent.is_dir():
        # Better said before an hour than after it.
        msg = f"{_shown(str(arguments.anonymous))} is in no folder that is there"
        raise UsageError(msg)
    return capture(
        normalise_port(arguments.url),
        Opener(key, authentication_key) if key else None,
        arguments.anonymous,
        arguments.minutes,
        is_sure=arguments.yes,
    )


def _minutes(text: str) -> float:
    minutes = float(text)
    if not 0 < minutes <= LONGEST_CAPTURE:
        raise ValueError
    return minutes


def _run_gateway(arguments: argparse.Namespace) -> int:
    def start(service: ModuleType, config: object) -> _Work | None:
        return None if arguments.check else _run_service(service, config)

    return _serve(arguments, "smarty_p1_gateway", "the gateway", "gateway", start)


def _title(text: str) -> bytes:
    # It is not repeated: it may be a key.
    if not re.fullmatch(r"[0-9A-Fa-f]{16}", text):
        msg = "a system title has 16 hexadecimal digits"
        raise argparse.ArgumentTypeError(msg)
    return bytes.fromhex(text)


def _moment(text: str) -> datetime:
    # Without an offset, it is the time of this machine.
    try:
        moment = datetime.fromisoformat(text).astimezone()
    except ValueError, OverflowError:
        msg = "a time is written like 2026-11-22T06:00, or with +01:00 behind it"
        raise argparse.ArgumentTypeError(msg) from None
    if moment > datetime.now(UTC):
        msg = "that time is still to come"
        raise argparse.ArgumentTypeError(msg)
    return moment


def _run_collect(arguments: argparse.Namespace) -> int:
    if (arguments.again is None) != (arguments.since is None):
        msg = "--again TITLE and --since TIME belong together"
        raise UsageError(msg)

    def start(service: ModuleType, config: object) -> _Work:
        if arguments.check:
            checking: _Work = service.check(config)
            return checking
        if arguments.save_counters:
            saving: _Work = service.save_counters(config, arguments.save_counters)
            return saving
        if arguments.load_counters:
            loading: _Work = service.load_counters(config, arguments.load_counters)
            return loading
        if arguments.again:
            again: _Work = service.read_again(config, arguments.again, arguments.since)
            return again
        return _run_service(service, config)

    return _serve(arguments, "smarty_p1_fleet", "the collector", "fleet", start)


def _run_service(service: ModuleType, config: object) -> _Work:
    work: _Work = service.run(config)
    return work


def _serve(
    arguments: argparse.Namespace,
    module: str,
    name: str,
    extra: str,
    start: Callable[[ModuleType, object], _Work | None],
) -> int:
    # Its libraries are an extra.
    try:
        errors = import_module("smarty_p1_gateway")
        service = import_module(module)
    except ModuleNotFoundError as err:
        msg = f"{name} needs {err.name}: install smarty-p1 with its extra [{extra}]"
        raise UsageError(msg) from None
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        config = service.read_config(arguments.config)
        work = start(service, config)
        if work is not None and (told := asyncio.run(work)):
            print(told)
    except errors.UnavailableError as err:
        # Whoever starts it again does so with reason.
        print(f"{PROGRAM}: {_shown(str(arguments.config))}: {err}", file=sys.stderr)
        return 1
    except errors.ConfigError as err:
        msg = f"{_shown(str(arguments.config))}: {err}"
        raise UsageError(msg) from None
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="The P1 port of a Smarty meter.",
        epilog="In a clone of the repository, `scripts/p1 simulate` starts simulated meters.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    keys = _Parser(add_help=False)
    group = keys.add_argument_group(
        "keys",
        "32 hexadecimal digits each. Other users of the machine can see a command line: prefer the"
        f" files, or the variables {KEY_VARIABLE} and {AUTHENTICATION_KEY_VARIABLE}.",
    )
    group.add_argument("--key", metavar="HEX", help="the meter's encryption key")
    group.add_argument("--key-file", metavar="FILE", type=Path, help="a file with it on line 1")
    group.add_argument("--authentication-key", metavar="HEX", help="if not the published one")
    group.add_argument("--authentication-key-file", metavar="FILE", type=Path)

    decode = commands.add_parser(
        "decode", parents=[keys], help="print one JSON object per telegram of recorded bytes"
    )
    decode.add_argument(
        "file", metavar="FILE", help="recorded bytes or a capture, or - for standard input"
    )
    decode.set_defaults(run=_run_decode)

    watching = commands.add_parser(
        "watch", parents=[keys], help="show a port's telegrams as they come"
    )
    watching.add_argument(
        "url", metavar="URL", help="a device, host:port, or a URL such as socket://host:port"
    )
    watching.set_defaults(run=_run_watch)

    capturing = commands.add_parser(
        "capture",
        parents=[keys],
        help="record a port for a file that says nothing about whose it is",
    )
    capturing.add_argument(
        "url", metavar="URL", help="a device, host:port, or a URL such as socket://host:port"
    )
    capturing.add_argument(
        "--anonymous",
        metavar="FILE",
        type=Path,
        required=True,
        help="where to write it, without identifiers, texts, true times and totals",
    )
    capturing.add_argument(
        "--minutes", metavar="N", type=_minutes, default=60.0, help="for how long (60; at most 120)"
    )
    capturing.add_argument("--yes", action="store_true", help="write without asking")
    capturing.set_defaults(run=_run_capture)

    gateway = commands.add_parser(
        "gateway", help="publish what ports send on an MQTT broker, decoded or as it came"
    )
    gateway.add_argument(
        "--config", metavar="FILE", type=Path, required=True, help="what to read and where to go"
    )
    gateway.add_argument("--check", action="store_true", help="only check the file")
    gateway.set_defaults(run=_run_gateway)

    collect = commands.add_parser(
        "collect", help="verify sealed frames of a NATS cluster, and store their values"
    )
    collect.add_argument(
        "--config", metavar="FILE", type=Path, required=True, help="what to read and where to go"
    )
    only = collect.add_mutually_exclusive_group()
    only.add_argument("--check", action="store_true", help="only check the file and the store")
    only.add_argument(
        "--save-counters", metavar="FILE", type=Path, help="only save the meters' frame counters"
    )
    only.add_argument(
        "--load-counters", metavar="FILE", type=Path, help="only load them, where they are higher"
    )
    only.add_argument(
        "--again",
        metavar="TITLE",
        type=_title,
        help="only read again what the stream has of this meter (16 hexadecimal digits)",
    )
    collect.add_argument(
        "--since",
        metavar="TIME",
        type=_moment,
        help="with --again: from when on, such as 2026-11-22T06:00, or with +01:00 behind it",
    )
    collect.set_defaults(run=_run_collect)
    add_fleet(commands, _Parser)
    return parser


def main() -> int:
    """Run the command and return its exit status."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the program
    arguments = _parser().parse_args()
    if sys.stdout is None:
        print(f"{PROGRAM}: standard output is closed", file=sys.stderr)
        return 1
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        status: int = arguments.run(arguments)
    except (UsageError, ExtraMissingError) as err:
        print(f"{PROGRAM}: {err}", file=sys.stderr)
        return 2
    except KeyboardInterrupt, asyncio.CancelledError:
        return 130
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        _give_up_output()
        return 1
    except OSError as err:
        _give_up_output()
        print(f"{PROGRAM}: cannot write: {err.strerror}", file=sys.stderr)
        return 1
    return status


def _give_up_output() -> None:
    """Keep Python from complaining at exit about what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
