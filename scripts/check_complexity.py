"""Check of the number of complex functions in the shipped programs. radon counts their branches.

Unlike C901 of ruff, radon also counts comprehensions and boolean operators. If the number of
complex functions is not MAX_FUNCTIONS, the script prints these functions and exits with status 1.
If the number is lower, set MAX_FUNCTIONS to it.
"""

import json
import subprocess
import sys
from pathlib import Path

SHIPPED = ("custom_components/smarty_p1", "smarty_p1_cli", "smarty_p1_fleet", "smarty_p1_gateway")
MAX_COMPLEXITY = 10
MAX_FUNCTIONS = 11


def _complex_functions() -> list[str]:
    """Return a text with place and complexity of each complex function, most complex first."""
    radon = Path(sys.executable).with_name("radon")
    # All functions with a complexity above 10 have rank C or worse. So `--min C` leaves out no
    # complex function.
    command = [str(radon), "cc", "--json", "--min", "C", *SHIPPED]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    blocks = {
        (block["complexity"], f"{file}:{block['lineno']} {block['name']}")
        for file, blocks in json.loads(shown).items()
        for block in blocks
        if block["type"] != "class" and block["complexity"] > MAX_COMPLEXITY
    }
    return [f"{place}: {complexity}" for complexity, place in sorted(blocks, reverse=True)]


def main() -> int:
    """Print the complex functions if their number differs from MAX_FUNCTIONS."""
    functions = _complex_functions()
    if len(functions) == MAX_FUNCTIONS:
        return 0
    print("\n".join(functions))
    wanted = "make one simpler" if len(functions) > MAX_FUNCTIONS else "lower MAX_FUNCTIONS"
    print(f"{len(functions)} functions above {MAX_COMPLEXITY}, not {MAX_FUNCTIONS}: {wanted}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
