"""Command line of the demo. It reads the options, and stops the demo at a signal (Ctrl-C)."""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from dev.arguments import port, positive
from dev.checkout import ROOT

from .client import ClientError
from .demo_run import Demo
from .processes import ProcessEndedError
from .state import UnusableError


def main() -> int:
    """Run the demo until a signal or an error ends it."""
    demo = Demo(_parser().parse_args())
    try:
        demo.check()
        return asyncio.run(_run_until_signalled(demo))
    except (UnusableError, ProcessEndedError, ClientError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


async def _run_until_signalled(demo: Demo) -> int:
    running = asyncio.ensure_future(demo.run())
    received: list[int] = []

    def stop(number: int) -> None:
        # The first signal stops the demo. A second signal would interrupt the shutdown, so ignore
        # it.
        if not received:
            running.cancel()
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    with suppress(asyncio.CancelledError):
        await running
    return 0 if demo.was_ready else 128 + received[0]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="A simulated encrypted meter, and a real Home Assistant that reads it. Only "
        "this machine can reach them.",
        epilog="Ctrl-C stops everything.",
    )
    add = parser.add_argument
    add("--port", metavar="PORT", type=port, default=8123, help="Home Assistant's port (8123)")
    add(
        "--meter-port",
        metavar="PORT",
        type=port,
        help="the meter's port; the next one is for the meter that you can add (the same as last "
        "time; at first 20101)",
    )
    add(
        "--interval",
        metavar="SECONDS",
        type=positive,
        default=10.0,
        help="time between telegrams (10)",
    )
    add("--fresh", action="store_true", help="forget what earlier demos left, and start over")
    add(
        "--state",
        metavar="DIRECTORY",
        type=Path,
        default=ROOT / ".demo",
        help="where to keep everything (.demo in the checkout)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
