"""Foreign texts in Markdown, rendered by the program with which Home Assistant renders them."""

import html
import json
import random
import re
import subprocess
import sys
from pathlib import Path

from dev.checkout import ROOT
from smartyp1.markdown_text import as_plain, read_plain

RENDER = """
import { marked } from "./frontend/node_modules/marked/lib/marked.esm.js";
import { readFileSync } from "node:fs";
const texts = JSON.parse(readFileSync(0, "utf-8"));
console.log(JSON.stringify(texts.map((text) => marked(text, { breaks: true, gfm: true }))));
"""
TEXTS = [
    "a\r- b",
    "a\r\r    b",
    "a\n:-",
    "a\n  :-:\nb",
    "1234. a",
    "123456789) a",
    "a\r\n\r\n\tb",
    "\r# a",
]
PIECES = [
    *(
        "\n",
        "\r",
        "\r\n",
        " ",
        "    ",
        "\t",
        "a",
        "1",
        "é",
        "\u00a0",
        "\u2028",
        "\x0b",
        "\x0c",
        "\x85",
    ),
    *"\\`*_[]()<>|~&@!#+-=.:/\"'",
    *(
        "http",
        "www",
        "&amp;",
        "1.",
        "12345678) ",
        "1234567890. ",
        ":-",
        "- [ ] ",
        "<b>",
        "```",
        "[a]: b",
    ),
]


def words_of(text: str) -> list[str]:
    return text.split()


def test_no_text_is_markup() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    texts = TEXTS + [
        "".join(chance.choices(PIECES, k=chance.randrange(1, 30))) for _ in range(4000)
    ]
    answer = subprocess.run(
        [Path(sys.executable).with_name("node"), "--input-type=module", "--eval", RENDER],
        input=json.dumps([*map(as_plain, texts)]),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout
    for text, rendered in zip(texts, json.loads(answer), strict=True):
        tags = {*re.findall(r"<[^>]*>", rendered)}
        assert tags <= {"<p>", "</p>", "<br>"}, (text, rendered)
        shown = html.unescape(re.sub(r"<[^>]*>", " ", rendered))
        assert words_of(shown) == words_of(text), (text, rendered)
        assert words_of(read_plain(as_plain(text))) == words_of(text)
