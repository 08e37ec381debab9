"""Command line of the simulator: `python -m dev.simulator`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dev.arguments import LAST_PORT, count, positive

from .heater import Heater
from .household import EPOCH
from .keyfile import KeyFileError, read_keys
from .meter import Meter
from .server import PortInUseError, Server
from .telegram import LUXEMBOURG

DEFAULT_KEY_FILE = Path("smarty-simulator.keys")


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate meters until a signal arrives, or print keys. Return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    last_port = options.listen[1] + options.meters - 1
    if last_port > LAST_PORT and not options.list_keys:
        parser.error(f"argument --listen: there are no ports above {LAST_PORT}")
    try:
        if options.list_keys:
            return _list_keys(options)
        return asyncio.run(_serve(options))
    except KeyboardInterrupt:
        return 0
    except (KeyFileError, PortInUseError) as error:
        trouble = str(error)
    except OSError as error:
        trouble = f"cannot listen: {error.strerror}"
    print(f"{parser.prog}: {trouble}", file=sys.stderr)
    return 1


async def _serve(options: argparse.Namespace) -> int:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, told_to_stop.set)

    meters = _meters(options)
    for meter in meters:
        # Read the registers once before the start. This first call takes longest, because it fills
        # the meter's caches.
        meter.registers_at(datetime.now(UTC))
    host, _ = options.listen
    shown_host = f"[{host}]" if ":" in host else host
    async with Server(meters, *options.listen, interval=options.interval) as server:
        for meter, port in zip(meters, server.ports, strict=True):
            if not options.quiet:
                name = f"meter {meter.number}  {meter.device_name}"
                print(f"{name}  socket://{shown_host}:{port}", flush=True)
        await told_to_stop.wait()
    return 0


def _meters(options: argparse.Namespace) -> list[Meter]:
    keys, added = read_keys(options.key_file, options.meters)
    if added and not options.quiet:
        print(f"{added} new key{'s'[: added > 1]} in {options.key_file}", flush=True)
    heaters = {options.first: Heater(tuple(options.heater))}
    return [
        Meter(number, key, heater=heaters.get(number))
        for number, key in zip(_numbers(options), keys, strict=True)
    ]


def _list_keys(options: argparse.Namespace) -> int:
    keys, _ = read_keys(options.key_file, options.meters)
    for number, key in zip(_numbers(options), keys, strict=True):
        print(Meter(number).system_title.hex().upper(), key.hex().upper())
    return 0


def _numbers(options: argparse.Namespace) -> range:
    return range(options.first, options.first + options.meters)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="p1 simulate",
        description="Simulate Luxembourg smart meters, each with a household behind it.",
    )
    add = parser.add_argument
    add("--meters", metavar="N", type=count, default=1, help="how many meters (1)")
    add(
        "--first",
        metavar="N",
        type=count,
        default=1,
        help="the first meter's number; each number has a serial number and a household of its "
        "own (1; those of scripts/demo begin with 101)",
    )
    add(
        "--listen",
        metavar="HOST:PORT",
        type=_address,
        default=("127.0.0.1", 20001),
        help="the first meter's TCP port; the others follow (127.0.0.1:20001)",
    )
    add(
        "--key-file",
        metavar="FILE",
        type=Path,
        default=DEFAULT_KEY_FILE,
        help="32 hex digits per line, a line per meter; missing keys are made "
        f"({DEFAULT_KEY_FILE})",
    )
    add(
        "--list-keys",
        action="store_true",
        help="print each meter's system title and key, as collectors take them, and exit",
    )
    add(
        "--interval",
        metavar="SECONDS",
        type=positive,
        default=10.0,
        help="time between frames (10); long runs below 0.2 outrun the frame counter's clock, "
        "so that a restart may send lower counters",
    )
    add(
        "--heater",
        metavar="TIME",
        type=_moment,
        action="append",
        default=[],
        help="time from which a water heater of the first meter switches on and off for an hour; "
        "may be given again",
    )
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host.strip("[]"), int(port)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-01-31T18:00") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LUXEMBOURG)
    if moment < EPOCH:
        raise argparse.ArgumentTypeError(f"the meters were installed in {EPOCH.year}")
    return moment


if __name__ == "__main__":
    sys.exit(main())
