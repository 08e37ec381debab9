"""The CRC of plain telegrams (DSMR P1 Companion Standard 5.0.2, section 6.2)."""


def _table_entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0xA001 if byte & 1 else 0)
    return byte


_TABLE = tuple(_table_entry(byte) for byte in range(256))


def crc16(data: bytes) -> int:
    """Return the CRC-16 (polynomial 0x8005 reflected, initial 0, no final xor) of `data`."""
    crc = 0
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def has_valid_crc(text: bytes) -> bool:
    """Tell whether the telegram in `text`, from `/` on, ends in `!` and its own CRC."""
    covered = text.rfind(b"!") + 1
    digits = text[covered : covered + 4]
    return covered > 0 and digits == b"%04X" % crc16(text[:covered])
