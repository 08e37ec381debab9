"""Commands of the project as programs: the command line, a release, examples of the library."""

from tests.cli.conftest import run

__all__ = ["run"]
