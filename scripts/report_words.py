"""Words of docstrings, comments and names that hide a noun, and the wording that is wanted.

Such a word is "what" or "those of": the reader has to guess the noun.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import NamedTuple

from scripts.report_sizes import Files, room_of

# Patterns that fit anywhere in a docstring or comment.
_PHRASES = {
    r"\bof which\b": "a new sentence that begins with the noun",
    r"\bwhat(ever)?\b": "the thing: the value, the text, the reason",
    r"(?<!\w )\bwho\b|(?<=\b(of|to|by) )who\b|\bwhoever\b": "the person or program: the user",
    r"\bwhichever\b": "the choice: the first one, the newest one",
    r"\b(those|ones?) (that|who)\b|\b(those|ones) of\b": "the noun again: the meters that",
    r"\bso many\b": "the number with its noun: 20 meters",
    r"\bmeanwhile\b": "the time: while the port is closed",
}
_BEGINNINGS = {
    r"(It|They|Those)\b": "the noun",
    r"(Before|Not|As)\b": "the reason as a sentence, with subject and verb",
}
# Words of names, between underscores. "what_if" is the name of an action.
_NAMES = {
    r"what(?!_if)|who|whoever": "the noun",
    r"told|tells": "the verb of the field: shown, sent, logged, reported; or the noun",
    r"stands": "is, has or shows",
    r"MOST|LONGEST": "MAX",
    r"LEAST|SHORTEST": "MIN",
}
_NAME = re.compile(
    r"^ *(?:export )?(?:(?:async )?def|class|const|function) (\w+)|^(_?[A-Z][A-Z_\d]+)\b.*=",
    re.MULTILINE,
)
# Beginnings of comments that are instructions to a tool.
_DIRECTIVES = re.compile(r"noqa|fmt:|---|type: ignore|pragma|shellcheck|!|@ts-|eslint|$")
_TYPESCRIPT = re.compile(r"(/\*\*.*?\*/)|((?:(?<![:\S])//[^\n]*(?:\n[ \t]*|$))+)", re.DOTALL)
_TYPESCRIPT_MARKS = re.compile(r"^[ \t]*(/\*\*|//|\*/?)|\*/$", re.MULTILINE)


class Text(NamedTuple):
    """Docstring, comment or name in a module."""

    kind: str
    line: int
    text: str


class BadWord(NamedTuple):
    """Word in a text of a module, and the wording that is wanted."""

    path: str
    line: int
    kind: str
    word: str
    wanted: str


def _names(source: str) -> Iterator[Text]:
    for match in _NAME.finditer(source):
        yield Text("names", source.count("\n", 0, match.start()) + 1, match[1] or match[2])


def _python_texts(source: str) -> Iterator[Text]:
    """Yield each docstring and each block of comments."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield Text("docstrings", node.body[0].lineno, docstring)
    block, end = list[str](), 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            is_alone = token.line.lstrip().startswith("#")
            if block and not (is_alone and token.start[0] == end + 1):
                yield Text("comments", end - len(block) + 1, "\n".join(block))
                block = []
            text = token.string.lstrip("# ")
            if block or not _DIRECTIVES.match(text):
                block.append(text)
            end = token.start[0]
    if block:
        yield Text("comments", end - len(block) + 1, "\n".join(block))


def _typescript_texts(source: str) -> Iterator[Text]:
    """Yield each block of comments in TypeScript code."""
    for match in _TYPESCRIPT.finditer(source):
        text = "\n".join(map(str.strip, _TYPESCRIPT_MARKS.sub("", match[0]).splitlines())).strip()
        if not _DIRECTIVES.match(text):
            line = source.count("\n", 0, match.start()) + 1
            yield Text("docstrings" if match[1] else "comments", line, text)


def _found(text: Text) -> Iterator[tuple[int, str, str]]:
    """Yield the line of each bad word of a text, the word, and the wording that is wanted."""
    if text.kind == "names":
        for pattern, wanted in _NAMES.items():
            if re.search(rf"(?:^|_)(?:{pattern})(?:_|$)", text.text):
                yield text.line, text.text, wanted
        return
    if text.kind == "comments":
        for pattern, wanted in _BEGINNINGS.items():
            if match := re.match(pattern, text.text):
                yield text.line, match[0], wanted
    for pattern, wanted in _PHRASES.items():
        for match in re.finditer(pattern, text.text, re.IGNORECASE):
            yield text.line + text.text.count("\n", 0, match.start()), match[0], wanted


def bad_words(files: Files) -> Iterator[BadWord]:
    """Yield the bad words of all modules, by their paths and lines."""
    for path, content in sorted(files.items()):
        suffix = PurePath(path).suffix
        if suffix in {".py", ".ts"} and room_of(path) != "built cards":
            source = content.decode("utf-8")
            texts = _python_texts if suffix == ".py" else _typescript_texts
            with suppress(SyntaxError):  # ruff tells its place
                for text in (*texts(source), *_names(source)):
                    for line, word, wanted in _found(text):
                        yield BadWord(path, line, text.kind, word, wanted)
