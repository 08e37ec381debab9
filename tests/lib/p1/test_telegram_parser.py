"""A parser, which remembers the last telegram, finds the values that a new parser finds."""

import pytest

from dev.encoder import telegram
from smartyp1.p1.telegram_parser import TelegramParser

# A short line of each kind, since every byte of it is replaced.
KINDS = telegram(
    "0-0:1.0.0(250703103000S)",
    "1-0:1.8.0(09*kWh)",
    "1-0:1.7.0(1.2*W)",
    "1-0:2.7.0(7)",
    "0-0:96.3.10(1)",
    "9-9:1.2.3(4)",
    "1-1:31.4.0(1*A)(-6*A)",
    "0-1:24.1.0(003)",
    "0-1:96.1.0(47)",
    "0-1:24.2.1(250703101500S)(8.1*m3)",
    "0-2:24.2.1(632525252525W)(0*GJ)",
    name="M",
)


def assert_agreement(*texts: bytes) -> None:
    """Parse telegrams one behind the other; the values of the first telegram stay unchanged."""
    parser = TelegramParser()
    found = [parser.parse(text) for text in texts]
    # Equal values may differ in type and order, and 0.0 equals -0.0.
    assert list(map(repr, found)) == [repr(TelegramParser().parse(text)) for text in texts]


def test_every_byte_of_a_telegram_replaced_left_out_or_doubled() -> None:
    for at, byte in enumerate(KINDS):
        # Half of a byte may be the same: the other half tells a digit from other signs.
        others = [[new] for new in (byte ^ 1, byte ^ 0x10, ord(":"), ord("9"))]
        for new in [*others, [], [byte, byte]]:
            assert_agreement(KINDS, KINDS[:at] + bytes(new) + KINDS[at + 1 :], KINDS)


@pytest.mark.parametrize(
    "texts",
    [
        # The first of two lines of an object counts, and either of them may change.
        [telegram("1-0:1.8.0(1)", "1-0:1.8.0(2)"), telegram("1-0:1.8.0(3)", "1-0:1.8.0(2)")],
        [telegram("1-0:1.8.0(1)", "1-0:1.8.0(2)"), telegram("1-0:1.8.0(1)", "1-0:1.8.0(3)")],
        [telegram("1-0:1.8.0(1)"), telegram("1-0:1.8.0(1)", "1-0:1.8.0(3)")],
        # Lines of a meter on the M-Bus, of a message and of an unknown object.
        [
            telegram(
                *(f"0-1:24.2.1(250703101500S)(0000{digit}.1*m3)" for digit in digits),
                *(f"0-0:96.13.0(3{digit})" for digit in digits),
                *(f"9-9:1.2.3({digit})" for digit in digits),
            )
            for digits in ((1, 2), (1, 3), (2, 3))
        ],
        # A number grows by a digit, in the last line and in another.
        [telegram(f"1-0:1.8.0({number})", "1-0:2.8.0(1)") for number in (9, 10, 11, 100)],
        [telegram() + b"1-0:1.8.0(%d)" % number for number in (9, 10, 11, 100)],
        # A unit of the same length, a new unit, and none.
        [telegram(f"1-0:1.8.0({held})") for held in ("53*kWh", "53*kVA", "53*Wh", "5353")],
        # The same objects in another order.
        [telegram(f"1-0:{one}.8.0(1)", f"1-0:{3 - one}.8.0(2)") for one in (1, 2)],
        # A meter on the M-Bus that was not there, by the time of its capture alone.
        [
            telegram("0-1:24.1.0(003)", f"0-1:24.2.1({time})(1.0*m3)", "0-2:96.1.0(58)")
            for time in ("632525252525S", "250703103000S", "632525252525S")
        ],
        # An object behind the checksum: a number, and a text.
        [telegram() + b"1-0:1.8.0(%d)\r\n" % number for number in (1, 2)],
        [telegram() + b"0-0:96.13.0(4%d)\r\n" % number for number in (1, 2)],
        # No telegram in between.
        [telegram("1-0:1.8.0(1)"), b"1-0:1.8.0(2)", b"", b"/", telegram("1-0:1.8.0(1)")],
        # More lines than the parser reads.
        [telegram(*511 * ["1-0:1.8.0(1)"], f"1-0:2.8.0({number})") for number in (1, 2)],
    ],
)
def test_values_that_may_not_be_taken_from_the_telegram_before(texts: list[bytes]) -> None:
    assert_agreement(*texts, *reversed(texts))
