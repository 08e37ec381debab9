"""Check that docstrings and comments use nouns. Count phrases such as "what" or "of which".

Such a phrase stands for a noun, and the reader has to guess the noun. So a text with such a phrase
is bad, and also a comment that begins with a word such as "It". The check fails if more than
MAX_PERCENT of the docstrings or of the comments are bad. The name of a test function is bad if it
has a word such as "what" or "told": it says nothing of the tested behaviour. A failed check prints
the files that have the most bad texts. With `--list`, each bad text is printed as file:line.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

FOLDERS = {
    "program": (
        "custom_components",
        "smarty_p1_cli",
        "smarty_p1_fleet",
        "smarty_p1_gateway",
        "dev",
        "scripts",
    ),
    "cards": ("frontend/src",),
    "tests": ("tests",),
}
MAX_PERCENT = {"docstrings": 12, "comments": 10, "beginnings": 0, "test names": 0}
MAX_PRINTED_FILES = 15
# The last line of the pattern is for names of tests; "what_if" is the name of an action.
PHRASES = re.compile(
    r"(?i)\b(wh(o|at)(ever)?|whichever|of which|(those|ones?) (that|of|who)|so many|meanwhile)\b"
    r"|^test\w*?_(what(?!_if)|who|whoever|stands|told|tells)(_|$)"
)
BEGINNINGS = re.compile(r"(It|They|Those|Before|Not|As)\b")
TEST_NAMES = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
# Beginnings of comments that are not checked, such as instructions to a tool.
DIRECTIVES = re.compile(r"noqa|fmt:|---|type: ignore|pragma|shellcheck|!|@ts-|eslint|$")
TYPESCRIPT = re.compile(r"(/\*\*.*?\*/)|((?:(?<![:\S])//[^\n]*(?:\n[ \t]*|$))+)", re.DOTALL)
TYPESCRIPT_MARKS = re.compile(r"^[ \t]*(/\*\*|//|\*/?)|\*/$", re.MULTILINE)


def _python_texts(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield kind, line number and text of each docstring, test name and block of comments."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield "docstrings", node.body[0].lineno, docstring
    for match in TEST_NAMES.finditer(source):
        yield "test names", source.count("\n", 0, match.start()) + 1, match[1]
    block, block_start, block_end = list[str](), 0, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            is_alone = token.line.lstrip().startswith("#")
            if block and not (is_alone and token.start[0] == block_end + 1):
                yield "comments", block_start, " ".join(block)
                block = []
            text = token.string.lstrip("# ")
            if not DIRECTIVES.match(text):
                block_start = block_start if block else token.start[0]
                block.append(text)
            block_end = token.start[0]
    if block:
        yield "comments", block_start, " ".join(block)


def _typescript_texts(source: str) -> Iterator[tuple[str, int, str]]:
    """Yield kind, line number and text of each block of comments in TypeScript code."""
    for match in TYPESCRIPT.finditer(source):
        text = " ".join(TYPESCRIPT_MARKS.sub("", match[0]).split())
        if not DIRECTIVES.match(text):
            line = source.count("\n", 0, match.start()) + 1
            yield "docstrings" if match[1] else "comments", line, text


def main() -> int:
    """Print the numbers of bad texts. Return 0 if no share of bad texts is too high."""
    has_failed = False
    worst_files = Counter[str]()
    for name, folders in FOLDERS.items():
        totals, bad = Counter[str](), Counter[str]()
        patterns = [f"{folder}/*.{ending}" for folder in folders for ending in ("py", "ts")]
        files = subprocess.check_output(["git", "ls-files", *patterns], text=True)  # noqa: S603, S607
        for file in files.split():
            texts_of = _python_texts if file.endswith(".py") else _typescript_texts
            for kind, line, text in texts_of(Path(file).read_text()):
                begins_badly = kind == "comments" and BEGINNINGS.match(text) is not None
                has_phrase = PHRASES.search(text) is not None
                totals.update((kind, "beginnings") if kind == "comments" else (kind,))
                bad.update({kind: has_phrase, "beginnings": begins_badly})
                worst_files[file] += has_phrase or begins_badly
                if "--list" in sys.argv and (has_phrase or begins_badly):
                    print(f"{file}:{line}: {text.splitlines()[0]}")
        for kind in totals:
            ceiling = MAX_PERCENT[kind]
            has_failed |= bad[kind] * 100 > ceiling * totals[kind]
            print(f"{name}: {bad[kind]} bad {kind} of {totals[kind]}, at most {ceiling} %")
    for file, count in worst_files.most_common(MAX_PRINTED_FILES if has_failed else 0):
        print(count, file)
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())
