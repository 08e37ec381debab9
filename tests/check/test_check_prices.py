"""`scripts/check_prices.py` finds each kind of mistake in the published prices."""

from pathlib import Path

import pytest

from scripts.check_prices import FILE, defects

ROOT = Path(__file__).parents[2]
PRICES = (ROOT / FILE).read_text(encoding="utf-8")
VARIABLE = '{ from = 2026-01-01, value = 0.0510, source = "private_2026" }'
AID = "from = 2026-08-01, until = 2026-12-31, value = -0.0371"
AFTER_AID = "from = 2027-01-01, value = -"
SURCHARGE = "value = 0.0765"


def test_the_integrations_own_have_none() -> None:
    assert defects(PRICES) == []


@pytest.mark.parametrize(
    ("old", "new", "defect"),
    [
        # Shape
        (
            "[prices.fixed]",
            "[prices.fixed",
            "cannot be read: Expected ']' at the end of a table declaration",
        ),
        ("approved_until = 2026-12-31\n", "", "approved_until: "),
        (SURCHARGE, "value = 0.0765, is_private = false", "prices.surcharge, line 2, is_private:"),
        ("surcharge = [", "surcharges = [", "prices.surcharges: "),
        ("150 = [", "160 = [", "prices.fixed.160: "),
        ("[prices.meter]", "[prices.meters]", "prices.meters: "),
        (VARIABLE, "{}", "prices.variable, line 2, from: "),
        (SURCHARGE, "price = 0.0765", "prices.surcharge, line 2, price: "),
        (SURCHARGE, 'value = "0.0765"', "prices.surcharge, line 2, value: no number"),
        (SURCHARGE, "value = nan", "prices.surcharge, line 2, value: no number"),
        (
            AID,
            AID.replace("2026-08-01", '"2026-08-01"'),
            "prices.compensation.A, line 3, from: no day",
        ),
        (AID, AID.replace("2026-08-01", "2026-02-30"), "cannot be read: "),
        (
            AID,
            AID.replace("2026-12-31", "2026-12-31T12:00:00"),
            "prices.compensation.A, line 3, until: no day",
        ),
        # Days
        (
            AID,
            AID.replace("2026-12-31", "2026-07-31"),
            "prices.compensation.A, line 3: ends on 2026-07-31, before it begins",
        ),
        (
            AFTER_AID,
            AFTER_AID.replace("2027-01-01", "2026-12-31"),
            "prices.compensation.A, line 4: begins on 2026-12-31, the line before it holds",
        ),
        (
            AFTER_AID,
            AFTER_AID.replace("2027-01-01", "2027-01-02"),
            "prices.compensation.A, line 4: begins on 2027-01-02, the line before it ends",
        ),
        (
            VARIABLE,
            VARIABLE.replace("2026", "2025", 1),
            "prices.variable, line 2: begins on 2025-01-01, the line before it on 2025-01-01",
        ),
        # Values
        ("value = 0.08,", "value = 8,", "prices.vat, line 1: 8 is no share from 0 to 0.3"),
        (SURCHARGE, "value = -0.0765", "prices.surcharge, line 2: -0.0765 is not above 0"),
        (SURCHARGE, "value = 7.65", "prices.surcharge, line 2: 7.65 is not above 0 and up to 1"),
        ("value = 5.72", "value = 0", "prices.meter.40, line 2: 0 is not above 0"),
        ("value = -0.0371", "value = -3.71", "prices.compensation.A, line 3: -3.71 is more than 1"),
        (
            "value = 19.61",
            "value = 12.84",
            "prices.fixed.12, line 2: 12.84 is not more than 12.84 for 7 kW",
        ),
        # Sources
        (
            'source = "aid_2026"',
            'source = "aid"',
            "prices.compensation.A, line 3: no source is called aid",
        ),
        ("[sources]\n", '[sources]\nnone = "Nobody"\n', "sources.none: no line names it"),
        ("[sources]\n", '[sources]\nnone = ""\n', "sources.none: no text"),
        # Approval
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
        (
            "approved_until = 2026-12-31",
            "approved_until = 2027-12-31",
            "prices.variable, line 2: the last one, and none begins in 2027",
        ),
    ],
)
def test_a_mistake_is_found(old: str, new: str, defect: str) -> None:
    assert old in PRICES
    found = defects(PRICES.replace(old, new, 1))
    assert [each for each in found if each.startswith(defect)], found
