"""Foreign texts in Markdown: shown unchanged, by another implementation of CommonMark."""

import html
import re

import pytest
from markdown_it import MarkdownIt

from smartyp1.markdown_text import Verbatim, as_plain, in_markdown, read_plain

MARKDOWN = MarkdownIt("commonmark", {"breaks": True}).enable(["table", "strikethrough"])
# Links without markup, which Home Assistant makes of these texts.
AUTOLINK = re.compile(r"(?:https?|ftp)://|\bwww\.\w|\w@\w+\.\w", re.IGNORECASE)
TEXTS = [
    "![x](http://192.0.2.1/a.png)",
    "[pay here](https://example.com) www.example.com HTTPS://EXAMPLE.COM ftp://x",
    "<img src=http://192.0.2.1/a.png> <script>x</script> &lt;b&gt; &#33;",
    "# Heading\n## Another\nline\n===\nline\n---",
    "* a\n- b\n+ c\n1. d\n22) e\n- - -\n***",
    "*a* _b_ **c** __d__ `e` ~~f~~ ``` \n~~~\ng",
    "| a | b |\n|---|---|\n| c | d |",
    "> quote\n    code\n\tcode",
    "a@b.example <a@b.example> <http://x>",
    "[a]: http://x\n[a] ![a][a]",
    "\\*a\\* \\[b](c) \\",
]


def lines_of(text: str) -> list[str]:
    """Return the words of each line that has any."""
    return [" ".join(line.split()) for line in text.splitlines() if line.split()]


def shown(markdown: str) -> str:
    """Return the text that a browser shows, and check that nothing else is shown."""
    rendered = MARKDOWN.render(markdown)
    assert {*re.findall(r"<[^>]*>", rendered)} <= {"<p>", "</p>", "<br />", "<br>"}, rendered
    return html.unescape(re.sub(r"<[^>]*>", "", rendered))


def check(text: str) -> None:
    plain = as_plain(text)
    assert lines_of(shown(plain)) == lines_of(text), plain
    assert not AUTOLINK.search(plain), plain
    assert lines_of(read_plain(plain)) == lines_of(text)


@pytest.mark.parametrize("text", TEXTS)
def test_a_foreign_text_is_shown_as_it_is(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        *("192.168.1.5", "fd00::1", "socket://192.168.1.5:2001", "/dev/serial/by-id/usb-FT_R-if00"),
        *(
            "notify.mobile_app_x",
            "2026-11-17 23:00",
            "-1.5 kW",
            "10,5 %",
            "SAG1030700000043",
        ),
        *("Unterbrechung am 3.12. von 9 bis 12 Uhr (Straße A/B)", "l'été", "a_b"),
    ],
)
def test_a_usual_text_stays(text: str) -> None:
    assert as_plain(text) == text


def test_only_verbatim_placeholders_stay() -> None:
    assert in_markdown({"a": "*a*", "b": Verbatim("*b*")}) == {"a": r"\*a\*", "b": "*b*"}
