"""How much a port may pass on, and where."""

from smarty_p1_gateway.encrypted_port import (
    MAX_BURST_BYTES,
    MAX_RATE_BYTES_PER_S,
    EncryptedTopicRoot,
    FrameLimit,
)
from smartyp1.p1 import Frame

MINE = bytes.fromhex("5341476770041020")
OTHER = bytes.fromhex("5341476770041030")


def frame(title: bytes, *, is_expected: bool = True) -> Frame:
    return Frame(b"", title, 1, is_expected)


def test_a_flood_is_bounded_and_expected_frames_still_pass() -> None:
    now = 0.0
    limit = FrameLimit(lambda: now)
    passed = sum(limit.allows(30, is_expected=False) for _ in range(100_000))
    assert passed == MAX_BURST_BYTES // 2 // 1024
    expected = sum(limit.allows(1500, is_expected=True) for _ in range(100_000))
    assert expected == MAX_BURST_BYTES // 2 // 1500
    now = 10.0
    again = sum(limit.allows(1500, is_expected=True) for _ in range(1000))
    assert again == MAX_RATE_BYTES_PER_S * 10 // 1500


def test_what_a_meter_sends_is_never_too_much() -> None:
    now = 0.0
    limit = FrameLimit(lambda: now)
    for second in range(5000):
        now = float(second)
        assert limit.allows(2500, is_expected=True)
        assert limit.allows(30_000, is_expected=True)


def test_the_root_is_as_configured() -> None:
    root = EncryptedTopicRoot("a/b", "smarty_p1")
    root.note(frame(MINE))
    root.restore("c")
    assert root.topic == "a/b"
    assert not root.changed.is_set()


def test_the_root_has_the_title_of_the_first_frame_and_follows_another_meter() -> None:
    root = EncryptedTopicRoot(None, "smarty_p1")
    root.restore("smarty_p1/AAAA")
    assert root.topic == "smarty_p1/AAAA"
    root.note(frame(MINE, is_expected=False))
    assert root.topic == "smarty_p1/5341476770041020"
    assert root.changed.is_set()
    for _ in range(10):
        # Noise, and a second meter on the line.
        root.note(frame(bytes(8), is_expected=False))
        root.note(frame(OTHER))
        assert root.topic == "smarty_p1/5341476770041020"
        root.note(frame(MINE))
    for _ in range(3):
        assert root.topic == "smarty_p1/5341476770041020"
        root.note(frame(OTHER))
    assert root.topic == "smarty_p1/5341476770041030"
    root.note(frame(MINE))
    assert root.topic == "smarty_p1/5341476770041030"
