"""CRC of plain telegrams (DSMR P1 Companion Standard 5.0.2, section 6.2).

The bits of a text, in the order of sending, are the coefficients of a polynomial p over GF(2). The
CRC is the remainder after a division of x^16 * p by x^16 + x^15 + x^2 + 1. A loop over the bytes is
slow in Python. So all bits form one long integer, which a few steps reduce.

The divisor is (x + 1) * q with q = x^15 + x + 1. The remainder of a division by x + 1 is the parity
of the bits. Modulo q, x^15 equals x + 1. Repeated squaring gives x^(15n) = x^n + 1 for n = 2, 4, 8
…. So each step removes the bits at x^(15n) and above, and adds them to the lower bits twice: at x^n
and at 1.
"""

# CRC-16/ARC starts with the lowest bit of a byte, so the bits of every byte are reversed.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_Q = 0b1000_0000_0000_0011


def crc16(data: bytes) -> int:
    """Return the CRC-16 (polynomial 0x8005 reflected, initial 0, no final xor) of `data`."""
    rest = int.from_bytes(data.translate(_REVERSED)) << 16
    parity = rest.bit_count() & 1
    n = 1 << (rest.bit_length() // 15).bit_length()
    while n:
        while high := rest >> 15 * n:
            rest ^= high << 15 * n ^ high << n ^ high
        n >>= 1
    if rest.bit_count() & 1 != parity:
        rest ^= _Q
    return _REVERSED[rest & 0xFF] << 8 | _REVERSED[rest >> 8]


def has_valid_crc(text: bytes) -> bool:
    """Return whether `text`, a telegram that begins with `/`, ends in `!` and the correct CRC."""
    covered = text.rfind(b"!") + 1
    digits = text[covered : covered + 4]
    return covered > 0 and digits == b"%04X" % crc16(text[:covered])
