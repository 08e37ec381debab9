"""Subjects of parked frames, and which collector may read them."""

import pytest

from smarty_p1_fleet.frames.parked_frames import ParkedSubject, mark_of, times_of

TITLE = b"SAGgp\x04\x10\x30"


@pytest.mark.parametrize(
    ("mark", "keys", "is_read"),
    [
        ("-", "", False),
        ("-", "a", True),
        ("a", "a", False),
        ("a", "ab", True),
        ("a_b", "a", False),
        ("a_b", "b", False),
        ("a_b", "c", True),
        ("a_b", "", False),
        ("late", "", False),
        ("late", "a", True),
        ("early", "a", True),
        ("early", "", False),
    ],
)
def test_a_frame_is_read_with_a_key_that_was_not_tried(
    mark: str, keys: str, *, is_read: bool
) -> None:
    subject = ParkedSubject("store", TITLE, mark)
    assert ParkedSubject.parse(str(subject)) == subject
    assert subject.may_be_read(keys, do_clocks_agree=True) == is_read
    assert subject.may_be_read(keys, do_clocks_agree=False) == (is_read and mark != "early")


def test_collectors_with_different_keys_try_each_key_once() -> None:
    mark, readings = mark_of("a"), 0
    for _ in range(10):
        for keys in ("a", "b", "ac"):
            if ParkedSubject("store", TITLE, mark).may_be_read(keys, do_clocks_agree=True):
                readings += 1
                mark = mark_of(keys, ParkedSubject("store", TITLE, mark).tried)
    assert (mark, readings) == ("a_b_c", 2)
    assert mark_of(()) == "-"
    # A subject stays short, however often the key of a meter changes.
    assert len(mark_of("xy", "abcdefghijklmnop").split("_")) == 8
    assert {"x", "y"} <= {*mark_of("xy", "abcdefghijklmnop").split("_")}


@pytest.mark.parametrize("text", ["", "smarty_p1.parked", "smarty_p1.parked.store.SAG.-", "a.b"])
def test_another_subject_is_none_of_a_parked_frame(text: str) -> None:
    assert ParkedSubject.parse(text) is None


@pytest.mark.parametrize("headers", [None, {}, {"Smarty-Arrived": "1", "Smarty-Parked": "x"}])
def test_missing_times_are_zero(headers: dict[str, str] | None) -> None:
    assert times_of(headers) == (0.0, 0.0)
