"""The first month counts from the day of the first reading, and what is shown adds up."""

import pytest

from smartyp1.bill import compute_bill, lines_of
from smartyp1.prices import Contract
from tests.lib.bill.months import agreed, day, lines, local, month, sums, whole_month
from tests.lib.bill.support import Connection

CONTRACT = Contract(reference_kw=7, energy_price=0.15)


def test_a_meter_that_was_added_on_the_21st() -> None:
    house = Connection("2026-06-21T10:05:00S")
    house.change(CONTRACT)
    house.read()
    assert house.read().month.since == local("2026-06-21")
    house.draw(2 * 60, 10)
    house.pass_by(9 * 24 * 3600 + 12 * 3600, 10_000)
    house.read()
    house.draw(60, 0)
    for _ in range(2):
        june, contracts = house.read().earlier_months[-1], house.read().contracts
        due = compute_bill(june, contracts, june.end)
        # From the 21st to the 30th: 10 of 30 days. 12.84 / 3; 5.72 / 3
        assert june.since == local("2026-06-21")
        assert [line[1:] for line in lines(due) if line[0] in {"network_fixed", "meter"}] == [
            (0.333333, 12.84, 4.28),
            (0.333333, 5.72, 1.91),
        ]
        # July is a month like any other.
        july = house.read().month
        assert july.since is None
        assert lines(compute_bill(july, contracts, local("2026-07-11")))[1][1] == 0.322581
        house.restart()
        house.after(60)


def test_parts_with_vat_add_up() -> None:
    june = month("2026-06", day("2026-06-10", 100, {7: 1}))
    due = compute_bill(june, agreed(reference_kw=7, energy_price=0.1213), local("2026-07-01"))
    # Energy 12.13, network 12.84 + 5.10 + 5.72 = 23.66, surcharge 0.08: 35.87; 2.8696 of VAT
    assert sums(due) == (35.87, 2.87, 38.74)
    # The surcharge is shown more exactly: 0.0765 * 1.08 = 0.08262, which is 0.08. Of the others,
    # 13.1004 and 25.5528 are 38.65 when cut off, and 38.66 are left for them.
    assert [due.part(name) for name in ("energy", "network", "surcharge")] == [13.10, 25.56, 0.08]
    assert due.part("feed_in") is None


@pytest.mark.parametrize("kwh", range(1, 60))
def test_they_add_up_whatever_they_are(kwh: int) -> None:
    june = whole_month("2025-06", 30, kwh=kwh / 7, above={7: kwh / 70}, exported_wh=kwh * 77)
    contract = {"energy_price": 0.1377, "discount": 2.5, "feed_in_price": 0.0813}
    due = compute_bill(june, agreed(reference_kw=7, has_levies=True, **contract), june.end)
    names = ("energy", "network", "surcharge", "feed_in", "levies")
    parts = [due.part(name) or 0 for name in names]
    assert round(sum(parts), 2) == due.total
    assert due.part(*names) == due.total
    assert parts[3] == due.amount("feed_in")
    [above] = [line for line in due.lines if line.name == "surcharge"]
    # As its sensor shows it, which has more decimals.
    assert f"{parts[2]:.2f}" == f"{above.quantity * above.price * 1.08 + 1e-9:.2f}"
    for name in ("energy", "network", "levies"):
        assert abs((due.part(name) or 0) - (due.amount(*lines_of(name)) or 0)) <= 0.0101
