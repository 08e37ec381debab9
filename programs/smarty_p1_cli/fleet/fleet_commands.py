"""Command `fleet`. It makes a fleet's files, and deletes, exports or reprocesses meters' data."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from smarty_p1_cli.parser import (
    Commands,
    Parser,
    config_errors,
    import_optional,
    matching,
    raise_usage_error,
)

from .fleet_init import NEEDS, add_check, add_init
from .fleet_month import add_fleet_file, add_month, described, tenant_of

_EVERY = ("quarter-hour", "telegram")
# An empty name would select all values that have no meter.
_name = matching(r"(?s).+", "it must not be empty")
# The user may have typed a key instead of a system title. So the message does not repeat the text.
_digits = matching(r"[0-9A-Fa-f]{16}", "a system title has 16 hexadecimal digits")


def add_fleet(commands: Commands) -> None:
    """Add the command `fleet` to the parser."""
    fleet = commands.add_parser(
        "fleet", help="make a fleet's files; delete, export or read again meters' data"
    )
    fleet.set_defaults(
        expects="after fleet, there must be init, check, month, exchange, forget, export, read or"
        " stream"
    )
    actions = fleet.add_subparsers(required=True, metavar="ACTION", parser_class=Parser)
    add_init(actions)
    add_check(actions)
    add_month(actions)

    forgetting = actions.add_parser(
        "forget", help="delete a meter's values, frames and state, and say what is gone"
    )
    forgetting.add_argument(
        "meter", metavar="TITLE|SERIAL", type=_name, help="its system title, or its name"
    )
    _add_config(forgetting)
    forgetting.add_argument(
        "--series",
        metavar="SERIAL",
        type=_name,
        help="delete the values under another name of it, too",
    )
    forgetting.add_argument("--yes", action="store_true", help="delete without asking")
    forgetting.set_defaults(run=_run_forget)

    exchanging = actions.add_parser(
        "exchange", help="give the serial number of a title to another title"
    )
    for name, of in (("old", "the meter that was taken away"), ("new", "the meter in its place")):
        exchanging.add_argument(name, metavar=name.upper(), type=_title, help=f"title of {of}")
    _add_config(exchanging)
    exchanging.set_defaults(run=_run_exchange)

    exporting = actions.add_parser("export", help="write what VictoriaMetrics has of a meter")
    exporting.add_argument(
        "meter", metavar="SERIAL", type=_name, nargs="?", help="its name in VictoriaMetrics"
    )
    exporting.add_argument(
        "--tenant",
        metavar="NAME",
        help="meters and days of this [[tenant]]; the second meter has a file FILE-2, and so on",
    )
    add_fleet_file(exporting)
    _add_config(exporting, is_required=False)
    for name, day in (("from", "the first day"), ("to", "the day after the last one")):
        exporting.add_argument(
            f"--{name}",
            dest=name,
            metavar="YYYY-MM-DD",
            type=_day,
            help=f"{day}, in Luxembourg",
        )
    exporting.add_argument(
        "--csv", metavar="FILE", type=Path, required=True, help="where; it must not be there yet"
    )
    exporting.add_argument(
        "--every", choices=_EVERY, default=_EVERY[0], help="the energy registers, or everything"
    )
    exporting.set_defaults(run=_run_export, expects=f"--every must be {_EVERY[0]} or {_EVERY[1]}")

    streaming = actions.add_parser(
        "stream", help="make the stream and the bucket, or enlarge them; site.yml runs it"
    )
    _add_config(streaming)
    streaming.add_argument(
        "--as-operator",
        action="store_true",
        help="log in as the user operator, whose password is the first line of the input",
    )
    streaming.set_defaults(run=_run_stream)

    reading = actions.add_parser(
        "read", help="write to VictoriaMetrics once more what the stream has of a meter, or of all"
    )
    reading.add_argument(
        "title", metavar="TITLE", type=_title, nargs="?", help="its 16 hexadecimal digits"
    )
    reading.add_argument("--all", action="store_true", help="all meters, in place of TITLE")
    _add_config(reading)
    reading.add_argument(
        "--since",
        metavar="TIME",
        type=_moment,
        required=True,
        help="from when on, such as 2026-11-22T06:00, or with +01:00 behind it",
    )
    reading.set_defaults(run=_run_read)


def _add_config(parser: argparse.ArgumentParser, *, is_required: bool = True) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        required=is_required,
        help="a collector's configuration",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("it must be a day such as 2026-01-31") from None


def _run_forget(arguments: argparse.Namespace) -> int:
    def confirm(question: str) -> bool:
        print(question)
        return arguments.yes or _is_sure()

    def forget(fleet: Any, config: Any) -> Any:  # noqa: ANN401 - a module of an optional dependency
        return fleet.forget_meter(config, arguments.meter, arguments.series, confirm)

    return _run(arguments, forget)


def _run_exchange(arguments: argparse.Namespace) -> int:
    def exchange(fleet: Any, config: Any) -> Any:  # noqa: ANN401
        return fleet.exchange_meter(config, arguments.old, arguments.new)

    return _run(arguments, exchange)


def _run_stream(arguments: argparse.Namespace) -> int:
    password = sys.stdin.readline().rstrip("\r\n") if arguments.as_operator else None
    return _run(arguments, lambda fleet, config: fleet.make_stream(config, password=password))


def _is_sure() -> bool:
    print("Delete all of it, for good? [yes/no] ", end="", flush=True)
    return sys.stdin is not None and sys.stdin.readline().strip().lower() == "yes"


def _run_export(arguments: argparse.Namespace) -> int:
    fleet = _import_fleet()
    begin, end = getattr(arguments, "from"), arguments.to
    with config_errors(*NEEDS):
        if arguments.tenant:
            inputs, config = described(arguments)
            tenant = tenant_of(inputs, arguments.tenant)
            begin, end, meters = *_days_of(tenant, begin, end), tenant.meters
        elif None in {arguments.meter, arguments.config, begin, end}:
            raise_usage_error("without --tenant, there must be SERIAL, --config, --from and --to")
        else:
            config, meters = fleet.read_store_config(arguments.config), [arguments.meter]
        for number, meter in enumerate(meters, 1):
            path = arguments.csv
            if number > 1:
                path = path.with_stem(f"{path.stem}-{number}")
            is_whole = arguments.every == _EVERY[1]
            span = fleet.CsvSpan(begin, end)
            print(asyncio.run(fleet.write_csv(config, meter, span, path, every_telegram=is_whole)))
    return 0


def _days_of(tenant: Any, begin: date | None, end: date | None) -> tuple[date, date]:  # noqa: ANN401
    """Return those of the asked days on which a tenant lives there, and the day after them."""
    after = datetime.now().astimezone().date() + timedelta(1)
    if tenant.last is not None:
        after = min(after, tenant.last + timedelta(1))
    return max(begin or tenant.first, tenant.first), min(end or after, after)


def _title(text: str) -> bytes:
    return bytes.fromhex(_digits(text))


def _moment(text: str) -> datetime:
    # If the text has no UTC offset, the time is in the time zone of this machine.
    try:
        moment = datetime.fromisoformat(text).astimezone()
    except ValueError, OverflowError:
        raise argparse.ArgumentTypeError(
            "a time is written like 2026-11-22T06:00, or with +01:00 behind it"
        ) from None
    if moment > datetime.now(UTC):
        raise argparse.ArgumentTypeError("that time is still to come")
    return moment


def _run_read(arguments: argparse.Namespace) -> int:
    if (arguments.title is None) is not arguments.all:
        raise_usage_error("there must be either TITLE or --all")

    return _run(
        arguments, lambda fleet, config: fleet.read_again(config, arguments.title, arguments.since)
    )


def _run(arguments: argparse.Namespace, work: Callable[[Any, Any], Any]) -> int:
    """Run `work` with the module smarty_p1_fleet and its configuration. Return the exit status."""
    fleet = _import_fleet()
    with config_errors(*NEEDS):
        answer = asyncio.run(work(fleet, fleet.read_config(arguments.config)))
    message, is_done = answer if isinstance(answer, tuple) else (answer, True)
    print(message)
    return 0 if is_done else 1


def _import_fleet() -> Any:  # noqa: ANN401
    """Return the module smarty_p1_fleet. It logs warnings."""
    fleet = import_optional("smarty_p1_fleet", *NEEDS)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    # asyncio warns of each TLS connection that a server closes. So show only errors.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    return fleet
