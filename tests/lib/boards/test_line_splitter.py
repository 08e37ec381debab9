"""Lines come out whole, with any line end and any bytes between them."""

from hypothesis import given, strategies as st

from smartyp1.boards.pulse_meter import LineSplitter
from tests.lib.boards.support import cut, sizes

texts = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@given(st.lists(texts), st.sampled_from(["\r", "\n", "\r\n", "\n\r"]), sizes)
def test_any_end_and_any_chunks(lines: list[str], end: str, lengths: list[int]) -> None:
    splitter = LineSplitter()
    data = "".join(line + end for line in lines).encode()

    assert [line for chunk in cut(data, lengths) for line in splitter.feed(chunk)] == lines


def test_the_first_line_after_starting_anew_may_be_empty() -> None:
    splitter = LineSplitter()
    splitter.feed(b"x\r")
    splitter.start_anew()

    assert splitter.feed(b"\n\n") == ["", ""]


def test_spaces_around_do_not_count() -> None:
    assert LineSplitter().feed(b"\t 12  \r\n a\tb \r\n") == ["12", "a b"]


def test_noise_is_left_out() -> None:
    splitter = LineSplitter()

    assert splitter.feed(b"\xff\xfe\x80\r\n\x00\r\n\x1b[2J\r\nok\r\n") == ["ok"]
    assert splitter.feed("süß\r\n".encode()) == ["süß"]


def test_a_line_that_does_not_end_is_bounded() -> None:
    splitter = LineSplitter()
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000) == []
    assert len(splitter._line) <= 256

    assert splitter.feed(b"\r\n" + b"y" * 256 + b"\r\n") == ["y" * 256]
    assert splitter.feed(b"y" * 257 + b"\r\n") == []
