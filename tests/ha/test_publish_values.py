"""What each topic says, for telegrams that are not as usual."""

import pytest

from custom_components.smarty_p1.p1 import Decoder, Telegram
from custom_components.smarty_p1.publish.smartyreader import board_items
from custom_components.smarty_p1.publish.values import items

from .meter import seal, with_value
from .support import TELEGRAM


def telegram_with(reference: str, value: str) -> Telegram:
    """Return the telegram with another value."""
    (telegram,) = Decoder(None).feed(seal(with_value(TELEGRAM, reference, value)))
    assert isinstance(telegram, Telegram)
    return telegram


def own_names(telegram: Telegram) -> dict[str, str]:
    """Return the values by the project's names."""
    return {item.name: item.text for item in items(telegram)}


def board_names(telegram: Telegram) -> dict[str, str]:
    """Return the values by the board's names."""
    return {item.name: item.text for item in board_items(telegram)}


@pytest.mark.parametrize(
    "sent",
    [
        "()",
        "(250703103000S)",
        "(250703103000S)()",
        "(632525252525S)(00000.000)",
        "(632525252525S)(00000.000*m3)",
    ],
)
def test_an_index_that_is_unknown_keeps_its_topics(sent: str) -> None:
    telegram = telegram_with("0-1:24.2.1", sent)
    usual = telegram_with("0-1:24.4.0", "(0)")
    assert own_names(telegram).keys() == own_names(usual).keys()
    assert board_names(telegram).keys() == board_names(usual).keys()
    assert own_names(telegram)["gas_1_index"] == ""
    # A display that knows the value under this name must not go on showing an old one.
    assert board_names(telegram)["gas_index_m3"] == ""


def test_an_index_without_a_unit_is_in_that_of_its_kind() -> None:
    telegram = telegram_with("0-1:24.2.1", "(250703103000S)(00678.901)")
    assert own_names(telegram)["gas_1_index"] == "678.901"
    assert own_names(telegram)["gas_1_index_unit"] == "m3"
    assert board_names(telegram)["gas_index_m3"] == "678.901"


@pytest.mark.parametrize(
    ("sent", "imported", "exported"),
    [
        ("()", "", ""),
        ("(100*A)", "100", ""),
        ("(100*A)()", "100", ""),
        ("(0100.5*A)(-063.50*A)", "100.5", "-63.50"),
    ],
)
def test_both_limits_have_a_topic(sent: str, imported: str, exported: str) -> None:
    own = own_names(telegram_with("1-1:31.4.0", sent))
    assert own["current_limit_imported"] == imported
    assert own["current_limit_exported"] == exported


@pytest.mark.parametrize(
    ("sent", "published"),
    [
        ("(025678.900*kWh)", "25678.900"),
        ("(000000.000*kWh)", "0.000"),
        ("(25678.9010)", "25678.9010"),
        # More digits than a floating-point number has.
        ("(123456789.123456789*kWh)", "123456789.123456789"),
        ("(0025678901*Wh)", "25678.901"),
        ("(0000000.01*Wh)", "0.00001"),
        ("(0000000000*Wh)", "0"),
    ],
)
def test_numbers_keep_their_digits(sent: str, published: str) -> None:
    telegram = telegram_with("1-0:1.8.0", sent)
    assert own_names(telegram)["active_energy_imported"] == published
    assert board_names(telegram)["act_energy_imported_p_plus_kWh"] == published


@pytest.mark.parametrize("medium", ["1-0", "0-0"])
def test_sags_have_the_name_of_the_board_however_they_are_sent(medium: str) -> None:
    text = with_value(TELEGRAM, "1-0:32.32.0", None)
    (telegram,) = Decoder(None).feed(seal(with_value(text, f"{medium}:32.32.0", "(00007)")))
    assert isinstance(telegram, Telegram)
    assert board_names(telegram)["num_volt_sags_l1"] == "7"
