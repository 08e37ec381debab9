"""From the options of an entry to the contract that readings are counted under."""

from custom_components.smarty_p1.coordinator.entered_contract import contract_of, contract_since
from custom_components.smarty_p1.lib.prices import Contract


def test_without_options_everything_is_as_published() -> None:
    assert contract_of({}) == Contract()
    assert contract_since({}) is None


def test_everything_entered() -> None:
    stored = {
        "reference_power": 12.5,
        "meter_ampere": "63",
        "vat": False,
        "surcharge_replaces_variable": True,
        "energy_price": 0.12,
        "energy_fee": 2.5,
        "feed_in_price": 0.07,
        "network_fixed_price": 20.0,
        "network_variable_price": 0.06,
        "surcharge_price": 0.09,
        "meter_fee": 8.0,
    }
    assert contract_of(stored) == Contract(
        reference_kw=12.5,
        meter_ampere=63,
        has_vat=False,
        replaces_variable=True,
        energy_price=0.12,
        energy_fee=2.5,
        feed_in_price=0.07,
        network_fixed=20.0,
        network_variable=0.06,
        surcharge=0.09,
        meter_fee=8.0,
    )


def test_prices_that_follow_the_market() -> None:
    stored = {"energy_price_entity": "sensor.a", "feed_in_price_entity": "sensor.b"}
    assert contract_of(stored) == Contract(energy_margin=0.0, feed_in_margin=0.0)
    margins = {"energy_margin": 0.1, "feed_in_margin": -0.01}
    assert contract_of(stored | margins) == Contract(energy_margin=0.1, feed_in_margin=-0.01)
    assert contract_of(margins) == Contract()


def test_a_fee_by_the_year_a_discount_and_two_prices() -> None:
    stored = {
        "energy_price": 0.16,
        "energy_fee": 24.5,
        "energy_fee_per": "year",
        "discount": 1.5,
        "second_energy_price": 0.11,
        "second_price_from": "22:00:00",
        "second_price_to": "06:00:00",
        "second_price_days": ["sun", "sat"],
    }
    assert contract_of(stored) == Contract(
        energy_price=0.16,
        energy_fee=2.041667,  # 24.50 / 12
        discount=1.5,
        second_price=0.11,
        second_hours="22:00-06:00 sat sun",
    )
    assert contract_of({"energy_fee": 24.5, "energy_fee_per": "month"}).energy_fee == 24.5
