"""Which of two keys is the new one, and what becomes of telegrams under the other."""

import pytest

from smarty_p1_fleet.key_rotation import KeyRotations, Rotation

A, B, C = b"A", b"B", b"C"


@pytest.mark.parametrize("lines", [[A, B], [B, A]])
def test_the_one_without_a_counter_is_the_new_one(lines: list[bytes]) -> None:
    rotations = KeyRotations({})
    assert rotations.judge(A, lines, {A}, 10_000) is None
    assert rotations.changed == {}
    assert rotations.judge(B, lines, {A}, 10_000.9) is None
    assert rotations.changed == {B: Rotation(10_000, is_done=False)}
    # The new one is not seen for an hour yet.
    assert rotations.judge(A, lines, {A, B}, 20_000) is None
    assert rotations.judge(B, lines, {A, B}, 13_599) is None
    assert rotations.judge(A, lines, {A, B}, 20_000) is None
    assert rotations.judge(B, lines, {A, B}, 13_600) is None
    assert rotations.changed == {B: Rotation(10_000, is_done=True)}
    assert rotations.judge(A, lines, {A, B}, 13_600) == "old_key"
    # What is read again came before.
    assert rotations.judge(A, lines, {A, B}, 13_599) is None


def test_the_second_line_is_the_new_one_where_nothing_tells() -> None:
    for seen in (set[bytes](), {A, B}):
        rotations = KeyRotations({})
        assert rotations.judge(A, [A, B], seen, 0) is None
        assert rotations.changed == {}
        assert rotations.judge(B, [A, B], seen, 0) is None
        assert [*rotations.changed] == [B]


def test_the_next_change_makes_the_new_one_the_old_one() -> None:
    rotations = KeyRotations({B: Rotation(10_000, is_done=True)})
    assert rotations.judge(B, [B, C], {A, B}, 50_000) is None
    assert rotations.judge(C, [B, C], {A, B}, 50_000) is None
    assert rotations.judge(C, [B, C], {A, B, C}, 60_000) is None
    assert rotations.judge(B, [B, C], {A, B, C}, 60_000) == "old_key"
    # Back to an earlier one: it is the older of the two.
    assert rotations.judge(A, [C, A], {A, B, C}, 60_000) == "old_key"


def test_what_all_is_known_of_is_not_changed() -> None:
    rotations = KeyRotations({B: Rotation(10_000, is_done=True)}, seen={A, B})
    assert rotations.judge(A, [B, A], set(), 13_599) is None
    assert rotations.judge(A, [B, A], set(), 13_600) == "old_key"
    assert rotations.judge(B, [B, A], set(), 50_000) is None
    assert rotations.changed == {}
