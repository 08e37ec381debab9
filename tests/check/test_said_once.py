"""What is said or kept in one place only."""

import ast
import re

from tests.check.test_house import HOUSE, ROOT


def test_the_steps_of_a_dialog_share_no_fields() -> None:
    """What a step keeps for the next one is set, read and changed in one file."""
    users: dict[str, set[str]] = {}
    kept = set()
    for file in (HOUSE / "flows").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Attribute(ast.Name("self"), name, context):
                    users.setdefault(name, set()).add(file.name)
                    if isinstance(context, ast.Store):
                        kept.add(name)
                case ast.ClassDef(body=body):
                    fields = (each.target for each in body if isinstance(each, ast.AnnAssign))
                    for target in fields:
                        if isinstance(target, ast.Name) and target.id.startswith("_"):
                            kept.add(target.id)
    private = {name for name in kept if name.startswith("_")}
    assert private > {"_reader", "_offered"}
    assert {name: users[name] for name in private if len(users[name]) > 1} == {}


def test_what_a_meter_sends_is_said_in_one_table() -> None:
    """The objects of the M-Bus and the counters of voltages: others ask `obis.py` for them."""
    said = re.compile(r"""["'][^"'\s]*(24\.[14]\.0|24\.2\.1|96\.1\.0|[}27]\.3[26]\.0)""")
    files = {
        file
        for folder in (HOUSE, ROOT / "gateway", ROOT / "fleet", ROOT / "smarty_p1_cli")
        for file in folder.rglob("*.py")
        if any(said.search(line) for line in file.read_text().splitlines())
    }
    assert files == {HOUSE / "lib" / "p1" / "obis.py"}
