"""Check names: a file is named after its main class, and no public name stands twice.

The main class of a file is its longest public class, if it is at least three tenths of the file. It
shares a word with the file's name. usage: python scripts/check_names.py
"""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHIPPED = ("custom_components/smarty_p1", "smarty_p1_cli", "smarty_p1_fleet", "smarty_p1_gateway")
_MAIN_SHARE = 0.3
# Home Assistant calls the first in each platform. Each program has the others.
_OF_EACH = {"async_setup_entry", "main", "read_config", "run"}


def words(name: str) -> set[str]:
    """Return the words of a name in lower case, without the s of a plural."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return {word.lower().rstrip("s") for word in found}


def public_names(path: Path) -> Iterator[tuple[str, int]]:
    """Yield a module's public classes, aliases and functions, and the lines of the classes."""
    for node in ast.parse(path.read_text("utf-8")).body:
        match node:
            case ast.ClassDef(name=name) if name[0] != "_":
                yield name, (node.end_lineno or 0) - node.lineno
            case ast.TypeAlias(name=ast.Name(id=name)) if name[0] != "_":
                yield name, 0
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                if name[0] != "_" and name not in _OF_EACH:
                    yield name, 0


def problems() -> Iterator[str]:
    """Yield files whose main class has another name, and names that stand twice."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for folder in SHIPPED:
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            lengths = dict(public_names(path))
            for name in lengths:
                places[name].append(place)
            main = max(lengths, key=lengths.__getitem__, default="")
            size = len(path.read_text("utf-8").splitlines())
            is_main = main and lengths[main] >= _MAIN_SHARE * size
            if is_main and path.stem != "__init__" and not words(main) & words(path.stem):
                yield f"{place}: its main class {main} shares no word with the file's name"
    for name, found in places.items():
        if len(found) > 1:
            yield f"{name}: a public name in {', '.join(found)}"


if __name__ == "__main__":
    found_problems = list(problems())
    print("\n".join(found_problems) or "no defects")
    sys.exit(bool(found_problems))
