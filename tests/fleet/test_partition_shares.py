"""Who works on which partition."""

from smarty_p1_fleet.partition_shares import count_members, share_of, to_release
from smarty_p1_fleet.subjects import partition_of


def test_the_shares_of_all_are_enough_for_all_partitions() -> None:
    assert [share_of(16, members) for members in (0, 1, 2, 3, 5, 16, 20)] == [16, 16, 8, 6, 4, 1, 1]


def test_only_what_is_too_much_is_released() -> None:
    # Those that were taken last: whoever was away gets its own back.
    assert to_release([4, 9, 1, 7], 2) == [1, 7]
    assert to_release([4, 1], 2) == []
    assert to_release([], 2) == []


def test_the_members_are_counted_by_their_names() -> None:
    keys = ["member.a", "partition.1", "member.b", "member.a"]
    assert count_members(keys, "member.", "a") == 2
    assert count_members(keys, "member.", "c") == 3
    assert count_members([], "member.", "a") == 1


def test_a_title_belongs_where_nats_puts_it() -> None:
    # FNV-1a of 32 bits: the values that its authors publish for "" and "foobar".
    assert partition_of("", 2**32) == 0x811C9DC5
    assert partition_of("foobar", 2**32) == 0xBF9CF968
    assert partition_of("foobar", 16) == 8
