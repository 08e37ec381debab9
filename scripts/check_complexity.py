"""Check how many functions of the shipped program are complex, as radon counts branches.

It counts comprehensions and boolean chains, too, which ruff's C901 leaves out. Prints the complex
functions and exits with status 1 when there are more than MAX_FUNCTIONS, or fewer: then that number
is to be lowered.
"""

import json
import subprocess
import sys
from pathlib import Path

SHIPPED = ("custom_components/smarty_p1", "gateway", "fleet", "smarty_p1_cli")
MAX_COMPLEXITY = 10
MAX_FUNCTIONS = 14


def _complex_functions() -> list[str]:
    """Return the complex functions, the worst first."""
    radon = Path(sys.executable).with_name("radon")
    # C and worse: above 10.
    command = [str(radon), "cc", "--json", "--min", "C", *SHIPPED]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    found = {
        (block["complexity"], f"{file}:{block['lineno']} {block['name']}")
        for file, blocks in json.loads(shown).items()
        for block in blocks
        if block["type"] != "class" and block["complexity"] > MAX_COMPLEXITY
    }
    return [f"{place}: {complexity}" for complexity, place in sorted(found, reverse=True)]


def main() -> int:
    """Print what is wrong, and return the exit status."""
    found = _complex_functions()
    if len(found) == MAX_FUNCTIONS:
        return 0
    print("\n".join(found))
    wanted = "make one simpler" if len(found) > MAX_FUNCTIONS else "lower MAX_FUNCTIONS"
    print(f"{len(found)} functions above {MAX_COMPLEXITY}, not {MAX_FUNCTIONS}: {wanted}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
