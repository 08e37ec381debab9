"""Each problem has one name, in one place: other enumerations and constants have other names."""

import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from dev.checkout import ROOT
from smartyp1.failure_detection import ReadingProblem
from smartyp1.problem import Problem

# The reason of a rejected frame has the name of its meter's problem.
OF_FRAMES = {"KEY_MISSING", "REPLAY"}


def named_texts() -> Iterator[str]:
    """Yield the name of each text in a module or class of the programs, as in `NAME = "text"`."""
    command = ["git", "ls-files", "custom_components/*.py", "*smarty_p1_*/*.py"]
    files = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    for file in map(Path, files.split()):
        for scope in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
            if isinstance(scope, (ast.Module, ast.ClassDef)):
                for node in scope.body:
                    match node:
                        case ast.Assign([ast.Name(name)], ast.Constant(str())):
                            yield name


def test_no_problem_has_its_name_twice() -> None:
    found = Counter(named_texts())
    problems = *Problem.__members__, *ReadingProblem.__members__
    assert {name for name in problems if found[name] != 1} == OF_FRAMES
