"""Keys as people type and paste them."""

import pytest
from hypothesis import given, strategies as st

from p1 import (
    DEFAULT_AUTHENTICATION_KEY,
    KeyFormatError,
    P1Error,
    normalise_port,
    parse_key,
    redact_port,
)


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
        "0o112233445566778899AABBCCDDEEFF",
        "ÿ" * 32,
        "\u0660" * 32,
    ],
)
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(KeyFormatError):
        parse_key(text)


@given(st.text())
def test_any_text_is_a_key_or_an_error_that_does_not_repeat_it(text: str) -> None:
    try:
        key = parse_key(text)
    except P1Error as raised:
        error = raised
    else:
        assert len(key) == 16
        return
    assert error.__cause__ is None
    assert len(text) < 4 or text not in str(error)


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
def test_what_a_typed_port_means(text: str, port: str) -> None:
    assert normalise_port(text) == port


def test_a_secret_in_a_url_is_not_shown() -> None:
    assert "c2VjcmV0" not in redact_port("esphome://gateway:6053?port_name=P1&key=c2VjcmV0")
    assert redact_port("socket://me:secret@gateway:2001") == "socket://REDACTED@gateway:2001"
    assert redact_port("socket://gateway:2001") == "socket://gateway:2001"
