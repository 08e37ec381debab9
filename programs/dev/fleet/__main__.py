"""Run a fleet of meters on this machine, and compare each stored value with the sent value.

The fleet has three NATS nodes, VictoriaMetrics, two collectors, gateways, and simulated meters that
send every ten seconds. Simulated attackers send forged and replayed frames. The exit status is 1 if
a telegram was lost, stored twice with different values, wrongly accepted, or stored too late.
"""

import argparse
import asyncio
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from dev.arguments import count, positive
from dev.checkout import PYTHON_PATH
from dev.demo.processes import ProcessEndedError
from dev.reliability.result import MissedError, Result

from .report import summarize
from .run import run_fleet


def main() -> int:
    """Run the fleet and print a report. Return the exit status."""
    options = _options()
    # SIGTERM must stop all started programs, as Ctrl-C does. So it gets the same handler.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Show only errors, because asyncio warns of each TLS connection to a killed node.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    os.environ["PYTHONPATH"] = PYTHON_PATH
    directory = Path(tempfile.mkdtemp(prefix="smarty-fleet-"))
    started = time.monotonic()
    try:
        result = summarize(asyncio.run(run_fleet(directory, options)), options)
    except (MissedError, ProcessEndedError) as error:
        result = Result(missed=[str(error)])
    except KeyboardInterrupt:
        shutil.rmtree(directory)
        return 130
    for line in result.lines:
        print(line)
    for figure in result.missed:
        print(f"MISSED: {figure}")
    print(f"{'missed' if result.missed else 'met'}, {time.monotonic() - started:.0f} s")
    if result.missed:
        print(f"the logs are in {directory}", file=sys.stderr)
        return 1
    shutil.rmtree(directory)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="programs/scripts/fleet",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--meters", metavar="N", type=count, default=100, help="how many (100)")
    parser.add_argument(
        "--minutes", metavar="M", type=positive, default=2.0, help="how long they send (2)"
    )
    parser.add_argument(
        "--kills",
        nargs="?",
        const="any",
        default="none",
        choices=("any", "each"),
        help="kill a part every ten seconds, at random; `each`: one of each kind, and no more",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="let the clock of a node be wrong",
    )
    parser.add_argument(
        "--seed", metavar="S", type=int, default=1, help="of keys, kills and attacks (1)"
    )
    options = parser.parse_args()
    options.seconds = options.minutes * 60
    return options


if __name__ == "__main__":
    sys.exit(main())
