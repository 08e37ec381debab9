"""Make random mutants of each room, and print those that no test notices.

Each mutant is a changed file in a copy of the tree. Only tests that execute its line run, the
fastest first. Everything is kept in `.mutants`, so an interrupted run goes on.
"""

import argparse
import sys
import tomllib
from pathlib import Path

from dev.arguments import count

from .report import report, rooms_with_many_equivalent
from .run import Run, say

_TABLE = Path(__file__).with_name("mutants.toml")


def main() -> int:
    """Print the report. Return 1 if too many mutants of a room are named as equivalent."""
    parser = argparse.ArgumentParser(prog="scripts/mutants", description=__doc__)
    parser.add_argument("project", help="home or programs")
    parser.add_argument("rooms", nargs="*", help="(all)")
    parser.add_argument("--seed", type=int, default=1, help="(1)")
    parser.add_argument("--mutants", type=count, help="of each room (as in the table)")
    parser.add_argument("--jobs", type=count, default=1, help="processes (1)")
    parser.add_argument("--table", type=Path, default=_TABLE, help=f"({_TABLE.name})")
    options = parser.parse_args()
    tables = tomllib.loads(options.table.read_text("utf-8"))
    equivalent = {(row["file"], row["line"], row["change"]) for row in tables.pop("equivalent", [])}
    if unknown := {*options.rooms}.difference(*(table["rooms"] for table in tables.values())):
        parser.error(f"no such room: {', '.join(unknown)}")
    table = tables[options.project]
    counts = {
        room: options.mutants or row[0]
        for room, row in table["rooms"].items()
        if room in options.rooms or not options.rooms
    }
    if not counts:
        return 0
    run = Run(Path.cwd(), options.project, table, options.jobs)
    run.prepare()
    verdicts = run.judge({room: run.mutants(room, options.seed, n) for room, n in counts.items()})
    print(*report(verdicts, equivalent), sep="\n")
    rooms = rooms_with_many_equivalent(verdicts, equivalent)
    for room in rooms:
        say(f"{room}: more than 5 % of the mutants are named as equivalent")
    return bool(rooms)


if __name__ == "__main__":
    sys.exit(main())
