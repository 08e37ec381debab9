"""What a kilowatt-hour costs now."""

from smartyp1.tariff import Contract, KwhPrice, MarketPrices, kwh_price

NO_MARKET = MarketPrices()


def test_a_fixed_price() -> None:
    contract = Contract(reference_kw=7, energy_price=0.15, feed_in_price=0.08)
    # (0.15 + 0.0510) * 1.08 = 0.21708; nothing is added to what is paid
    assert kwh_price(contract, 2026, NO_MARKET) == KwhPrice(0.21708, 0.08)
    assert kwh_price(contract, 2025, NO_MARKET) == KwhPrice(0.243972, 0.08)  # 0.2259 * 1.08
    assert kwh_price(contract, 2030, NO_MARKET) == kwh_price(contract, 2026, NO_MARKET)


def test_the_market() -> None:
    contract = Contract(energy_margin=0.10, feed_in_margin=-0.01, has_vat=False)
    # 0.085 + 0.10 + 0.0510; 0.085 - 0.01
    assert kwh_price(contract, 2026, MarketPrices(0.085, 0.085)) == KwhPrice(0.236, 0.075)
    assert kwh_price(contract, 2026, MarketPrices(-0.2, None)) == KwhPrice(-0.049, None)
    assert kwh_price(contract, 2026, NO_MARKET) == KwhPrice(None, None)


def test_the_price_of_the_grid_may_be_ones_own() -> None:
    contract = Contract(energy_price=0.15, network_variable=0.05)
    assert kwh_price(contract, 2026, NO_MARKET).imported == 0.216  # 0.20 * 1.08


def test_what_is_not_agreed_is_not_known() -> None:
    assert kwh_price(Contract(), 2026, MarketPrices(0.1, 0.1)) == KwhPrice(None, None)


def test_before_the_tariff() -> None:
    assert kwh_price(Contract(energy_price=0.15), 2024, NO_MARKET).imported is None
    own = Contract(energy_price=0.15, network_variable=0.05, has_vat=False)
    assert kwh_price(own, 2024, NO_MARKET).imported == 0.2
