"""`scripts/check_prices.py` finds each kind of mistake in the published prices."""

from pathlib import Path

import pytest

from scripts.check_prices import FILE, defects

ROOT = Path(__file__).parents[2]
PRICES = (ROOT / FILE).read_text(encoding="utf-8")
AID = "from = 2026-08-01, until = 2026-12-31, value = -0.0371"
AFTER_AID = "from = 2027-01-01, value = -"
SURCHARGE = "value = 0.0765"


def test_the_integrations_own_have_none() -> None:
    assert defects(PRICES) == []


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        (
            "[prices.fixed]",
            "[prices.fixed",
            "cannot be read: Expected ']' at the end of a table declaration",
        ),
        ("150 = [", "160 = [", "prices.fixed.160: "),
        (SURCHARGE, 'value = "0.0765"', "prices.surcharge, line 2, value: no number"),
        (SURCHARGE, "value = nan", "prices.surcharge, line 2, value: no number"),
        (
            AID,
            AID.replace("2026-12-31", "2026-07-31"),
            "prices.compensation.A, line 3: ends on 2026-07-31, before it begins",
        ),
        (
            AFTER_AID,
            AFTER_AID.replace("2027-01-01", "2027-01-02"),
            "prices.compensation.A, line 4: begins on 2027-01-02, the line before it ends",
        ),
        ("value = 0.08,", "value = 8,", "prices.vat, line 1: 8 is no share from 0 to 0.3"),
        (
            "value = 19.61",
            "value = 12.84",
            "prices.fixed.12, line 2: 12.84 is not more than 12.84 for 7 kW",
        ),
        (
            'source = "aid_2026"',
            'source = "aid"',
            "prices.compensation.A, line 3: no source is called aid",
        ),
        (
            "approved_until = 2026-12-31",
            "approved_until = 2026-12-30",
            "approved_until: 2026-12-30 is no 31 December",
        ),
        (
            "approved_until = 2026-12-31",
            "approved_until = 2025-12-31",
            "prices.variable, line 2: begins after approved_until, 2025-12-31",
        ),
    ],
)
def test_a_mistake_is_found(old: str, new: str, defect: str) -> None:
    assert old in PRICES
    found = defects(PRICES.replace(old, new, 1))
    assert [each for each in found if each.startswith(defect)], found
