"""No secret in an address is shown, in any notation."""

import pytest

from dev.testing.table import rows
from smartyp1.port.address_masking import identify_port, redact_port


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        *rows("""
socket://user:s3cret@host      | socket://REDACTED@host
socket://s3cret@host:2001/path | socket://REDACTED@host:2001/path
user:s3cret@host:2001          | REDACTED@host:2001
//user:s3cret@host:2001        | REDACTED@host:2001
socket:/user:s3cret@host:2001  | REDACTED@host:2001
socket://me@work:s3@cret@host:2001 | socket://REDACTED@host:2001
socket://user:s3/cret@host:2001 | socket://REDACTED@host:2001
socket://user:s3?cret@host:2001 | socket://REDACTED
socket://user:s3?cr=et@host:2001 | socket://REDACTED
socket://user:s3#cret@host:2001 | socket://REDACTED
socket://user:s3;cret@host:2001 | socket://REDACTED
socket://user:s3&cret@host:2001 | socket://REDACTED
rfc2217://user:s3cret@[fe80::1%25eth0]:2001 | rfc2217://REDACTED@[fe80::1%25eth0]:2001
socket://user%3As3cret%40host:2001 | socket://REDACTED@host:2001
socket://user:s3%40cret@host:2001 | socket://REDACTED@host:2001
socket://user:s3cret%2540host  | socket://REDACTED@host
socket://host:2001?token=s3cret | socket://host:2001?token=REDACTED
socket://host:2001/?a=s3&b=cret | socket://host:2001/?a=REDACTED&b=REDACTED
socket://host:2001?token=s3@cret | socket://host:2001?token=REDACTED
socket://user:s3@host?token=cret@ | socket://REDACTED@host?token=REDACTED
socket://host:2001?token=s3=cret | socket://host:2001?token=REDACTED
socket://host:2001?t%6Fken=s3cret | socket://host:2001?t%6Fken=REDACTED
socket://host:2001?s3cret      | socket://host:2001?REDACTED
socket://host:2001?s3cret==    | socket://host:2001?REDACTED
socket://host:2001?a=1?b=s3cret | socket://host:2001?a=REDACTED?b=REDACTED
socket://host:2001?a=s3;b=cret | socket://host:2001?a=REDACTED;b=REDACTED
socket://host:2001#s3cret      | socket://host:2001#REDACTED
socket://host:2001#token=s3cret | socket://host:2001#token=REDACTED
socket://host:2001%3Ftoken%3Ds3cret | socket://host:2001%3FREDACTED
socket://host:2001/token=s3cret | socket://host:2001/token=REDACTED
socket://host:2001&token=s3cret | socket://host:2001&token=REDACTED
host:2001?token=s3cret         | host:2001?token=REDACTED
/dev/ttyUSB0?token=s3cret      | /dev/ttyUSB0?token=REDACTED
esphome://gateway:6053?port_name=s3&key=cret= | \
    esphome://gateway:6053?port_name=REDACTED&key=REDACTED
        """),
        (" socket://user:s3cret@host:2001", "REDACTED@host:2001"),
        ("socket://user:s3\tcret\n@host:2001", "socket://REDACTED@host:2001"),
    ],
)
def test_a_secret_in_an_address_is_masked(url: str, shown: str) -> None:
    assert redact_port(url) == shown
    assert redact_port(shown) == shown


@pytest.mark.parametrize(
    "port",
    [
        "socket://gateway:2001",
        "socket://192.168.1.7:2001/",
        "rfc2217://[fe80::1%eth0]:2001",
        "/dev/ttyUSB0",
        "/dev/serial/by-id/usb-FTDI_P1@home#1=2-if00-port0",
        "/dev/serial/by-path/platform-3f980000.usb-usb-0:1.2:1.0",
        "COM3",
        "\\\\.\\COM10",
        "esphome-hass://esphome/01ABC",
        "",
    ],
)
def test_an_address_without_a_secret_is_shown_as_it_is(port: str) -> None:
    assert redact_port(port) == port
    assert identify_port(port) == port


def test_ports_of_one_device_stay_apart_with_any_secret() -> None:
    gateway = "esphome://gateway:6053?port_name="
    assert identify_port(f"{gateway}P1&key=s3cret") == f"{gateway}P1&key=REDACTED"
    assert identify_port(f"{gateway}P1&key=other") == identify_port(f"{gateway}P1&key=s3cret")
    assert identify_port(f"{gateway}LED&key=other") != identify_port(f"{gateway}P1&key=other")
    assert identify_port("socket://user:s3cret@host:1") == "socket://REDACTED@host:1"
