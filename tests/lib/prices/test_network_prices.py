"""Published prices: their days, levies of 0, unknown prices, and old prices."""

from datetime import date

import pytest

from dev.testing.prices import FIXED, METER, PRICES, SURCHARGE, VARIABLE, price_file
from smartyp1.history.market_prices import NO_PRICES
from smartyp1.prices import agreed_prices
from smartyp1.prices.agreed_prices import AgreedPrices
from smartyp1.prices.contract import Contract
from smartyp1.prices.kwh_price import price_of_kwh
from smartyp1.prices.published_prices import NetworkPrices, OlderPrices, PublishedPrices
from tests.lib.bill.months import agreed, bill, lines, local, whole_month

LEVIED = {"reference_kw": 7, "energy_price": 0.1, "has_levies": True}
LAST = date(2026, 12, 31)
# A year that is published for the grid alone, and four levies. The first begins with that year, the
# second begins in its middle and has no price at first. The third ends with the year before, and
# the last is levied for two weeks only.
LATER = """
[levies.sun_fund]
per = "kWh"
from = 2027-01-01
names = {}
A = [{ from = 2027-01-01, until = 2027-12-31, value = 0.002 }]

[levies.wind_fund]
per = "month"
from = 2027-07-01
names = {}
A = [{ from = 2027-08-01, until = 2027-12-31, value = 0 }]

[levies.coal_fund]
per = "kWh"
until = 2026-12-31
names = {}
A = [{ from = 2025-01-01, until = 2026-12-31, value = 0.003 }]

[levies.peat_fund]
per = "kWh"
from = 2027-09-01
until = 2027-09-14
names = {}
A = [{ from = 2027-01-01, value = 0.001 }]
"""


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> PublishedPrices:
    """Publish prices of 2027 for the grid, and `LATER`, besides the prices of the tests."""
    prices = PublishedPrices.read(price_file((*VARIABLE, 0.06), (*SURCHARGE, 0), LATER))
    monkeypatch.setattr(agreed_prices, "PUBLISHED", prices)
    return prices


def on(day: str) -> NetworkPrices:
    """Return the prices of a day's first moment in Luxembourg."""
    return agreed_prices.price_file().at(local(day))


def levies(day: str, **contract: object) -> dict[str, float | None]:
    """Return the price of each levy on a bill of a day."""
    terms = Contract.of_terms({**LEVIED, **contract})
    return {levy.name: levy.price for levy in AgreedPrices.of_contract(terms, local(day)).levies}


@pytest.mark.parametrize("year", [2025, 2026])
@pytest.mark.parametrize("day", ["01-01", "12-31"])
def test_years(year: int, day: str) -> None:
    rows: dict[str, tuple[float | None, ...]] = {
        "vat": (0.08, 0.08),
        "variable": VARIABLE,
        "surcharge": SURCHARGE,
        **{f"fixed.{kw}": of_years for kw, of_years in FIXED.items()},
        **{f"meter.{ampere}": of_years for ampere, of_years in METER.items()},
    }
    prices = on(f"{year}-{day}")
    known = {key: price for key, price in prices.known.items() if not key.startswith("levies.")}
    assert known == {key: price for key, row in rows.items() if (price := row[year - 2025])}
    assert [prices.price("levies", "electricity_tax", of) for of in ("A", "B")] == [0.0010, None]
    assert prices.older == {}


def test_nothing_is_known_before_the_tariff() -> None:
    assert agreed_prices.price_file().at(local("2024-12-31T23:59")).price("variable") is None
    assert on("2025-01-01").price("variable") is not None
    assert levies("2024-12-31") == {"electricity_tax": None, "compensation": None}


@pytest.mark.parametrize(
    ("day", "more", "expected"),
    [
        # A levy of 0 has no line, so the others make a total.
        ("2026-06-01", {}, {"electricity_tax": 0.001, "compensation": -0.001, "coal_fund": 0.003}),
        # The sun fund begins, the coal fund has ended.
        ("2027-01-01", {}, {"electricity_tax": 0.001, "compensation": -0.001, "sun_fund": 0.002}),
        # In July, the wind fund is levied at an unknown price, and from August on it costs nothing.
        ("2027-07-31", {}, {"sun_fund": 0.002, "wind_fund": None}),
        ("2027-08-01", {}, {"sun_fund": 0.002, "wind_fund": 0}),
        # No price of category B is published.
        ("2027-01-01", {"consumer_category": "B"}, {"compensation": None, "sun_fund": None}),
        # An entered price counts on all days.
        ("2026-06-01", {"sun_fund": 0.004}, {"sun_fund": 0.004}),
        ("2027-07-31", {"wind_fund": 1.5}, {"wind_fund": 1.5}),
    ],
)
def test_a_levy_has_a_price_is_not_levied_or_is_unknown(
    later: PublishedPrices, day: str, more: dict[str, object], expected: dict[str, float | None]
) -> None:
    assert list(later.levies)[:2] == ["electricity_tax", "compensation"]
    found = levies(day, **more)
    if day == "2026-06-01" and not more:
        assert found == expected
    assert {name: found[name] for name in expected} == expected


@pytest.mark.usefixtures("later")
def test_a_levy_is_levied_from_its_first_to_its_last_day() -> None:
    days = "2027-08-31", "2027-09-01", "2027-09-14", "2027-09-15"
    assert [levies(day).get("peat_fund", 0) for day in days] == [0, 0.001, 0.001, 0]


@pytest.mark.usefixtures("later")
def test_a_levy_of_a_later_year_changes_no_bill_of_this_year() -> None:
    bills = {}
    for name, days in (("2026-06", 30), ("2027-06", 30), ("2027-07", 31), ("2027-08", 31)):
        month = whole_month(name, days, kwh=350.0, above={7: 6.4})
        bills[name] = bill(month, agreed(**LEVIED), month.end)
    june, next_june, july, august = bills.values()
    assert [name for name, *_ in lines(june)][-3:] == [
        "electricity_tax",
        "compensation",
        "coal_fund",
    ]
    # 35.00 + 12.84 + 17.85 + 5.72 + 0.49 + 0.35 - 0.35 + 1.05 = 72.95 without VAT
    assert (june.net, june.total) == (72.95, 78.79)
    assert ("sun_fund", 350.0, 0.002, 0.7) in lines(next_june)
    assert ("surcharge", 6.4, 0, 0.0) in lines(next_june)
    # 35.00 + 12.84 + 21.00 + 5.72 + 0.00 + 0.35 - 0.35 + 0.70 = 75.26 without VAT
    assert (next_june.net, next_june.total) == (75.26, 81.28)
    assert (july.missing, july.total) == (("wind_fund",), None)
    assert ("wind_fund", 1.0, 0, 0.0) in lines(august)
    assert (august.total, august.part("levies")) == (81.28, 0.76)
    # A levy per month is no part of the price of a kWh.
    price = price_of_kwh(agreed(**LEVIED), local("2027-07-15"), NO_PRICES)
    assert price.imported == pytest.approx((0.1 + 0.06 + 0.002) * 1.08)


@pytest.mark.parametrize("day", ["2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01"])
def test_a_yearly_amount_leaves_an_aid_out(day: str) -> None:
    of_year = agreed_prices.price_file().of_year_at(local(day))
    compensation = -0.0376 if day < "2026" else -0.0010
    expected = {**on(day).known, "levies.compensation.A": compensation}
    assert of_year._replace(older={}) == on(day)._replace(known=expected, older={})


AID = {"state_aid": LAST}
GRID, BOTH = {"grid": LAST}, {"grid": LAST, "levies": LAST}
WITH_LEVIES: dict[str, object] = {"has_levies": True}
OWN: dict[str, object] = {
    "network_fixed": 12,
    "network_variable": 0.05,
    "meter_fee": 5,
    "surcharge": 0.07,
}


@pytest.mark.parametrize(
    ("day", "contract", "until", "ended"),
    [
        ("2026-12-31", WITH_LEVIES, {}, {}),
        ("2027-01-01", WITH_LEVIES, BOTH, AID),
        ("2029-01-01", WITH_LEVIES, BOTH, AID),
        ("2027-01-01", {}, GRID, {}),
        ("2027-01-01", OWN, {}, {}),
        ("2027-01-01", {**OWN, "reference_kw": None, "surcharge": None}, {}, {}),
        ("2027-01-01", {**OWN, "network_fixed": None}, GRID, {}),
        ("2027-01-01", {**OWN, **WITH_LEVIES}, {"levies": LAST}, AID),
        ("2027-01-01", {**OWN, **WITH_LEVIES, "compensation": -0.001}, {"levies": LAST}, {}),
        (
            "2027-01-01",
            {**OWN, **WITH_LEVIES, "compensation": 0, "electricity_tax": 0},
            {},
            {},
        ),
    ],
)
def test_prices_are_old_after_their_last_published_day(
    day: str, contract: dict[str, object], until: dict[str, date], ended: dict[str, date]
) -> None:
    terms = Contract.of_terms({"reference_kw": 7, "energy_price": 0.1, **contract})
    older = AgreedPrices.of_contract(terms, local(day)).prices_of
    assert older == (OlderPrices(until, ended) if until else None)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    ("line", "day", "until", "has_newer"),
    [
        ("network_variable", "2027-06-01", None, False),
        ("network_variable", "2028-01-01", date(2027, 12, 31), False),
        ("network_fixed", "2027-06-01", LAST, False),
        ("sun_fund", "2027-06-01", None, False),
        ("electricity_tax", "2027-06-01", LAST, False),
        ("feed_in", "2028-01-01", None, False),
        ("energy", "2028-01-01", None, False),
    ],
)
def test_each_line_names_the_age_of_its_price(
    line: str,
    day: str,
    until: date | None,
    has_newer: bool,  # noqa: FBT001
) -> None:
    older = AgreedPrices.of_contract(Contract.of_terms(LEVIED), local(day)).older([line])
    assert (older and set(older.until.values())) == ({until} if until else None)
    assert bool(older and older.has_newer) is has_newer


@pytest.mark.parametrize(
    ("day", "is_told"),
    [("2026-01-01", False), ("2026-01-02", True), ("2026-11-25", True), ("2027-03-01", True)],
)
def test_a_yearly_amount_names_older_prices_after_the_last_published_day(
    day: str,
    is_told: bool,  # noqa: FBT001
) -> None:
    prices = AgreedPrices(
        Contract(reference_kw=7), agreed_prices.price_file().of_year_at(local(day))
    )
    assert prices.prices_of == (OlderPrices(GRID, {}) if is_told else None)


@pytest.mark.usefixtures("later")
def test_a_yearly_amount_names_newer_prices() -> None:
    of_year = agreed_prices.price_file().of_year_at(local("2026-11-25"))
    prices = AgreedPrices(Contract.of_terms(LEVIED), of_year)
    assert prices.older(["network_variable"]) == OlderPrices(GRID, {}, has_newer=True)
    assert prices.older(["network_fixed"]) == OlderPrices(GRID, {})
    # The coal fund ends, and the sun fund begins.
    assert prices.older(["electricity_tax"]) == OlderPrices({"levies": LAST}, {}, has_newer=True)


def test_an_aid_that_is_not_over_is_no_news_in_a_bill() -> None:
    text = PRICES.replace(
        "until = 2026-12-31, value = -0.0371", "until = 2027-03-31, value = -0.0371"
    )
    prices = PublishedPrices.read(text)
    contract = Contract.of_terms(LEVIED)
    [march, april] = [
        AgreedPrices(contract, prices.at(local(day))).older(["compensation"])
        for day in ("2027-03-31", "2027-04-01")
    ]
    assert march is None
    assert april == OlderPrices({"levies": LAST}, {"state_aid": date(2027, 3, 31)})
