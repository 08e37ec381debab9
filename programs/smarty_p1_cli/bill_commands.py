"""Commands `bill`, `classes` and `what-if`. They answer from Leneda's files and a contract file."""

import argparse
import re
from pathlib import Path

from smartyp1.data_retention import KEPT_MONTHS

from .parser import Commands, import_optional, matching, raise_usage_error

_EXAMPLE = Path(__file__).with_name("contract.toml")
_month = matching(r"[0-9]{4}-(0[1-9]|1[0-2])", "it must be a month such as 2026-06")
_year = matching(r"[0-9]{4}", "it must be a year such as 2026")
_FILES_HELP = (
    "files of Leneda (CSV of the portal, JSON of the API), market prices (start,price,origin), and"
    " one contract file, whose name ends with .toml"
)


def add_bill(commands: Commands) -> None:
    """Add the commands `bill`, `classes` and `what-if` to the parser."""
    bill = commands.add_parser(
        "bill", help="compute bills from files of Leneda and a contract, without Home Assistant"
    )
    _add_files(bill)
    period = bill.add_mutually_exclusive_group()
    period.add_argument(
        "--month", metavar="YYYY-MM", type=_month, help="by default, the last month of the files"
    )
    period.add_argument("--year", metavar="YYYY", type=_year, help="all known months of a year")
    period.add_argument(
        "--months", metavar="N", type=_count, help=f"the last N months, up to {KEPT_MONTHS + 1}"
    )
    bill.set_defaults(answer="bills")

    classes = commands.add_parser(
        "classes", help="compare the costs of all reference powers in the months of the files"
    )
    _add_files(classes)
    classes.add_argument(
        "--each-month",
        action="store_true",
        help="use the prices of each month, and not today's prices for all months",
    )
    classes.set_defaults(answer="classes")

    what_if = commands.add_parser(
        "what-if", help="bill the last year again with the [[changes]] of the contract file"
    )
    _add_files(what_if)
    what_if.add_argument(
        "--feed-in-price",
        metavar="EUR",
        type=float,
        help="price of an exported kWh, in place of the price in the contract",
    )
    what_if.set_defaults(answer="what_if")


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="*", help=_FILES_HELP)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--example", action="store_true", help="print a contract file")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.example:
        print(_EXAMPLE.read_text("utf-8"), end="")
        return 0
    if not arguments.files:
        raise_usage_error(
            "no file: give the files of Leneda and a contract file; --example prints one"
        )
    # Import only here, because numpy is an optional dependency.
    answers = import_optional("smarty_p1_cli.household_answers", "bills need", "bill")
    print(answers.answer(arguments))
    return 0


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= KEPT_MONTHS + 1:
        raise argparse.ArgumentTypeError(f"it must be a number from 1 to {KEPT_MONTHS + 1}")
    return int(text)
