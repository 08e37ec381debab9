"""Keys as people type and paste them."""

import pytest

from smartyp1.p1.keys import DEFAULT_AUTHENTICATION_KEY, KeyFormatError, parse_key
from smartyp1.port.serial_port import normalise_port

BYTES = ", ".join(f"0x{number:02X}" for number in DEFAULT_AUTHENTICATION_KEY)
DECIMALS = ", ".join(map(str, DEFAULT_AUTHENTICATION_KEY))


@pytest.mark.parametrize(
    "text",
    [
        "00112233445566778899AABBCCDDEEFF",
        "00112233445566778899aabbccddeeff",
        " 00112233 44556677 8899AABB CCDDEEFF\n",
        "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF",
        "0011-2233-4455-6677-8899-aabb-ccdd-eeff",
        "0x00112233445566778899AABBCCDDEEFF",
        " 0X00 11\u00a02233445566778899AABBCCDDEEFF\t",
        "00,11,22,33,44,55,66,77,88,99,AA,BB,CC,DD,EE,FF",
        "00; 11; 22; 33; 44; 55; 66; 77; 88; 99; aa; bb; cc; dd; ee; ff;",
        BYTES,
        BYTES.lower(),
        BYTES.upper().replace(", ", "\n"),
        BYTES.replace("0x", r"\x"),
        BYTES.replace("0x", r"\x").replace(", ", ""),
        BYTES.replace(", ", ""),
        BYTES.replace("0x00", "0x0"),
        f"{{{BYTES}}}",
        f"{{ {BYTES}, }};",
        f"{{{BYTES}",
        f"{BYTES}}};",
        f"{BYTES} // from Creos",
        f"uint8_t key_SM1[] = {{{BYTES}}};",
        f"const uint8_t K[16] PROGMEM={{\n {BYTES.replace(', 0x8', ',\n 0x8')},\n}}; // Creos",
        f"byte key[] = {{{BYTES}}}; /* of the {{letter}} */",
        f"std::array<uint8_t, 16> key{{{{{BYTES}}}}};",
        f"#define KEY_SMARTY {{{BYTES}}}",
        'const char *key = "00112233445566778899AABBCCDDEEFF";',
        f'"{BYTES.replace("0x", chr(92) + "x").replace(", ", "")}"',
        "{0x00112233445566778899AABBCCDDEEFF}",
        DECIMALS,
        f"uint8_t key[] = {{{DECIMALS}}};",
        f" {{ {BYTES.replace(', 0x8', ',\n 0x8')} }},  // of the cellar",
        f"[{BYTES}]",
        f"[{DECIMALS}],",
        f"({BYTES})",
        "'00112233445566778899AABBCCDDEEFF'",
        "oO112233445566778899AABBCCDDEEFF",
        "00lI2233445566778899AABBCCDDEEFF",
        "\ufeff0011223344556677\u200b8899AABBCCDDEEFF",
        "\u200e0011223344556677\u00ad8899AABBCCDDEEFF\u202c",
    ],
)
def test_a_key_as_people_paste_it(text: str) -> None:
    assert parse_key(text) == DEFAULT_AUTHENTICATION_KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "00112233445566778899AABBCCDDEE",
        "00112233445566778899AABBCCDDEEFF00",
        "00112233445566778899AABBCCDDEEFG",
        "ÿ" * 32,
        BYTES.removeprefix("0x00, "),
        f"{BYTES}, 0x00",
        f"uint8_t key[] = {{{BYTES}, 0x00}};",
        f"uint8_t one[] = {{{BYTES}}}; uint8_t two[] = {{{BYTES}}};",
        f"uint8_t 0x00[] = {{{BYTES}}};",
        BYTES.replace("0x11", "11"),
        BYTES.replace("0x11", "0x111"),
        BYTES.replace("0x11", "0xGG"),
        DECIMALS.replace("255", "256"),
        DECIMALS.replace("255", "0xFF"),
        "{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25}",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16",
        "[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
        f"[{BYTES}",
        f"[{BYTES})",
        f"([{BYTES}])",
        "'",
        f"{BYTES}{' ' * 2000}",
        "\u0660" * 32,
    ],
)
def test_a_text_that_is_no_key(text: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_key(text)


@pytest.mark.parametrize(
    ("text", "port"),
    [
        (" 192.168.1.7:2001 ", "socket://192.168.1.7:2001"),
        ("gateway.local:2001", "socket://gateway.local:2001"),
        ("[fe80::1]:2001", "socket://[fe80::1]:2001"),
        ("socket://gateway:2001", "socket://gateway:2001"),
        ("rfc2217://gateway:2001", "rfc2217://gateway:2001"),
        ("/dev/serial/by-id/usb-FTDI_P1-if00-port0", "/dev/serial/by-id/usb-FTDI_P1-if00-port0"),
        ("COM3", "COM3"),
        ("esphome-hass://esphome/01ABC?port_name=P1", "esphome-hass://esphome/01ABC?port_name=P1"),
    ],
)
def test_the_port_of_a_typed_text(text: str, port: str) -> None:
    assert normalise_port(text) == port
