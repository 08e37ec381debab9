"""Typed amounts: their values, and refused texts. `amounts.json` has the table."""

import json
import random
from decimal import Decimal
from pathlib import Path

import pytest

from dev.testing.random_examples import examples
from dev.testing.table import rows
from smartyp1 import amounts
from smartyp1.amounts import (
    EUR,
    EUR_PER_KWH,
    Amount,
    AmountError,
    amount_text,
    parse_amount,
    shown_typed,
)
from smartyp1.json_types import JsonDict

# Texts in EUR that the battery card reads, too: its own test has the same table.
TABLE: JsonDict = json.loads(Path(__file__).with_name("amounts.json").read_text("utf-8"))
UNITS = rows("""
    EUR_PER_KWH    | 0,1450 €/kWh                     | 0.145
    EUR_PER_KWH    | 14,5 ct/kWh                      | 0.145
    EUR_PER_KWH    | 14.5ct                           | 0.145
    EUR_PER_KWH    | 14,5 Cent pro Kilowattstunde     | 0.145
    EUR_PER_KWH    | 14,5 centimes par kilowatt-heure | 0.145
    EUR_PER_KWH    | 14,5 cêntimos por kWh            | 0.145
    EUR_PER_KWH    | 7 ct                             | 0.07
    EUR_PER_KWH    | EUR 0.15 / kWh                   | 0.15
    EUR_PER_KWH    | 145 €/MWh                        | 0.145
    EUR_PER_KWH    | 0,15/kWh                         | 0.15
    EUR_PER_KWH    | \u2212 3,71 ct/kWh                  | -0.0371
    EUR_PER_KWH    | 0,0371 €/kWh -                   | -0.0371
    EUR_PER_KWH    | 3,71 ct/kilowatt-hour-           | -0.0371
    EUR_PER_MONTH  | 12,84 €/Monat                    | 12.84
    EUR_PER_MONTH  | 12,84 € par mois                 | 12.84
    EUR_PER_MONTH  | 12,84 €/mês                      | 12.84
    EUR_PER_MONTH  | 12,84 €/Mount                    | 12.84
    EUR_PER_MONTH  | 12.84 EUR per month              | 12.84
    EUR_PER_YEAR   | 21,60 €/an                       | 21.6
    EUR_PER_M3     | 0,8125 €/m³                      | 0.8125
    KWH_PER_M3     | 11,25 kWh/m³                     | 11.25
    KWH_PER_M3     | 11,25 kWh/Nm3                    | 11.25
    KWH            | 012345,6 kWh                     | 12345.6
    KWH            | 12,5 MWh                         | 12500
    KW             | 12,5 kW                          | 12.5
    PULSES_PER_KWH | 1000 imp/kWh                     | 1000
    CENTIMETRES    | 120,5 cm                         | 120.5
    CENTIMETRES    | 1,2 m                            | 120
    LITRES         | 5 000 l                          | 5000
""")
OTHER_UNITS = rows("""
    EUR_PER_KWH   | 12,84 €/Monat
    EUR_PER_KWH   | 0,15 kWh
    EUR_PER_KWH   | 0,15 $
    EUR_PER_KWH   | 0,15 € HTVA
    EUR_PER_KWH   | € 0,15 €
    EUR_PER_KWH   | 0,1450¹
    EUR_PER_MONTH | 21,60 €/Jahr
    EUR_PER_YEAR  | 1,80 €/mois
    EUR_PER_M3    | 0,08 €/kWh
    KWH           | 12 €
    KW            | 7 kWh
""")


@pytest.mark.parametrize(("text", "value"), TABLE["read"].items())
def test_each_text_means_one_amount(text: str, value: float) -> None:
    assert parse_amount(text, EUR) == value


@pytest.mark.parametrize(("text", "readings"), TABLE["ambiguous"].items())
def test_one_separator_before_three_digits_has_two_readings(
    text: str, readings: list[float]
) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(text, EUR)
    assert refused.value.fault == "ambiguous"
    assert list(refused.value.values) == readings
    # Each reading, written in its shown form, is read as itself.
    for reading in readings:
        assert parse_amount(amount_text(reading, ","), EUR) == reading


@pytest.mark.parametrize("text", [*TABLE["malformed"], "1" * 65, "9" * 10**6])
def test_other_texts_are_no_amounts(text: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(text, EUR)
    assert refused.value.fault == "malformed"


@pytest.mark.parametrize(("unit", "text", "value"), UNITS)
def test_units_are_converted(unit: str, text: str, value: str) -> None:
    assert parse_amount(text, getattr(amounts, unit)) == float(value)


@pytest.mark.parametrize(("unit", "text"), OTHER_UNITS)
def test_other_units_are_refused(unit: str, text: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(text, getattr(amounts, unit))
    assert refused.value.fault == "unit"


def test_an_amount_has_a_range() -> None:
    amount = Amount(EUR_PER_KWH, 100, -1)
    assert amount.parse("10000 ct") == 100
    for text in ("100,01", "-1,01", "10001 ct"):
        with pytest.raises(AmountError) as refused:
            amount.parse(text)
        assert (refused.value.fault, refused.value.values) == ("out_of_range", (-1, 100))


def test_a_shown_amount_is_read_as_itself() -> None:
    seed = random.randrange(2**32)  # noqa: S311 - no secret
    rng = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(examples(2000)):
        digits = rng.randrange(8)
        value = rng.choice((1, -1)) * float(Decimal(rng.randrange(10**9)).scaleb(-digits))
        for mark in ".,":
            text = amount_text(value, mark)
            assert parse_amount(text, EUR) == value, (seed, text)
    assert amount_text(1e-7, ",") == "0,0000001"
    assert amount_text(15.0) == "15"
    assert amount_text(1234567.125, ",") == "1234567,1250"


def test_groups_and_decimals_are_read_with_every_pair_of_separators() -> None:
    seed = random.randrange(2**32)  # noqa: S311 - no secret
    rng = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(examples(500)):
        value = Decimal(rng.randrange(10**6, 10**11)).scaleb(-2)
        for group, mark in (
            ".,",
            ",.",
            " ,",
            " .",
            "\u202f,",
            "\u00a0,",
            "\u2009.",
            "'.",
            "\u2019,",
        ):
            text = f"{value:,.2f}".translate({44: group, 46: mark})
            assert parse_amount(text, EUR) == float(value), (seed, text)


def test_a_shown_text_is_short_and_plain() -> None:
    assert shown_typed(" 0,15\n€\u202e ") == "0,15 €"
    assert shown_typed("<b>") == "<b>"
    assert len(shown_typed("x" * 10**6)) == 41
