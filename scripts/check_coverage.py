"""Say which lines of the integration no test has run; fail when there are too many.

usage: scripts/check_coverage.py [DIRECTORY]     after scripts/test, which calls it
"""

import sys
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import NoDataError

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = Path("custom_components", "smarty_p1")
# What Home Assistant's quality scale wants: of all lines, and of those of the dialogs.
LEAST = 97.0
LEAST_OF_DIALOGS = 100.0


def find_dialogs(integration: Path) -> list[Path]:
    """Return the modules of the dialogs: whatever says "flow" in its name or its folder's.

    Not in the library, in which water flows.
    """
    modules = {path: path.relative_to(integration) for path in integration.rglob("*.py")}
    return sorted(
        path for path, name in modules.items() if "flow" in str(name) and name.parts[0] != "lib"
    )


def find_problems(root: Path) -> list[str]:
    """Print what was not run, and return what is wrong with it."""
    integration = root / INTEGRATION
    dialogs = find_dialogs(integration)
    if integration / "config_flow.py" not in dialogs:
        return ["no dialogs found: tell this script where they are"]
    coverage = Coverage(
        data_file=root / ".coverage" / "data", config_file=str(ROOT / "pyproject.toml")
    )
    coverage.load()
    problems = []
    for name, files, least in (
        ("the integration", [f"{integration}/**"], LEAST),
        ("the dialogs", [str(path) for path in dialogs], LEAST_OF_DIALOGS),
    ):
        try:
            percentage = coverage.report(include=files, file=sys.stdout)
        except NoDataError:
            return [f"no line of {name} was measured"]
        if percentage < least:
            problems.append(f"the tests run {percentage:.2f} % of {name}: {least:.0f} % are wanted")
    return problems


def main() -> int:
    """Return the exit status: 0 when enough was run."""
    problems = find_problems(Path(*sys.argv[1:2]).resolve() if sys.argv[1:] else ROOT)
    for problem in problems:
        print(f"coverage: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
