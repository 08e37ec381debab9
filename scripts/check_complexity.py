"""Check of the number of complex functions in the shipped program. radon counts their branches.

Unlike C901 of ruff, radon also counts comprehensions and boolean operators. If there are not
exactly MAX_FUNCTIONS complex functions, the script prints them and exits with status 1. If there
are fewer, lower MAX_FUNCTIONS.
"""

import json
import subprocess
import sys
from pathlib import Path

SHIPPED = ("custom_components/smarty_p1", "gateway", "fleet", "smarty_p1_cli")
MAX_COMPLEXITY = 10
MAX_FUNCTIONS = 14


def _complex_functions() -> list[str]:
    """Return a text for each complex function. The most complex function comes first."""
    radon = Path(sys.executable).with_name("radon")
    # radon gives rank C or worse to all functions with a complexity above 10. So `--min C` leaves
    # out no complex function.
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
    """Print the complex functions if their number differs from MAX_FUNCTIONS.

    Return the exit status.
    """
    functions = _complex_functions()
    if len(functions) == MAX_FUNCTIONS:
        return 0
    print("\n".join(functions))
    wanted = "make one simpler" if len(functions) > MAX_FUNCTIONS else "lower MAX_FUNCTIONS"
    print(f"{len(functions)} functions above {MAX_COMPLEXITY}, not {MAX_FUNCTIONS}: {wanted}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
